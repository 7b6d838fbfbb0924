import { describe, expect, test } from 'vitest'
import { bytesSuite } from './fast-path.suite.ts'
import { openEngine } from './host.ts'
import { kindsSuite } from './kinds.suite.ts'

describe('the engine as a wasm module writes what the plain path does, byte for byte', () => {
  bytesSuite()
  kindsSuite()

  test('it is the wasm module', () => {
    expect(openEngine({ compileShape: Number, compute: Number, isAddress: Number, learn: Number }).is).toBe('wasm')
  })
})
