import { memorySlice } from '@flowferry/core/testing'
import { expect, test } from 'vitest'
import { checkSettings, differingSettings, type IndexSettings, settingsTree } from './settings.ts'
import { indexTemplate } from './template.ts'

const { format: plain } = memorySlice({ records: 1 })
const mapping = { 'source.ip': { type: 'ip' }, text: { type: 'text' }, stored: { type: 'keyword', doc_values: false } }
const format = { ...plain, mapping } as typeof plain

test('a first installation compresses well, refreshes twice a minute, and says which mode it is', () => {
  const shared = { codec: 'best_compression', refresh_interval: '30s', mapping: { total_fields: { limit: '2000' } } }
  expect(settingsTree({}, 'elasticsearch')).toEqual({ index: { ...shared, mode: 'standard' } })
  expect(settingsTree({}, 'opensearch')).toEqual({ index: shared })
  expect(indexTemplate(format, 'elasticsearch', 'day').template.settings).toEqual({
    index: { ...shared, mode: 'standard' },
  })
})

test('every option is a setting of its name', () => {
  const options: IndexSettings = {
    codec: 'default',
    refreshInterval: '5s',
    numberOfShards: 3,
    numberOfReplicas: 0,
    mode: 'logsdb',
    sort: [{ field: 'source.ip' }, { field: '@timestamp', order: 'desc' }],
    totalFieldsLimit: 5000,
  }
  checkSettings(options, 'elasticsearch', [format])
  expect(settingsTree(options, 'elasticsearch').index).toEqual({
    codec: 'default',
    refresh_interval: '5s',
    number_of_shards: '3',
    number_of_replicas: '0',
    mode: 'logsdb',
    sort: { field: ['source.ip', '@timestamp'], order: ['asc', 'desc'] },
    mapping: { total_fields: { limit: '5000' } },
  })
})

test('what is not said stays as it is installed, with what a user added', () => {
  const installed = {
    index: { codec: 'default', routing: { allocation: { include: { box: 'hot' } } }, sort: { field: ['source.ip'] } },
  }
  const kept = settingsTree({ numberOfShards: 2 }, 'opensearch', installed)
  expect(kept.index).toMatchObject({ ...installed.index, number_of_shards: '2', refresh_interval: '30s' })
  expect(settingsTree({ sort: [] }, 'opensearch', installed).index).not.toHaveProperty('sort')
})

test('settings differ by value, not by how the engine writes a number', () => {
  expect(
    differingSettings({ index: { a: '1', b: { c: ['x'] } } }, { index: { a: 1 as never, b: { c: ['x'] } } }),
  ).toEqual([])
  expect(differingSettings({ index: { a: '1', gone: 'x' } }, { index: { a: '2', b: { c: 'new' } } })).toEqual([
    'index.a',
    'index.gone',
    'index.b.c',
  ])
})

test.each([
  ['elasticsearch', { codec: 'zstd' }, /codec is zstd/],
  ['opensearch', { codec: 'lz4' }, /codec is lz4/],
  ['opensearch', { mode: 'logsdb' }, /only Elasticsearch has index modes/],
  ['opensearch', { mode: 'standard' }, /only Elasticsearch has index modes/],
  ['elasticsearch', { mode: 'time_series' }, /mode is time_series/],
  ['elasticsearch', { refreshInterval: '30' }, /refreshInterval/],
  ['elasticsearch', { refreshInterval: 30 }, /refreshInterval is 30/],
  ['elasticsearch', { numberOfShards: 0 }, /numberOfShards is 0/],
  ['elasticsearch', { numberOfShards: 1025 }, /up to 1024/],
  ['elasticsearch', { numberOfReplicas: -1 }, /numberOfReplicas is -1/],
  ['elasticsearch', { totalFieldsLimit: 0.5 }, /totalFieldsLimit/],
  ['elasticsearch', { sort: 'source.ip' }, /sort is string/],
  ['elasticsearch', { sort: [{}] }, /field of sort/],
  ['elasticsearch', { sort: [{ field: 'source.ip', order: 'up' }] }, /order of sort is up/],
  ['elasticsearch', { sort: [{ field: 'source.port' }] }, /source\.port, by which/],
  ['elasticsearch', { sort: [{ field: 'text' }] }, /text, by which/],
  ['elasticsearch', { sort: [{ field: 'stored' }] }, /stored, by which/],
] as const)('%s refuses %j', (engine, options, message) => {
  expect(() => checkSettings(options as never, engine, [format])).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
  )
})

test('OpenSearch takes the codecs of its own', () => {
  expect(() => checkSettings({ codec: 'zstd_no_dict', refreshInterval: '-1' }, 'opensearch', [format])).not.toThrow()
})
