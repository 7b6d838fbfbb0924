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
import type { Client } from '@opensearch-project/opensearch'

export type { BulkOptions, SetupChange, SetupOptions }

export interface OpenSearchOptions extends BulkOptions {
  /** The official client, version 3, built with your node, credentials (or SigV4 signer) and TLS. */
  readonly client: Client
  /** Ingest pipeline for the documents. Default `_none`: they are parsed already. */
  readonly pipeline?: string
}

/**
 * Indexes documents into OpenSearch: bulk `create` under stable ids, into data streams or an index of yours.
 * Run `setup` first: without its template OpenSearch makes a plain index and guesses the mapping.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function opensearch({ client, pipeline = '_none', ...options }: OpenSearchOptions): Sink<unknown> {
  const querystring = { pipeline, filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason' }
  return bulkSink(
    (body, signal) => request(client, { method: 'POST', path: '/_bulk', querystring, bulkBody: body }, signal),
    options,
  )
}

/**
 * Installs the index templates of the formats, idempotently, and says what it changed.
 * Needs `indices:admin/index_template/get` and `put`, and `indices:admin/mapping/put` on existing data streams.
 *
 * @throws FlowferryError TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 */
export function setup(client: Client, options: SetupOptions): Promise<SetupChange[]> {
  return setupTemplates(
    (method, path, body) => request(client, { method, path, ...(body !== undefined && { body: body as object }) }),
    'opensearch',
    options,
  )
}

/** Any answer is a value here; only the lack of one rejects. Retries are the sink's, item by item. */
async function request(
  client: Client,
  params: Parameters<Client['transport']['request']>[0],
  signal?: AbortSignal,
): Promise<BulkAnswer> {
  const sent = client.transport.request(params, { maxRetries: 0 })
  const abort = () => sent.abort()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const { statusCode, body } = await sent
    return { status: statusCode ?? 0, body }
  } catch (error) {
    return thrownAnswer(error)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
