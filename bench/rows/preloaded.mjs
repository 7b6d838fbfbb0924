// The worker's bulk bodies from memory, by the same client: node preloaded.mjs JSON; prints JSON.
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { bodiesOf, fileObject } from './pipeline.mjs'
import { createClient, sendAll } from './send.mjs'

const { engine, node, namespace, file, keys, concurrency } = JSON.parse(process.argv[2])

const objects = keys.map((key) => ({ ...fileObject(file), key }))
const { bodies, records } = await bodiesOf(objects, vpcFlow, namespace)

const requests = bodies.length
const client = createClient(engine, node)
const before = process.cpuUsage()
const started = performance.now()
await sendAll(client, bodies, concurrency)
const { user, system } = process.cpuUsage(before)
const seconds = (performance.now() - started) / 1000
console.log(
  JSON.stringify({ documents: records, seconds, cpu: (user + system) / 1e6, requests, inFlight: concurrency }),
)
