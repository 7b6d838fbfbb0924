// The worker's bulk bodies from memory, by the same client: node preloaded.mjs JSON; prints JSON.
import { bulkSink, ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { fileObject } from './pipeline.mjs'
import { createClient } from './send.mjs'

const { engine, node, namespace, file, keys, concurrency } = JSON.parse(process.argv[2])

const bodies = []
const sink = bulkSink(async (body) => {
  bodies.push(Buffer.from(body))
  return { status: 200, body: { errors: false } }
})
const objects = keys.map((key) => ({ ...fileObject(file), key }))
const { counts } = await ingest({ source: [{ objects }], parser: vpcFlow, sink, namespace })

const requests = bodies.length
const client = createClient(engine, node)
const querystring = { pipeline: '_none', filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason' }
const before = process.cpuUsage()
const started = performance.now()
const send = async () => {
  for (let bulkBody = bodies.shift(); bulkBody; bulkBody = bodies.shift()) {
    const { body } = await client.transport.request(
      { method: 'POST', path: '/_bulk', querystring, bulkBody },
      { maxRetries: 0, meta: true },
    )
    if (body.errors) throw new Error(JSON.stringify(body.items.find((item) => item.create.status >= 300)))
  }
}
await Promise.all(Array.from({ length: concurrency }, send))
const { user, system } = process.cpuUsage(before)
const seconds = (performance.now() - started) / 1000
console.log(
  JSON.stringify({ documents: counts.read, seconds, cpu: (user + system) / 1e6, requests, inFlight: concurrency }),
)
