import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { Answer, Store } from '@flowferry/answers'
import { elasticsearchStore } from '@flowferry/answers/elasticsearch'
import { openSearchStore } from '@flowferry/answers/opensearch'
import type { Sink } from '@flowferry/core'
import { memorySlice } from '@flowferry/core/testing'
import {
  type BulkOptions,
  responseOfError,
  type SearchEngineRequest,
  type SetupOptions,
  setupTemplates,
} from '@flowferry/search'
import { elasticsearch, setup as setupElasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch, setup as setupOpenSearch } from '@flowferry/sink-opensearch'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SearchStoreOptions } from '../../packages/answers/src/search/store.ts'
import { checkStore } from '../../packages/cli/src/doctor/store.ts'

/** What docs/privileges.md lists: rights on the cluster, and on `logs-*`. */
interface Rights {
  readonly cluster: readonly string[]
  readonly index: readonly string[]
}

interface Granted {
  readonly store: (options?: SearchStoreOptions) => Store
  readonly sink: (options?: BulkOptions) => Sink<unknown>
  readonly setup: (options: Partial<SetupOptions>) => Promise<unknown>
  readonly request: SearchEngineRequest
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
    store: (options) => elasticsearchStore({ client, ...options }),
    sink: (options) => elasticsearch({ client, maxRetries: 0, ...options }),
    setup: (options) => setupElasticsearch(client, { formats: [format], ...options }),
    request: (method, path, body) =>
      client.transport
        .request({ method, path, ...(body !== undefined && { body: body as object }) }, { meta: true, maxRetries: 0 })
        .then(({ statusCode: status, body }) => ({ status, body }), responseOfError),
  }
}
const inOpenSearch = (auth: { username: string; password: string }, node: string, ca?: string): Granted => {
  const client = new OpenSearch({ node, auth, ...(ca && { ssl: { ca } }) })
  return {
    store: (options) => openSearchStore({ client, ...options }),
    sink: (options) => opensearch({ client, maxRetries: 0, ...options }),
    setup: (options) => setupOpenSearch(client, { formats: [format], ...options }),
    request: (method, path, body) =>
      client.transport
        .request({ method, path, ...(body !== undefined && { body: body as object }) }, { maxRetries: 0 })
        .then(({ statusCode, body }) => ({ status: statusCode ?? 0, body }), responseOfError),
  }
}

let names = 0
const users = new Set<string>()
const engines = [
  {
    name: 'Elasticsearch',
    engine: 'elasticsearch',
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
      ask: { cluster: [], index: ['read'] },
      'ask pages of documents': { cluster: [], index: ['read'] },
    },
    doctor: {
      cluster: ['monitor', 'manage_index_templates'],
      index: ['view_index_metadata'],
      aliased: [],
      tells: {
        monitor: ['cluster', 'clock of the store', 'disk'],
        manage_index_templates: ['templates'],
        view_index_metadata: ['templates', 'blocks'],
      },
    },
  },
  {
    name: 'OpenSearch',
    engine: 'opensearch',
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
      ask: { cluster: [], index: ['indices:data/read/search'] },
      'ask pages of documents': {
        cluster: [],
        index: ['indices:data/read/search', 'indices:data/read/point_in_time/create'],
      },
    },
    doctor: {
      cluster: ['cluster:monitor/*', 'indices:admin/index_template/get', 'indices:admin/index_template/simulate_index'],
      index: ['indices:admin/data_stream/get', 'indices:admin/mappings/get', 'indices:monitor/settings/get'],
      aliased: ['indices:admin/aliases/get'],
      tells: {
        'cluster:monitor/*': ['store', 'cluster', 'clock of the store', 'disk'],
        'indices:admin/index_template/get': ['templates'],
        'indices:admin/index_template/simulate_index': ['templates'],
        'indices:admin/data_stream/get': ['templates', 'blocks'],
        'indices:admin/mappings/get': ['templates'],
        'indices:monitor/settings/get': ['templates', 'blocks'],
      },
    },
  },
] as const

