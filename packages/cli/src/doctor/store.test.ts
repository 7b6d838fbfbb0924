import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlowferryError } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { SearchEngineRequest, SetupChange } from '@flowferry/search'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkDuckDB, checkStore, type StoreOptions } from './store.ts'

type Answer = { readonly status: number; readonly body: unknown }
const answer = (body: unknown, status = 200): Answer => ({ status, body })
const epoch = () => String(Math.floor(Date.now() / 1000))

/** What a cluster that is well answers, by the beginning of the path. */
const well: Readonly<Record<string, Answer>> = {
  '/_security/user/_has_privileges': answer({ has_all_requested: true }),
  '/_cat/health': answer([{ epoch: epoch(), status: 'green' }]),
  '/_cat/allocation': answer([
    { node: 'n1', 'disk.percent': '40' },
    { node: 'UNASSIGNED', 'disk.percent': null },
  ]),
  '/_cluster/settings': answer({ defaults: { 'cluster.routing.allocation.disk.watermark.high': '90%' } }),
  '/_data_stream/': answer({
    data_streams: [{ name: 'logs-aws.vpcflow-default', indices: [{ index_name: '.ds-1' }, { index_name: '.ds-2' }] }],
  }),
  '/logs-': answer({ '.ds-2': { settings: { 'index.blocks.read_only_allow_delete': 'false' } } }),
  '/': answer({ version: { number: '9.5.3' } }),
}

async function checks(
  answers: Record<string, Answer | Error> = {},
  options: Partial<StoreOptions> = {},
  onRequest: (path: string, body: unknown) => void = () => {},
) {
  const all = { ...answers, ...Object.fromEntries(Object.entries(well).filter(([path]) => !(path in answers))) }
  const paths = Object.keys(all).sort((a, b) => b.length - a.length)
  const request: SearchEngineRequest = async (method, path, body) => {
    onRequest(path, body)
    expect(method === 'GET' || path.endsWith('_has_privileges')).toBe(true)
    const told = all[paths.find((one) => path.startsWith(one))!]!
    if (told instanceof Error) throw told
    return told
  }
  const same: SetupChange[] = [{ kind: 'index template', name: 'flowferry-aws.vpcflow', action: 'unchanged' }]
  const found = await checkStore({
    engine: 'elasticsearch',
    name: 'https://es.example:9200',
    request,
    setup: async () => same,
    formats: vpcFlow.formats,
    areFound: true,
    ...options,
  })
  return Object.fromEntries(found.map((one) => [one.check, one]))
}
const template = (action: SetupChange['action'], name = 'a'): SetupChange => ({ kind: 'index template', name, action })
const denied = answer({ error: { type: 'security_exception', reason: 'action is unauthorized' } }, 403)

