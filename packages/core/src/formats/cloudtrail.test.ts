import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { ingest } from '../ingest/ingest.ts'
import { parseContext } from '../read/limits.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Batch, LogDocument } from '../types.ts'
import { type CloudTrailRecord, cloudTrail } from './cloudtrail.ts'

async function parse(body: string | Buffer, key = 'events.json') {
  const batches: Batch<CloudTrailRecord>[] = []
  for await (const batch of cloudTrail.parse(memoryObject({ key, body }), parseContext())) batches.push(batch)
  return {
    documents: batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => batch.document(i))),
    ids: batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => batch.recordId!(i))),
    records: batches.flatMap(({ records }) => records),
    malformed: batches.flatMap(({ malformed = [] }) => malformed),
    unknownFields: Object.assign({}, ...batches.map(({ unknownFields }) => unknownFields)) as Record<string, number>,
  }
}

/** A field of the one document that an event gives. */
async function documentOf(event: object) {
  const { documents } = await parse(JSON.stringify({ Records: [{ eventVersion: '1.11', ...event }] }))
  return documents[0]!
}

function at(document: LogDocument, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as LogDocument | undefined)?.[name], document)
}

const { aliases, mapping, fields } = cloudTrail.formats[0]!
/** Its documents are those of formats/fixtures.test.ts. */
const events = new URL('../../../../test/fixtures/cloudtrail-events.json', import.meta.url)

describe('the events that AWS documents', () => {
  test('Insights, aggregated and enriched events and odd values have fields that are counted as unknown', async () => {
    const { malformed, unknownFields } = await parse(readFileSync(events))
    expect(malformed).toEqual([])
    const refused = { eventTime: 1, readOnly: 1, 'tlsDetails.tlsVersion': 1 }
    expect(unknownFields).toEqual({ 'userIdentity.nickname': 1, wholeNewField: 1, ...refused })
  })

  test('keep their names in the record', async () => {
    const { records } = await parse('{"Records":[{"eventID":"1","userIdentity":{"type":"Root"}}]}')
    expect(records).toEqual([{ kind: 'cloudtrail', eventID: '1', userIdentity: { type: 'Root' } }])
    expectTypeOf(records[0]!.kind).toEqualTypeOf<'cloudtrail'>()
    expectTypeOf(records[0]!.userIdentity?.sessionContext?.sessionIssuer?.arn).toEqualTypeOf<string | undefined>()
  })
})

describe('the table', () => {
  const leaves = (value: unknown, path: string): string[] => {
    if (Array.isArray(value)) return value.flatMap((item) => leaves(item, path))
    if (typeof value !== 'object' || value === null || mapping[path]?.type === 'flattened') return [path]
    return Object.entries(value).flatMap(([name, item]) => leaves(item, path === '' ? name : `${path}.${name}`))
  }

  test('maps every field that a document may have', async () => {
    const { documents } = await parse(readFileSync(events))
    for (const document of documents) for (const path of leaves(document, '')) expect(mapping).toHaveProperty([path])
  })

  test('documents every field of AWS once, and all that it fills', () => {
    const names = fields.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { type, description, targets } of fields) {
      expect(type).not.toBe('')
      expect(description).toMatch(/\.$/)
      for (const target of targets) expect({ ...aliases, ...mapping }).toHaveProperty([target])
    }
    const constant = ['ecs.version', 'event.kind', 'event.module', 'event.dataset', 'cloud.provider']
    const filled = new Set(fields.flatMap(({ targets }) => targets))
    expect(Object.keys(mapping).filter((path) => !filled.has(path) && !constant.includes(path))).toEqual([
      'aws.cloudtrail.flattened.unknown',
    ])
  })

  test('bounds every keyword and leaf, and never guesses', () => {
    for (const { type, ignore_above } of Object.values(mapping))
      if (type === 'keyword' || type === 'flattened') expect(ignore_above).toBe(8191)
    for (const name of ['request_parameters', 'response_elements', 'additional_eventdata', 'service_event_details']) {
      expect(mapping[`aws.cloudtrail.${name}`]).toEqual({
        type: 'keyword',
        ignore_above: 8191,
        doc_values: false,
        fullText: true,
      })
      expect(mapping[`aws.cloudtrail.flattened.${name}`]!.type).toBe('flattened')
    }
    expect(mapping['aws.cloudtrail.api_version']!.type).toBe('keyword')
    expect(mapping['aws.cloudtrail.read_only']!.type).toBe('boolean')
    expect(mapping['source.ip']!.type).toBe('ip')
    expect(mapping['aws.cloudtrail.user_identity.session_context.creation_date']!.type).toBe('date')
  })
})

