import { describe, expect, test, vi } from 'vitest'
import { fastPathSuite } from './fast-path.suite.ts'
import { openEngine } from './host.ts'

// As in a process without it: `node --jitless`.
vi.stubGlobal('WebAssembly', undefined)

describe('the engine in JavaScript writes what the plain path does, byte for byte', () => {
  fastPathSuite(2)
  test('it is JavaScript', () => expect(openEngine().is).toBe('javascript'))
})
