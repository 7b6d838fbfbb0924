import { FlowferryError, type ObjectReport } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { collectFailures, failureLines, remarksOn } from './report.ts'

const counts = { read: 0, written: 0, duplicate: 0, rejected: 0, filtered: 0, malformed: 0, unfinished: 0 }
const report = (key: string, more: Partial<ObjectReport> = {}): ObjectReport => ({
  bucket: 'logs',
  key,
  kinds: ['vpcflow'],
  status: 'done',
  counts,
  bytes: 0,
  milliseconds: 0,
  finishedAt: '2026-11-22T00:00:00Z',
  untimed: 0,
  unknownFields: {},
  malformed: [],
  rejected: [],
  ...more,
})
const malformed = (ordinal: number, offset: number, reason: string) => ({
  malformed: [{ ordinal, offset, reason }],
  counts: { ...counts, malformed: 1 },
})
const error = (key: string, what = 'It ended after 12 bytes') =>
  new FlowferryError('OBJECT_UNREADABLE', what, { place: { bucket: 'logs', key } })
const failed = (key: string, what?: string) => report(key, { status: 'failed', error: error(key, what) })

/** What is said, with the names of the files of which it is. */
const said = (objects: readonly ObjectReport[], quiet = false, told?: string) =>
  remarksOn(objects, { quiet }, told).map(({ all, texts }) => [all.map(({ key }) => key).join(' '), ...texts])

describe('remarksOn', () => {
  it('says nothing of what went well', () => {
    expect(said([report('a'), report('b')])).toEqual([])
  })

  it("tells a format's unknown fields once, with all their records", () => {
    const files = [
      report('a', { unknownFields: { x: 2 } }),
      report('b', { unknownFields: { x: 1000, y: 1 } }),
      report('c', { unknownFields: { z: 1 }, kinds: ['cloudtrail'] }),
    ]
    expect(said(files)).toEqual([
      ['a b', 'unknown fields, kept: x (1,002), y (1)'],
      ['c', 'unknown fields, kept: z (1)'],
    ])
    const many = Object.fromEntries(Array.from({ length: 23 }, (_, n) => [`field-${n}`, 1]))
    expect(said([report('a', { unknownFields: many })])[0]![1]).toMatch(/field-19 \(1\), and 3 more$/)
  })

  it('tells once what differs in numbers or in the name of the file alone', () => {
    const files = [
      failed('a', 'It ended after 12 bytes'),
      failed('b', 'It ended after 4,500 bytes'),
      failed('c', 'Other'),
    ]
    expect(said(files)).toEqual([
      ['a b', expect.stringMatching(/^failed: It ended after 12 bytes \(s3:\/\/logs\/a\)/)],
      ['c', expect.stringMatching(/^failed: Other/)],
    ])
    const bad = [report('a', malformed(3, 40, '2 values')), report('b', malformed(5, 99, '7 values'))]
    expect(said(bad)).toEqual([['a b', 'first malformed: record 3 at byte 40: 2 values']])
    expect(said(bad.slice(1))).toEqual([['b', 'malformed: record 5 at byte 99: 7 values']])
  })

  it('says under one name what is of the very same files', () => {
    const both = (key: string) => report(key, { ...malformed(0, 0, 'odd'), untimed: 2 })
    expect(said([both('a'), both('b')])).toEqual([
      ['a b', "4 records without a time took the file's", 'first malformed: record 0 at byte 0: odd'],
    ])
    expect(said([both('a'), report('b', { untimed: 1 })])).toEqual([
      ['a b', "3 records without a time took the file's"],
      ['a', 'malformed: record 0 at byte 0: odd'],
    ])
  })

  it('leaves out what is no failure where it is to be quiet, and what was told of all', () => {
    const file = report('a', { unknownFields: { x: 1 }, untimed: 1, ...malformed(0, 0, 'odd') })
    expect(said([file], true)).toEqual([['a', 'malformed: record 0 at byte 0: odd']])
    const one = failed('b')
    expect(said([one], false, one.error!.message)).toEqual([])
  })
})

describe('collectFailures', () => {
  it('keeps so many causes apart, and counts all', () => {
    const failures = collectFailures()
    for (let n = 0; n < 1000; n++) {
      const cause = String.fromCharCode(97 + (n % 25))
      failures.add({ object: { bucket: '', key: `f${n}` }, error: error(`f${n}`, `It is ${cause.repeat(3)}`) })
    }
    expect(failures.count()).toBe(1000)
    expect(failures.groups()).toHaveLength(20)
    expect(failures.groups()[0]).toMatchObject({ code: 'OBJECT_UNREADABLE', objects: 40, first: 'f0' })
    expect(failures.errors()).toHaveLength(20)
    const lines = failureLines(failures, 'object')
    expect(lines[0]).toBe('f0 and 39 more objects')
    expect(lines.at(-1)).toBe('… and 200 objects more, which failed otherwise')
  })
})