describe('values', () => {
  test.each([
    ['2025-07-31T08:01:12Z', '2025-07-31T08:01:12.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['20131102T010628Z', '2013-11-02T01:06:28.000Z'],
    ['2025-01-21 17:39:10.123456789', '2025-01-21T17:39:10.123Z'],
    ['2025-01-21T17:39:10.5+02:00', '2025-01-21T15:39:10.500Z'],
    ['2025-13-01T00:00:00Z', undefined],
    ['2025-01-01T25:00:00Z', undefined],
    ['Jan 1, 2025', undefined],
    [1735689600, undefined],
  ])('the time %s is %s', async (eventTime, expected) => {
    const document = await documentOf({ eventTime })
    expect(document['@timestamp']).toBe(expected)
    expect(at(document, 'aws.cloudtrail.flattened.unknown.event_time')).toBe(expected ? undefined : eventTime)
  })

  test('a time is one that the calendar has', async () => {
    const time = at(await documentOf({ eventTime: '2025-02-30T00:00:00Z' }), '@timestamp') as string | undefined
    expect(time === undefined || new Date(time).toISOString() === time).toBe(true)
  })

  test.each([
    ['192.0.2.1', true],
    ['2001:db8::1', true],
    ['192.0.2.01', false],
    ['fe80::1%eth0', false],
    ['AWS Internal', false],
    ['ec2.amazonaws.com', false],
    ['1.2.3', false],
  ])('%s is an address: %s', async (sourceIPAddress, valid) => {
    const document = await documentOf({ sourceIPAddress })
    expect(at(document, 'source.address')).toBe(sourceIPAddress)
    expect(at(document, 'source.ip')).toBe(valid ? sourceIPAddress : undefined)
    expect(at(document, 'related.ip')).toEqual(valid ? [sourceIPAddress] : undefined)
  })

  test('booleans are booleans however AWS writes them', async () => {
    for (const [readOnly, expected] of [
      [true, true],
      ['true', true],
      ['False', false],
      ['yes', undefined],
      [1, undefined],
    ])
      expect(at(await documentOf({ readOnly }), 'aws.cloudtrail.read_only')).toBe(expected)
    const fromConsole = await documentOf({ sessionCredentialFromConsole: true })
    expect(at(fromConsole, 'aws.cloudtrail.session_credential_from_console')).toBe('true')
  })

  test.each([
    ['TLSv1.3', '1.3', 'tls'],
    ['tlsv1.2', '1.2', 'tls'],
    ['TLS 1.2', '1.2', 'tls'],
    ['TLSv1', '1', 'tls'],
    ['SSLv3', '3', 'ssl'],
    ['1.3', '1.3', 'tls'],
    ['tlsVersion', undefined, undefined],
    ['TLSv', undefined, undefined],
    ['TLSv1.3 v2', undefined, undefined],
    ['771', undefined, undefined],
  ])('the TLS version %s is %s of %s, or kept whole', async (tlsVersion, version, version_protocol) => {
    const document = await documentOf({ tlsDetails: { tlsVersion } })
    expect(at(document, 'tls')).toEqual(version === undefined ? undefined : { version, version_protocol })
    expect(at(document, 'aws.cloudtrail.flattened.unknown')).toEqual(
      version === undefined ? { tls_details: { tls_version: tlsVersion } } : undefined,
    )
  })
})

describe('free-form objects', () => {
  const parameters = 'aws.cloudtrail.request_parameters'
  const flattened = 'aws.cloudtrail.flattened.request_parameters'

  test('have the text of a Java map, without what is null or empty', async () => {
    const requestParameters = {
      a: 1,
      b: null,
      c: '',
      d: [],
      e: {},
      f: ['x', null, { g: true, h: [[1.5]] }],
      i: { j: { k: '' } },
      l: false,
      m: 0,
    }
    const document = await documentOf({ requestParameters })
    expect(at(document, parameters)).toBe('{a=1, f=[x, {g=true, h=[[1.5]]}], l=false, m=0}')
    expect(at(document, flattened)).toEqual({ a: 1, f: ['x', { g: true, h: [[1.5]] }], l: false, m: 0 })
  })

  test('leave the record as it was', async () => {
    const event = { eventName: 'x', requestParameters: { a: null, b: { c: '' }, d: 'x'.repeat(9000) } }
    const { records, documents } = await parse(JSON.stringify([event]))
    expect(documents).toHaveLength(1)
    expect(records[0]).toEqual({ ...event, kind: 'cloudtrail' })
  })

  test('are no objects at times', async () => {
    const text = await documentOf({ requestParameters: 'HIDDEN_DUE_TO_SECURITY_REASONS' })
    expect(at(text, parameters)).toBe('HIDDEN_DUE_TO_SECURITY_REASONS')
    expect(at(text, flattened)).toBeUndefined()
    const list = await documentOf({ requestParameters: [1, { a: 2 }] })
    expect(at(list, parameters)).toBe('[1, {a=2}]')
    expect(at(list, flattened)).toBeUndefined()
    for (const requestParameters of [null, '', {}, [], { a: {} }]) {
      const none = await documentOf({ requestParameters })
      expect(at(none, 'aws.cloudtrail')).toEqual({ event_version: '1.11' })
    }
  })

  test('are text alone from 32,766 bytes on', async () => {
    for (const [value, kept] of [
      ['x'.repeat(32_766 - 5), true],
      ['x'.repeat(32_766 - 4), false],
      ['é'.repeat(16_380), true],
      ['é'.repeat(16_390), false],
    ] as const) {
      const document = await documentOf({ requestParameters: { a: value } })
      expect(at(document, parameters)).toBe(`{a=${value}}`)
      expect(at(document, flattened) !== undefined).toBe(kept)
    }
  })

  test('hold no leaf that is longer than a term', async () => {
    const long = 'é\u{1f600}'.repeat(3000)
    const leaf = at(await documentOf({ insightDetails: { long } }), 'aws.cloudtrail.flattened.insight_details.long')
    expect(leaf).toMatch(/…$/)
    expect(String(leaf).length).toBeLessThanOrEqual(8191)
    expect(long.startsWith(String(leaf).slice(0, -1))).toBe(true)
    expect(leaf).not.toMatch(/\p{Surrogate}/u)
  })

  const long = fc.integer({ min: 0, max: 12_000 }).map((length) => '漢'.repeat(length))

  test('fit any index, whatever they hold', async () => {
    const names = fc.oneof(fc.string(), long, fc.constantFrom('__proto__', 'a\0b', 'a\udc00', ''))
    const leaf = fc.oneof(fc.jsonValue({ maxDepth: 1 }), long)
    const inner = fc.dictionary(names, fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })), { maxKeys: 3 })
    const value = fc.dictionary(names, fc.oneof(leaf, inner, fc.array(inner, { maxLength: 2 })), { maxKeys: 3 })
    await fc.assert(
      fc.asyncProperty(value, value, async (requestParameters, newField) => {
        const body = JSON.stringify({ eventVersion: '1', requestParameters, newField })
        const { documents } = await parse(body)
        for (const field of [flattened, 'aws.cloudtrail.flattened.unknown'])
          for (const { path, value, levels } of leavesOf(at(documents[0]!, field))) {
            expect(Buffer.byteLength(`${field}.${path}=${String(value)}`)).toBeLessThan(32_766)
            expect(levels).toBeLessThanOrEqual(20)
            expect(path).not.toMatch(/[\0\p{Surrogate}]/u)
            expect(value === null || value === '').toBe(false)
          }
      }),
    )
  })

  function* leavesOf(
    value: unknown,
    path = '',
    levels = 0,
  ): Generator<{ path: string; value: unknown; levels: number }> {
    if (typeof value !== 'object' || value === null) {
      if (value !== undefined) yield { path, value, levels }
    } else if (Array.isArray(value)) for (const item of value) yield* leavesOf(item, path, levels + 1)
    else for (const [name, item] of Object.entries(value)) yield* leavesOf(item, `${path}.${name}`, levels + 1)
  }

  test('deep ones end in text', async () => {
    const deep = (levels: number): object => (levels === 0 ? { end: 1 } : { a: deep(levels - 1) })
    const document = await documentOf({ requestParameters: deep(100) })
    expect(at(document, parameters)).toBe(`${'{a='.repeat(100)}{end=1}${'}'.repeat(100)}`)
    expect(JSON.stringify(at(document, flattened)).match(/\{"a"/g)!.length).toBeLessThan(20)
  })
})

