import { describe, expect, test } from 'vitest'
import { fastPathSuite } from './fast-path.suite.ts'
import { openEngine } from './host.ts'

describe('the engine as a wasm module writes what the plain path does, byte for byte', () => {
  fastPathSuite(10)
  test('it is the wasm module', () => expect(openEngine().is).toBe('wasm'))
})
