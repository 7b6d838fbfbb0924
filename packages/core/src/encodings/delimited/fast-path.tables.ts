import fc from 'fast-check'
import { communityHash } from '../../schema/community-id.ts'
import { family, lookup, optional, present } from '../../schema/derive.ts'
import {
  type AnyField,
  code,
  commonLogTime,
  double,
  encoded,
  encodedTwice,
  epoch,
  epochSeconds,
  type FieldOptions,
  hexadecimal,
  ip,
  iso8601,
  keyword,
  list,
  long,
} from '../../schema/fields.ts'
import { type FormatParser, format, when } from '../../schema/format.ts'
import { addressPort, extensionOf, requestLine } from '../../schema/parts.ts'
import type { LogRecord } from '../../types.ts'
import { delimited } from './delimited.ts'

/** Bytes that no text has: anywhere in a line, and often right behind one that is regular. */
export function sprinkled(bytes: Buffer, seed: number): Buffer {
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
  '-1',
  'None',
  '[',
  ']x',
  'x"',
  '"x"',
  '0x1f',
  ' ',
)
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.0.0.1', '::1', '::ffff:1.2.3.4', '1.2.3', '01.2.3.4', '256.1.1.1', 'fe80::1%eth0', '1.2.3.4.'),
)
const mostly = <T>(most: fc.Arbitrary<T>, ...few: fc.Arbitrary<T>[]) =>
  fc.oneof({ arbitrary: most, weight: 4 * few.length }, ...few)
