// The longest turn of the event loop over one hostile file: node hostile.mjs NAME BYTES VALUES; prints JSON.
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { detect, ingest } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { bulkSink } from '@flowferry/search'
import { cloudTrailRecords } from '../inputs/cloudtrail.mjs'
import { hostileFiles } from '../inputs/hostile.mjs'
import { allCreated } from './pipeline.mjs'

const [, , name, bytes, values] = process.argv
const text = hostileFiles.find((one) => one.name === name).of(Number(bytes), Number(values))
const file = gzipSync(text, { level: 1 })
const open = async () => ({ body: Readable.from([file]), etag: 'e', size: file.length, lastModified: new Date(0) })
const parser = detect(await Promise.all(Object.values(formats).map((load) => load())))
const sink = bulkSink(async (body) => allCreated(body))
const read = () =>
  ingest({ source: [{ objects: [{ bucket: 'b', key: `AWSLogs/123456789012/${name}.gz`, open }] }], parser, sink })

function usualOf(bytes) {
  let text = ''
  for (const record of cloudTrailRecords(10_000)) {
    if (text.length >= bytes) break
    text += record
  }
  return `[${text.slice(0, -1)}]`
}

let held = 0
let last = performance.now()
let cpu = process.cpuUsage()
let isReading = true
const turn = () => {
  // Other processes lengthen the one, other threads the other.
  const { user, system } = process.cpuUsage(cpu)
  held = Math.max(held, Math.min(performance.now() - last, (user + system) / 1000))
  last = performance.now()
  cpu = process.cpuUsage()
  if (isReading) setImmediate(turn)
}
setImmediate(turn)
const { counts, messages } = await read()
isReading = false
await new Promise((resolve) => setImmediate(resolve))
const { error, status } = messages[0].objects[0]

/** What as many bytes of usual events cost JSON.parse here, in ms: the least of some, since the first is not optimized. */
const usual = usualOf(Number(bytes))
let parsing = Number.POSITIVE_INFINITY
for (let i = 0; i < 10; i++) {
  const from = performance.now()
  JSON.parse(usual)
  parsing = Math.min(parsing, performance.now() - from)
}
console.log(
  JSON.stringify({ held, ratio: held / parsing, outcome: error?.code ?? `${status}, ${counts.written} written` }),
)
