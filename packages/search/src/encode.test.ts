import { ingest, type Rejection, type Sink, type Slice } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySlice, memorySource } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { DatedIndices, type IndexPer } from './dates.ts'
import { type BulkBody, type BulkTarget, encodeBulk, selectItems } from './encode.ts'

interface Sent {
  readonly lines: string[]
  readonly items: BulkBody['items']
  readonly runs: BulkBody['runs']
  readonly length: number
}
const linesOf = (bytes: Buffer) => bytes.toString().split('\n').slice(0, -1)

/** The bodies of a batch, copied: each is overwritten by the next. */
async function encode(
  batch: readonly Slice<unknown>[],
  limit = 10_000,
  target: Partial<BulkTarget> = {},
  room = limit,
) {
  const refused: [number, Rejection][] = []
  const options: BulkTarget = {
    op: 'create',
    indexOf: (slice) => slice.dataStream,
    refuse: (slice, rejection) => refused.push([slice, rejection]),
    ...target,
  }
  const bodies: Sent[] = []
  for await (const body of encodeBulk(batch, options, () => limit, Buffer.alloc(room)))
    bodies.push({
      lines: linesOf(body.bytes),
      items: body.items,
      runs: body.runs.map((run) => ({ ...run })),
      length: body.length,
    })
  return { bodies, refused }
}

/** The slice without its encoder: every document takes the plain path. */
const plain = ({ encoder: _, ...slice }: Slice<unknown>): Slice<unknown> => slice

describe('encodeBulk', () => {
  const a = memorySlice({ records: 3, key: 'a' })
  const b = memorySlice({ records: 2, key: 'b' })

  test('writes an action line and a document line for each record', async () => {
    const { bodies } = await encode([a, b], 10_000, { op: 'index', indexOf: () => 'flüge' })
    expect(bodies).toHaveLength(1)
    const lines = bodies[0]!.lines.map((line) => JSON.parse(line))
    expect(lines.filter((_, n) => n % 2 === 0)).toEqual(
      [a, a, a, b, b].map((slice, n) => ({ index: { _index: 'flüge', _id: slice.id(n % 3) } })),
    )
    expect(lines[7]).toEqual(JSON.parse(JSON.stringify(b.document(0))))
  })

  test('knows each item by its slice, its record and its bytes', async () => {
    const [body] = (await encode([a, b])).bodies
    expect(body).toMatchObject({
      length: 5,
      runs: [
        { slice: 0, index: 0, count: 3 },
        { slice: 1, index: 0, count: 2 },
      ],
    })
    const text = `${body!.lines.join('\n')}\n`
    body!.items.forEach(({ slice, index, start, end }, n) => {
      expect([slice, index]).toEqual(n < 3 ? [0, n] : [1, n - 3])
      expect(Buffer.from(text).subarray(start, end).toString()).toBe(
        `${body!.lines[n * 2]}\n${body!.lines[n * 2 + 1]}\n`,
      )
    })
  })

  test('begins another body at the limit, and loses nothing', async () => {
    const whole = (await encode([a, b])).bodies[0]!.lines
    const bytes = Buffer.byteLength(`${whole[0]}\n${whole[1]}\n`)
    for (const limit of [bytes * 2, bytes * 3 + 7, bytes * 4]) {
      const { bodies } = await encode([a, b], limit)
      expect(bodies.length).toBeGreaterThan(1)
      expect(bodies.flatMap(({ lines }) => lines)).toEqual(whole)
      for (const { lines } of bodies) expect(Buffer.byteLength(`${lines.join('\n')}\n`)).toBeLessThanOrEqual(limit)
    }
  })

  test('gives a document above the limit, or above the buffer, a body of its own', async () => {
    const { bodies } = await encode([a, b], 10)
    expect(bodies.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1])
    expect(bodies.map(({ items }) => [items[0]!.slice, items[0]!.index])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
    ])
  })

  test('writes dates over the placeholder, and refuses a document of a wrong one', async () => {
    const times = ['2026-11-22T00:00:00.000Z', '1970-01-01T00:00:00.000Z', '2026-11-23T00:00:00.000Z']
    const document = (index: number) => ({ ...a.document(index), '@timestamp': times[index]! })
    const indices = new DatedIndices('day', Date.parse('2026-11-23T00:00:00Z'))
    const { bodies, refused } = await encode([{ ...a, document }], 10_000, {
      indexOf: () => 'x',
      dates: { per: 'day', indices },
    })
    const names = bodies[0]!.lines.filter((_, n) => n % 2 === 0).map((line) => JSON.parse(line).create._index)
    expect(names).toEqual(['x-2026.11.22', 'x-2026.11.23'])
    expect(bodies[0]!.runs).toEqual([
      { slice: 0, index: 0, count: 1 },
      { slice: 0, index: 2, count: 1 },
    ])
    expect(refused).toMatchObject([[0, { index: 1, type: 'timestamp_out_of_range' }]])
    expect([...indices.used.keys()]).toEqual(names)
  })
})

