import type { Readable } from 'node:stream'
import type { Client } from '@elastic/elasticsearch'
import type { Sink } from '@flowferry/core'
import {
  type BulkOptions,
  type BulkResponse,
  bulkFilter,
  bulkSink,
  ensureIndex,
  readBulkResponse,
  requireClient,
  responseOfError,
  type SearchEngineRequest,
  type SetupChange,
  type SetupOptions,
  setupTemplates,
} from '@flowferry/search'

export type { BulkOptions, SetupChange, SetupOptions }

export interface ElasticsearchOptions extends BulkOptions {
  /** The official client, version 8.19 or newer, built with your node, credentials and TLS. */
  readonly client: Client
  /**
   * Name of the ingest pipeline for the documents.
   * @default '_none': the documents are parsed, and a pipeline of Elastic's integrations would parse them again
   */
  readonly pipeline?: string
}

/**
 * Indexes documents into Elasticsearch: bulk `create` under stable ids, into data streams, dated indices or an index of
 * your own. Run `setup` first: without its template Elasticsearch refuses the data stream, or guesses the mapping.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const client = new Client({ node: 'https://localhost:9200' })
 * await setup(client, { formats: vpcFlow.formats })
 * await ingest({ source, parser: vpcFlow, sink: elasticsearch({ client }) })
 */
export function elasticsearch({ client, pipeline = '_none', ...options }: ElasticsearchOptions): Sink<unknown> {
  requireClient(client, '@elastic/elasticsearch')
  const isStream = options.index === undefined && options.indexPer === undefined
  const querystring = {
    pipeline,
    filter_path: bulkFilter,
    // Without its template, the data stream would silently become a plain index.
    ...(isStream && { require_data_stream: true }),
  }
  const isDated = options.index === undefined && options.indexPer !== undefined && options.checkTarget !== false
  return bulkSink(
    (body, signal) => bulk(client, { method: 'POST', path: '/_bulk', querystring, bulkBody: body }, options, signal),
    options,
    isDated
      ? (name, format, signal) => ensureIndex(requestWith(client, signal), 'elasticsearch', name, format)
      : undefined,
  )
}

/**
 * Installs the index templates of the formats and the lifecycle of their indices, idempotently, and returns the changes.
 * Needs the cluster privilege `manage_index_templates`, and `manage` on `logs-*`; with `rollover`, or with `retention`
 * and `indexPer`, also `manage_ilm`.
 *
 * @throws FlowferryError INVALID_OPTION, TARGET_MISMATCH where a plain index has a data stream's name,
 *   TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 * @example
 * const changes = await setup(client, { formats: vpcFlow.formats, dryRun: true })
 * for (const { kind, name, action } of changes) console.log(kind, name, action)
 */
export async function setup(client: Client, options: SetupOptions): Promise<SetupChange[]> {
  requireClient(client, '@elastic/elasticsearch')
  return setupTemplates(requestWith(client), 'elasticsearch', options)
}

type Params = Parameters<Client['transport']['request']>[0]

/**
 * Off, since the client's redaction copies a failed request byte by byte: 3 s of CPU a megabyte, and nothing else runs
 * meanwhile. Errors of this sink hold the client's message and the response, never the request.
 */
const redaction = { type: 'off' } as const

/**
 * Any response is a value; only a request without one rejects. The client retries nothing: the sink does, item by item.
 */
async function bulk(client: Client, params: Params, { gzip }: BulkOptions, signal: AbortSignal): Promise<BulkResponse> {
  try {
    const { statusCode, headers, body } = await client.transport.request<Readable>(params, {
      meta: true,
      maxRetries: 0,
      asStream: true,
      redaction,
      signal,
      ...encodingOf(gzip),
    })
    return await readBulkResponse(statusCode, headers, body)
  } catch (error) {
    return responseOfError(error)
  }
}

/** A compressed body must not be compressed again by a client whose own `compression` is on. */
function encodingOf(gzip: BulkOptions['gzip']) {
  const headers = { 'accept-encoding': 'identity' }
  return gzip ? { compression: false, headers: { ...headers, 'content-encoding': 'gzip' } } : { headers }
}

function requestWith(client: Client, signal?: AbortSignal): SearchEngineRequest {
  return async (method, path, body) => {
    try {
      const params = { method, path, ...(body !== undefined && { body: body as object }) }
      const response = await client.transport.request(params, {
        meta: true,
        maxRetries: 0,
        redaction,
        ...(signal && { signal }),
      })
      return { status: response.statusCode ?? 0, body: response.body }
    } catch (error) {
      return responseOfError(error)
    }
  }
}
