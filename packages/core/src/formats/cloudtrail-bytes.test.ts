import { inflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bytesSuite } from './cloudtrail-bytes.suite.ts'
import { wasm } from './cloudtrail-engine/wasm.ts'
import { openEngine } from './cloudtrail-host.ts'

describe('the engine as a wasm module writes what the plain path does, byte for byte', () => {
  bytesSuite()

  test('it is the wasm module', () => {
    expect(openEngine({ compileShape: Number, compute: Number, isAddress: Number }).is).toBe('wasm')
  })

  test('and compiled from the sources beside it', { timeout: 120_000 }, async () => {
    const script = new URL('../../scripts/wasm-cloudtrail.mjs', import.meta.url).href
    const { compileEngine } = (await import(script)) as { readonly compileEngine: () => Promise<Buffer> }
    // Inflated: how zlib packs it differs with its version.
    expect(inflateRawSync(Buffer.from(wasm, 'base64')).equals(await compileEngine())).toBe(true)
  })
})
