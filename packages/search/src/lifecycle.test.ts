import { deadRecordFormat } from '@flowferry/core'
import { memorySlice } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { datedAge } from './lifecycle.ts'
import { type SetupOptions, setupTemplates } from './setup.ts'
import type { SearchEngineRequest } from './types.ts'

const { format } = memorySlice({ records: 1 })
const name = `flowferry-${format.dataset}`
const stream = `logs-${format.dataset}-default`
const backing = [1, 2].map((n) => `.ds-${stream}-00000${n}`)
const day = `${stream}-2026.11.22`

type Json = Record<string, unknown>
interface Installed {
  readonly _id: string
  readonly _seq_no: number
  readonly _primary_term: number
  readonly policy: Json
}

/**
 * As much of the two engines as keeps templates, lifecycles and policies, by their documented answers: no test server has
 * ILM or ISM. The engines' own additions to what was put are among them.
 */
function cluster(start: { readonly streams?: Record<string, Json>; readonly indices?: Record<string, Json> } = {}) {
  const templates = new Map<string, Json>()
  const ilm = new Map<string, Json>()
  const ism = new Map<string, Installed>()
  const { streams = {}, indices = {} } = start
  /** Policies that ISM has attached, and the version that each index follows. */
  const attached: Record<string, { policy_id: string; policy?: Json }> = {}
  const writes: string[] = []
  const ok = (body: unknown = {}) => ({ status: 200, body })
  const none = { status: 404, body: {} }
  const backingOf = (target: string) => (target in indices ? [target] : target in streams ? backing : [])
  const settings: Record<string, string | null> = {}

  const request: SearchEngineRequest = async (method, path, body) => {
    const [, , last = ''] = path.split('?')[0]!.split('/')
    if (method !== 'GET' && !path.includes('_simulate_')) writes.push(`${method} ${path}`)
    if (path.includes('_simulate_')) return none
    if (path.startsWith('/_index_template/')) {
      if (method === 'PUT') templates.set(last, body as Json)
      const found = templates.get(last)
      return found ? ok({ index_templates: [{ index_template: { ...found, composed_of: [] } }] }) : none
    }
    if (path.startsWith('/_ilm/policy/')) {
      const id = path.split('/')[3]!
      if (method === 'PUT') ilm.set(id, (body as { policy: Json }).policy)
      return ilm.has(id) ? ok({ [id]: { version: 1, policy: ilm.get(id) } }) : none
    }
    if (path.startsWith('/_plugins/_ism/policies')) {
      if (method === 'GET') return ok({ policies: [...ism.values()], total_policies: ism.size })
      const [, id, seq] = /policies\/([^?]+)(?:\?if_seq_no=(\d+))?/.exec(path)!
      const before = ism.get(id!)
      if ((before === undefined) !== (seq === undefined) || (before && `${before._seq_no}` !== seq))
        return { status: 409, body: { error: { type: 'version_conflict_engine_exception', reason: 'conflict' } } }
      const { policy } = body as { policy: { states: { actions: Json[] }[] } }
      const retry = { count: 3, backoff: 'exponential', delay: '1m' }
      const states = policy.states.map((state) => ({
        ...state,
        actions: state.actions.map((action) => ({ retry, ...action })),
      }))
      const stored = { policy_id: id, last_updated_time: 1, schema_version: 1, ...policy, states }
      ism.set(id!, { _id: id!, _seq_no: (before?._seq_no ?? 0) + 1, _primary_term: 1, policy: stored })
      return ok()
    }
    if (path.startsWith('/_plugins/_ism/explain/')) {
      const pattern = path.split('/')[4]!.split('?')[0]!
      const found = pattern.endsWith('*') ? backing : [pattern]
      return ok({
        ...Object.fromEntries(found.map((index) => [index, { index, policy_id: null, ...attached[index] }])),
        total_managed_indices: 0,
      })
    }
    if (path.startsWith('/_plugins/_ism/')) {
      const { policy_id: id } = body as { policy_id: string }
      attached[path.split('/')[4]!] = { policy_id: id, policy: ism.get(id)!.policy }
      return ok({ updated_indices: 1, failures: false, failed_indices: [] })
    }
    if (path.endsWith('/_lifecycle')) {
      streams[last] = { ...streams[last], lifecycle: { enabled: true, ...(body as Json) } }
      return ok()
    }
    if (path.startsWith('/_data_stream/')) {
      const found = Object.entries(streams).filter(([one]) => last.endsWith('*') || one === last)
      return ok({ data_streams: found.map(([one, more]) => ({ name: one, ...more })) })
    }
    const target = path.split('/')[1]!
    if (path.endsWith('/_mapping') || path.includes('/_mapping?'))
      return method === 'PUT' ? ok() : ok({ [target]: { mappings: { _meta: indices[target] } } })
    if (path.includes('/_settings')) {
      if (method === 'PUT') {
        settings[target] = (body as { index: { lifecycle: { name: string | null } } }).index.lifecycle.name
        return ok()
      }
      if (path.includes('provided_name')) return ok(indices)
      const told = backingOf(target).map((index) => [
        index,
        { settings: { index: { uuid: 'x', ...(settings[index] && { lifecycle: { name: settings[index] } }) } } },
      ])
      return ok(Object.fromEntries(told))
    }
    return none
  }
  const setup = (engine: 'elasticsearch' | 'opensearch', options: Partial<SetupOptions> = {}) =>
    setupTemplates(request, engine, { formats: [format], ...options })
  return { request, setup, templates, ilm, ism, streams, attached, settings, writes }
}

