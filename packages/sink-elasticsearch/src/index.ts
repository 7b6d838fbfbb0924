import type { Readable } from 'node:stream'
import type { Client } from '@elastic/elasticsearch'
import {
  type BulkAnswer,
  type BulkOptions,
  bulkSink,
  createdIndex,
  type EngineRequest,
  requireClient,
  type SetupChange,
  type SetupOptions,
  type Sink,
  setupTemplates,
  streamedAnswer,
  thrownAnswer,
} from '@flowferry/core'

export type { BulkOptions, SetupChange, SetupOptions }

export interface ElasticsearchOptions extends BulkOptions {
  /** The official client, version 8.19 or newer, built with your node, credentials and TLS. */
  readonly client: Client
  /**
   * Ingest pipeline for the documents. Default `_none`: they are parsed already, and a pipeline of Elastic's
   * integration would parse them again.
   */
  readonly pipeline?: string
}

/**
 * Indexes documents into Elasticsearch: bulk `create` under stable ids, into data streams, indices by time or an index of yours.
 * Run `setup` first: without its template Elasticsearch refuses the data stream, or guesses the mapping.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function elasticsearch({ client, pipeline = '_none', ...options }: ElasticsearchOptions): Sink<unknown> {
  requireClient(client, '@elastic/elasticsearch')
  const isStream = options.index === undefined && options.indexPer === undefined
  const querystring = {
    pipeline,
    filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason',
    // A stream whose template is missing would silently become a plain index.
    ...(isStream && { require_data_stream: true }),
  }
  const isDated = options.index === undefined && options.indexPer !== undefined && options.checkTarget !== false
  return bulkSink(
    (body, signal) => bulk(client, { method: 'POST', path: '/_bulk', querystring, bulkBody: body }, options, signal),
    options,
    isDated ? (name, format, signal) => createdIndex(ask(client, signal), 'elasticsearch', name, format) : undefined,
  )
}

/**
 * Installs the index templates of the formats, idempotently, and says what it changed.
 * Needs the cluster privilege `manage_index_templates`, and `manage` on `logs-*`.
 *
 * @throws FlowferryError INVALID_OPTION, TARGET_MISMATCH where a plain index has a data stream's name,
 *   TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 */
export async function setup(client: Client, options: SetupOptions): Promise<SetupChange[]> {
  requireClient(client, '@elastic/elasticsearch')
  return setupTemplates(ask(client), 'elasticsearch', options)
}

type Params = Parameters<Client['transport']['request']>[0]

/**
 * Else each of the client's errors copies the request byte by byte, 3 s of CPU a megabyte, and nothing else runs
 * meanwhile. Ours take its status, answer and message alone.
 */
const redaction = { type: 'off' } as const

/** Any answer is a value here; only the lack of one rejects. Retries are the sink's, item by item. */
async function bulk(client: Client, params: Params, { gzip }: BulkOptions, signal: AbortSignal): Promise<BulkAnswer> {
  try {
    const { statusCode, headers, body } = await client.transport.request<Readable>(params, {
      meta: true,
      maxRetries: 0,
      asStream: true,
      redaction,
      signal,
      ...encodingOf(gzip),
    })
    return await streamedAnswer(statusCode, headers, body)
  } catch (error) {
    return thrownAnswer(error)
  }
}

/** The body is compressed already: the client, where it was told to compress, must not do it again. */
function encodingOf(gzip: BulkOptions['gzip']) {
  const headers = { 'accept-encoding': 'identity' }
  return gzip ? { compression: false, headers: { ...headers, 'content-encoding': 'gzip' } } : { headers }
}

function ask(client: Client, signal?: AbortSignal): EngineRequest {
  return async (method, path, body) => {
    try {
      const params = { method, path, ...(body !== undefined && { body: body as object }) }
      const answer = await client.transport.request(params, {
        meta: true,
        maxRetries: 0,
        redaction,
        ...(signal && { signal }),
      })
      return { status: answer.statusCode ?? 0, body: answer.body }
    } catch (error) {
      return thrownAnswer(error)
    }
  }
}
