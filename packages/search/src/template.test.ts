import { memorySlice } from '@flowferry/core/testing'
import { expect, test } from 'vitest'
import { setupTemplates } from './setup.ts'
import { indexMappings, indexTemplate } from './template.ts'
import type { SearchEngineRequest } from './types.ts'

const { format } = memorySlice({ records: 1 })

/** An engine with one data stream. It keeps templates, and refuses paths for which `refuse` is true. */
function engine(refuse: (path: string) => boolean) {
  const templates = new Map<string, unknown>()
  const mapped: string[] = []
  const request: SearchEngineRequest = async (method, path, body) => {
    const name = path.replace('/_index_template/', '')
    if (refuse(path)) return { status: 403, body: { error: { type: 'security_exception', reason: 'no manage' } } }
    if (method === 'POST') return { status: 404, body: {} }
    if (path.startsWith('/_data_stream/'))
      return { status: 200, body: { data_streams: [{ name: 'logs-x', lifecycle: { enabled: true } }] } }
    if (path.endsWith('/_mapping')) {
      if (method === 'PUT') mapped.push(path)
      return { status: 200, body: {} }
    }
    if (method === 'PUT') templates.set(name, body)
    else if (!templates.has(name)) return { status: 404, body: {} }
    return { status: 200, body: { index_templates: [{ index_template: templates.get(name) }] } }
  }
  return { request, mapped }
}

test('setup that failed at a data stream gives it its fields when it is run again', async () => {
  let denied = true
  const { request, mapped } = engine((path) => denied && path.endsWith('/_mapping'))
  const setup = () => setupTemplates(request, 'elasticsearch', { formats: [format] })
  await expect(setup()).rejects.toMatchObject({ code: 'TARGET_UNAUTHORIZED' })
  denied = false
  expect(await setup()).toMatchObject([{ action: 'created' }, { kind: 'mapping', name: 'logs-x', action: 'updated' }])
  expect(mapped).toEqual(['/logs-x/_mapping'])
  expect(await setup()).toMatchObject([{ action: 'unchanged' }])
})

test('a template is for data streams, or with indexPer for dated indices alone, and above those of Elastic', () => {
  const streams = indexTemplate(format, 'elasticsearch')
  const dated = indexTemplate(format, 'elasticsearch', 'day')
  expect(streams).toMatchObject({ index_patterns: [`logs-${format.dataset}-*`], data_stream: {} })
  expect(dated).toMatchObject({ index_patterns: [`logs-${format.dataset}-*-20*.*`] })
  expect(dated).not.toHaveProperty('data_stream')
  expect(streams.priority).toBeGreaterThan(200)
  expect(dated.priority).toBeGreaterThan(streams.priority)
})

test.each([
  ['elasticsearch', { type: 'flattened', ignore_above: 10, depth_limit: 256 }],
  ['opensearch', { type: 'flat_object' }],
] as const)('a free-form object of %s has its own type', (engine, expected) => {
  const mapping = { free: { type: 'flattened', ignore_above: 10 }, bytes: { type: 'long' } } as const
  const { properties } = indexMappings({ ...format, mapping }, engine)
  expect(properties).toMatchObject({ free: expected, bytes: { type: 'long' }, '@timestamp': { type: 'date' } })
  expect(properties.free).toEqual(expected)
})

test("setup refuses where a plain index has a data stream's name, and takes the dated ones of indexPer", async () => {
  const plain = `logs-${format.dataset}-default`
  const found = (name: string): SearchEngineRequest => {
    return async (method, path) =>
      method === 'GET' && path.includes('/_settings')
        ? { status: 200, body: { [name]: {} } }
        : { status: method === 'PUT' ? 200 : 404, body: {} }
  }
  const options = { formats: [format] }
  await expect(setupTemplates(found(plain), 'opensearch', options)).rejects.toMatchObject({
    code: 'TARGET_MISMATCH',
    message: expect.stringContaining(plain),
  })
  const dated = found(`${plain}-2026.11.22`)
  expect(await setupTemplates(dated, 'opensearch', options)).toMatchObject([
    { action: 'created' },
    { kind: 'lifecycle policy', action: 'missing' },
  ])
  expect(await setupTemplates(dated, 'opensearch', { ...options, indexPer: 'day' })).toMatchObject([
    { kind: 'index template', action: 'created' },
    { kind: 'mapping', name: `${plain}-2026.11.22`, action: 'updated' },
  ])
})

test('settings that the engine wrote as text, and its own defaults, are no change', async () => {
  const wanted = indexTemplate(format, 'opensearch')
  const existing = structuredClone(wanted) as Record<string, unknown>
  Object.assign(existing, { priority: String(wanted.priority), composed_of: [] })
  const request: SearchEngineRequest = async (_, path) =>
    path.startsWith('/_index_template/flowferry')
      ? { status: 200, body: { index_templates: [{ index_template: existing }] } }
      : { status: 404, body: {} }
  expect(await setupTemplates(request, 'opensearch', { formats: [format] })).toMatchObject([
    { action: 'unchanged' },
    { action: 'missing' },
  ])
  Object.assign(existing, { priority: '1' })
  expect(await setupTemplates(request, 'opensearch', { formats: [format], dryRun: true })).toMatchObject([
    { action: 'updated' },
    { action: 'missing' },
  ])
})

