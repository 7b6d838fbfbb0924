// The same objects by one thread, by two, or by two processes: node threads.mjs JSON; prints JSON.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { work } from './share.mjs'

const { way, file, objects, node } = JSON.parse(process.argv[2])
const script = fileURLToPath(new URL('share.mjs', import.meta.url))
const share = (number, of, concurrency) => ({
  file,
  from: Math.floor((objects * number) / of),
  to: Math.floor((objects * (number + 1)) / of),
  concurrency,
  node,
})

const ways = {
  'one thread, 2 objects at once': async () => [{ records: await work(share(0, 1, 2)) }],
  'one thread, 4 objects at once': async () => [{ records: await work(share(0, 1, 4)) }],
  'two worker threads, 2 objects at once each': () =>
    Promise.all(
      [0, 1].map(async (number) => {
        const [records] = await once(new Worker(script, { workerData: { share: share(number, 2, 2) } }), 'message')
        return { records }
      }),
    ),
  'two processes, 2 objects at once each': () =>
    Promise.all(
      [0, 1].map(async (number) => {
        const child = fork(script)
        child.send(share(number, 2, 2))
        const [told] = await once(child, 'message')
        return told
      }),
    ),
}

const started = performance.now()
const shares = await ways[way]()
const seconds = (performance.now() - started) / 1000
const sum = (name) => shares.reduce((total, one) => total + (one[name] ?? 0), 0)
// With processes of their own this one did nothing.
const { user, system } = process.cpuUsage()
const own = { cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 }
const { cpu, peak } = sum('cpu') > 0 ? { cpu: sum('cpu'), peak: sum('peak') } : own
console.log(JSON.stringify({ records: sum('records'), seconds, cpu, peak }))
process.exit()