test.each<[string, IndexPer | undefined]>([
  ['without dates', undefined],
  ['with dates', 'month'],
])("a format's encoder gives the same lines as its documents do, wherever bodies end, %s", async (_, per) => {
  const header =
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
  // Some lines are odd, and some of a date that no index takes.
  const flow = (n: number) =>
    `2 123456789012 ${n % 5 ? 'eni-1' : 'é'} 10.0.0.1 10.1.0.1 ${n} 443 6 1 4249 1418530010 ${n % 3 ? 1418530070 : 70} ACCEPT OK`
  const body = [header, ...Array.from({ length: 60 }, (_, n) => flow(n))].join('\n')
  let compared = 0
  const write: Sink<unknown>['write'] = async (batch) => {
    const target = () => per && { dates: { per, indices: new DatedIndices(per, Date.now()) } }
    const expected = await encode(batch.map(plain), 1_000_000, target())
    for (const limit of [500, 1500, 4000, 1_000_000]) {
      const { bodies, refused } = await encode(batch, limit, target(), 4000)
      expect(bodies.flatMap(({ lines }) => lines)).toEqual(expected.bodies.flatMap(({ lines }) => lines))
      expect(bodies.flatMap(({ items }) => items.map(({ index }) => index))).toEqual(
        expected.bodies.flatMap(({ items }) => items.map(({ index }) => index)),
      )
      expect(refused).toEqual(expected.refused)
      compared++
    }
    expect(batch.every(({ encoder }) => encoder !== undefined)).toBe(true)
    return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
  }
  const source = memorySource(memoryObject({ key: 'a', body }))
  const report = await ingest({ source, parser: vpcFlow, sink: { write } })
  expect(report).toMatchObject({ ok: true, counts: { written: 60 } })
  expect(compared).toBeGreaterThan(0)
})

test('a document that is no JSON names its place', async () => {
  const cyclic: Record<string, unknown> = { '@timestamp': '2026-11-22T00:00:00.000Z' }
  cyclic.self = cyclic
  const slice = { ...memorySlice({ records: 2, key: 'a' }), document: () => cyclic as never }
  await expect(encode([slice])).rejects.toEqual(
    expect.objectContaining({ code: 'STEP_FAILED', place: expect.objectContaining({ key: 'a', ordinal: 0 }) }),
  )
})

test('selectItems makes a body of some items, which stays when the buffer is used again', async () => {
  const slice = memorySlice({ records: 4 })
  const buffer = Buffer.alloc(10_000)
  const target: BulkTarget = { op: 'create', indexOf: () => 'x', refuse: () => undefined }
  const { value: body } = await encodeBulk([slice], target, () => 10_000, buffer).next()
  expect(selectItems(body!, body!.items)).toBe(body)
  const lines = linesOf(body!.bytes)
  const some = selectItems(body!, [body!.items[1]!, body!.items[3]!])
  buffer.fill(0)
  expect(linesOf(some.bytes)).toEqual([lines[2], lines[3], lines[6], lines[7]])
  expect(some.items.map(({ index }) => index)).toEqual([1, 3])
  expect(some.items.map(({ start, end }) => linesOf(some.bytes.subarray(start, end))[0])).toEqual([lines[2], lines[6]])
  expect(some).toMatchObject({
    length: 2,
    runs: [
      { index: 1, count: 1 },
      { index: 3, count: 1 },
    ],
  })
})
