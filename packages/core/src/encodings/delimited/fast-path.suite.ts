import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixtures } from '../../../../../test/support/fixtures.ts'
import { encodeBulk } from '../../../../search/src/encode.ts'
import { cloudFront } from '../../formats/cloudfront.ts'
import { vpcFlow } from '../../formats/vpc-flow.ts'
import { sliceOf } from '../../ingest/slice.ts'
import { parseContext } from '../../read/limits.ts'
import { track } from '../../read/object.ts'
import { communityIdWith } from '../../schema/community-id.ts'
import { memoryObject } from '../../testing/index.ts'
import type { Batch, Parser, Slice } from '../../types.ts'
import { type Bulk, stepsOf } from './fast-path.steps.ts'
import { file, makeRows, sprinkled, tableOf, time } from './fast-path.tables.ts'

/** Names of files: of which documents of flow logs tell nothing, and their flow log. */
const keys = ['f', '123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d4e5f60718_20261122T0915Z_0a1b2c3d.log.gz'] as const

/** What the fast path and the plain path wrote for the same file, and how often the fast path was taken. */
async function bothPaths(
  parser: Parser<unknown>,
  body: Buffer,
  chunkBytes: number,
  { limit, steps, originals = false }: Bulk,
) {
  const object = track(memoryObject({ key: keys[body.length % 2]!, body, chunkBytes }))
  const slices: Slice<unknown>[] = []
  /** The same records as plain objects, so that the steps are seen to get alike ones. */
  const plainSlices: Slice<unknown>[] = []
  for await (const batch of parser.parse(object, parseContext({ originals }))) {
    expect(summed(Object.entries(batch.unknownFields ?? {}))).toEqual(summed(unknownOf(batch)))
    const fixed = { namespace: 'default', from: 0, now: new Date(0), untimed: () => undefined }
    const all = { filter: undefined, enrich: undefined, ...fixed, ...(steps as { filter?: never; enrich?: never }) }
    slices.push(sliceOf(batch, object.identity(), all))
    const { view: _, encoder: __, ...plain } = batch
    plainSlices.push(sliceOf(plain, object.identity(), all))
  }
  expect(slices.map(({ ordinals }) => Array.from(ordinals))).toEqual(
    plainSlices.map(({ ordinals }) => Array.from(ordinals)),
  )
  const buffer = Buffer.alloc(1 << 17)
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  let records = 0
  let fast = 0
  const expected: string[] = []
  const counting = slices.map((slice, i): Slice<unknown> => {
    const { length, encoder, id, ordinals, dataStream } = slice
    const { document } = plainSlices[i]!
    for (let index = 0; index < length; index++) {
      const action = JSON.stringify({ create: { _index: dataStream, _id: id(index) } })
      const text = JSON.stringify(document(index))
      expected.push(`${action}\n${text}\n`)
      records++
      // Few one by one: all of them go through the runs below.
      if (!encoder || ordinals[index]! % 16 > 0) continue
      buffer.fill(0xff)
      const end = encoder.encode(index, buffer, view, 7)
      if (end === -1) continue
      expect(end - 7).toBeLessThanOrEqual(encoder.room(index) + (steps.enrich ? 200 : 0) + (originals ? 20_000 : 0))
      expect(buffer.toString('utf8', 7, end)).toBe(text)
    }
    if (!encoder?.encodeRun) return slice
    const encodeRun: typeof encoder.encodeRun = (index, count, run, completion) => {
      const before = run.length
      const why = encoder.encodeRun!(index, count, run, completion)
      fast += run.length - before
      return why
    }
    return { ...slice, encoder: { ...encoder, room: () => 0, encode: () => -1, encodeRun } }
  })
  let at = 0
  for await (const { bytes, length, items } of encodeBulk(
    counting,
    { op: 'create', indexOf: ({ dataStream }) => dataStream, refuse: () => expect.unreachable() },
    () => limit,
    buffer,
  )) {
    expect(bytes.length <= limit || length === 1).toBe(true)
    expect(bytes.toString() === expected.slice(at, at + length).join('')).toBe(true)
    for (const { start, end } of items) expect(end - start).toBe(Buffer.byteLength(expected[at++]!))
  }
  expect(at).toBe(records)
  return { records, fast }
}

/** Fields of the records that the table does not know, and how many have them. */
function unknownOf({ records, format }: Batch<unknown>): readonly [string, number][] {
  const known = new Set(['kind', ...(format.fields as readonly { name: string }[]).map(({ name }) => name)])
  return (records as object[]).flatMap((record) =>
    Object.keys(record).flatMap((name): [string, number][] => (known.has(name) ? [] : [[name, 1]])),
  )
}

/** Their sums, without the number behind a name that a record cannot have. */
function summed(counts: readonly [string, number][]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const [key, count] of counts) {
    const name = key.replace(/_\d$/, '')
    sums.set(name, (sums.get(name) ?? 0) + count)
  }
  return Object.fromEntries(sums)
}

/**
 * The tests of either way to run the engine: as a wasm module, and as JavaScript.
 *
 * @param full How much more is compared where `FLOWFERRY_FAST_PATH=full` asks for all: 10 is above a million records.
 */
