// Files on S3, through the worker, into real search engines, against the same bulk bodies sent from memory.
import { readFileSync } from 'node:fs'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { input } from './inputs/make.mjs'
import { middle, most, runScript, startNullSink } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'
import { createQueue } from './lib/queue.mjs'
import { startServers } from './lib/servers.mjs'
import { createClient, setups } from './rows/send.mjs'

const titles = { elasticsearch: 'Elasticsearch', opensearch: 'OpenSearch' }
/** Long enough that the first request and the last, when less is under way, weigh little. */
const documents = 800_000
const objects = 32

/** CPU seconds that the server has used since it started. */
async function serverCpu(url) {
  const { nodes } = await (await fetch(`${url}/_nodes/stats/process`)).json()
  return Object.values(nodes).reduce((sum, { process }) => sum + process.cpu.total_in_millis / 1000, 0)
}

export async function endToEnd(runs, command, only) {
  const { urls, stop } = await startServers({ ELASTICSEARCH: 19220, OPENSEARCH: 19221, AWS: 14586 })
  const sink = await startNullSink()
  try {
    const [elasticsearch, opensearch, aws] = urls
    const each = Math.ceil((only ?? documents) / objects)
    const file = await input('vpc-flow', each)
    const nodes = { elasticsearch, opensearch }
    const namespace = `bench${process.pid}`
    const stream = `logs-aws.vpcflow-${namespace}`
    const keys = Array.from({ length: objects }, (_, i) => `AWSLogs/123456789012/vpcflowlogs/part-${i}.log.gz`)
    const queue = await createQueue(aws, namespace)

    const worker = async (engine, node) => {
      for (const key of keys) await queue.put(key, readFileSync(file))
      const options = { engine, node, namespace, aws, queueUrl: queue.url, documents: each * objects, file }
      return runScript('rows/worker.mjs', [JSON.stringify(options)])
    }
    /** As the worker has them; before it has shown how many: */
    let concurrency = 4
    const preloaded = (engine, node) =>
      runScript('rows/preloaded.mjs', [JSON.stringify({ engine, node, namespace, file, keys, concurrency })])
    const remove = (node) => fetch(`${node}/_data_stream/${stream}`, { method: 'DELETE' })

    /** Into an empty data stream, with what the server spent. */
    const measured = async (way, engine) => {
      const node = nodes[engine]
      const before = await serverCpu(node)
      const result = await way(engine, node)
      const server = (await serverCpu(node)) - before
      await remove(node)
      process.stderr.write(`${engine}, ${way.name}: ${(result.documents / result.seconds).toFixed(0)} documents/s\n`)
      return { ...result, server }
    }

    try {
      const rows = []
      const ratios = {}
      for (const engine of Object.keys(nodes)) {
        await setups[engine](createClient(engine, nodes[engine]), { formats: vpcFlow.formats })
        // A cold JVM takes two to four times as long for a document.
        await measured(preloaded, engine)
        const results = { worker: [], preloaded: [] }
        for (let run = 0; run < runs; run++) {
          // Each way goes first in turn: merges of the one before run into the next.
          const ways = run % 2 === 0 ? [worker, preloaded] : [preloaded, worker]
          for (const way of ways) results[way.name].push(await measured(way, engine))
          concurrency = most(results.worker.map(({ inFlight }) => inFlight))
        }
        const rate = ({ documents, seconds }) => documents / seconds
        const pairs = results.worker.map((one, run) => rate(one) / rate(results.preloaded[run]))
        ratios[engine] = middle(pairs)
        for (const [way, all] of Object.entries(results)) {
          const million = (cpu) => figure((cpu / all.reduce((sum, { documents }) => sum + documents, 0)) * 1e6)
          const total = (name) => all.reduce((sum, one) => sum + one[name], 0)
          rows.push([
            `${titles[engine]}, ${way}`,
            all.map((one) => rate(one).toFixed(0)).join(', '),
            way === 'worker' ? `**${figure(ratios[engine])}** (${pairs.map(figure).join(', ')})` : '',
            million(total('cpu')),
            million(total('server')),
            `${figure(total('cpu') / total('seconds'))} and ${figure(total('server') / total('seconds'))}`,
            most(all.map(({ inFlight }) => inFlight)),
            (total('documents') / total('requests')).toFixed(0),
          ])
        }
      }
      const alone = await worker('elasticsearch', sink.url)
      rows.push([
        'null sink, worker',
        (alone.documents / alone.seconds).toFixed(0),
        '',
        figure((alone.cpu / alone.documents) * 1e6),
        '',
        figure(alone.cpu / alone.seconds),
        alone.inFlight,
        (alone.documents / alone.requests).toFixed(0),
      ])
      const head = [
        'into',
        'documents/s',
        'rate to preloaded',
        'client, CPU s per million',
        'server, CPU s per million',
        'cores used by client and server',
        'requests at once',
        'documents a request',
      ]
      const text = `${provenance(command)} ${objects} objects of ${each} flow records on an S3 server (MiniStack, in memory), told by SQS, through the example's worker (\`node bench/rows/worker.mjs\`), against the same bodies from memory through the same client (\`preloaded.mjs\`, as many requests at once as the worker had). JVMs warm with as many documents; all on the same two cores. The null sink's row is what S3 and the worker reach when nothing behind them slows.`
      return {
        results: { 'end to end': ratios.elasticsearch, 'end to end, OpenSearch': ratios.opensearch },
        sections: { 'End to end': `${text}\n\n${table(head, rows)}` },
      }
    } finally {
      await queue.remove(keys)
      for (const node of Object.values(nodes)) await remove(node)
    }
  } finally {
    sink.close()
    await stop()
  }
}
