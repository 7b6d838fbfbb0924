// Compiles the engines: node scripts/wasm.mjs writes the wasm.ts of each. A unit test compares them with their sources.
import { readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import asc from 'assemblyscript/asc'

/** Where each engine's sources are, which of them exports what the host calls, and how many pages its memory has. */
export const engines = [
  { folder: 'src/encodings/delimited/engine', entry: 'documents.ts', pages: 29 },
  { folder: 'src/encodings/json/engine', entry: 'engine.ts', pages: 125 },
  { folder: 'src/envelopes/engine', entry: 'events.ts', pages: 134 },
]
/** What all engines are made of. */
const shared = 'src/encodings/engine'
/** How their sources import it. */
const sharedPath = /^\.\.\/\.\.\/(encodings\/)?engine\//
/** Sources that are of one kind in JavaScript and of another in AssemblyScript. */
const twofold = ['memory.ts', 'host-calls.ts']

/** The module's bytes, from the same sources that run as JavaScript, over the memory of `memory.as`, which it exports. */
export async function compileEngine({ folder, entry, pages }) {
  const options = `${entry} --outFile engine.wasm -O3 --converge --noAssert --runtime stub --use abort= --enable simd`
  const size = `--initialMemory ${pages} --maximumMemory ${pages}`
  let wasm
  const { error, stderr } = await asc.main(`${options} ${size}`.split(' '), {
    readFile: (path) => {
      const isShared = sharedPath.test(path)
      const name = path.replace(sharedPath, '')
      if (name.includes('/')) return null
      return source(isShared ? shared : folder, twofold.includes(name) ? name.replace('.ts', '.as') : name)
    },
    writeFile: (_, contents) => {
      wasm = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`${error.message}\n${stderr}`)
  return Buffer.from(wasm)
}

/** AssemblyScript's imports have no ending. */
function source(folder, name) {
  try {
    return readFileSync(new URL(`../${folder}/${name}`, import.meta.url), 'utf8').replaceAll(".ts'", "'")
  } catch {
    return null
  }
}

if (process.argv[1] === import.meta.filename)
  for (const engine of engines) {
    const wasm = await compileEngine(engine)
    const text = `/** The engine as a wasm module, deflated and in base64; made by scripts/wasm.mjs from the sources beside it; do not edit. */
export const wasm =
  '${deflateRawSync(wasm, { level: 9 }).toString('base64')}'
`
    writeFileSync(new URL(`../${engine.folder}/wasm.ts`, import.meta.url), text)
    console.log(`${engine.folder}/wasm.ts: ${wasm.length} bytes`)
  }
