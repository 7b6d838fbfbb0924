// Compiles CloudTrail's engine: node scripts/wasm-cloudtrail.mjs writes src/formats/cloudtrail-engine/wasm.ts. A unit
// test compares it with its source.
import { readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import asc from 'assemblyscript/asc'

const folder = new URL('../src/formats/cloudtrail-engine/', import.meta.url)
const target = new URL('wasm.ts', folder)

/** The module's bytes, from the same sources that run as JavaScript, over the memory of `memory.as`. */
export async function compileEngine() {
  const pages = String(Number(/memoryBytes: i32 = (\d+) \* 1024 \* 1024/.exec(source('map.ts'))[1]) * 16)
  let wasm
  // biome-ignore format: an option and its value on a line
  const { error, stderr } = await asc.main([
    'engine.ts',
    '--outFile', 'engine.wasm',
    '-O3', '--converge', '--noAssert',
    '--runtime', 'stub',
    '--enable', 'simd',
    '--initialMemory', pages, '--maximumMemory', pages,
  ], {
    readFile: (name) => (name.includes('/') ? null : source(name === 'memory.ts' ? 'memory.as' : name)),
    writeFile: (_, contents) => {
      wasm = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`${error.message}\n${stderr}`)
  return Buffer.from(wasm)
}

/** AssemblyScript's imports have no ending. */
function source(name) {
  try {
    return readFileSync(new URL(name, folder), 'utf8').replaceAll(/ from '(.*)\.ts'/g, " from '$1'")
  } catch {
    return null
  }
}

if (process.argv[1] === import.meta.filename) {
  const wasm = await compileEngine()
  const text = `/** The engine as a wasm module, deflated and in base64; made by scripts/wasm-cloudtrail.mjs from the sources beside it; do not edit. */
export const wasm =
  '${deflateRawSync(wasm, { level: 9 }).toString('base64')}'
`
  writeFileSync(target, text)
  console.log(`${target.pathname}: ${wasm.length} bytes`)
}
