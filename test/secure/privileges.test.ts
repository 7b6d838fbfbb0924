import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { Sink } from '@flowferry/core'
import { memorySlice } from '@flowferry/core/testing'
import type { BulkOptions, SetupOptions } from '@flowferry/search'
import { elasticsearch, setup as setupElasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch, setup as setupOpenSearch } from '@flowferry/sink-opensearch'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** What docs/privileges.md lists: rights on the cluster, and on `logs-*`. */
interface Rights {
  readonly cluster: readonly string[]
  readonly index: readonly string[]
}

interface Granted {
  readonly sink: (options?: BulkOptions) => Sink<unknown>
  readonly setup: (options: Partial<SetupOptions>) => Promise<unknown>
}

const dataset = `flowferry.privileges${process.pid}`
const slice = memorySlice({ records: 3 })
const format = { ...slice.format, dataset }
const own = { ...slice, format, dataStream: `logs-${dataset}-default` }

function server(engine: 'ELASTICSEARCH' | 'OPENSEARCH') {
  const url = new URL(process.env[`FLOWFERRY_TEST_SECURE_${engine}`]!)
  const ca = readFileSync(process.env[`FLOWFERRY_TEST_SECURE_${engine}_CA`]!, 'utf8')
  const auth = `${url.username}:${url.password}`
  /** As the administrator. */
  const ask = (method: string, path: string, body?: unknown): Promise<Record<string, string>> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const sent = request(`${url.origin}${path}`, { method, ca, auth, headers }, async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        if (response.statusCode! < 300 || response.statusCode === 404) resolve(JSON.parse(text))
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  return { node: url.origin, ca, ask }
}

const inElasticsearch = (apiKey: string, node: string, ca?: string): Granted => {
  const client = new Elasticsearch({ node, auth: { apiKey }, ...(ca && { tls: { ca } }) })
  return {
    sink: (options) => elasticsearch({ client, maxRetries: 0, ...options }),
    setup: (options) => setupElasticsearch(client, { formats: [format], ...options }),
  }
}
const inOpenSearch = (auth: { username: string; password: string }, node: string, ca?: string): Granted => {
  const client = new OpenSearch({ node, auth, ...(ca && { ssl: { ca } }) })
  return {
    sink: (options) => opensearch({ client, maxRetries: 0, ...options }),
    setup: (options) => setupOpenSearch(client, { formats: [format], ...options }),
  }
}

let names = 0
const users = new Set<string>()
const engines = [
  {
    name: 'Elasticsearch',
    ...server('ELASTICSEARCH'),
    grant: async ({ cluster, index }: Rights): Promise<Granted> => {
      const { node, ca, ask } = server('ELASTICSEARCH')
      const indices = index.length > 0 ? [{ names: ['logs-*'], privileges: index }] : []
      const role = { cluster, indices }
      const { encoded } = await ask('POST', '/_security/api_key', { name: `t${names++}`, role_descriptors: { role } })
      return inElasticsearch(encoded!, node, ca)
    },
    everything: 'all',
    stranger: (node: string, ca?: string) => inElasticsearch('c3RyYW5nZXI6c3RyYW5nZXI=', node, ca),
    rights: {
      'write to data streams': { cluster: [], index: ['create_doc', 'auto_configure'] },
      'write to indices by time': { cluster: [], index: ['create_doc', 'create_index', 'view_index_metadata'] },
      'overwrite in indices by time': { cluster: [], index: ['index', 'create_index', 'view_index_metadata'] },
      setup: { cluster: ['manage_index_templates'], index: ['manage'] },
    },
  },
  {
    name: 'OpenSearch',
    ...server('OPENSEARCH'),
    grant: async ({ cluster, index }: Rights): Promise<Granted> => {
      const { node, ca, ask } = server('OPENSEARCH')
      const api = '/_plugins/_security/api'
      const role = {
        cluster_permissions: cluster,
        index_permissions: index.length > 0 ? [{ index_patterns: ['logs-*'], allowed_actions: index }] : [],
      }
      // One user for all but the administrator: each change of the security index takes the server a while.
      const name = index[0] === '*' ? 'ours' : 'theirs'
      const password = 'Only-4-these-Tests'
      await ask('PUT', `${api}/roles/${name}`, role)
      if (!users.has(name)) {
        await ask('PUT', `${api}/internalusers/${name}`, { password })
        await ask('PUT', `${api}/rolesmapping/${name}`, { users: [name] })
        users.add(name)
      }
      return inOpenSearch({ username: name, password }, node, ca)
    },
    everything: '*',
    stranger: (node: string, ca?: string) => inOpenSearch({ username: 'stranger', password: 'x' }, node, ca),
    rights: {
      'write to data streams': {
        cluster: ['indices:data/write/bulk'],
        index: [
          'indices:data/write/bulk*',
          'indices:data/write/index',
          'indices:admin/data_stream/get',
          'indices:admin/data_stream/create',
        ],
      },
      'write to indices by time': {
        cluster: ['indices:data/write/bulk'],
        index: [
          'indices:data/write/bulk*',
          'indices:data/write/index',
          'indices:admin/mappings/get',
          'indices:admin/create',
        ],
      },
      setup: {
        cluster: [
          'indices:admin/index_template/get',
          'indices:admin/index_template/put',
          'indices:admin/index_template/simulate_index',
        ],
        index: [
          'indices:admin/data_stream/get',
          'indices:admin/mappings/get',
          'indices:admin/mapping/put',
          'indices:monitor/settings/get',
        ],
      },
    },
  },
]

describe.each(engines)('privileges in $name', ({ ask, node, ca, grant, everything, stranger, rights }) => {
  const clean = async () => {
    await ask('DELETE', `/_data_stream/${own.dataStream}`)
    await ask('DELETE', `/${own.dataStream}-2026.01.01`)
    for (const suffix of ['', '-dated']) await ask('DELETE', `/_index_template/flowferry-${dataset}${suffix}`)
  }
  let administrator: Granted
  beforeAll(async () => {
    // Its mapping for everybody holds rights that these tests take away.
    await ask('DELETE', '/_plugins/_security/api/rolesmapping/own_index').catch(() => undefined)
    const cluster = [...rights.setup.cluster, ...rights['write to data streams'].cluster]
    administrator = await grant({ cluster, index: [everything] })
  })
  afterAll(clean)

  type Act = 'write to data streams' | 'write to indices by time' | 'overwrite in indices by time' | 'setup'
  const acts: Record<Act, (granted: Granted) => Promise<{ error?: unknown }>> = {
    'write to data streams': ({ sink }) => sink().write([own]),
    'write to indices by time': ({ sink }) => sink({ indexPer: 'day' }).write([own]),
    'overwrite in indices by time': ({ sink }) => sink({ indexPer: 'day', op: 'index' }).write([own]),
    setup: ({ setup }) =>
      setup({ formats: [{ ...format, mapping: { ...format.mapping, 'labels.new': { type: 'ip' } } }] }).then(
        () => ({}),
        (error: unknown) => ({ error }),
      ),
  }

  test.each(Object.keys(rights) as Act[])('%s: what the page lists, and nothing less', async (name) => {
    const { cluster, index } = (rights as Record<string, Rights>)[name]!
    const attempt = async (granted: Rights) => {
      await clean()
      await administrator.setup({})
      // A stream that is there gets new fields; to those who write, everything is new but the templates.
      if (name === 'setup') expect((await administrator.sink().write([own])).error).toBeUndefined()
      else await administrator.setup({ indexPer: 'day' })
      return acts[name](await grant(granted))
    }
    expect((await attempt({ cluster, index })).error).toBeUndefined()
    const lacking = [
      ...cluster.map((right) => ({ right, cluster: cluster.filter((one) => one !== right), index })),
      ...index.map((right) => ({ right, cluster, index: index.filter((one) => one !== right) })),
    ]
    for (const { right, ...less } of lacking)
      expect(await attempt(less), `without ${right}`).toMatchObject({ error: { code: 'TARGET_UNAUTHORIZED' } })
  })

  test('a cluster that has all the shards it may have stops the sink, and rejects no document', async () => {
    await clean()
    const limit = (most: number | null) =>
      ask('PUT', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': most } })
    await administrator.setup({ indexPer: 'day' })
    await limit(1)
    try {
      for (const options of [{ indexPer: 'day' }, { index: `logs-${dataset}-plain` }] as const)
        expect(await administrator.sink(options).write([own])).toMatchObject({
          stop: true,
          slices: [{ unfinished: 3, rejected: [] }],
          error: { code: 'TARGET_BLOCKED' },
        })
    } finally {
      await limit(null)
    }
  })

  test('an unknown key stops the sink at once', async () => {
    const outcome = await stranger(node, ca).sink({ maxRetries: 8, index: 'logs-x' }).write([own])
    expect(outcome).toMatchObject({ stop: true, slices: [{ unfinished: 3 }], error: { code: 'TARGET_UNAUTHORIZED' } })
    await expect(stranger(node, ca).setup({})).rejects.toMatchObject({ code: 'TARGET_UNAUTHORIZED' })
  })

  test('a certificate that nobody vouches for is refused, and the error says so', async () => {
    const { error, stop } = await stranger(node).sink({ index: 'logs-x' }).write([own])
    expect({ stop, code: error?.code }).toEqual({ stop: true, code: 'TARGET_UNREACHABLE' })
    expect(error!.message).toMatch(/self-signed certificate|unable to verify/)
    await expect(stranger(node).setup({})).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' })
  })
})