describe('checkStore', () => {
  it('has nothing against a cluster that is well', async () => {
    const all = await checks()
    expect(Object.values(all).map(({ check, status }) => `${check}: ${status}`)).toEqual([
      'store: ok',
      'templates: ok',
      'writing: ok',
      'cluster: ok',
      'clock of the store: ok',
      'blocks: ok',
      'disk: ok',
    ])
    expect(all.store!.what).toBe('Elasticsearch 9.5.3 at https://es.example:9200')
  })

  it('tells an old one, and one that does not answer, and asks no more', async () => {
    expect(Object.values(await checks({ '/': answer({ version: { number: '7.17.0' } }) }))).toMatchObject([
      { check: 'store', status: 'fault', what: expect.stringContaining('7.17.0') },
    ])
    expect((await checks({ '/': new FlowferryError('TARGET_UNREACHABLE', 'no way') })).store).toMatchObject({
      status: 'fault',
      todo: expect.any(String),
    })
    const refused = answer({ error: { type: 'security_exception', reason: 'unable to authenticate user' } }, 401)
    expect(Object.values(await checks({ '/': refused }))).toMatchObject([
      { check: 'store', status: 'fault', todo: expect.stringContaining('ELASTICSEARCH_API_KEY') },
    ])
    // OpenSearch Serverless.
    expect((await checks({ '/': answer('', 404) })).store!.status).toBe('not checked')
  })

  it('asks the rest where only the version may not be seen', async () => {
    const all = await checks({ '/': denied })
    expect(all.store).toMatchObject({ status: 'not checked', what: expect.stringContaining('monitor') })
    expect(all.writing!.status).toBe('ok')
  })

  it('loses one check alone to a request without an answer', async () => {
    const none = new FlowferryError('TARGET_UNREACHABLE', 'it gave no answer within 10 s')
    const { '/': _, '/_cluster/settings': __, ...paths } = well
    for (const path of Object.keys(paths)) {
      const all = Object.values(await checks({ [path]: none }))
      const lost = all.filter(({ status }) => status !== 'ok')
      expect(lost, path).toMatchObject([
        { status: 'fault', what: 'it gave no answer within 10 s [TARGET_UNREACHABLE]', todo: expect.any(String) },
      ])
      expect(all.length, path).toBeGreaterThanOrEqual(6)
    }
  })

  it('misses templates of what the bucket holds, and of others only where none is there', async () => {
    const of = async (changes: readonly SetupChange[], areFound: boolean) =>
      (await checks({}, { setup: async () => changes, areFound })).templates!
    const some = [template('unchanged'), template('created', 'b')]
    expect(await of(some, true)).toMatchObject({ status: 'fault', details: ['b'] })
    expect(await of(some, false)).toMatchObject({ status: 'ok', what: expect.stringContaining('not there: b') })
    expect((await of([template('created')], false)).status).toBe('fault')
    expect(await of([template('updated')], true)).toMatchObject({ status: 'warning', details: ['a'] })
    const fail = (error: Error) => checks({}, { setup: async () => Promise.reject(error) })
    expect((await fail(new FlowferryError('TARGET_UNAUTHORIZED', 'no'))).templates!.status).toBe('unknown')
    expect((await fail(new FlowferryError('TARGET_TEMPLATE', 'another wins'))).templates!.status).toBe('fault')
    expect((await checks({}, { index: 'mine' })).templates!.status).toBe('not checked')
  })

  it('says which rights are missing to write', async () => {
    const path = '/_security/user/_has_privileges'
    const name = 'logs-aws.vpcflow-default'
    const rights = { [name]: { create_doc: true, auto_configure: false } }
    expect((await checks({ [path]: answer({ has_all_requested: false, index: rights }) })).writing).toMatchObject({
      status: 'fault',
      what: 'the credentials lack auto_configure',
      details: [`${name}: auto_configure`],
    })
    const asked: unknown[] = []
    const note = (of: string, body: unknown) => of === path && asked.push(body)
    await checks({}, {}, note)
    await checks({}, { indexPer: 'day', op: 'index' }, note)
    await checks({}, { index: 'mine' }, note)
    expect(asked).toEqual([
      { index: [{ names: [name], privileges: ['create_doc', 'auto_configure'] }] },
      { index: [{ names: [`${name}-*`], privileges: ['index', 'create_index', 'view_index_metadata'] }] },
      { index: [{ names: ['mine'], privileges: ['create_doc'] }] },
    ])
    // A key of one log, where nobody said which logs there are.
    const formats = [...vpcFlow.formats, ...cloudTrail.formats]
    const one = answer({ has_all_requested: false, index: { [name]: { create_doc: true, auto_configure: true } } })
    expect((await checks({ [path]: one }, { formats, areFound: false })).writing).toMatchObject({
      status: 'ok',
      what: expect.stringContaining(`on ${name}, and on no other`),
    })
    expect((await checks({ [path]: one }, { formats })).writing).toMatchObject({
      status: 'fault',
      details: [expect.stringContaining('logs-aws.cloudtrail-default')],
    })
    const off = answer(
      { error: { type: 'x', reason: 'Security must be explicitly enabled when using a [basic] license' } },
      500,
    )
    expect((await checks({ [path]: off })).writing!.status).toBe('warning')
    expect((await checks({ [path]: denied })).writing!.status).toBe('unknown')
    expect((await checks({}, { engine: 'opensearch' })).writing!.status).toBe('not checked')
  })

  it('finds a cluster that is red, full, read-only, or of another time', async () => {
    const health = async (status: string, seconds = 0) =>
      checks({ '/_cat/health': answer([{ epoch: String(Math.floor(Date.now() / 1000) + seconds), status }]) })
    expect((await health('red')).cluster!.status).toBe('fault')
    expect((await health('yellow')).cluster!.status).toBe('warning')
    expect((await health('green', 3600))['clock of the store']!.status).toBe('fault')
    const nodes = [
      { node: 'n1', 'disk.percent': '92' },
      { node: 'n2', 'disk.percent': '30' },
    ]
    expect((await checks({ '/_cat/allocation': answer(nodes) })).disk).toMatchObject({
      status: 'warning',
      details: ['n1: 92 %'],
    })
    const settings = answer({ persistent: { 'cluster.routing.allocation.disk.watermark.high': '95%' } })
    expect((await checks({ '/_cat/allocation': answer(nodes), '/_cluster/settings': settings })).disk!.status).toBe(
      'ok',
    )
  })

  it('finds a block on what is written now, and on nothing older', async () => {
    const settings = { 'index.blocks.read_only_allow_delete': 'true' }
    const blocksOf = async (name: string, options: Partial<StoreOptions> = {}, answers: Record<string, Answer> = {}) =>
      (await checks({ '/logs-': answer({ [name]: { settings } }), ...answers }, options)).blocks!
    expect(await blocksOf('.ds-2')).toMatchObject({
      status: 'fault',
      details: ['.ds-2: index.blocks.read_only_allow_delete'],
    })
    expect((await blocksOf('.ds-1')).status).toBe('ok')
    const dated = { indexPer: 'day', now: Date.parse('2026-11-22T10:00:00Z') } as const
    expect((await blocksOf('logs-aws.vpcflow-default-2026.11.22', dated)).status).toBe('fault')
    // The newest that is there, where today's is not, and no older one.
    expect((await blocksOf('logs-aws.vpcflow-default-2026.11.20', dated)).status).toBe('fault')
    const newer = (...names: string[]) => ({
      '/logs-': answer({
        'logs-aws.vpcflow-default-2026.11.20': { settings },
        ...Object.fromEntries(names.map((name) => [name, { settings: { 'index.provided_name': name } }])),
      }),
    })
    expect((await blocksOf('', dated, newer('logs-aws.vpcflow-default-2026.11.21'))).status).toBe('ok')
    // Of another place it tells nothing.
    expect((await blocksOf('', dated, newer('logs-aws.vpcflow-other-2026.11.22'))).status).toBe('fault')
    const monthly = { ...dated, indexPer: 'month' } as const
    expect((await blocksOf('logs-aws.vpcflow-default-2026.11', monthly)).status).toBe('fault')
    // An index of one's own, or what an alias stands for.
    const none = { '/_data_stream/': answer({ error: {} }, 400) }
    const mine = (alias: object, names: object = { 'mine-1': { settings }, 'mine-2': { settings: {} } }) =>
      blocksOf('logs-x', { index: 'mine' }, { ...none, '/mine': answer(names), '/_alias/mine': answer(alias) })
    const of = (isWritten?: boolean) => ({
      aliases: { mine: isWritten === undefined ? {} : { is_write_index: isWritten } },
    })
    expect((await mine({}, { mine: { settings } })).status).toBe('fault')
    expect((await mine({ 'mine-1': of(true), 'mine-2': of(false) })).details).toEqual([
      'mine-1: index.blocks.read_only_allow_delete',
    ])
    expect((await mine({ 'mine-1': of(), 'mine-2': of(true) })).status).toBe('ok')
    expect((await mine({ 'mine-1': of() }, { 'mine-1': { settings } })).status).toBe('fault')
    for (const several of [{ 'mine-1': of(), 'mine-2': of() }, { 'mine-2': of(false) }])
      expect(await mine(several)).toMatchObject({ status: 'fault', what: expect.stringContaining('none to write to') })
    // A data stream, and an alias of one.
    const streamed = { index: 'mine' }
    const indices = { '/mine': answer({ '.ds-1': { settings }, '.ds-2': { settings: {} } }) }
    for (const alias of [answer({}, 404), answer({}), answer({ 'my-stream': of() })])
      expect((await blocksOf('', streamed, { ...indices, '/_alias/mine': alias })).status).toBe('ok')
    const asked: string[] = []
    await checks({}, {}, (path) => asked.push(path))
    expect(asked).toContain(
      '/logs-aws.vpcflow-*/_settings/index.blocks.*,index.provided_name?flat_settings=true&expand_wildcards=all',
    )
  })

  it('leaves out what only a monitor may see', async () => {
    const all = await checks({ '/_cat/health': denied, '/_cat/allocation': denied, '/logs-': denied })
    for (const name of ['cluster', 'clock of the store', 'blocks', 'disk'])
      expect(all[name]!.status, name).toBe('not checked')
  })
})

describe('checkDuckDB', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('knows a file that is one, that is none, and that can be made', async () => {
    const { duckdb } = await import('@flowferry/sink-duckdb')
    await (await duckdb(join(folder, 'logs.db'))).close()
    expect((await checkDuckDB(join(folder, 'logs.db'))).status).toBe('ok')
    await writeFile(join(folder, 'text.db'), 'not a database at all')
    expect((await checkDuckDB(join(folder, 'text.db'))).status).toBe('fault')
    expect(await checkDuckDB(join(folder, 'new.db'))).toMatchObject({
      status: 'ok',
      what: expect.stringContaining('can be made'),
    })
    expect((await checkDuckDB(join(folder, 'no', 'new.db'))).status).toBe('fault')
    expect((await checkDuckDB(folder)).status).toBe('fault')
  })
})
