import { describe, expect, it } from 'vitest'
import { fakeS3 } from '../../test/fake-s3.ts'
import type { KeyRange } from '../backfill/layout.ts'
import { lister } from '../backfill/list.ts'
import { dayBefore, dayOf, daysOf, digestsIn, keysIn, peekable, timeOfLog } from './names.ts'

const root = 'AWSLogs/123456789012/CloudTrail/eu-central-1/'

function rangeOf(prefix: string): KeyRange {
  return { prefix, startAfter: `${prefix}2026/11/21/`, before: `${prefix}2026/11/22/\u{10FFFF}` } as KeyRange
}
const listOf = (keys: readonly string[]) => lister(fakeS3(keys).s3, 'trails', () => undefined)

async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of of) found.push(one)
  return found
}

it('gives the keys of a range with their day, and those in no day the one that they stand behind', async () => {
  const names = ['2026/11/20/a', '2026/11/21/', '2026/11/210', '2026/11/22/b', '2026/11/22/sub/c', '2026/11/23/d']
  const keys = names.map((name) => `${root}${name}`)
  expect(await all(keysIn(rangeOf(root), listOf(keys)))).toEqual([
    { key: keys[2], day: '2026/11/21' },
    { key: keys[3], day: '2026/11/22' },
    { key: keys[4], day: '2026/11/22' },
  ])
})

it('gives the digests of each day in the order of their ends, and no other file', async () => {
  const digests = root.replace('CloudTrail', 'CloudTrail-Digest')
  const digest = (day: number, trail: string, hour: string) =>
    `${digests}2026/11/${day}/123456789012_CloudTrail-Digest_eu-central-1_${trail}_us-east-1_202611${day}T${hour}0000Z.json.gz`
  const keys = [digest(21, 'a', '20'), digest(21, 'a', '22'), digest(21, 'b', '21'), digest(22, 'a', '01')]
  const list = listOf([...keys, `${digests}2026/11/21/readme.txt`])
  const days = await all(daysOf(digestsIn(rangeOf(digests), list)))
  expect(days.map(([day, its]) => [day, its.map(({ key }) => key)])).toEqual([
    ['2026/11/21', [keys[0], keys[2], keys[1]]],
    ['2026/11/22', [keys[3]]],
  ])
})

it('looks ahead without going on', async () => {
  const keys = ['a', 'b'].map((name) => ({ key: name, day: '' }))
  const ahead = peekable(
    (async function* () {
      yield* keys
    })(),
  )
  expect([await ahead.peek(), await ahead.peek(), await ahead.next(), await ahead.next()]).toEqual([
    keys[0],
    keys[0],
    keys[0],
    keys[1],
  ])
  expect([await ahead.peek(), await ahead.next()]).toEqual([undefined, undefined])
})

it.each([
  [`${root}2026/11/21/x`, '2026/11/21'],
  [`${root}2026/11/21/sub/2026/11/22/x`, '2026/11/21'],
  [`backup/2026/11/20/${root}2026/11/21/x`, '2026/11/21'],
  [`${root}2026/11/x`, ''],
  ['2026/11/21/x', ''],
])('takes the day of %s', (key, day) => {
  expect(dayOf(key)).toBe(day)
})

it('knows the day before', () => {
  expect(dayBefore('2027/01/01')).toBe('2026/12/31')
})

describe('the time of a log file', () => {
  const start = Date.parse('2026-11-21T20:00Z')
  it.each([
    ['of its name, in its day', '2026/11/21', '20261121T2115Z', '2026-11-21T21:15Z'],
    ['of its name, shortly before its day', '2026/11/22', '20261121T2330Z', '2026-11-21T23:30Z'],
    ['of the span, where its name is of a later day', '2026/11/21', '20261122T0010Z', '2026-11-21T20:00Z'],
    ['of its day, where its name is of another year', '2026/11/22', '20200101T0000Z', '2026-11-22T00:00Z'],
    ['of its day, where its name says none', '2026/11/22', '20261322T0000Z', '2026-11-22T00:00Z'],
    ['of its day, where that is before the span', '2026/11/20', '20261122T0010Z', '2026-11-20T00:00Z'],
    ['of its name, where it has no day', '', '20261122T0010Z', '2026-11-22T00:10Z'],
  ])('is that %s', (_, day, stamp, time) => {
    expect(timeOfLog(`${root}x_${stamp}_y.json.gz`, day, start)).toBe(Date.parse(time))
  })

  it('is none where nothing says one', () => {
    expect(timeOfLog('x', '', start)).toBeNaN()
  })
})
