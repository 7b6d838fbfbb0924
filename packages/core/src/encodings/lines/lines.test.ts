import { describe, expect, expectTypeOf, test } from 'vitest'
import type { FlowferryError } from '../../errors.ts'
import { ingest } from '../../ingest/ingest.ts'
import { collect, memoryObject, memorySink, memorySource, parserContract } from '../../testing/index.ts'
import { lines } from './lines.ts'

const pairs = lines({
  kind: 'pair',
  dataset: 'custom.pair',
  skip: (line) => line.startsWith('#'),
  record: (line) => {
    const [name, value] = line.split('=')
    return name && value ? { name, value: Number(value) } : undefined
  },
  document: ({ name, value }) => ({ labels: { name }, custom: { value } }),
})

describe('lines', () => {
  parserContract({ test, parser: pairs, sample: '# comment\na=1\nbroken\nb=2\r\n', records: 3 })

  test('gives the record its kind, and a type that says so', async () => {
    const { records, malformed } = await collect(pairs, memoryObject({ key: 'a', body: 'a=1\nbroken\n' }))
    expect(records).toEqual([{ kind: 'pair', name: 'a', value: 1 }])
    expect(malformed).toEqual([{ ordinal: 1, offset: 4, reason: 'the line is not of the format pair' }])
    expectTypeOf(records[0]!.kind).toEqualTypeOf<'pair'>()
    expectTypeOf(records[0]!.value).toEqualTypeOf<number>()
  })

  test('takes the time of the object for a record without one, and counts it', async () => {
    const sink = memorySink()
    const lastModified = new Date('2026-02-03T04:05:06Z')
    const report = await ingest({
      source: memorySource(memoryObject({ key: 'a', body: 'a=1', lastModified })),
      parser: pairs,
      sink,
    })
    expect(report.messages[0]!.objects[0]!.untimed).toBe(1)
    expect([...sink.documents.values()][0]!.document['@timestamp']).toBe('2026-02-03T04:05:06.000Z')
  })

  test('refuses a dataset that no data stream can have', () => {
    expect(() => lines({ kind: 'x', dataset: 'No-Good', record: () => ({}), document: () => ({}) })).toThrow(
      /INVALID_OPTION/,
    )
  })
})

describe('a hostile file', () => {
  test('of malformed lines costs one look at each block', async () => {
    const body = 'x\n'.repeat(200_000)
    const started = performance.now()
    const { malformed } = await collect(pairs, memoryObject({ key: 'a', body, chunkBytes: 400_000 }))
    expect(malformed.at(-1)).toMatchObject({ ordinal: 199_999, offset: 399_998 })
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('of nothing but a record function that says null is malformed, not broken', async () => {
    const odd = lines({
      kind: 'odd',
      dataset: 'custom.odd',
      record: (line) => (/^(?<n>\d+)$/.exec(line) as { n: string } | null) ?? (null as never),
      document: () => ({}),
    })
    const { malformed, records } = await collect(odd, memoryObject({ key: 'a', body: 'x\n1\n' }))
    expect([malformed.length, records.length]).toEqual([1, 1])
  })
})

describe('a parser that is declared wrong', () => {
  const whole = { kind: 'x', dataset: 'custom.x', record: () => ({}), document: () => ({}) }

  test.each(['record', 'document', 'kind', 'dataset'])('without %s is refused when it is declared', (name) => {
    expect(() => lines({ ...whole, [name]: undefined } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    )
  })

  test.each([
    ['a string', 'secret', 'a string'],
    ['a number', 7, 'a number'],
    ['a frozen object', Object.freeze({ secret: 1 }), 'a frozen object'],
    ['an object with a kind of its own', Object.defineProperty({}, 'kind', { value: 1 }), 'kind'],
  ])('with a record that is %s fails at the record, for good, and does not show it', async (_, given, what) => {
    const parser = lines({ ...whole, record: (line) => (line === '{"a":1}' ? {} : given) as object })
    const body = '{"a":1}\n{"b":1}\n'
    const { error } = await collect(parser, memoryObject({ key: 'k', body })).then(
      () => expect.unreachable(),
      (error: unknown) => ({ error: error as FlowferryError }),
    )
    expect(error).toMatchObject({ code: 'STEP_FAILED', retryable: false, place: { key: 'k', ordinal: 1, offset: 8 } })
    expect(error.message).toContain(what)
    expect(error.message).not.toContain('secret')
  })

  test('a record that is false or null is none', async () => {
    for (const given of [false, null]) {
      const parser = lines({ ...whole, record: () => given as never })
      expect((await collect(parser, memoryObject({ key: 'k', body: '{}\n' }))).malformed).toHaveLength(1)
    }
  })
})
