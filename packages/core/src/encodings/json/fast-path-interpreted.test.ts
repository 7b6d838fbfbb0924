import { describe, expect, test, vi } from 'vitest'
import { bytesSuite } from './fast-path.suite.ts'
import { openEngine } from './host.ts'
import { kindsSuite } from './kinds.suite.ts'

// As in a process without it: `node --jitless`.
vi.stubGlobal('WebAssembly', undefined)

describe('the engine in JavaScript writes what the plain path does, byte for byte', () => {
  bytesSuite()
  kindsSuite()

  test('it is JavaScript', () => {
    expect(openEngine({ compileShape: Number, compute: Number, isAddress: Number, learn: Number }).is).toBe(
      'javascript',
    )
  })
})
