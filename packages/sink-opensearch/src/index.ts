import type { Readable } from 'node:stream'
import type { Sink } from '@flowferry/core'
import {
  abortOn,
  type BulkOptions,
  type BulkResponse,
  bulkFilter,
  bulkSink,
  ensureDataStream,
  ensureIndex,
  readBulkResponse,
  requireClient,
  responseOfError,
  type SearchEngineRequest,
  type SetupChange,
  type SetupOptions,
  setupTemplates,
  type TargetCheck,
} from '@flowferry/search'
import type { Client } from '@opensearch-project/opensearch'

export type { BulkOptions, SetupChange, SetupOptions }

export interface OpenSearchOptions extends BulkOptions {
  /** The official client, version 3, built with your node, credentials (or SigV4 signer) and TLS. */
  readonly client: Client
  /**
   * Name of the ingest pipeline for the documents.
   * @default '_none': the documents are parsed
   */
  readonly pipeline?: string
}

/**
 * Indexes documents into OpenSearch: bulk `create` under stable ids, into data streams, dated indices or an index of
 * your own. Run `setup` first: without its template the sink stops before the first document, as OpenSearch would
 * create a plain index and guess the mapping.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const client = new Client({ node: 'https://localhost:9200' })
 * await setup(client, { formats: vpcFlow.formats })
 * await ingest({ source, parser: vpcFlow, sink: opensearch({ client }) })
 */
export function opensearch({ client, pipeline = '_none', ...options }: OpenSearchOptions): Sink<unknown> {
  requireClient(client, '@opensearch-project/opensearch')
  const querystring = { pipeline, filter_path: bulkFilter }
  const check: TargetCheck = (name, format, signal) =>
    options.indexPer
      ? ensureIndex(requestWith(client, signal), 'opensearch', name, format)
      : ensureDataStream(requestWith(client, signal), name)
  return bulkSink(
    (body, signal) => bulk(client, { method: 'POST', path: '/_bulk', querystring, bulkBody: body }, options, signal),
    options,
    options.index === undefined && options.checkTarget !== false ? check : undefined,
  )
}

/**
 * Installs the index templates of the formats and the ISM policies of their indices, idempotently, and returns the
 * changes. Without Index State Management it says so, and fails where `retention` or `rollover` is asked for.
 * Needs `indices:admin/index_template/get` and `put`, and on `logs-*` `indices:admin/data_stream/get`,
 * `indices:admin/mapping/put` and `indices:monitor/settings/get`; what ISM needs is in docs/privileges.md.
 *
 * @throws FlowferryError INVALID_OPTION, TARGET_MISMATCH where a plain index has a data stream's name,
 *   TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 * @example
 * const changes = await setup(client, { formats: vpcFlow.formats, dryRun: true })
 * for (const { kind, name, action } of changes) console.log(kind, name, action)
 */
export async function setup(client: Client, options: SetupOptions): Promise<SetupChange[]> {
  requireClient(client, '@opensearch-project/opensearch')
  return setupTemplates(requestWith(client), 'opensearch', options)
}

type Params = Parameters<Client['transport']['request']>[0]

/**
 * Any response is a value; only a request without one rejects. The client retries nothing: the sink does, item by item.
 */
async function bulk(client: Client, params: Params, { gzip }: BulkOptions, signal: AbortSignal): Promise<BulkResponse> {
  const sent = client.transport.request(params, { maxRetries: 0, asStream: true, ...encodingOf(gzip) })
  const unlisten = abortOn(signal, sent)
  try {
    const { statusCode, headers, body } = await sent
    return await readBulkResponse(statusCode, headers, body as unknown as Readable)
  } catch (error) {
    return responseOfError(error)
  } finally {
    unlisten()
  }
}

/** A compressed body must not be compressed again by a client whose own `compression` is on. */
function encodingOf(gzip: BulkOptions['gzip']) {
  const headers = { 'accept-encoding': 'identity' }
  // The client's documentation has `false`, its type does not.
  const compression = false as unknown as 'gzip'
  return gzip ? { compression, headers: { ...headers, 'content-encoding': 'gzip' } } : { headers }
}

function requestWith(client: Client, signal?: AbortSignal): SearchEngineRequest {
  return async (method, path, body) => {
    let unlisten: (() => void) | undefined
    try {
      signal?.throwIfAborted()
      const params = { method, path, ...(body !== undefined && { body: body as object }) }
      const sent = client.transport.request(params, { maxRetries: 0 })
      unlisten = abortOn(signal, sent)
      const response = await sent
      return { status: response.statusCode ?? 0, body: response.body }
    } catch (error) {
      return responseOfError(error)
    } finally {
      unlisten?.()
    }
  }
}