const values: Record<string, fc.Arbitrary<string>> = {
  keyword: fc.oneof(
    fc.constantFrom('ACCEPT', 'REJECT', 'OK', 'constructor', '__proto__'),
    fc.stringMatching(/^[!#-[\]-~]{1,20}$/),
  ),
  encoded: fc.oneof(
    fc.constantFrom('/a%20b', 'Mozilla/5.0%20(X)', 'a%2520b', '/plain', '100%25'),
    fc.constantFrom('/a.html', '/a%2Ehtml', '/a%20.gz', '/v1.2', '/a.%41b', '/a.b%2F', `/a%2E${'b'.repeat(17)}`),
    fc.stringMatching(/^[a-z/%0-9]{1,12}$/),
  ),
  encodedTwice: fc.constantFrom('Mozilla/5.0%2520(X)', 'curl/8', 'a%20b', '%25%32%30'),
  ip: address,
  long: fc.oneof(fc.nat().map(String), fc.bigInt({ min: 0n, max: 1n << 60n }).map(String)),
  code: mostly(fc.constantFrom('6', '17', '132'), fc.integer({ min: 0, max: 300 }).map(String)),
  port: fc.integer({ min: 0, max: 70_000 }).map(String),
  double: fc.oneof(
    fc.integer({ min: 0, max: 9999 }).map((n) => (n / 1000).toFixed(3)),
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((n) => String(Math.fround(n))),
  ),
  epochSeconds: fc.integer({ min: 1_700_000_000, max: 1_700_000_900 }).map(String),
  epoch: fc.oneof(
    fc.integer({ min: 1_700_000_000, max: 1_700_000_900 }).map(String),
    fc.integer({ min: 0, max: 9_999_999 }).map((n) => String(1_700_000_000_000 + n)),
    fc.constantFrom('253402300799', '253402300800', '0', '99999999999999'),
  ),
  iso8601: mostly(
    fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
    fc.integer({ min: 0, max: 999_999 }).map((n) => `2018-07-02T22:23:00.${n}Z`),
    fc.constantFrom('2018-12-20T02:59:40', '2024-02-29T01:02:03Z', '2023-02-30T00:00:00Z', '20180702T222300Z'),
    fc.constantFrom(
      '2018-07-02T24:00:00Z',
      '2018-07-02T22:23:60Z',
      '2018-04-31T00:00:00Z',
      '2018-07-02T22:23:00+02:00',
    ),
  ),
  commonLogTime: mostly(
    fc.integer({ min: 1, max: 28 }).map((n) => `${String(n).padStart(2, '0')}/Feb/2019:0${n % 10}:00:38 +0000`),
    fc.constantFrom('06/Oct/2019:23:59:59 +0000', '31/Dec/2026:00:00:38 +0200', '30/Nov/1969:00:00:00 +0000'),
    fc.constantFrom(
      '2019-02-06T00:00:38.5Z',
      '06/oct/2019:23:59:59 +0000',
      '29/Feb/2020:23:59:59 +0000',
      '31/Jun/2020:23:59:59 +0000',
    ),
  ),
  hexadecimal: mostly(
    fc.nat().map((n) => n.toString(16)),
    fc.constantFrom('1B', '0x1b', 'fffffffffffff', '1ffffffffffffff'),
  ),
  list: fc.oneof(
    fc.array(fc.constantFrom('waf', 'forward', '10.0.0.1', '-', 'x'), { maxLength: 4 }).map((all) => all.join(',')),
  ),
  addressPort: mostly(
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 99_999 })).map(([ip, port]) => `${ip}:${port}`),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 99_999 })).map(([ip, port]) => `[${ip}]:${port}`),
    fc.tuple(address, fc.constantFrom('', ':', ':-', ':080', ':80', ':x', ':123456')).map(([ip, port]) => ip + port),
    fc.constantFrom('-:80', '[]:80', '[::1]', '[::1', '[::1]x', '::1:80', ':80', 'target:80', 'arn:aws:lambda:x:1'),
  ),
  fitting: fc.constantFrom('v1', 'v2', 'v1', 'v2', 'v3', 'v4', 'v5', 'odd'),
  requestLine: fc
    .tuple(
      fc.constantFrom('GET', 'POST', '-', 'g,t', ''),
      fc.constantFrom('http://', 'https://', 'h2+x://', '://', 'ht!p://', '', '/'),
      fc.constantFrom('www.example.com', '10.0.0.1', '1.2.3', '[::1]', '-', '', 'user:pw@host', 'a b', 'xn--é'),
      fc.constantFrom('', ':443', ':080', ':80-', ':', ':x', ':123456', '-'),
      fc.constantFrom(
        '',
        '/',
        '/a?b=c',
        '?x',
        '/a b?c d?e',
        '/-',
        '/a?',
        '?',
        '/\\x22',
        '/a.b1?c.d',
        '/v1.2',
        '/a%2Eb',
      ),
      fc.constantFrom(' HTTP/1.1', ' HTTP/2.0', ' HTTP/', ' -', '', ' ', ' FTP', '  HTTP/1.0', ' HTTP/1.1 '),
    )
    .map(([method, ...rest]) => `${method} ${rest.join('')}`),
}
const parts = ['method', 'url', 'scheme', 'domain', 'name', 'port', 'path', 'query', 'version', 'extension'] as const
const makers: Record<string, (targets: never[], description: string, options: FieldOptions) => AnyField> = {
  keyword,
  encoded,
  encodedTwice,
  ip,
  long,
  port: long,
  code,
  double,
  epochSeconds,
  epoch,
  iso8601,
  commonLogTime,
  hexadecimal,
  fitting: (targets, description, options) =>
    keyword(targets, description, { ...options, fits: (text) => /^v|^\d+$/.test(text) }),
  list: (targets, description, options) => list(',', targets, description, options),
  addressPort: (targets, description, options) =>
    addressPort(targets.slice(0, -1), targets.slice(-1), description, options),
  requestLine: (targets, description, options) =>
    requestLine(Object.fromEntries(targets.map((target, i) => [parts[i]!, [target]])), description, options),
}
const targetsOf: Record<string, string[][]> = {
  keyword: [['event.action'], ['aws.t.k', 'labels.k'], ['related.hosts[]'], ['source.ip'], []],
  encoded: [['url.path'], ['related.hosts[]', 'aws.t.e'], ['source.ip']],
  encodedTwice: [['user_agent.original'], ['aws.t.twice']],
  ip: [['source.address', 'source.ip', 'related.ip[]'], ['aws.t.ip'], ['related.ip[]'], ['client.address']],
  long: [['source.bytes', 'network.bytes'], ['aws.t.n'], ['http.version'], []],
  port: [['source.port'], []],
  code: [['network.iana_number'], ['aws.t.c', 'labels.c']],
  double: [['aws.t.d'], ['labels.d', 'http.version']],
  epochSeconds: [['@timestamp', 'event.end'], ['event.start', 'aws.t.s'], ['network.bytes']],
  epoch: [
    ['@timestamp', 'event.end'],
    ['event.start', 'aws.t.s'],
  ],
  iso8601: [['@timestamp', 'event.end'], ['event.start', 'labels.time'], []],
  commonLogTime: [['@timestamp', 'labels.time'], ['event.created']],
  hexadecimal: [['aws.t.hex'], ['aws.t.n', 'labels.hex']],
  fitting: [[]],
  list: [['related.hosts[]'], ['related.ip[]', 'aws.t.list[]']],
  addressPort: [
    ['source.address', 'source.ip', 'related.ip[]', 'source.port'],
    ['client.address', 'aws.t.port'],
    ['related.ip[]', 'labels.port'],
  ],
  requestLine: [
    [
      ...['http.request.method', 'url.original', 'url.scheme', 'url.domain', 'related.hosts[]'],
      ...['url.port', 'url.path', 'url.query', 'http.version', 'url.extension'],
    ],
    ['aws.t.method', 'labels.url'],
  ],
}

