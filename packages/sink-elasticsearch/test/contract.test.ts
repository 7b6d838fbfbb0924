import { memorySlice, sinkContract } from '@flowferry/core/testing'
import { Client } from '@elastic/elasticsearch'
import { describe } from 'vitest'
import { onServers } from '../../../test/support/servers.ts'
import { elasticsearch, setup } from '../src/index.ts'

const { test, urls } = onServers('elasticsearch')

describe('elasticsearch', () => {
  sinkContract({
    test,
    create: async () => {
      const client = new Client({ node: urls[0]! })
      const { format, dataStream } = memorySlice({ records: 1 })
      await setup(client, { formats: [format] })
      await remove(client, dataStream)
      return {
        sink: elasticsearch({ client }),
        read: async ({ dataStream }) => {
          await client.indices.refresh({ index: dataStream })
          const found = await client.transport.request({ method: 'GET', path: `/${dataStream}/_search`, querystring: { size: 1000 } })
          const { hits } = ('body' in (found as object) ? (found as { body: unknown }).body : found) as Found
          return new Map(hits.hits.map(({ _id, _source }) => [_id, _source]))
        },
        close: () => client.close(),
      }
    },
    refused: (document) => ({ ...document, labels: { n: 'not a number' } }),
  })
})

interface Found {
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: Record<string, unknown> }[] }
}

async function remove(client: Client, dataStream: string): Promise<void> {
  await client.transport.request({ method: 'DELETE', path: `/_data_stream/${dataStream}` }).catch(() => undefined)
}