describe.each(engines)(
  'privileges in $name',
  ({ name, engine, ask, node, ca, grant, everything, stranger, rights, doctor }) => {
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

    type Act =
      | 'write to data streams'
      | 'write to indices by time'
      | 'overwrite in indices by time'
      | 'setup'
      | 'ask'
      | 'ask pages of documents'
    const asked = { formats: [format], span: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' } }
    const answered = (answer: Promise<Answer>): Promise<{ error?: unknown }> =>
      answer.then(
        ({ rows, partial }) => (rows.length > 0 && !partial ? {} : { error: partial }),
        // OpenSearch 2 does not know by what pages are ordered, and says so where it lets a reader ask.
        (error: Error) => (error.message.includes('_shard_doc') ? {} : { error }),
      )
    const acts: Record<Act, (granted: Granted) => Promise<{ error?: unknown }>> = {
      'write to data streams': ({ sink }) => sink().write([own]),
      'write to indices by time': ({ sink }) => sink({ indexPer: 'day' }).write([own]),
      'overwrite in indices by time': ({ sink }) => sink({ indexPer: 'day', op: 'index' }).write([own]),
      setup: ({ setup }) =>
        setup({ formats: [{ ...format, mapping: { ...format.mapping, 'labels.new': { type: 'ip' } } }] }).then(
          () => ({}),
          (error: unknown) => ({ error }),
        ),
      ask: ({ store }) => answered(store().ask({ kind: 'groups', ...asked, measures: { n: { count: true } } })),
      'ask pages of documents': ({ store }) =>
        answered(store({ pageSize: 2 }).ask({ kind: 'documents', ...asked, limit: 9 })),
    }

    test.each(Object.keys(rights) as Act[])('%s: what the page lists, and nothing less', async (act) => {
      const { cluster, index } = (rights as Record<string, Rights>)[act]!
      const attempt = async (granted: Rights) => {
        await clean()
        await administrator.setup({})
        // A stream that is there gets new fields; to those who write, everything is new but the templates.
        if (act === 'setup' || act.startsWith('ask'))
          expect((await administrator.sink().write([own])).error).toBeUndefined()
        else await administrator.setup({ indexPer: 'day' })
        if (act.startsWith('ask')) await ask('POST', `/${own.dataStream}/_refresh`)
        return acts[act](await grant(granted))
      }
      expect((await attempt({ cluster, index })).error).toBeUndefined()
      const lacking = [
        ...cluster.map((right) => ({ right, cluster: cluster.filter((one) => one !== right), index })),
        ...index.map((right) => ({ right, cluster, index: index.filter((one) => one !== right) })),
      ]
      for (const { right, ...less } of lacking)
        expect(await attempt(less), `without ${right}`).toMatchObject({ error: { code: 'TARGET_UNAUTHORIZED' } })
    })

    describe('doctor', () => {
      const plain = `logs-plain.${dataset}`
      beforeAll(async () => {
        await clean()
        await administrator.setup({})
        await administrator.sink().write([own])
        await ask('PUT', `/${plain}`, { aliases: { [`${plain}.alias`]: {} } })
      })
      afterAll(() => ask('DELETE', `/${plain}`))

      /** The checks that another right would tell more of. A template is of another version, so that all of it is compared. */
      const lacking = async (rights: Rights, index?: string) => {
        const { request } = await grant(rights)
        const newer = { ...format, mapping: { ...format.mapping, 'labels.newer': { type: 'ip' } } } as typeof format
        const checks = await checkStore({
          engine,
          name: node,
          request,
          setup: (formats) => setupTemplates(request, engine, { formats, dryRun: true }),
          formats: [newer],
          areFound: true,
          index,
        })
        // To write is none of what it looks for here, and OpenSearch does not tell it.
        const looked = checks.filter(({ check }) => check !== 'writing' && (index === undefined || check === 'blocks'))
        return looked.flatMap(({ check, status }) => (status === 'unknown' || status === 'not checked' ? [check] : []))
      }

      test('looks at all with what the page lists, and says which checks lack a right', async () => {
        const { cluster, index, aliased } = doctor
        const without = (right: string) => ({
          cluster: cluster.filter((one) => one !== right),
          index: index.filter((one) => one !== right),
        })
        expect(await lacking({ cluster, index })).toEqual([])
        const told: Record<string, readonly string[]> = {}
        for (const right of [...cluster, ...index]) told[right] = await lacking(without(right))
        expect(told).toEqual(doctor.tells)
        expect(await lacking({ cluster, index: [...index, ...aliased] }, `${plain}.alias`)).toEqual([])
        if (aliased.length > 0) expect(await lacking({ cluster, index }, `${plain}.alias`)).toEqual(['blocks'])
      })
    })

    if (name === 'OpenSearch')
      test('a point in time is closed by who may, and lasts its minute else', async () => {
        await clean()
        await administrator.setup({})
        await administrator.sink().write([own])
        const open = async () =>
          ((await ask('GET', '/_search/point_in_time/_all')) as unknown as { readonly pits: readonly unknown[] }).pits
        for (const [more, left] of [
          [['indices:data/read/point_in_time/delete'], 0],
          [[], 1],
        ] as const) {
          const { index } = rights['ask pages of documents']
          await acts['ask pages of documents'](await grant({ cluster: [], index: [...index, ...more] }))
          expect(await open()).toHaveLength(left)
        }
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
  },
)
