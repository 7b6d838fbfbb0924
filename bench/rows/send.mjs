// Delivery over plain HTTP to `null-sink.mjs`, through the official clients.
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { elasticsearch, setup as setupElasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch, setup as setupOpenSearch } from '@flowferry/sink-opensearch'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { fileObject, parse, run } from './pipeline.mjs'
import { vpcFlowDocuments } from './plain.mjs'

const clients = {
  elasticsearch: (node) => new Elasticsearch({ node }),
  opensearch: (node) => new OpenSearch({ node }),
}
export const sinks = { elasticsearch, opensearch }
export const setups = { elasticsearch: setupElasticsearch, opensearch: setupOpenSearch }

export const createClient = (engine, node) => clients[engine](node)

/** Bulk bodies from memory, so many requests at once. The first item that is refused rejects. */
export async function sendAll(client, bodies, concurrency, pipeline = '_none') {
  const querystring = { pipeline, filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason' }
  const rest = bodies.values()
  const send = async () => {
    for (const bulkBody of rest) {
      const { body } = await client.transport.request(
        { method: 'POST', path: '/_bulk', querystring, bulkBody },
        { maxRetries: 0, meta: true, requestTimeout: 300_000 },
      )
      if (body.errors) throw new Error(JSON.stringify(body.items.find((item) => item.create.status >= 300)))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, send))
}

/** The whole way of a file: read, inflated, parsed, sent. */
export async function deliver(engine, node, file, parser) {
  const client = createClient(engine, node)
  const { counts } = await run([fileObject(file)], parser, { sink: sinks[engine]({ client }) })
  await client.close()
  return { records: counts.read }
}

/** What the official client offers for the same: its bulk helper, fed with the plain loop's objects. */
export async function helper(engine, node, file) {
  const client = createClient(engine, node)
  const datasource = vpcFlowDocuments(file)
  const { total, failed } = await client.helpers.bulk({
    datasource,
    onDocument: () => ({ create: { _index: 'logs-aws.vpcflow-default' } }),
  })
  if (failed > 0) throw new Error(`${failed} documents failed`)
  await client.close()
  return { records: total }
}

/** Bodies that are there already, through the client alone: what no sender goes below. CPU counts from `begin`. */
export async function ready(engine, node, file, parser, begin) {
  const client = createClient(engine, node)
  const bodies = []
  const { records } = await parse(file, parser, {}, (body) => bodies.push(Buffer.from(body)))
  begin()
  const querystring = { filter_path: 'errors,items.*.status' }
  for (const bulkBody of bodies)
    await client.transport.request({ method: 'POST', path: '/_bulk', querystring, bulkBody }, { maxRetries: 0 })
  await client.close()
  return { records }
}
