import type { IncomingMessage, ServerResponse } from 'node:http'

/** Names the product, as Elasticsearch does in every answer, to its own client alone: OpenSearch has no such header. */
export function nameProduct(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers['user-agent']?.startsWith('elasticsearch-js'))
    response.setHeader('x-elastic-product', 'Elasticsearch')
}
