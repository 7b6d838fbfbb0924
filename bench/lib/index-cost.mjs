// What a search engine spends on an index: CPU of its process, time, disk.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, sendAll } from '../rows/send.mjs'

/** Requests at once, as a worker has them. */
const concurrency = 3
/** Before all that `setup` installs. */
const priority = 1000

/** Requests of JSON to an engine's node; a refusal throws what it says, with its `status`. */
export function requestsTo(node) {
  return async (method, path, body) => {
    const response = await fetch(node + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${text}`), { status: response.status })
    return text === '' ? undefined : JSON.parse(text)
  }
}

/** Until a stream's merges, which an engine does by itself, are done. */
export async function merged(ask, stream) {
  const merging = async () => (await ask('GET', `/${stream}/_stats/merge`))._all.primaries.merges.current
  while ((await merging()) > 0) await sleep(50)
}

/**
 * One data stream of an engine on this machine, made anew for each measurement.
 *
 * @param stream Its name, which all bodies name.
 */
export async function createIndexCost(engine, node, stream) {
  const ask = requestsTo(node)
  const client = createClient(engine, node)
  const { nodes } = await ask('GET', '/_nodes/process')
  const pid = Object.values(nodes)[0].process.id
  if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(engine))
    throw new Error(`${node} is no ${engine} of this machine, and its CPU is read from /proc`)

  const name = `flowferry-${stream}`
  const remove = (path) =>
    ask('DELETE', path).catch((error) => {
      if (error.status !== 404) throw error
    })

  /** Until what the work before left is done: merges, garbage, code to compile. */
  const idle = async () => {
    for (let i = 0; i < 50; i++) {
      const before = cpuOf(pid)
      await sleep(200)
      if (cpuOf(pid) - before <= 0.02) return
    }
  }

  return {
    ask,
    stream,
    /** Throws what the engine says where it refuses the template or the pipeline. */
    install: async (template, pipeline) => {
      const { settings } = template.template
      // The engines look at the disk every 10 s only.
      const index = { ...settings.index, store: { stats_refresh_interval: '0s' } }
      const installed = { ...template.template, settings: { ...settings, index } }
      await ask('PUT', `/_index_template/${name}`, {
        ...template,
        index_patterns: [stream],
        priority,
        template: installed,
      })
      if (pipeline) await ask('PUT', `/_ingest/pipeline/${name}`, pipeline)
    },
    /**
     * Sends the bodies into a new data stream. CPU seconds of the server until what it merges by itself is merged, seconds
     * until the last document is found, and bytes on disk as one segment.
     */
    measure: async ({ bodies, count: expected }, withPipeline) => {
      await ask('PUT', `/_data_stream/${stream}`)
      await idle()
      const before = cpuOf(pid)
      const started = performance.now()
      await sendAll(client, bodies, concurrency, withPipeline ? name : '_none')
      await ask('POST', `/${stream}/_refresh`)
      const seconds = (performance.now() - started) / 1000
      await merged(ask, stream)
      const cpu = cpuOf(pid) - before
      const { count } = await ask('GET', `/${stream}/_count`)
      if (count !== expected) throw new Error(`${count} documents of ${expected}`)
      return { cpu, seconds, disk: await diskOf(ask, stream) }
    },
    removeStream: () => remove(`/_data_stream/${stream}`),
    close: async () => {
      for (const path of [`/_data_stream/${stream}`, `/_index_template/${name}`, `/_ingest/pipeline/${name}`])
        await remove(path)
      await client.close()
    },
  }
}

/**
 * CPU seconds of a process. Its ticks are a hundredth of a second.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14)
  return (Number(user) + Number(system)) / 100
}

/** Bytes of a data stream in one segment, when the files of what was merged are gone. */
async function diskOf(ask, stream) {
  await ask('POST', `/${stream}/_forcemerge?max_num_segments=1`)
  let before
  for (let i = 0; i < 100; i++) {
    await ask('POST', `/${stream}/_refresh`)
    await ask('POST', `/${stream}/_flush?force=true`)
    const { store, segments } = (await ask('GET', `/${stream}/_stats/store,segments`))._all.primaries
    if (segments.count === 1 && store.size_in_bytes === before) return before
    before = store.size_in_bytes
    await sleep(100)
  }
  throw new Error(`${stream} does not become one segment`)
}
