import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/**
 * One worker a core, each a thread with clients, polls and a byte budget of its own: node worker-threads.mjs elasticsearch
 * SQS shares the messages out. A thread gets no signals, so this one passes them on. Each listens on a port of its own:
 * `HTTP_PORT`, and those after it.
 */
const worker = new URL(`./${process.argv[2] ?? 'elasticsearch'}.mjs`, import.meta.url)
const { HTTP_PORT: port } = process.env
const threads = Array.from({ length: availableParallelism() }, (_, index) => {
  const env = { ...process.env, ...(port && { HTTP_PORT: String(Number(port) + index) }) }
  return new Worker(worker, { env })
})
const stop = () => {
  for (const thread of threads) thread.postMessage('stop')
}
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, stop)
for (const thread of threads)
  thread.once('error', (error) => {
    // The others finish what they have; whoever watches this process starts it again.
    console.error(error)
    process.exitCode = 1
    stop()
  })
