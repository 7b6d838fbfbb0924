import { ingest, lines, type Parser, type SourceObject } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memorySink } from '@flowferry/core/testing'
import { describe, expect, it } from 'vitest'
import { withinSpan } from './within-span.ts'

const span = { from: new Date('2026-11-22T10:00:00Z'), to: new Date('2026-11-22T11:00:00Z') }
const times = ['09:59:59', '10:00:00', '10:59:59', '11:00:00']
const seconds = (time: string) => Date.parse(`2026-11-22T${time}Z`) / 1000

function objectOf(text: string): SourceObject {
  const body = Buffer.from(text)
  const open = async () => ({
    etag: 'e',
    lastModified: new Date('2026-11-22T10:30:00Z'),
    body: (async function* () {
      yield body
    })(),
  })
  return { bucket: 'logs', key: 'k', open }
}

const formats = [
  [
    'flow logs',
    vpcFlow,
    `version interface-id srcport start end log-status\n${times.map((time, n) => `2 eni-${n} ${n} 1 ${seconds(time)} OK\n`).join('')}`,
  ],
  [
    'CloudTrail',
    cloudTrail,
    JSON.stringify({
      Records: times.map((time, n) => ({ eventVersion: '1.11', eventID: `id-${n}`, eventTime: `2026-11-22T${time}Z` })),
    }),
  ],
  [
    'CloudFront',
    cloudFront,
    `#Version: 1.0\n#Fields: date time c-ip sc-status\n${times.map((time) => `2026-11-22\t${time}\t192.0.2.1\t200\n`).join('')}`,
  ],
] as const

describe('withinSpan', () => {
  it.each(formats)(
    'keeps the records of %s whose own time is in [from, to), and counts the others',
    async (_, parser, text) => {
      const sink = memorySink()
      const filter = withinSpan<unknown>({ ...span, parser })
      const report = await ingest({
        source: [{ objects: [objectOf(text)] }],
        parser: parser as Parser<unknown>,
        sink,
        filter,
      })
      expect(report.counts).toMatchObject({ read: 4, written: 2, filtered: 2 })
      const kept = [...sink.documents.values()].map(({ document }) => document['@timestamp'])
      expect(kept).toEqual(['2026-11-22T10:00:00.000Z', '2026-11-22T10:59:59.000Z'])
    },
  )

  it("asks the user's filter for what is within, and takes the object's time for a record without one", () => {
    const object = { bucket: 'b', key: 'k', etag: 'e', idPrefix: 'i', lastModified: span.from }
    const asked: number[] = []
    const filter = withinSpan<{ kind: 'vpcflow'; end?: number; srcport?: number }>({
      ...span,
      parser: vpcFlow,
      filter: ({ srcport }) => {
        asked.push(srcport!)
        return srcport === 1
      },
    })
    expect(filter({ kind: 'vpcflow', end: seconds('10:00:00'), srcport: 1 }, object)).toBe(true)
    expect(filter({ kind: 'vpcflow', end: seconds('10:00:00'), srcport: 2 }, object)).toBe(false)
    expect(filter({ kind: 'vpcflow', end: seconds('12:00:00'), srcport: 3 }, object)).toBe(false)
    expect(filter({ kind: 'vpcflow', srcport: 1 }, object)).toBe(true)
    expect(filter({ kind: 'vpcflow', srcport: 1 }, { ...object, lastModified: span.to })).toBe(false)
    expect(asked).toEqual([1, 2, 1])
  })

  it("asks a user's format, which takes its time from the document unless it says else", () => {
    const object = { bucket: 'b', key: 'k', etag: 'e', idPrefix: 'i' }
    const record = (line: string) => ({ at: line })
    const document = ({ at }: { at: string }) => ({ '@timestamp': at })
    const own = lines({ kind: 'own', dataset: 'custom.own', record, document })
    const quick = lines({
      kind: 'own',
      dataset: 'custom.own',
      record,
      document: () => ({}),
      time: ({ at }) => Number(at),
    })
    const keeps = (parser: Parser<unknown>, at: string) => withinSpan({ ...span, parser })({ kind: 'own', at }, object)
    expect(['2026-11-22T10:00:00.000Z', '2026-11-22T12:00:00+01:00'].map((at) => keeps(own, at))).toEqual([true, false])
    expect([span.from, span.to].map((time) => keeps(quick, String(time.getTime())))).toEqual([true, false])
    expect(keeps(own, 'no date')).toBe(true)
  })

  it.each([
    [
      'an event whose time is odd takes the end of its window',
      { eventTime: 'soon', timeWindow: { windowEnd: '2026-11-22T10:30:00Z' } },
      true,
    ],
    ['a time with a zone', { eventTime: '2026-11-22T12:30:00+02:00' }, true],
    ['a time in the basic form', { eventTime: '20261122T123000Z' }, false],
  ])('knows of CloudTrail %s, as its document does', async (_, event, isWithin) => {
    const filter = withinSpan<unknown>({ ...span, parser: cloudTrail })
    const sink = memorySink()
    const body = JSON.stringify({ Records: [{ eventVersion: '1.11', eventID: 'id', ...event }] })
    await ingest({ source: [{ objects: [objectOf(body)] }], parser: cloudTrail as Parser<unknown>, sink, filter })
    expect(sink.documents.size).toBe(isWithin ? 1 : 0)
  })

  it('needs to know the time of a format', () => {
    const parser = { formats: [{ kind: 'proxy' }] }
    expect(() => withinSpan({ ...span, parser })).toThrow(/proxy of `parser` has no `time`/)
  })
})
