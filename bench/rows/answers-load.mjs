// Files into a store, by the library: node answers-load.mjs JSON; prints JSON.
import { basename } from 'node:path'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { fileObject, run } from './pipeline.mjs'

const { store, target, namespace, files } = JSON.parse(process.argv[2])

const started = performance.now()
const { sink, close } = await open()
let records = 0
for (const { input, file } of files) {
  const { counts } = await run([{ ...fileObject(file), key: keyOf(input, file) }], input, { sink, namespace })
  // What is repeated after a time-out is stored already.
  records += counts.written + counts.duplicate
}
await close()
const { user, system } = process.cpuUsage()
const seconds = (performance.now() - started) / 1000
console.log(
  JSON.stringify({ records, seconds, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 }),
)

/** Flow logs have the name that AWS gives them: their flow log is asked for. */
function keyOf(input, file) {
  return input === 'flow-day'
    ? `123456789012_vpcflowlogs_us-east-1_fl-0a1b2c3d4e5f60718_20261122T0000Z_${basename(file)}`
    : file
}

async function open() {
  if (store === 'duckdb') {
    const { duckdb } = await import('@flowferry/sink-duckdb')
    const sink = await duckdb(target)
    return { sink, close: sink.close }
  }
  const { createClient, setups, sinks } = await import('./send.mjs')
  const client = createClient(store, target)
  await setups[store](client, { formats: vpcFlow.formats })
  return { sink: sinks[store]({ client }), close: () => client.close() }
}
