import { expect, test } from 'vitest'
import { compileEngine } from '../../../scripts/wasm.mjs'
import { wasm } from './wasm.ts'

test('the module is what its source compiles to: pnpm --filter @flowferry/core wasm', {
  timeout: 120_000,
}, async () => {
  expect((await compileEngine()).toString('base64')).toBe(wasm)
})