const column = fc.constantFrom(...Object.keys(makers)).chain((type) =>
  fc.record({
    type: fc.constant(type),
    targets: fc.constantFrom(...targetsOf[type]!),
    constant: fc.option(values[type]!, { freq: 4 }),
    absent: fc.constantFrom(undefined, undefined, undefined, ['-1', 'None']),
  }),
)

export const time = { type: 'epochSeconds', targets: ['@timestamp'], constant: null, absent: undefined }

/** Columns that stand in quotes, where a table names them. */
const isQuoted = (column: number) => column % 3 === 0

const outcome = lookup({ ACCEPT: 'success', REJECT: 'failure', '6': 'six' })

/** A random table of up to ten columns, with derived values over them. */
export function tableOf(
  columns: readonly { type: string; targets: string[]; absent?: readonly string[] | undefined }[],
  {
    delimiter,
    absent,
    quotes = false,
    quoted = false,
    brackets = false,
    headerless = false,
    least = 1,
  }: {
    delimiter: string
    absent: string
    quotes?: boolean
    quoted?: boolean
    brackets?: boolean
    headerless?: boolean
    least?: number
  },
): FormatParser<LogRecord> | undefined {
  const fields = Object.fromEntries(
    columns.map(({ type, targets, absent }, i) => [
      `c${i}`,
      makers[type]!(targets as never[], '', { spelled: [`spelled_${i}`], ...(absent && { absent }) }),
    ]),
  )
  const names = Object.keys(fields)
  const text = (i: number) => names[i % names.length]!
  /** A column of the type, where the table has one. */
  const typed = (type: string, i: number) => {
    const those = names.filter((_, column) => columns[column]!.type === type)
    return those[i % those.length] ?? text(i)
  }
  try {
    return format({
      kind: 't',
      dataset: 'custom.t',
      root: 'aws.t',
      first: [...columns.flatMap(({ targets }) => targets), 'labels.case', 'labels.cased', 'event.action'] as never[],
      constants: {
        'ecs.version': '8.11.0',
        'event.kind': 'event',
        'event.type': ['connection', 'a"b'],
        'labels.ü': 'ü',
      },
      // A column that the header may lack.
      fields: { ...fields, missing: keyword([], '') } as Readonly<Record<string, AnyField>>,
      derived: (derive) => [
        derive('event.outcome', [text(0)], (value) => outcome(String(value))),
        derive('event.type[]', [text(1)], (value) =>
          String(value).length % 3 ? [`x${value}`, 'connection'] : undefined,
        ),
        derive('network.type', [family(text(0)), family(text(2))], (a, b) => (a === b ? a : undefined)),
        derive('custom.sum', [text(0), text(1)], (a, b) => `${a}+${b}`),
        derive('related.hosts[]', [text(3)], (value) => [String(value), ',', 'é']),
        derive(
          'network.community_id',
          [
            optional('missing'),
            ...[typed('ip', 0), text(1), typed('ip', 1), typed('port', 0), typed('port', 1)].map(optional),
            typed('code', 0),
          ],
          communityHash(1),
        ),
        derive('custom.extension', [typed('encoded', 0)], extensionOf as (value: unknown) => string | undefined),
        derive('event.reason', [present(text(1)), optional(text(4)), 'c0'], (has, value) => `${has}${value}`),
        derive('custom.none', [present(text(2)), present('missing')], (...all) => (all[1] ? 'x' : String(all[0]))),
        derive(['custom.two', 'labels.three[]'], [optional('missing'), optional(text(1))], (missing, value) =>
          missing === undefined && value === undefined
            ? undefined
            : { 'custom.two': String(value), 'labels.three': [String(value), 'x'] },
        ),
      ],
      cases: [
        when(text(1), {
          ACCEPT: {
            constants: { 'labels.case': 'accepted', 'event.type': ['connection', 'cased'] },
            fields: {
              c0: epochSeconds(['labels.at'], ''),
              [text(2)]: keyword(['labels.cased', 'related.hosts[]'], ''),
            },
          },
          '/plain': { constants: { 'labels.case': 'plain' }, fields: { [text(3)]: keyword(['labels.cased'], '') } },
          'a%20b': { constants: { 'labels.case': 'encoded' } },
        }),
        when(text(4), { ACCEPT: { constants: { 'event.action': 'by case', 'labels.other': 'x' } } }),
      ],
      encodings: [
        delimited({
          delimiter,
          absent,
          quotes: quotes && quoted ? names.filter((_, i) => isQuoted(i)) : quotes,
          // S3 escapes none, load balancers do.
          escapes: !brackets,
          brackets,
          header: (line) => (line.startsWith('#Fields:') ? line.slice(8).split(delimiter) : undefined),
          ...(headerless && {
            headerless: { fields: Object.keys(fields), least: Math.min(least, columns.length), fits: () => true },
          }),
        }),
      ],
    })
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

export const file = fc.record({
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
  quotes: fc.boolean(),
  /** Whether the table names the columns that stand in quotes. */
  quoted: fc.boolean(),
  brackets: fc.constantFrom(false, false, true),
  headerless: fc.constantFrom(false, false, true),
  least: fc.integer({ min: 1, max: 11 }),
  /** One line in so many has values behind the last column. */
  trailing: fc.constantFrom(3, 20, 1000),
})

/** A line's value as the encoding says that it may stand: in quotes or brackets where it has to, or by chance. */
function wrapped(
  value: string,
  chance: number,
  { delimiter, quotes, brackets, inQuotes }: Record<string, unknown>,
): string {
  // Few lines have it otherwise than the table says.
  if (inQuotes === true && chance > 0) return `"${value}"`
  if (inQuotes === false && chance > 0) return value.replaceAll(delimiter as string, '_')
  const needs = value.includes(delimiter as string)
  if (brackets && (chance === 0 || (needs && !quotes))) return `[${value}]`
  if (quotes && (chance < 4 || needs)) return `"${value}"`
  // Few lines have too many values for it.
  return needs && chance > 0 ? value.replaceAll(delimiter as string, '_') : value
}

/** Rows made with a cheap generator of our own: fast-check's own would cost more than both paths. */
export function makeRows({
  columns,
  delimiter,
  absent,
  seed,
  rows,
  end,
  unknown,
  quotes = false,
  quoted = false,
  brackets = false,
  headerless = false,
  least = columns.length,
  trailing = Number.POSITIVE_INFINITY,
}: {
  columns: readonly { type: string; constant: string | null }[]
  delimiter: string
  absent: string
  seed: number
  rows: number
  end: string
  unknown: readonly string[]
  quotes?: boolean
  quoted?: boolean
  brackets?: boolean
  headerless?: boolean
  least?: number
  trailing?: number
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
  const names = columns.map((_, i) => (seed % 3 === 1 && i % 2 === 1 ? `spelled_${i}` : `c${i}`))
  if (!headerless) names.push(...unknown)
  // Where nothing names the columns, the first line has to be a record.
  const lines = [headerless ? names.map(() => absent).join(delimiter) : `#Fields:${names.join(delimiter)}`]
  for (let row = 0; row < rows; row++) {
    const line = names.map((_, i) => {
      const inQuotes = quotes && quoted ? isQuoted(i) : undefined
      const isDirt = next(40) === 0
      const value = next(9) === 0 ? absent : (samples[i]?.[next(samples[i].length)] ?? 'v')
      return isDirt ? odd[next(odd.length)]! : wrapped(value, next(20), { delimiter, quotes, brackets, inQuotes })
    })
    if (next(60) === 0) line.pop()
    if (headerless && next(3) === 0) line.length = Math.min(line.length, least + next(3))
    if (next(trailing) === 0) line.push(...[absent, '', `"${absent}"`, '""'].slice(next(3), 1 + next(4)))
    if (next(trailing) === 0 && next(5) === 0) line.push(absent, 'trailing', absent)
    lines.push(line.join(delimiter))
  }
  return Buffer.from(lines.join(end) + (seed % 2 ? end : ''))
}
