import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeBulk } from '../bulk/encode.ts'
import { sliceOf } from '../document.ts'
import { cloudFront } from '../formats/cloudfront.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { parseContext } from '../limits.ts'
import { track } from '../object.ts'
import { memoryObject } from '../testing.ts'
import type { Batch, LogDocument, LogRecord, Parser, Slice } from '../types.ts'
import { family, lookup, type Table, table } from './define.ts'
import { code, double, encoded, encodedTwice, epochSeconds, type Field, ip, keyword, long } from './fields.ts'
import type { AnyField } from './layout.ts'

/** What the fast path and the plain path wrote for the same file, and how often the fast path was taken. */
async function bothPaths(
  parser: Parser<unknown>,
  body: Buffer,
  chunkBytes: number,
  { limit, steps, originals = false }: Bulk,
) {
  const object = track(memoryObject({ key: 'f', body, chunkBytes }))
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
  for (const { bytes, length, items } of encodeBulk(
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

interface Bulk {
  readonly limit: number
  readonly originals?: boolean
  readonly steps: {
    readonly filter?: (record: LogRecord) => boolean
    readonly enrich?: (record: LogRecord) => LogDocument | undefined
  }
}

/** A hash of everything that can be seen of a record, as a step sees it that treats it as a plain object. */
function seenOf(record: object, column: string): string {
  const { kind: _, ...rest } = record as { kind?: string }
  const seen = [
    ...[Object.keys(record), Object.values(record), Object.entries(record), rest, { ...record }, record],
    ...[column in record, 'kind' in record, 'c9' in record, 'toString' in record, Object.hasOwn(record, column)],
    ...[Object.getOwnPropertyNames(record), Object.getOwnPropertyDescriptors(record), `${record}`],
  ]
  return createHash('sha256').update(JSON.stringify(seen)).digest('base64')
}

/** Fields of their own, and fields that join an object of the document or of one of its objects. */
const joining: ((value: string) => LogDocument)[] = [
  () => ({ 'labels.x': 1 }),
  (value) => ({ 'user.name': value, 'user.ü': { length: value.length } }),
  (value) => ({ 'source.as.organization.name': value, 'event.ü"': [value], tags: ['é'] }),
  () => ({ 'cloud.account.name': 'prod', 'aws.t.new.x': null, 'aws.vpcflow.new': 1, 'network.new.a': true }),
  (value) => ({ source: { geo: { name: value, location: { lat: 1, lon: 2 } } }, event: { reason: 'x' } }),
  () => ({ 'event.date': new Date(0), 'event.none': {}, 'event.undefined': undefined, 'data_stream.new': [] }),
]
/** What is in the way of a field of the document, or of another one. */
const contrary: typeof joining = [
  (value) => ({ 'event.kind': value, 'event.new': 1 }),
  () => ({ 'source.ip': '::1', 'data_stream.namespace': 'x', 'url.new': 'x' }),
  () => ({ 'event.original': 'mine', 'data_stream.new': 1 }),
  () => ({ 'event.new': undefined, 'event.f': () => 1 }),
  () => ({ event: { 'new.x': 1, y: undefined }, 'event.7': 1, '3': 1 }),
  () => ({ 'event.a': 1, 'event.a.b': 2, 'event.__proto__.x': 1 }),
  () => ({ 'event.type.x': 1, '@timestamp.x': 1 }),
  () => ({ source: 'x' }),
]

/** Steps that keep most records, and add what is seldom the same, joins a member, or is nothing. */
function stepsOf(name: string, column: string): Bulk['steps'] {
  const text = (record: LogRecord) => String((record as unknown as Record<string, unknown>)[column])
  if (name === 'members')
    return {
      filter: (record) => !/^[ab]/.test(seenOf(record, column)),
      enrich: (record) => ({ 'user.seen': seenOf(record, column) }),
    }
  return {
    filter: (record) => text(record).length % 13 > 0,
    ...(name === 'enrich' && {
      enrich: (record) => {
        const value = text(record)
        if (value.length % 4 === 0) return undefined
        const additions = value.length % 7 === 0 ? contrary : joining
        return additions[(value.length + value.charCodeAt(0)) % additions.length]!(value)
      },
    }),
  }
}

/** Bytes that no text has: anywhere in a line, and often right behind one that is regular. */
function sprinkled(bytes: Buffer, seed: number): Buffer {
  const odd = [0x00, 0x0d, 0x1f, 0x7f, 0x80, 0xf0, 0xf8, 0xff]
  for (let line = bytes.indexOf(0x0a), number = seed; line !== -1; line = bytes.indexOf(0x0a, line + 1), number++) {
    if (number % 23 > 0) continue
    const at = line + 1 + (number % 9)
    for (let i = at; i < Math.min(at + (number % 4), bytes.length); i++)
      if (bytes[i] !== 0x0a) bytes[i] = odd[(number + i) % odd.length]!
  }
  return bytes
}

/** Values as they come, and as they should not. */
const dirt = fc.constantFrom(
  '-',
  '',
  '0',
  '00',
  '007',
  '+1',
  '1e3',
  'é',
  '"',
  '\\',
  'a\\b',
  '%',
  '%zz',
  '%2520',
  '%E6%BC%A2',
  '\u2028',
  '999999999999999999',
  '0.10',
  '-0',
  '-1.5',
  '1.',
  ',',
  '",',
  'x,y',
)
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.0.0.1', '::1', '::ffff:1.2.3.4', '1.2.3', '01.2.3.4', '256.1.1.1', 'fe80::1%eth0', '1.2.3.4.'),
)
const values: Record<string, fc.Arbitrary<string>> = {
  keyword: fc.oneof(
    fc.constantFrom('ACCEPT', 'REJECT', 'OK', 'constructor', '__proto__'),
    fc.stringMatching(/^[!#-[\]-~]{1,20}$/),
  ),
  encoded: fc.oneof(
    fc.constantFrom('/a%20b', 'Mozilla/5.0%20(X)', 'a%2520b', '/plain', '100%25'),
    fc.stringMatching(/^[a-z/%0-9]{1,12}$/),
  ),
  encodedTwice: fc.constantFrom('Mozilla/5.0%2520(X)', 'curl/8', 'a%20b', '%25%32%30'),
  ip: address,
  long: fc.oneof(fc.nat().map(String), fc.bigInt({ min: 0n, max: 1n << 60n }).map(String)),
  code: fc.integer({ min: 0, max: 70 }).map(String),
  double: fc.oneof(
    fc.integer({ min: 0, max: 9999 }).map((n) => (n / 1000).toFixed(3)),
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map(String),
  ),
  epochSeconds: fc.integer({ min: 1_700_000_000, max: 1_700_000_900 }).map(String),
}
const makers: Record<string, (targets: never[], description: string) => Field<string> | Field<number>> = {
  keyword,
  encoded,
  encodedTwice,
  ip,
  long,
  code,
  double,
  epochSeconds,
}
const targetsOf: Record<string, string[][]> = {
  keyword: [['event.action'], ['aws.t.k', 'labels.k'], ['related.hosts[]'], ['source.ip'], []],
  encoded: [['url.path'], ['related.hosts[]', 'aws.t.e'], ['source.ip']],
  encodedTwice: [['user_agent.original'], ['aws.t.twice']],
  ip: [['source.address', 'source.ip', 'related.ip[]'], ['aws.t.ip'], ['related.ip[]'], ['client.address']],
  long: [['source.bytes', 'network.bytes'], ['aws.t.n'], ['http.version'], []],
  code: [['network.iana_number'], ['aws.t.c', 'labels.c']],
  double: [['aws.t.d'], ['labels.d', 'http.version']],
  epochSeconds: [['@timestamp', 'event.end'], ['event.start', 'aws.t.s'], ['network.bytes']],
}

const column = fc.constantFrom(...Object.keys(makers)).chain((type) =>
  fc.record({
    type: fc.constant(type),
    targets: fc.constantFrom(...targetsOf[type]!),
    constant: fc.option(values[type]!, { freq: 4 }),
  }),
)

const time = { type: 'epochSeconds', targets: ['@timestamp'], constant: null }

/** A random table of up to ten columns, with derived values over them. */
function tableOf(
  columns: readonly { type: string; targets: string[] }[],
  delimiter: string,
  absent: string,
): Table<'t', Record<string, AnyField>> | undefined {
  const fields = Object.fromEntries(
    columns.map(({ type, targets }, i) => [`c${i}`, makers[type]!(targets as never[], '')]),
  )
  const names = Object.keys(fields)
  const text = (i: number) => names[i % names.length]!
  try {
    return table({
      kind: 't',
      dataset: 'custom.t',
      root: 'aws.t',
      delimiter,
      absent,
      header: (line) => (line.startsWith('#Fields:') ? line.slice(8).split(delimiter) : undefined),
      constants: {
        'ecs.version': '8.11.0',
        'event.kind': 'event',
        'event.type': ['connection', 'a"b'],
        'labels.ü': 'ü',
      },
      fields,
      derived: (derive) => [
        derive('event.outcome', [text(0)], lookup({ ACCEPT: 'success', REJECT: 'failure', '6': 'six' })),
        derive('event.type[]', [text(1)], (value) =>
          String(value).length % 3 ? [`x${value}`, 'connection'] : undefined,
        ),
        derive('network.type', [family(text(0)), family(text(2))], (a, b) => (a === b ? a : undefined)),
        derive('custom.sum', [text(0), text(1)], (a, b) => `${a}+${b}`),
        derive('related.hosts[]', [text(3)], (value) => [String(value), ',', 'é']),
      ],
    }) as unknown as Table<'t', Record<string, AnyField>>
  } catch {
    // Targets that contradict each other are refused; another table comes.
    return undefined
  }
}

/** Fields that the tables do not know: names that a record, an object, the table, or another of them has too. */
// biome-ignore format: what they meet, one line each
const strangers = [
  'new-field', 'kind', 'kind_2',
  'constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf',
  'k', 'n', 'ip', 'K', 'k_2',
  '7', 'é',
]

const file = fc.record({
  columns: fc.array(column, { minLength: 1, maxLength: 10 }),
  /** Of more than 64 columns, some have no bit. */
  wide: fc.constantFrom(1, 1, 1, 1, 7),
  delimiter: fc.constantFrom(' ', '\t', ',', '.'),
  absent: fc.constantFrom('-', '-', '-', '0', '~'),
  limit: fc.constantFrom(1000, 3000, 20_000, 131_072),
  steps: fc.constantFrom('none', 'filter', 'enrich', 'enrich', 'members'),
  originals: fc.constantFrom(false, false, false, true),
  seed: fc.nat(),
  rows: fc.integer({ min: 1, max: 60 }),
  chunkBytes: fc.constantFrom(1, 13, 200, 65_536),
  end: fc.constantFrom('\n', '\n', '\n', '\r\n'),
  unknown: fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, fc.subarray(strangers)),
})

/** Rows made with a cheap generator of our own: fast-check's own would cost more than both paths. */
function makeRows({
  columns,
  delimiter,
  absent,
  seed,
  rows,
  end,
  unknown,
}: {
  columns: readonly { type: string; constant: string | null }[]
  delimiter: string
  absent: string
  seed: number
  rows: number
  end: string
  unknown: readonly string[]
}): Buffer {
  const samples = columns.map(({ type, constant }, i) =>
    constant === null ? fc.sample(values[type]!, { numRuns: 12, seed: seed + i }) : [constant],
  )
  const odd = fc.sample(dirt, { numRuns: 30, seed })
  let state = seed | 1
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % below
  }
  const names = columns.map((_, i) => `c${i}`).concat(unknown)
  const lines = [`#Fields:${names.join(delimiter)}`]
  for (let row = 0; row < rows; row++) {
    const line = names.map((_, i) =>
      next(40) === 0 ? odd[next(odd.length)]! : next(9) === 0 ? absent : (samples[i]?.[next(samples[i].length)] ?? 'v'),
    )
    if (next(60) === 0) line.pop()
    lines.push(line.join(delimiter))
  }
  return Buffer.from(lines.join(end) + (seed % 2 ? end : ''))
}

/** The tests of either way to run the engine: as a wasm module, and as JavaScript. */
/** @param full How much more is compared where `FLOWFERRY_FAST_PATH=full` asks for all, as CI does: 10 is above a million records. */
export function fastPathSuite(full: number): void {
  const scale = process.env.FLOWFERRY_FAST_PATH === 'full' ? full : 1
  const runs = 400 * scale

  test(`over ${runs} random tables, headers, values, chunks and dirt`, { timeout: 900_000 }, async () => {
    let records = 0
    let fast = 0
    await fc.assert(
      fc.asyncProperty(file, async (one) => {
        const columns = [time, ...Array.from({ length: one.wide }, () => one.columns).flat()]
        const parser = tableOf(columns, one.delimiter, one.absent)
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
    expect(fast).toBeGreaterThan(records / 3)
  })

  test('over as many short lines as the engine has room for, and one too long for it', {
    timeout: 60_000,
  }, async () => {
    const columns = [time, ...Array.from({ length: 6 }, () => ({ type: 'keyword', targets: [] as string[] }))]
    const parser = tableOf(
      columns.map((one, i) => (i === 6 ? { ...one, targets: ['aws.t.k'] } : one)),
      ' ',
      '-',
    )!
    const line = '0 1 - 1 1 1 1\n'
    const long = `0 1 1 1 1 1 ${'x'.repeat(300_000)}\n`
    const body = Buffer.from(`#Fields:c0 c1 c2 c3 c4 c5 c6\n${line.repeat(40_000)}${long}${line}`)
    const counted = await bothPaths(parser, body, 262_144, { limit: 100_000, steps: {} })
    expect(counted).toEqual({ records: 40_002, fast: 40_001 })
  })

  test('over flow logs and CloudFront, with random values in columns of any order', { timeout: 900_000 }, async () => {
    let records = 0
    let fast = 0
    for (const [parser, delimiter] of [
      [vpcFlow, ' '],
      [cloudFront, '\t'],
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
        'string, percent-encoded': 'encoded',
      }
      const columns = fields.map(([, { type }]) => ({ type: byType[type] ?? 'keyword', constant: null }))
      const names = fields.map(([, { name }]) => name)
      for (let seed = 1; seed <= 2 * scale; seed++) {
        // A hand's width of columns a file or all of them, in an order of its own: the time among them.
        const count = seed % 10 === 2 ? names.length : 12 + seed
        const chosen = names.map((_, i) => (i * 7 + seed * 5) % names.length).slice(0, count)
        const pick = [...new Set([...(delimiter === ' ' ? [names.indexOf('end')] : [0, 1]), ...chosen])]
        const rows = makeRows({
          columns: pick.map((i) => columns[i]!),
          delimiter,
          absent: '-',
          seed,
          rows: 60_000,
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
    expect(records).toBeGreaterThan(100_000 * scale)
    expect(fast).toBeGreaterThan(records / 2)
  })
}