const lifecycle = (more: object) => expect.objectContaining({ kind: 'lifecycle', ...more })
const policy = (action: string, id = name) => expect.objectContaining({ kind: 'lifecycle policy', name: id, action })

test('a dated index has kept its last document for the retention when it is deleted', () => {
  expect(datedAge('30d', 'day')).toBe('31d')
  expect(datedAge('30d', 'month')).toBe('61d')
  expect(datedAge('36h', 'day')).toBe('60h')
})

test.each([
  [{ retention: '30' }, /retention/],
  [{ retention: 30 }, /retention is 30/],
  [{ retention: '0d' }, /retention/],
  [{ rollover: { maxAge: '1w' } }, /maxAge/],
  [{ rollover: { maxPrimaryShardSize: '50' } }, /maxPrimaryShardSize/],
  [{ rollover: { maxDocs: 2_100_000_000 } }, /maxDocs/],
  [{ rollover: true }, /rollover is true/],
  [{ rollover: {}, indexPer: 'day' }, /rollover is for data streams/],
])('%j is refused before anything is asked', async (options, message) => {
  const { setup, writes } = cluster()
  await expect(setup('elasticsearch', options as never)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(message),
  })
  expect(writes).toEqual([])
})

describe('Elasticsearch', () => {
  const templateOf = ({ templates }: ReturnType<typeof cluster>, id = name) =>
    templates.get(id) as { template: { lifecycle?: Json; settings: { index: Json } } }

  test('rolls streams over without a retention, new ones and those that had no lifecycle', async () => {
    const here = cluster({ streams: { [stream]: {} } })
    expect(await here.setup('elasticsearch')).toContainEqual(lifecycle({ name: stream, action: 'updated' }))
    expect(templateOf(here).template.lifecycle).toEqual({ enabled: true })
    expect(here.streams[stream]).toEqual({ lifecycle: { enabled: true } })
    expect(here.ilm.size).toBe(0)
    expect(await here.setup('elasticsearch')).toEqual([{ kind: 'index template', name, action: 'unchanged' }])
  })

  test('leaves alone a stream that has a lifecycle or a policy of its own', async () => {
    const own = { lifecycle: { enabled: true, data_retention: '365d' } }
    const here = cluster({ streams: { [stream]: own } })
    await here.setup('elasticsearch')
    expect(here.streams[stream]).toEqual(own)
    const managed = cluster({ streams: { [stream]: {} } })
    managed.settings[backing[1]!] = 'mine'
    await managed.setup('elasticsearch')
    expect(managed.streams[stream]).toEqual({})
  })

  test("a retention alone is the data stream's own lifecycle, stays in later runs, and ends with false", async () => {
    const here = cluster({ streams: { [stream]: { lifecycle: { enabled: true } } } })
    const dry = await here.setup('elasticsearch', { retention: '30d', dryRun: true })
    expect(here.writes).toEqual([])
    expect(await here.setup('elasticsearch', { retention: '30d' })).toEqual(dry)
    const kept = { enabled: true, data_retention: '30d' }
    expect(templateOf(here).template.lifecycle).toEqual(kept)
    expect(here.streams[stream]).toEqual({ lifecycle: kept })
    here.writes.length = 0
    for (const options of [{}, { retention: '30d' }])
      expect(await here.setup('elasticsearch', options)).toEqual([
        { kind: 'index template', name, action: 'unchanged' },
      ])
    expect(here.writes).toEqual([])
    // Somebody took the lifecycle away: a run that was not asked to delete gives the rollover back, and no retention.
    here.streams[stream] = {}
    await here.setup('elasticsearch')
    expect(here.streams[stream]).toEqual({ lifecycle: { enabled: true } })
    here.streams[stream] = { lifecycle: kept }
    expect(await here.setup('elasticsearch', { retention: false })).toMatchObject([
      { kind: 'index template', action: 'updated' },
      { kind: 'lifecycle', name: stream, action: 'updated' },
    ])
    expect(here.streams[stream]).toEqual({ lifecycle: { enabled: true } })
  })

  test('a rollover is an ILM policy, which backing indices that are there follow, too', async () => {
    const here = cluster({ streams: { [stream]: {} } })
    const options = { retention: '30d', rollover: { maxAge: '7d' } }
    const changes = await here.setup('elasticsearch', options)
    expect(changes).toContainEqual(policy('created'))
    expect(here.ilm.get(name)).toEqual({
      phases: {
        hot: {
          min_age: '0ms',
          actions: { rollover: { max_age: '7d', max_primary_shard_size: '50gb', max_docs: 200_000_000 } },
        },
        delete: { min_age: '30d', actions: { delete: {} } },
      },
      _meta: { managed_by: 'flowferry' },
    })
    expect(templateOf(here).template.settings.index).toMatchObject({ lifecycle: { name } })
    expect(here.settings).toEqual({ [backing[0]!]: name, [backing[1]!]: name })
    // The template names the policy, so the policy comes first.
    const order = here.writes.map((write) => write.split('/')[1])
    expect(order.indexOf('_ilm')).toBeLessThan(order.indexOf('_index_template'))
    here.writes.length = 0
    expect(await here.setup('elasticsearch', options)).toEqual([
      policy('unchanged'),
      { kind: 'index template', name, action: 'unchanged' },
    ])
    await here.setup('elasticsearch')
    expect(here.writes).toEqual([])
  })

  test('a policy without a retention deletes no more, and a retention alone ends the policy', async () => {
    const here = cluster({ streams: { [stream]: {} } })
    await here.setup('elasticsearch', { retention: '30d', rollover: {} })
    expect(await here.setup('elasticsearch', { rollover: {} })).toContainEqual(policy('updated'))
    expect(here.ilm.get(name)!.phases).not.toHaveProperty('delete')
    expect(here.streams[stream]).toEqual({ lifecycle: { enabled: true } })
    await here.setup('elasticsearch', { retention: '30d' })
    expect(templateOf(here).template.settings.index).not.toHaveProperty('lifecycle')
    expect(here.settings).toEqual({ [backing[0]!]: null, [backing[1]!]: null })
  })

  test("another's ILM policy stays, and setup says so", async () => {
    const here = cluster({ streams: { [stream]: {} } })
    here.settings[backing[0]!] = 'mine'
    const changes = await here.setup('elasticsearch', { rollover: {} })
    expect(changes).toContainEqual(
      lifecycle({ name: backing[0], action: 'found', note: expect.stringContaining('mine') }),
    )
    expect(here.settings).toEqual({ [backing[0]!]: 'mine', [backing[1]!]: name })
  })

  test('dated indices are deleted by their age, those that are there and ours with them', async () => {
    const indices = { [day]: { managed_by: 'flowferry' }, [`${stream}-2026.11.23`]: {} }
    const here = cluster({ indices })
    expect(await here.setup('elasticsearch', { indexPer: 'day' })).toHaveLength(3)
    expect(here.writes.filter((write) => /_ilm|_settings|_lifecycle/.test(write))).toEqual([])
    await here.setup('elasticsearch', { indexPer: 'day', retention: '30d' })
    expect(here.ilm.get(`${name}-dated`)!.phases).toEqual({ delete: { min_age: '31d', actions: { delete: {} } } })
    expect(here.settings).toEqual({ [day]: `${name}-dated` })
    await here.setup('elasticsearch', { indexPer: 'day', retention: false })
    expect(here.settings).toEqual({ [day]: null })
    expect(templateOf(here, `${name}-dated`).template.settings.index).not.toHaveProperty('lifecycle')
  })
})

