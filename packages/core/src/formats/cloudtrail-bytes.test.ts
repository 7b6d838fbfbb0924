import { describe, expect, test } from 'vitest'
import { bytesSuite } from './cloudtrail-bytes.suite.ts'
import { openEngine } from './cloudtrail-host.ts'

describe('the engine as a wasm module writes what the plain path does, byte for byte', () => {
  bytesSuite()

  test('it is the wasm module', () => {
    expect(openEngine({ compileShape: Number, compute: Number, isAddress: Number, learn: Number }).is).toBe('wasm')
  })
})
