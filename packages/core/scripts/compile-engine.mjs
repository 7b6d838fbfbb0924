// Compiles CloudTrail's engine to WebAssembly: node packages/core/scripts/compile-engine.mjs
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const formats = fileURLToPath(new URL('../src/formats/', import.meta.url))
const target = `${formats}cloudtrail-engine.wasm.ts`

/** The module's bytes, from the sources beside it; what they import of memory is its AssemblyScript form. */
export async function compileEngine() {
  let binary
  const { error, stderr } = await asc.main(
    [
      'cloudtrail-engine.ts',
      '--outFile=engine.wasm',
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime=stub',
      '--enable=simd',
      '--initialMemory=96',
      '--maximumMemory=96',
    ],
    {
      readFile: async (name) => {
        const file = name === 'cloudtrail-memory.ts' ? 'cloudtrail-memory.as.ts' : name
        const text = await readFile(formats + file, 'utf8').catch(() => null)
        // AssemblyScript's imports have no ending.
        return text && text.replaceAll(/ from '(.*)\.ts'/g, " from '$1'")
      },
      writeFile: (name, bytes) => {
        if (name.endsWith('.wasm')) binary = bytes
      },
      listFiles: () => [],
    },
  )
  if (error) throw new Error(stderr.toString(), { cause: error })
  return binary
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const binary = await compileEngine()
  const text = Buffer.from(binary).toString('base64')
  await writeFile(
    target,
    `// Made by packages/core/scripts/compile-engine.mjs from cloudtrail-engine.ts; a test compiles it again and compares.\n// biome-ignore format: one line\nexport const engineWasm = '${text}'\n`,
  )
  console.log(`${binary.length} bytes`)
}
