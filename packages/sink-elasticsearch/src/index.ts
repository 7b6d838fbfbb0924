import type { Client } from '@elastic/elasticsearch'
import {
  type BulkAnswer,
  type BulkOptions,
  bulkSink,
  type SetupChange,
  type SetupOptions,
  type Sink,
  setupTemplates,
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
 * Indexes documents into Elasticsearch: bulk `create` under stable ids, into data streams or an index of yours.
 * Run `setup` first: without its template Elasticsearch refuses the data stream, or guesses the mapping of an index.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function elasticsearch({ client, pipeline = '_none', ...options }: ElasticsearchOptions): Sink<unknown> {
  const querystring = {
    pipeline,
    filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason',
    // A stream whose template is missing would silently become a plain index.
    ...(options.index === undefined && { require_data_stream: true }),
  }
  return bulkSink(
    (body, signal) => request(client, { method: 'POST', path: '/_bulk', querystring, bulkBody: body }, signal),
    options,
  )
}

/**
 * Installs the index templates of the formats, idempotently, and says what it changed.
 * Needs the cluster privilege `manage_index_templates`, and `manage` on existing `logs-*` data streams.
 *
 * @throws FlowferryError TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 */
export function setup(client: Client, options: SetupOptions): Promise<SetupChange[]> {
  return setupTemplates(
    (method, path, body) => request(client, { method, path, ...(body !== undefined && { body: body as object }) }),
    'elasticsearch',
    options,
  )
}

/** Any answer is a value here; only the lack of one rejects. Retries are the sink's, item by item. */
async function request(
  client: Client,
  params: Parameters<Client['transport']['request']>[0],
  signal?: AbortSignal,
): Promise<BulkAnswer> {
  try {
    const { statusCode, body } = await client.transport.request(params, {
      meta: true,
      maxRetries: 0,
      ...(signal && { signal }),
    })
    return { status: statusCode ?? 0, body }
  } catch (error) {
    return thrownAnswer(error)
  }
}