const aliased = {
  ...format,
  mapping: {
    'source.ip': { type: 'ip' },
    'network.bytes': { type: 'long', index: false },
    'event.module': { type: 'keyword', ignore_above: 10, constant: 'aws' },
    'event.kind': { type: 'keyword', ignore_above: 10, constant: 'event' },
    'aws.text': { type: 'keyword', ignore_above: 10, doc_values: false, fullText: true },
  },
  aliases: {
    'source.bytes': { path: 'network.bytes', type: 'long' },
    'source.address': { path: 'source.ip', type: 'keyword' },
    'client.address': { path: 'source.ip', type: 'keyword' },
  },
} as const

test('other names are field aliases, and of an address keywords that the index copies', () => {
  const { properties } = indexMappings(aliased, 'opensearch')
  expect(properties).toMatchObject({
    'source.bytes': { type: 'alias', path: 'network.bytes' },
    'source.ip': { type: 'ip', copy_to: ['source.address', 'client.address'] },
    'source.address': { type: 'keyword', index: false },
    'network.bytes': { type: 'long', index: false },
  })
})

test.each([
  ['elasticsearch', { type: 'constant_keyword', value: 'aws' }, { type: 'constant_keyword', value: format.dataset }],
  // Its terms aggregations give the index's name for a constant.
  ['opensearch', { type: 'keyword', ignore_above: 10 }, { type: 'keyword' }],
] as const)(
  'what never changes is a constant of %s, and what a pipeline may change is none',
  (engine, module, dataset) => {
    const { properties } = indexTemplate(aliased, engine).template.mappings
    expect(properties['event.module']).toEqual(module)
    expect(properties['data_stream.dataset']).toEqual(dataset)
    expect(properties['event.kind']).toEqual({ type: 'keyword', ignore_above: 10 })
  },
)

test('long text has a subfield of its words where that is asked for', () => {
  const textOf = (...given: Parameters<typeof indexMappings>) => indexMappings(...given).properties['aws.text']
  const plain = { type: 'keyword', ignore_above: 10, doc_values: false }
  expect(textOf(aliased, 'elasticsearch')).toEqual(plain)
  expect(textOf(aliased, 'elasticsearch', { fullText: true })).toEqual({ ...plain, fields: { text: { type: 'text' } } })
  const types = ['match_only_text'] as const
  expect(textOf(aliased, 'elasticsearch', { fullText: true, types })).toMatchObject({
    fields: { text: { type: 'match_only_text' } },
  })
})

test('setup takes from the types that save those that the cluster has, and gives a stream what its mapping can take', async () => {
  const puts: Record<string, unknown> = {}
  const there = {
    source: { properties: { address: { type: 'keyword' }, ip: { type: 'ip' } } },
    aws: { type: 'keyword' },
  }
  const request: SearchEngineRequest = async (method, path, body) => {
    const types = JSON.stringify(body ?? '')
    if (path.endsWith('/flowferry-types-of-fields'))
      return { status: types.includes('constant_keyword') ? 400 : 200, body: {} }
    if (method === 'PUT') puts[path] = body
    if (method === 'POST') return { status: 404, body: {} }
    if (path.startsWith('/_data_stream/'))
      return { status: 200, body: { data_streams: [{ name: 'logs-x', lifecycle: { enabled: true } }] } }
    if (path.endsWith('/_mapping')) return { status: 200, body: { '.ds-logs-x': { mappings: { properties: there } } } }
    return { status: method === 'PUT' ? 200 : 404, body: {} }
  }
  const changes = await setupTemplates(request, 'elasticsearch', { formats: [aliased], fullText: true })
  const template = puts[`/_index_template/flowferry-${format.dataset}`] as ReturnType<typeof indexTemplate>
  expect(template.template.mappings.properties).toMatchObject({
    'event.module': { type: 'keyword' },
    'aws.text': { fields: { text: { type: 'match_only_text' } } },
  })
  const { properties } = puts['/logs-x/_mapping'] as { properties: Record<string, unknown> }
  // A keyword with an index stays one, an ip gets no copies, and below a value nothing stands.
  for (const name of ['source.address', 'source.ip', 'aws.text']) expect(properties, name).not.toHaveProperty([name])
  expect(properties).toMatchObject({ 'source.bytes': { type: 'alias' }, 'network.bytes': { type: 'long' } })
  const note = changes.find(({ kind }) => kind === 'mapping')!.note!
  expect(note).toContain('3 fields stay as they are in this index, its next one has them: POST /logs-x/_rollover')
  expect(note).toContain('source.ip, aws.text, source.address')
})

test('a template shows nothing of lists: to the engines every field may hold several values', () => {
  const marked = {
    ...format,
    mapping: { 'labels.tags': { type: 'keyword', ignore_above: 10, list: 'values' } },
  } as const
  expect(indexMappings(marked, 'elasticsearch').properties['labels.tags']).toEqual({
    type: 'keyword',
    ignore_above: 10,
  })
})
