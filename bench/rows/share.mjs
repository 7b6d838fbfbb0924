// A share of the objects in a thread or a process of its own, for `threads.mjs`: told what to do by a message.
import { parentPort, workerData } from 'node:worker_threads'
import { droppingSink, fileObject, run } from './pipeline.mjs'

export async function work({ file, from, to, concurrency, node }) {
  const objects = Array.from({ length: to - from }, (_, i) => ({ ...fileObject(file), key: `${file}-${from + i}` }))
  const { counts } = await run(objects, 'detect', { sink: await sinkFor(node), concurrency })
  return counts.read
}

async function sinkFor(node) {
  if (!node) return droppingSink().sink
  const { createClient, sinks } = await import('./send.mjs')
  return sinks.elasticsearch({ client: createClient('elasticsearch', node) })
}

if (workerData?.share) parentPort.postMessage(await work(workerData.share))
else if (process.send)
  process.once('message', async (share) => {
    const records = await work(share)
    const { user, system } = process.cpuUsage()
    process.send({ records, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 }, () =>
      process.disconnect(),
    )
  })