describe('unknown fields', () => {
  test('are kept in one flattened field, and counted', async () => {
    const events = [
      { eventVersion: '1.12', newField: { a: 1 }, tlsDetails: { ja3: 'x' } },
      { eventID: '2', newField: 3 },
    ]
    const { documents, unknownFields } = await parse(JSON.stringify(events))
    expect(unknownFields).toEqual({ newField: 2, 'tlsDetails.ja3': 1 })
    expect(documents.map((document) => at(document, 'aws.cloudtrail.flattened.unknown'))).toEqual([
      { new_field: { a: 1 }, tls_details: { ja3: 'x' } },
      { new_field: 3 },
    ])
  })

  test('named __proto__ do no harm', async () => {
    const hostile = `{"eventVersion":"1","__proto__":{"polluted":1},"userIdentity":{"__proto__":{"userName":"x"}},
      "requestParameters":{"__proto__":{"userName":"root"},"constructor":{"prototype":{"polluted":1}},"a":null}}`
    const { documents } = await parse(hostile)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect(at(documents[0]!, 'user')).toBeUndefined()
    const text = JSON.stringify(documents[0])
    expect(text).toContain('"unknown":{"proto":{"polluted":1},"user_identity":{"proto":{"userName":"x"}}}')
    expect(text).toContain('"request_parameters":{"__proto__":{"userName":"root"}')
  })

  test('are counted by name no further than is of use', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, i]))
    const { unknownFields } = await parse(JSON.stringify({ eventVersion: '1', ...many }))
    expect(Object.keys(unknownFields)).toHaveLength(100)
  })
})

