// Writes the world of a seed into a folder, with what is wrong in it beside: node test/worlds/write.mjs SEED DIR
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsup'

const [seed, folder, row, variant] = process.argv.slice(2)
if (!/^\d+$/.test(seed ?? '') || !folder) {
  process.stderr.write('usage: node test/worlds/write.mjs SEED DIR [ROW [VARIANT]]\n')
  process.exit(2)
}

const { world } = await generator()
const { files, flowLogs, ...about } = world(Number(seed), { ...(row && { row }), ...(variant && { variant }) })
const truth = { ...about, flowLogs: flowLogs.after.flowLogs }
for (const { key, body, lastModified } of files) {
  const path = join(folder, 'logs', key)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, body)
  await utimes(path, lastModified, lastModified)
}
await writeFile(join(folder, 'truth.json'), `${JSON.stringify(truth, null, 2)}\n`)
process.stdout.write(
  `${truth.cause} (${truth.how}), ${truth.variant}: ${files.length} files in ${resolve(folder, 'logs')}\n`,
)

/** Node 20 reads no TypeScript. */
async function generator() {
  const here = dirname(fileURLToPath(import.meta.url))
  const outDir = await mkdtemp(join(tmpdir(), 'worlds-'))
  try {
    await build({
      entry: [join(here, 'world.ts')],
      outDir,
      format: 'esm',
      outExtension: () => ({ js: '.mjs' }),
      target: 'node20',
      silent: true,
      config: false,
    })
    return await import(pathToFileURL(join(outDir, 'world.mjs')).href)
  } finally {
    await rm(outDir, { recursive: true })
  }
}
