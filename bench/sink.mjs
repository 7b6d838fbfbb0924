// What options of the search sinks cost, without a server: node bench/sink.mjs [RUNS]
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bulkSink, ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { makeFile } from './generate.mjs'

const runs = Number(process.argv[2] ?? 3)
const records = 300_000
const file = fileURLToPath(new URL('../.cache/bench/vpc-flow-300k.log.gz', import.meta.url))
await makeFile(file, 'vpc-flow', records)

async function measure(options) {
  let bytes = 0
  const sink = bulkSink(async (body) => {
    bytes += body.length
    return { status: 200, body: { errors: false } }
  }, options)
  const before = process.cpuUsage()
  const open = async () => ({ etag: 'bench', body: createReadStream(file, { highWaterMark: 256 * 1024 }) })
  const report = await ingest({
    source: [{ objects: [{ bucket: 'bench', key: 'flows', open }] }],
    parser: vpcFlow,
    sink,
  })
  if (report.counts.written !== records) throw new Error(JSON.stringify(report.counts))
  const { user, system } = process.cpuUsage(before)
  return { cpu: (user + system) / records, bytes: bytes / records }
}

const rows = {
  plain: {},
  "indexPer: 'day'": { indexPer: 'day' },
  'gzip: true': { gzip: true },
  'gzip: 3': { gzip: 3 },
  'gzip: 6': { gzip: 6 },
}
const least = Object.fromEntries(Object.keys(rows).map((name) => [name, { cpu: Infinity }]))
await measure({})
for (let run = 0; run < runs; run++)
  for (const [name, options] of Object.entries(rows)) {
    const measured = await measure(options)
    if (measured.cpu < least[name].cpu) least[name] = measured
  }
for (const [name, { cpu, bytes }] of Object.entries(least))
  console.log(
    `${name.padEnd(16)} ${cpu.toFixed(2)} CPU s per million documents, ${bytes.toFixed(0)} bytes sent for each`,
  )