export function fastPathSuite(full: number): void {
  const all = process.env.FLOWFERRY_FAST_PATH === 'full'
  const scale = all ? full : 1
  const runs = 400 * scale

  test(`over ${runs} random tables, headers, values, chunks and dirt`, { timeout: 900_000 }, async () => {
    let records = 0
    let fast = 0
    await fc.assert(
      fc.asyncProperty(file, async (one) => {
        const columns = [time, ...Array.from({ length: one.wide }, () => one.columns).flat()]
        const parser = tableOf(columns, one)
        if (!parser) return
        const steps = one.steps === 'none' ? {} : stepsOf(one.steps, 'c1')
        const rows = sprinkled(makeRows({ ...one, columns }), one.seed)
        const counted = await bothPaths(parser, rows, one.chunkBytes, { ...one, steps })
        records += counted.records
        fast += counted.fast
      }),
      { numRuns: runs },
    )
    console.log(`${records} records compared, ${fast} of them took the fast path`)
    // Many tables have columns whose only targets are addresses, and many values that are none.
    expect(fast).toBeGreaterThan(records / 10)
  })

  test('over as many short lines as the engine has room for, and one too long for it', {
    timeout: 60_000,
  }, async () => {
    const columns = [time, ...Array.from({ length: 6 }, () => ({ type: 'keyword', targets: [] as string[] }))]
    const parser = tableOf(
      columns.map((one, i) => (i === 6 ? { ...one, targets: ['aws.t.k'] } : one)),
      { delimiter: ' ', absent: '-' },
    )!
    const line = '0 1 - 1 1 1 1\n'
    const long = `0 1 1 1 1 1 ${'x'.repeat(300_000)}\n`
    const body = Buffer.from(`#Fields:c0 c1 c2 c3 c4 c5 c6\n${line.repeat(40_000)}${long}${line}`)
    const counted = await bothPaths(parser, body, 262_144, { limit: 100_000, steps: {} })
    expect(counted).toEqual({ records: 40_002, fast: 40_001 })
  })

  test('over the files of test/fixtures one after the other, with either line end, in chunks from a byte', {
    timeout: 300_000,
  }, async () => {
    let records = 0
    let fast = 0
    for (const { text, parser, name, expected } of fixtures.filter(({ name }) => name.endsWith('.log')))
      for (const [end, chunkBytes] of [
        ['\n', 1],
        ['\r\n', 997],
      ] as const) {
        const body = Buffer.from(text.repeat(5).replaceAll('\n', end).trimEnd())
        const counted = await bothPaths(parser, body, chunkBytes, { limit: 100_000, steps: {} })
        expect(counted.records, name).toBe(5 * expected.length)
        records += counted.records
        fast += counted.fast
      }
    console.log(`${records} records compared, ${fast} of them took the fast path`)
    // Each is there for what is odd in it.
    expect(fast).toBeGreaterThan(records / 3)
  })

  test('over flow logs and CloudFront, with random values in columns of any order', { timeout: 900_000 }, async () => {
    let records = 0
    let fast = 0
    const seeds = Math.max(2, scale)
    // Nearly half of the lines are dirt.
    const lines = all ? 85_000 : 20_000
    for (const [parser, delimiter, most] of [
      [vpcFlow, ' ', seeds],
      [vpcFlow.with(communityIdWith({ seed: 0xfedc })), ' ', 2],
      [cloudFront, '\t', seeds],
    ] as const) {
      const fields = Object.entries(
        (parser.format.fields as readonly { name: string; type: string }[]).map(({ name, type }) => ({ name, type })),
      )
      const byType: Record<string, string> = {
        'string, IP address': 'ip',
        integer: 'long',
        'integer, a code': 'code',
        decimal: 'double',
        'integer, seconds since 1970': 'epochSeconds',
        'integer, seconds or milliseconds since 1970': 'epochSeconds',
        'integer, milliseconds since 1970': 'epochSeconds',
        'string, percent-encoded': 'encoded',
      }
      // What else there is would not fit, and take the plain path.
      const constants: Record<string, string> = {
        'ssl-protocol': 'TLSv1.3',
        'cs-protocol-version': 'HTTP/2.0',
        'x-forwarded-for': '192.0.2.1,%20192.0.2.2',
      }
      const columns = fields.map(([, { name, type }]) => ({
        type: /^(src|dst)port$/.test(name) ? 'port' : (byType[type] ?? 'keyword'),
        constant: constants[name] ?? null,
      }))
      const names = fields.map(([, { name }]) => name)
      for (let seed = 1; seed <= most; seed++) {
        // A hand's width of columns a file or all of them, in an order of its own: the time among them.
        const count = seed % 10 === 2 ? names.length : 5 + seed
        const chosen = names.map((_, i) => (i * 7 + seed * 5) % names.length).slice(0, count)
        const pick = [
          ...new Set([
            ...(delimiter === ' ' ? ['end'] : ['date', 'time']).map((name) => names.indexOf(name)),
            ...chosen,
          ]),
        ]
        const rows = makeRows({
          columns: pick.map((i) => columns[i]!),
          delimiter,
          absent: '-',
          seed,
          rows: lines,
          end: '\n',
          unknown: [],
        })
          .toString()
          .split('\n')
        if (delimiter === '\t')
          for (let r = 1; r < rows.length; r++)
            rows[r] = rows[r]!.replace(/^[^\t]*\t[^\t]*/, `2026-01-0${1 + (r % 9)}\t0${r % 10}:1${r % 6}:2${r % 7}`)
        rows[0] = (delimiter === '\t' ? '#Fields: ' : '') + pick.map((i) => names[i]).join(delimiter)
        const body = sprinkled(Buffer.from(rows.join('\n')), seed)
        const steps = seed % 2 ? {} : stepsOf('enrich', names[chosen[0]!]!)
        const counted = await bothPaths(parser as Parser<unknown>, body, 262_144, { limit: 100_000, steps })
        records += counted.records
        fast += counted.fast
      }
    }
    console.log(`${records} records compared, ${fast} of them took the fast path`)
    expect(records).toBeGreaterThan(all ? 100_000 * scale : 50_000)
    expect(fast).toBeGreaterThan(records / 2)
  })
}
