// Compiles the engine: node scripts/wasm.mjs writes src/table/engine/wasm.ts. A unit test compares it with its source.
import { readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import asc from 'assemblyscript/asc'

const folder = new URL('../src/table/engine/', import.meta.url)
const target = new URL('wasm.ts', folder)

/** The module's bytes, from the same sources that run as JavaScript, over the memory of `memory.as`. */
export async function compileEngine() {
  const constant = (name) => Number(new RegExp(`${name}: i32 = (\\d+)`).exec(source('map.ts'))[1])
  const pages = String(constant('memoryBytes') / 65_536)
  let wasm
  // biome-ignore format: an option and its value on a line
  const { error, stderr } = await asc.main([
    'documents.ts',
    '--outFile', 'engine.wasm',
    '-O3', '--converge', '--noAssert',
    '--runtime', 'stub',
    '--use', 'abort=',
    '--enable', 'simd',
    '--importMemory', '--initialMemory', pages, '--maximumMemory', pages,
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

function source(name) {
  try {
    return readFileSync(new URL(name, folder), 'utf8')
  } catch {
    return null
  }
}

if (process.argv[1] === import.meta.filename) {
  const wasm = await compileEngine()
  const text = `/** The engine as a wasm module, deflated and in base64; made by scripts/wasm.mjs from the sources beside it; do not edit. */
export const wasm =
  '${deflateRawSync(wasm, { level: 9 }).toString('base64')}'
`
  writeFileSync(target, text)
  console.log(`${target.pathname}: ${wasm.length} bytes`)
}
