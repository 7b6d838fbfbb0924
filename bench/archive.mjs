// `flowferry why` straight over an archive, against listing all of it and searching what falls into the span.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { input } from './inputs/make.mjs'
import { here, interleaved, least, middle, most, runScript } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'

const keys = 1_000_000
const named = 40
/** Records in each file that the span names beside those of the world. */
const records = 100_000
/** A world in which B's network ACL drops replies, both sides logged with every field. */
const world = ['8', '3', 'both']
const latencies = [0, 30]

/** @param only Records of each file; then of an archive of as many keys. */
export async function archive(runs, command, only) {
  const folder = mkdtempSync(join(tmpdir(), 'flowferry-archive-'))
  const servers = []
  try {
    const [seed, row, variant] = world
    await promisify(execFile)(process.execPath, [here('../test/worlds/write.mjs'), seed, folder, row, variant])
    const filler = await input('vpc-flow-29', only ?? records)
    for (const latency of latencies) servers.push(await startServer(folder, only ?? keys, filler, latency))
    const measurements = servers.flatMap(({ latency, told, requests }) =>
      ['why', 'plain'].map((way) => ({
        name: `${way}, ${latency} ms`,
        measure: async () => {
          const before = await requests()
          const started = performance.now()
          const result = await runScript(`rows/archive-${way}.mjs`, [JSON.stringify(told)])
          const seconds = (performance.now() - started) / 1000
          const after = await requests()
          const sent = { list: after.list - before.list, get: after.get - before.get }
          if (sent.list !== result.requests.list || sent.get !== result.requests.get)
            throw new Error(`${way} tells of ${JSON.stringify(result.requests)}, and sent ${JSON.stringify(sent)}`)
          if (way === 'why' && (result.objects !== named || result.cause !== 'reply-blocked-at-target'))
            throw new Error(`${result.objects} objects, ${result.cause}`)
          return { ...result, seconds }
        },
      })),
    )
    const results = await interleaved(measurements, runs)
    const rows = measurements.map(({ name }) => {
      const all = results.get(name)
      const [{ objects, bytes, requests, records: read }] = all
      const seconds = all.map((one) => one.seconds)
      return [
        name,
        `${figure(least(seconds))} (${figure(most(seconds))})`,
        figure(least(all.map(({ cpu }) => cpu))),
        most(all.map(({ peak }) => peak)).toFixed(0),
        requests.list,
        requests.get,
        objects,
        figure(bytes / 1e6),
        read ? read.read : '',
        read ? read.kept : '',
      ]
    })
    const head = ['way', 'seconds', 'CPU s', 'peak MB', 'LIST', 'GET', 'objects', 'MB of gzip', 'records', 'kept']
    const [, why] = servers.map(({ latency }) =>
      middle(results.get(`why, ${latency} ms`).map(({ seconds }) => seconds)),
    )
    const total = (only ?? keys).toLocaleString('en-US')
    return {
      results: { 'archive, seconds': why },
      sections: {
        'Straight over the archive': `${provenance(command)} A stub of S3 (\`bench/lib/archive-server.mjs\`, held against the tests' S3 server at 10,000 keys by \`packages/cli/test/why-archive.test.ts\`) with ${total} keys in twelve accounts and regions, of which the span of an hour names ${named}: one world of \`test/worlds\` and files of ${only ?? records} records of others. \`why\` is \`flowferry why A B:PORT --from s3://archive --account … --region …\` as a new process, from its start to its end, its answer the world's true cause; \`plain\` lists everything below \`AWSLogs/\` with the SDK's paginator, reads the flow logs of the span and greps the lines that hold both addresses, which is no diagnosis. The stub waits so many milliseconds before each answer.\n\n${table(head, rows)}`,
      },
    }
  } finally {
    for (const { close } of servers) close()
    rmSync(folder, { recursive: true })
  }
}

async function startServer(folder, count, filler, latency) {
  const args = [folder, count, named, filler, latency].map(String)
  const child = spawn(process.execPath, [here('rows/archive-server.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const [told] = await once(child.stdout, 'data')
  const requests = async () => {
    const answer = once(child, 'message')
    child.send('requests')
    return (await answer)[0]
  }
  return { latency, told: JSON.parse(String(told)), requests, close: () => child.disconnect() }
}
