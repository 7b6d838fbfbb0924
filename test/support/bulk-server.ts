import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** Answers bulk requests as Elasticsearch does, keeps what they bring, and knows no template. */
export interface BulkServer {
  readonly url: string
  /** Documents by data stream, in the order of their coming; an id is kept once. */
  readonly documents: Map<string, Map<string, unknown>>
  readonly close: () => void
}

export async function bulkServer(): Promise<BulkServer> {
  const documents: BulkServer['documents'] = new Map()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { pathname } = new URL(request.url!, 'http://server')
    response.setHeader('content-type', 'application/json').setHeader('x-elastic-product', 'Elasticsearch')
    if (!pathname.endsWith('/_bulk')) {
      response.writeHead(request.method === 'PUT' || pathname === '/' ? 200 : 404).end('{}')
      return
    }

    const lines = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString().split('\n')
    const items: object[] = []
    for (let at = 0; at + 1 < lines.length; at += 2) {
      const { create } = JSON.parse(lines[at]!) as { create: { _id: string; _index?: string } }
      const stream = create._index ?? decodeURIComponent(pathname.split('/')[1]!)
      const stored = documents.get(stream) ?? new Map<string, unknown>()
      documents.set(stream, stored)
      const known = stored.has(create._id)
      if (!known) stored.set(create._id, JSON.parse(lines[at + 1]!))
      items.push({ create: { _id: create._id, status: known ? 409 : 201 } })
    }
    response.end(JSON.stringify({ took: 1, errors: false, items }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
