import type { Client } from '@elastic/elasticsearch'
import { requireClient, responseOfError } from '@flowferry/search'
import type { Store } from './answer.ts'
import { type SearchClient, type SearchStoreOptions, searchStore } from './search/store.ts'

export interface ElasticsearchStoreOptions extends SearchStoreOptions {
  /** The official client, version 8.19 or newer, built with your node, credentials and TLS. */
  readonly client: Client
}

/**
 * Asks Elasticsearch: the data streams of `@flowferry/sink-elasticsearch`, its dated indices, or indices of your own with
 * the same mapping. Needs the privilege `read` on them.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const client = new Client({ node: 'https://localhost:9200' })
 * const store = elasticsearchStore({ client, formats: vpcFlow.formats })
 * const { rows, partial } = await store.ask(question)
 */
export function elasticsearchStore({ client, ...options }: ElasticsearchStoreOptions): Store {
  requireClient(client, '@elastic/elasticsearch')
  return searchStore({ request: requestWith(client), pointInTime, tieBreaker: [] }, options)
}

/** Elasticsearch breaks ties by itself. https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-open-point-in-time */
const pointInTime: SearchClient['pointInTime'] = {
  open: '/_pit',
  idOf: (body) => (body as { readonly id: string }).id,
  close: '/_pit',
  closing: (id) => ({ id }),
}

function requestWith(client: Client): SearchClient['request'] {
  return async (method, path, body, requestTimeout, signal) => {
    try {
      const { statusCode, body: answer } = await client.transport.request(
        { method, path, ...(body && { body }) },
        { meta: true, maxRetries: 0, requestTimeout, redaction: { type: 'off' }, ...(signal && { signal }) },
      )
      return { status: statusCode ?? 0, body: answer }
    } catch (error) {
      return responseOfError(error)
    }
  }
}
