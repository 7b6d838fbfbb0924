import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { ingest } from '../ingest/ingest.ts'
import { collect, memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { FormatParser } from './format.ts'
import { ingested } from './ingested.ts'
import { sentOf } from './sent.suite.ts'

const line = (second: number) =>
  `2 123456789012 eni-1 192.0.2.7 10.0.0.2 1024 443 6 3 180 1418530010 ${1418530070 + second} ACCEPT OK\n`
const event = (second: number) =>
  `${JSON.stringify({
    eventVersion: '1.11',
    eventTime: new Date(1_790_000_000_000 + second * 1000),
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    awsRegion: 'eu-central-1',
    eventID: `event-${second}`,
  })}\n`

const formats = [
  { name: 'flow logs', parser: vpcFlow as FormatParser<unknown>, record: line, odd: line(1).replace('OK', 'ÖK') },
  {
    name: 'CloudTrail',
    parser: cloudTrail as FormatParser<unknown>,
    record: event,
    odd: event(1).replace('GetObject', 'Get\\u004fbject'),
  },
]
const now = '2026-12-01T12:34:56.789Z'

const timeIn = ({ event }: { readonly event?: { readonly ingested?: string } }) => event?.ingested

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(now) })
})
afterEach(() => {
  vi.useRealTimers()
})

describe.each(formats)('$name with event.ingested', ({ parser, record, odd }) => {
  const timed = parser.with(ingested)
  const records = Array.from({ length: 3 }, (_, second) => record(second)).join('')

  test('the mapping has it as a date, and the format alone has not', () => {
    expect(timed.format.mapping['event.ingested']).toEqual({ type: 'date' })
    expect('event.ingested' in parser.format.mapping).toBe(false)
  })

  test('documents are those of the format alone with one member more, on both paths', async () => {
    const alone = await sentOf(parser, records + odd)
    const { documents, objects } = await sentOf(timed, records + odd)
    expect(objects).toBe(1)
    expect(documents).toEqual(alone.documents.map((one) => ({ ...one, event: { ...one.event, ingested: now } })))
    const plain = (await collect(timed, memoryObject({ key: 'f', body: records + odd }))).documents
    expect(documents).toEqual(plain.map((one) => expect.objectContaining(JSON.parse(JSON.stringify(one)))))
  })

  test('a batch has one time, also where a document is made again later', async () => {
    const later = () => vi.setSystemTime(new Date('2027-01-01T00:00:00Z'))
    const { documents } = await sentOf(timed, records + odd, later)
    expect(documents.map(timeIn)).toEqual([now, now, now, now])
  })

  test('a batch that is read later has a later time, and an object of two batches goes on', async () => {
    const many = Array.from({ length: 3000 }, (_, second) => record(second)).join('')
    const expected: string[] = []
    const { documents } = await sentOf(timed, many, (length) => {
      for (let i = 0; i < length; i++) expected.push(new Date().toISOString())
      vi.setSystemTime(Date.now() + 1000)
    })
    expect(new Set(expected).size).toBeGreaterThan(1)
    expect(documents.map(timeIn)).toEqual(expected)
  })

  test('ids do not depend on it: what comes again is a duplicate, and keeps the first time', async () => {
    const sink = memorySink()
    const object = memoryObject({ key: 'f', body: records })
    const run = () => ingest({ source: memorySource(object), parser: timed, sink })
    expect((await run()).counts).toMatchObject({ written: 3, duplicate: 0 })
    vi.setSystemTime(new Date('2027-01-01T00:00:00Z'))
    expect((await run()).counts).toMatchObject({ written: 0, duplicate: 3 })
    expect(Array.from(sink.documents.values(), ({ document }) => timeIn(document))).toEqual([now, now, now])
  })
})

test('it is filled once', () => {
  expect(() => vpcFlow.with(ingested, ingested)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
