import { inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compileEngine } from '../../../scripts/wasm.mjs'
import { wasm } from './wasm.ts'

test('the module is what its source compiles to: pnpm --filter @flowferry/core wasm', {
  timeout: 120_000,
}, async () => {
  // Inflated: how zlib packs it differs with its version.
  expect(inflateRawSync(Buffer.from(wasm, 'base64')).equals(await compileEngine())).toBe(true)
})
