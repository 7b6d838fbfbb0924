import type { Readable } from 'node:stream'
import {
  type BulkAnswer,
  type BulkOptions,
  bulkSink,
  createdIndex,
  type EngineRequest,
  existingStream,
  requireClient,
  type SetupChange,
  type SetupOptions,
  type Sink,
  setupTemplates,
  streamedAnswer,
  type TargetCheck,
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
 * Indexes documents into OpenSearch: bulk `create` under stable ids, into data streams, indices by time or an index of yours.
 * Run `setup` first: without its template the sink stops before the first document, as OpenSearch would make a plain
 * index and guess the mapping.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function opensearch({ client, pipeline = '_none', ...options }: OpenSearchOptions): Sink<unknown> {
  requireClient(client, '@opensearch-project/opensearch')
  const querystring = { pipeline, filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason' }
  const check: TargetCheck = (name, format, signal) =>
    options.indexPer
      ? createdIndex(ask(client, signal), 'opensearch', name, format)
      : existingStream(ask(client, signal), name)
  return bulkSink(
    (body, signal) => bulk(client, { method: 'POST', path: '/_bulk', querystring, bulkBody: body }, options, signal),
    options,
    options.index === undefined && options.checkTarget !== false ? check : undefined,
  )
}

/**
 * Installs the index templates of the formats, idempotently, and says what it changed.
 * Needs `indices:admin/index_template/get` and `put`, and on `logs-*` `indices:admin/data_stream/get`,
 * `indices:admin/mapping/put` and `indices:monitor/settings/get`.
 *
 * @throws FlowferryError INVALID_OPTION, TARGET_MISMATCH where a plain index has a data stream's name,
 *   TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 */
export async function setup(client: Client, options: SetupOptions): Promise<SetupChange[]> {
  requireClient(client, '@opensearch-project/opensearch')
  return setupTemplates(ask(client), 'opensearch', options)
}

type Params = Parameters<Client['transport']['request']>[0]

/** Any answer is a value here; only the lack of one rejects. Retries are the sink's, item by item. */
async function bulk(client: Client, params: Params, { gzip }: BulkOptions, signal: AbortSignal): Promise<BulkAnswer> {
  const sent = client.transport.request(params, { maxRetries: 0, asStream: true, ...encodingOf(gzip) })
  const free = abortedWith(signal, sent)
  try {
    const { statusCode, headers, body } = await sent
    return await streamedAnswer(statusCode, headers, body as unknown as Readable)
  } catch (error) {
    return thrownAnswer(error)
  } finally {
    free()
  }
}

/** The client takes no signal. Gives what ends the listening. */
function abortedWith(signal: AbortSignal, sent: { readonly abort: () => unknown }): () => void {
  const abort = () => {
    // Given back, it would be a promise of the listener's, whose rejection nobody handles: the process would end.
    sent.abort()
  }
  signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}

/** The body is compressed already: the client, where it was told to compress, must not do it again. */
function encodingOf(gzip: BulkOptions['gzip']) {
  const headers = { 'accept-encoding': 'identity' }
  // The client documents false, and its type lacks it.
  const compression = false as unknown as 'gzip'
  return gzip ? { compression, headers: { ...headers, 'content-encoding': 'gzip' } } : { headers }
}

function ask(client: Client, signal?: AbortSignal): EngineRequest {
  return async (method, path, body) => {
    let free: (() => void) | undefined
    try {
      signal?.throwIfAborted()
      const params = { method, path, ...(body !== undefined && { body: body as object }) }
      const sent = client.transport.request(params, { maxRetries: 0 })
      if (signal) free = abortedWith(signal, sent)
      const answer = await sent
      return { status: answer.statusCode ?? 0, body: answer.body }
    } catch (error) {
      return thrownAnswer(error)
    } finally {
      free?.()
    }
  }
}
