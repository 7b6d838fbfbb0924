import { describe, expect, test } from 'vitest'
import { parseContext } from '../read/limits.ts'
import { batchOf, formatOf, recordOf, requireFunctions, timeOf } from './record-format.ts'

const invalid = expect.objectContaining({ code: 'INVALID_OPTION' })
const time = () => undefined

describe('formatOf', () => {
  test('takes its name for its title, and knows no field, unless it is told', () => {
    const format = formatOf({ kind: 'nginx', dataset: 'nginx.access' }, time)
    expect(format).toMatchObject({ kind: 'nginx', title: 'nginx', dataset: 'nginx.access', mapping: {}, fields: [] })
    expect(format.archive).toEqual([])
    const mapping = { 'source.ip': { type: 'ip' } } as const
    const archive = [{ service: 'nginx' }]
    expect(format).not.toHaveProperty('view')
    const told = { title: 'Access log', view: 'requests', mapping, archive }
    expect(formatOf({ kind: 'nginx', dataset: 'nginx.access', ...told }, time)).toMatchObject(told)
  })

  test('reads its mapping when somebody asks for it', () => {
    let asked = 0
    const options = {
      kind: 'x',
      dataset: 'x',
      get mapping() {
        asked++
        return {}
      },
    }
    const format = formatOf(options, time)
    expect(asked).toBe(0)
    expect(format.mapping).toEqual({})
    expect(asked).toBe(1)
  })

  test.each([
    ['no kind', { kind: undefined }],
    ['an empty kind', { kind: '' }],
    ['a dataset in capitals', { dataset: 'Nginx' }],
    ['a dataset with a hyphen', { dataset: 'nginx-access' }],
    ['a dataset that is too long', { dataset: 'x'.repeat(101) }],
    ['a view in capitals', { view: 'Requests' }],
    ['a view with a dot', { view: 'nginx.requests' }],
    ['a view with a digit first', { view: '5xx' }],
    ['a view that is no text', { view: 5 }],
    ['an archive that is no list', { archive: { service: 'x' } }],
    ['an archive of a path', { archive: [{ service: 'a/b' }] }],
  ])('refuses %s', (_, wrong) => {
    expect(() => formatOf({ kind: 'x', dataset: 'x', ...wrong } as never, time)).toThrow(invalid)
  })
})

describe('timeOf', () => {
  const at = (value: unknown) => timeOf({ document: () => ({ '@timestamp': value }) })({ kind: 'x' } as never)

  test.each([
    ['text', '2026-01-01T00:00:00Z'],
    ['a date', new Date('2026-01-01T00:00:00Z')],
    ['milliseconds', Date.UTC(2026, 0, 1)],
  ])('reads %s from the document', (_, value) => {
    expect(at(value)).toBe(Date.UTC(2026, 0, 1))
  })

  test.each([undefined, null, 'yesterday', Number.NaN])('is undefined for %s', (value) => {
    expect(at(value)).toBeUndefined()
  })

  test("is the format's own function where it has one", () => {
    const document = () => expect.fail('no document is needed')
    expect(timeOf({ time: () => 5, document })({ kind: 'x' } as never)).toBe(5)
  })
})

test('requireFunctions names the one that is missing', () => {
  const run = () => ({})
  expect(() => requireFunctions('lines()', { record: run, document: run })).not.toThrow()
  expect(() => requireFunctions('lines()', { record: run, document: 5 })).toThrow('`document`; it has number')
  expect(() => requireFunctions('lines()', { record: undefined, document: run })).toThrow('`record`')
})

describe('recordOf', () => {
  test('puts the kind on the object that it is given', () => {
    const given = { value: 1 }
    expect(recordOf('number', given)).toBe(given)
    expect(given).toEqual({ kind: 'number', value: 1 })
  })

  test.each([undefined, null, false, '', 0])('is undefined for %s', (nothing) => {
    expect(recordOf('number', nothing as never)).toBeUndefined()
  })

  test.each([
    ['a frozen object', Object.freeze({ secret: 's3cr3t' })],
    ['a string', 's3cr3t'],
    ['a number', 5],
  ])('refuses %s, and does not tell its content', (type, value) => {
    expect(() => recordOf('x', value as never)).toThrow(type)
    expect(() => recordOf('x', value as never)).not.toThrow('s3cr3t')
  })
})

describe('batchOf', () => {
  interface Word {
    readonly word: string
  }
  const own = { kind: 'word' as const, dataset: 'word', document: ({ word }: Word) => ({ word }) }
  const format = formatOf(own, time)
  const word = (text: string) => ({ kind: 'word' as const, word: text })
  const found = {
    records: [undefined, word('b')],
    recordAt: (index: number) => word(['a', 'b'][index]!),
    ordinals: [0, 1],
    bytes: 4,
    original: (index: number) => `line ${index}`,
  }

  test('has documents, and reads records that are missing', () => {
    const batch = batchOf(own, format, parseContext(), found)
    expect(batch).toMatchObject({ length: 2, bytes: 4, ordinals: [0, 1], format })
    expect(batch.document(0)).toEqual({ word: 'a' })
    expect(batch.records).toEqual([word('a'), word('b')])
  })

  test('has ids and original text where they are asked for', () => {
    const plain = batchOf(own, format, parseContext(), found)
    expect([plain.recordId, plain.original]).toEqual([undefined, undefined])
    const recordId = ({ word }: Word) => `id-${word}`
    const full = batchOf({ ...own, recordId }, format, parseContext({ originals: true }), found)
    expect([full.recordId!(1), full.original!(1)]).toEqual(['id-b', 'line 1'])
  })
})
