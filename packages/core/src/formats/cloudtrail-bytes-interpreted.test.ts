import { describe, expect, test, vi } from 'vitest'
import { bytesSuite } from './cloudtrail-bytes.suite.ts'
import { openEngine } from './cloudtrail-host.ts'

// As in a process without it: `node --jitless`.
vi.stubGlobal('WebAssembly', undefined)

describe('the engine in JavaScript writes what the plain path does, byte for byte', () => {
  bytesSuite()

  test('it is JavaScript', () => {
    expect(openEngine({ compileShape: Number, compute: Number, isAddress: Number, learn: Number }).is).toBe(
      'javascript',
    )
  })
})