describe('OpenSearch', () => {
  const rollover = { min_index_age: '30d', min_primary_shard_size: '50gb', min_doc_count: 200_000_000 }
  const statesOf = ({ ism }: ReturnType<typeof cluster>, id = name) =>
    ism.get(id)!.policy as { states: Json[]; ism_template: Json[] }

  test('has a policy that rolls over and deletes nothing, given to backing indices that are there', async () => {
    const here = cluster({ streams: { [stream]: {} } })
    const changes = await here.setup('opensearch')
    expect(changes).toContainEqual(policy('created'))
    expect(changes).toContainEqual(lifecycle({ name: backing[0], action: 'updated' }))
    const { states, ism_template: template } = statesOf(here)
    expect(states).toMatchObject([{ name: 'hot', actions: [{ rollover }], transitions: [] }])
    expect(template).toEqual([{ index_patterns: [`logs-${format.dataset}-*`], priority: 250 }])
    expect(Object.values(here.attached).map(({ policy_id: id }) => id)).toEqual([name, name])
    here.writes.length = 0
    expect(await here.setup('opensearch')).toEqual([{ kind: 'index template', name, action: 'unchanged' }])
    expect(here.writes).toEqual([])
  })

  test('a retention deletes after the rollover, and indices that are there follow the new version', async () => {
    const here = cluster({ streams: { [stream]: {} } })
    await here.setup('opensearch')
    here.writes.length = 0
    const dry = await here.setup('opensearch', { retention: '30d', dryRun: true })
    expect(here.writes).toEqual([])
    expect(dry).toContainEqual(policy('updated'))
    expect(await here.setup('opensearch', { retention: '30d' })).toEqual(dry)
    expect(here.writes).toContain(`PUT /_plugins/_ism/policies/${name}?if_seq_no=1&if_primary_term=1`)
    expect(here.writes).toContain(`POST /_plugins/_ism/change_policy/${backing[0]}`)
    expect(statesOf(here).states).toMatchObject([
      { name: 'hot', transitions: [{ state_name: 'delete', conditions: { min_rollover_age: '30d' } }] },
      { name: 'delete', actions: [{ delete: {} }] },
    ])
    here.writes.length = 0
    expect(await here.setup('opensearch', { retention: '30d' })).toEqual([
      { kind: 'index template', name, action: 'unchanged' },
      policy('unchanged'),
    ])
    await here.setup('opensearch')
    expect(here.writes).toEqual([])
  })

  test("dated indices have a policy of their own, so that the streams' does not roll them over", async () => {
    const here = cluster({ indices: { [day]: { managed_by: 'flowferry' } } })
    await here.setup('opensearch', { indexPer: 'month' })
    const dated = `${name}-dated`
    expect(statesOf(here, dated)).toMatchObject({
      states: [{ name: 'hot', actions: [], transitions: [] }],
      ism_template: [{ priority: 260 }],
    })
    expect(here.attached).toEqual({})
    await here.setup('opensearch', { indexPer: 'month', retention: '30d' })
    expect(statesOf(here, dated).states).toMatchObject([
      { actions: [], transitions: [{ conditions: { min_index_age: '61d' } }] },
      { name: 'delete' },
    ])
    expect(here.attached[day]).toMatchObject({ policy_id: dated })
  })

  test("another's policy stays where nothing is asked, and is refused above ours where it is", async () => {
    const here = cluster({ streams: { [stream]: {} } })
    const template = { index_patterns: ['logs-*'], priority: 500 }
    here.ism.set('mine', { _id: 'mine', _seq_no: 1, _primary_term: 1, policy: { ism_template: template } })
    expect(await here.setup('opensearch')).toContainEqual(policy('found', 'mine'))
    expect(here.ism.has(name)).toBe(false)
    await expect(here.setup('opensearch', { retention: '30d' })).rejects.toMatchObject({
      code: 'TARGET_TEMPLATE',
      message: expect.stringContaining('"mine" of priority 500'),
    })
    here.ism.set('mine', {
      ...here.ism.get('mine')!,
      policy: { ism_template: [{ ...template, priority: 100 }] },
    })
    here.attached[backing[0]!] = { policy_id: 'mine' }
    const changes = await here.setup('opensearch', { retention: '30d' })
    expect(changes).toContainEqual(policy('created'))
    expect(changes).toContainEqual(lifecycle({ name: backing[0], action: 'found' }))
    expect(here.attached).toMatchObject({ [backing[0]!]: { policy_id: 'mine' }, [backing[1]!]: { policy_id: name } })
  })

  test.each([
    [
      'no such plugin',
      { status: 400, body: { error: 'no handler found for uri [/_plugins/_ism/policies] and method [GET]' } },
      'TARGET_FAILED',
    ],
    ['no such API', { status: 404, body: {} }, 'TARGET_FAILED'],
    ['no right', { status: 403, body: { error: { type: 'security_exception', reason: 'no' } } }, 'TARGET_UNAUTHORIZED'],
  ])('%s: a note where nothing is asked, else an error before any change', async (_, answer, code) => {
    const here = cluster()
    const request: SearchEngineRequest = async (method, path, body) =>
      path.startsWith('/_plugins/_ism/') ? answer : here.request(method, path, body)
    const run = (options: object) => setupTemplates(request, 'opensearch', { formats: [format], ...options })
    await expect(run({ retention: '30d' })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/Index State Management|_plugins\/_ism/),
    })
    expect(here.writes).toEqual([])
    expect(await run({})).toMatchObject([
      { kind: 'index template', action: 'created' },
      { kind: 'lifecycle policy', action: 'missing', note: expect.stringContaining('2,147,483,519') },
    ])
  })

  test('what ISM could not attach is an error', async () => {
    const here = cluster({ streams: { [stream]: {} } })
    const request: SearchEngineRequest = async (method, path, body) =>
      path.includes('/_ism/add/')
        ? { status: 200, body: { updated_indices: 0, failures: true, failed_indices: [{ reason: 'is closed' }] } }
        : here.request(method, path, body)
    await expect(setupTemplates(request, 'opensearch', { formats: [format] })).rejects.toMatchObject({
      code: 'TARGET_FAILED',
      message: expect.stringContaining('is closed'),
    })
  })
})

test.each(['elasticsearch', 'opensearch'] as const)('dead records in %s live and end as logs do', async (engine) => {
  const here = cluster()
  await here.setup(engine, { formats: [deadRecordFormat], retention: '90d', rollover: { maxDocs: 1000 } })
  const id = 'flowferry-flowferry.dead_letter'
  const text = JSON.stringify(engine === 'elasticsearch' ? here.ilm.get(id) : here.ism.get(id))
  expect(text).toContain('"90d"')
  expect(text).toContain(':1000')
})

test('a template that changes says which settings, and from when on', async () => {
  const here = cluster({ streams: { [stream]: { lifecycle: { enabled: true } } } })
  await here.setup('elasticsearch', { codec: 'default' })
  // No mapping changes with a setting.
  expect(await here.setup('elasticsearch', { codec: 'best_compression', dryRun: true })).toHaveLength(1)
  expect(await here.setup('elasticsearch', { codec: 'best_compression', numberOfReplicas: 0 })).toMatchObject([
    { action: 'updated', note: expect.stringMatching(/^changed: index\.codec, index\.number_of_replicas; .*next/) },
  ])
})
