import { describe, expect, test } from 'vitest'
import { formatOf } from '../encodings/record-format.ts'
import { derive } from './derive.ts'
import { epochSeconds, ip, iso8601, keyword, long } from './fields.ts'
import { fill, sourceValues } from './layout.ts'
import { schemaOf } from './schema.ts'
import { typed } from './targets.ts'

const schema = schemaOf(
  {
    constants: { 'event.kind': 'event', 'event.type': ['info'] },
    fields: {
      'meta.time': iso8601(['@timestamp'], 'When.'),
      end: epochSeconds(['@timestamp', 'event.end'], 'Last packet.'),
      addr: ip(['source.ip', 'related.ip[]'], 'Sender.', { spelled: ['address', 'src'] }),
      took: long(['custom.x.took', 'custom.x.new_field'], 'Seconds.'),
    },
    cases: [
      {
        when: { field: 'addr', value: '::1' },
        constants: {},
        fields: { inner: keyword([typed('labels.inner', 'boolean')], 'Only there.'), took: long(['labels.took'], '') },
      },
    ],
    derived: [derive(['labels.team', 'labels.all[]'], ['addr'], () => undefined)],
    root: 'custom.x',
  },
  formatOf({ kind: 'x', dataset: 'custom.x' }, () => undefined),
)

test('the mapping has each target once, by ECS, the field or the target itself, with lists marked', () => {
  const keyword = { type: 'keyword', ignore_above: 8191 }
  expect(schema.format.mapping).toEqual({
    '@timestamp': { type: 'date' },
    'event.kind': { ...keyword, constant: 'event' },
    'event.type': { ...keyword, list: 'values' },
    'event.end': { type: 'date' },
    'source.ip': { type: 'ip' },
    'related.ip': { type: 'ip', list: 'values' },
    'custom.x.took': { type: 'long' },
    'custom.x.new_field': { type: 'long' },
    'labels.inner': { type: 'boolean' },
    'labels.took': { type: 'long' },
    'labels.team': keyword,
    'labels.all': { ...keyword, list: 'values' },
  })
})

test('documentation has a row for each field, with what it fills in cases and in derived values', () => {
  expect(schema.format.fields.map(({ name, targets }) => [name, targets])).toEqual([
    ['meta.time', ['@timestamp']],
    ['end', ['@timestamp', 'event.end']],
    ['addr', ['source.ip', 'related.ip', 'labels.team', 'labels.all']],
    ['took', ['custom.x.took', 'custom.x.new_field', 'labels.took']],
    ['inner', ['labels.inner']],
  ])
})

test.each([
  [{ meta: { time: '2026-11-22T09:15:32.000Z' }, end: 1 }, Date.UTC(2026, 10, 22, 9, 15, 32)],
  [{ 'meta.time': '2026-11-22T09:15:32.000Z' }, Date.UTC(2026, 10, 22, 9, 15, 32)],
  [{ end: 1 }, 1000],
  [{ meta: null }, undefined],
  [undefined, undefined],
])('the time of %j is %j', (record, expected) => {
  expect(schema.format.time?.(record)).toBe(expected)
})

test('any spelling leads to the name in the table', () => {
  expect(['addr', 'src', 'address', 'inner', 'other'].map(schema.nameOf)).toEqual([
    'addr',
    'addr',
    'addr',
    'inner',
    undefined,
  ])
})

describe('fields that the table does not know', () => {
  const documentOf = (names: readonly string[]) => {
    const record = Object.fromEntries(names.map((name) => [name, name]))
    const unknown = names.map((name) => ({ name, key: name }))
    return fill(
      schema.layout(unknown),
      sourceValues((name) => record[name]),
    )
  }
  test('stand below the root, beside the names of the table and each other', () => {
    expect(documentOf(['NewField', 'new-field', 'other'])).toMatchObject({
      custom: { x: { new_field_2: 'NewField', new_field_3: 'new-field', other: 'other' } },
    })
  })
  test('without any, the tree is one and the same', () => {
    expect(schema.layout([])).toBe(schema.layout([]))
  })
})