describe('what is no event', () => {
  test('is malformed', async () => {
    const events = [
      { eventName: 'a' },
      { hello: 'world' },
      { eventVersion: '2.1', eventSource: 'aws:s3' },
      5,
      {},
      { summary: {} },
    ]
    const { records, malformed } = await parse(JSON.stringify({ Records: events }))
    expect(records).toHaveLength(1)
    expect(malformed.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 4, 5])
    expect(JSON.stringify(malformed)).not.toContain('world')
  })

  test('a digest says that it is one', async () => {
    const digest = { awsAccountId: '1', digestStartTime: '2015-08-17T14:01:31Z', logFiles: [] }
    await expect(parse(JSON.stringify(digest))).rejects.toMatchObject({
      code: 'FORMAT_MISMATCH',
      message: expect.stringContaining('digest') as string,
      place: { bucket: 'test-bucket', key: 'events.json' },
    })
  })
})

test('an id is the event’s own where it can be one', async () => {
  const ids = ['a-1', '', 7, null, 'x'.repeat(128), 'x'.repeat(129), 'with space', 'é']
  const { ids: found } = await parse(JSON.stringify(ids.map((eventID) => ({ eventVersion: '1.11', eventID }))))
  const own = (id: string) => `s3:test-bucket:${id}`
  const none = [undefined, undefined, undefined]
  expect(found).toEqual([own('a-1'), ...none, own('x'.repeat(128)), ...none])
})

test('nobody who writes elsewhere takes the id of a genuine event: it binds the account directory, or the bucket', async () => {
  const event = { eventVersion: '1.08', eventTime: '2026-11-22T10:00:00Z', eventID: 'e1', awsRegion: 'eu-west-1' }
  const body = JSON.stringify({ Records: [event] })
  const key = (account: string, name = 'a') => `AWSLogs/${account}/CloudTrail/eu-west-1/2026/11/22/${name}.json.gz`
  const sink = memorySink()
  const report = await ingest({
    source: memorySource(
      memoryObject({ bucket: 'logs', key: 'forged/a.json', body }),
      memoryObject({ bucket: 'foreign', key: 'forged/a.json', body }),
      memoryObject({ bucket: 'logs', key: `AWSLogs/210987654321/x/${key('123456789012')}`, body }),
      memoryObject({ bucket: 'logs', key: key('123456789012'), body }),
      // CloudTrail itself delivers an event twice now and then.
      memoryObject({ bucket: 'logs', key: key('123456789012', 'b'), body }),
    ),
    parser: cloudTrail,
    sink,
    concurrency: 1,
  })
  expect(report.counts).toMatchObject({ read: 5, written: 4, duplicate: 1 })
  expect([...sink.documents.keys()].sort()).toEqual([
    '123456789012:e1',
    '210987654321:e1',
    's3:foreign:e1',
    's3:logs:e1',
  ])
})

test('an event that a filter gets cannot be written to, be it read as bytes or not', async () => {
  const events = [{ eventName: 'A' }, { eventName: 'B', newField: 1 }].map((one) => ({ eventVersion: '1.11', ...one }))
  const object = memoryObject({ key: 'events.json', body: JSON.stringify({ Records: events }) })
  for await (const batch of cloudTrail.parse(object, parseContext()))
    for (let index = 0; index < batch.length; index++)
      expect(() => {
        ;(batch.view!(index) as { eventName?: string }).eventName = 'x'
      }).toThrow(TypeError)
  expect.assertions(2)
})
