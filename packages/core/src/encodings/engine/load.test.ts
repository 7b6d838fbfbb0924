import { inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compileEngine, engines } from '../../../scripts/wasm.mjs'

test.each(engines)(
  '$folder/wasm.ts is what its sources compile to: pnpm --filter @flowferry/core wasm',
  {
    timeout: 120_000,
  },
  async (engine) => {
    const file = new URL(`../../../${engine.folder}/wasm.ts`, import.meta.url).href
    const { wasm } = (await import(file)) as { readonly wasm: string }
    // Inflated: how zlib packs it differs with its version.
    expect(inflateRawSync(Buffer.from(wasm, 'base64')).equals(await compileEngine(engine))).toBe(true)
  },
)
