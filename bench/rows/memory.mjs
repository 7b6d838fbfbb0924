// Memory of one long stream, sampled as it is read: node memory.mjs INPUT FILE BYTES parsed|sent SINK; prints JSON.
// A gzip file is put behind itself until so many bytes have come out: nothing of that size stands on a disk.
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { cloudTrailRecords } from '../inputs/cloudtrail.mjs'
import { vpcFlow } from '../inputs/vpc-flow.mjs'
import { droppingSink, fileObject, run } from './pipeline.mjs'

const [, , input, file, bytes, way, node] = process.argv

/** What stands before the repeated member and behind it: a header line; a JSON array's begin, last element and end. */
const frames = {
  'vpc-flow': () => [vpcFlow(0).next().value, ''],
  cloudtrail: () => ['{"Records":[', `${cloudTrailRecords(1).next().value.slice(0, -1)}]}`],
}
const [head, tail] = frames[input]()
/** The last four bytes of a gzip member: what it inflates to. Read alone: the whole file would count as memory. */
const last = Buffer.alloc(4)
const handle = openSync(file)
readSync(handle, last, 0, 4, statSync(file).size - 4)
closeSync(handle)
const inflated = last.readUInt32LE()
const times = Math.ceil(Number(bytes) / inflated)

const parts = 10
const peaks = Array(parts).fill(0)
const sample = (part) => {
  peaks[part] = Math.max(peaks[part], process.memoryUsage.rss() / 1024 ** 2)
}

async function* body() {
  yield gzipSync(head)
  for (let i = 0; i < times; i++)
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      sample(Math.floor((i / times) * parts))
      yield chunk
    }
  yield gzipSync(tail)
}

async function sinkFor() {
  if (way === 'parsed') return droppingSink().sink
  const { createClient, sinks } = await import('./send.mjs')
  return sinks.elasticsearch({ client: createClient('elasticsearch', node) })
}

const started = performance.now()
const { counts } = await run([fileObject(file, body)], input, { sink: await sinkFor() })
sample(parts - 1)
const seconds = (performance.now() - started) / 1000
const peak = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ records: counts.read, bytes: times * inflated, seconds, peaks, peak }))
process.exit()
