import { abortOn, requireClient, responseOfError } from '@flowferry/search'
import type { Client } from '@opensearch-project/opensearch'
import type { Store } from './answer.ts'
import { type SearchClient, type SearchStoreOptions, searchStore } from './search/store.ts'

export interface OpenSearchStoreOptions extends SearchStoreOptions {
  /** The official client, version 3, built with your node, credentials (or SigV4 signer) and TLS. */
  readonly client: Client
}

/**
 * Asks OpenSearch: the data streams of `@flowferry/sink-opensearch`, its dated indices, or indices of your own with the same
 * mapping. Needs `indices:data/read/search` on them; documents beyond `pageSize` also points in time, as docs/privileges.md
 * has them, and OpenSearch 3.3.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const client = new Client({ node: 'https://localhost:9200' })
 * const store = openSearchStore({ client, formats: vpcFlow.formats })
 * const { rows, partial } = await store.ask(question)
 */
export function openSearchStore({ client, ...options }: OpenSearchStoreOptions): Store {
  requireClient(client, '@opensearch-project/opensearch')
  return searchStore({ request: requestWith(client), pointInTime, tieBreaker }, options)
}

/** `_shard_doc` tells the documents of one index apart: shards of two indices have the same numbers (3.8.0). */
const tieBreaker = [{ _index: 'asc' }, { _shard_doc: 'asc' }]

/** https://docs.opensearch.org/latest/search-plugins/searching-data/point-in-time-api/ */
const pointInTime: SearchClient['pointInTime'] = {
  open: '/_search/point_in_time',
  idOf: (body) => (body as { readonly pit_id: string }).pit_id,
  close: '/_search/point_in_time',
  closing: (id) => ({ pit_id: [id] }),
}

function requestWith(client: Client): SearchClient['request'] {
  return async (method, path, body, requestTimeout, signal) => {
    const sent = client.transport.request({ method, path, ...(body && { body }) }, { maxRetries: 0, requestTimeout })
    const unlisten = abortOn(signal, sent)
    try {
      const { statusCode, body: answer } = await sent
      return { status: statusCode ?? 0, body: answer }
    } catch (error) {
      return responseOfError(error)
    } finally {
      unlisten()
    }
  }
}
