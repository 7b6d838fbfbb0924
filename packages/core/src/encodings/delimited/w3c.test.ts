import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FlowferryError } from '../../errors.ts'
import { cloudFront } from '../../formats/cloudfront.ts'
import { collect, memoryObject } from '../../testing/index.ts'
import type { Parser } from '../../types.ts'

const delimiters = ['\t', ' ', ',', ';', '|']
const claim = (text: string, key = 'k') => cloudFront.claims({ bucket: 'b', key, stored: Buffer.from(text), text })
const documentsOf = async (body: string, chunkBytes = 1 << 16, parser: Parser<unknown> = cloudFront) =>
  (await collect(parser, memoryObject({ key: 'k', body, chunkBytes }))).documents

/** CloudFront's names in their spellings, with values of which none holds a delimiter, in the order of the file. */
const columns = [
  { spelled: ['timestamp'], values: ['1763806542', '1763806543', '-'] },
  { spelled: ['c-ip', 'c_ip'], values: ['192.0.2.1', '2001:db8::1', '-'] },
  { spelled: ['cs(Host)', 'cs_host', 'cs-host'], values: ['a.example', 'b.example', '-'] },
  { spelled: ['cs-method', 'cs_method'], values: ['GET', 'POST', '-'] },
  { spelled: ['cs-uri-stem', 'cs_uri_stem'], values: ['/caf%C3%A9', '/a%2520b', '-'] },
  { spelled: ['sc-status', 'sc_status'], values: ['200', '000', '-'] },
  { spelled: ['time-taken', 'time_taken'], values: ['0.001', '12.5', '-'] },
  { spelled: ['x-edge-location', 'x_edge_location'], values: ['FRA56-P4', 'SFO53-P7', '-'] },
  { spelled: ['future-field'], values: ['a', 'b', '-'] },
]

const files = fc.record({
  order: fc.shuffledSubarray(
    columns.map((_, i) => i),
    { minLength: 3 },
  ),
  seed: fc.nat(),
  rows: fc.integer({ min: 1, max: 6 }),
})

/** A file of these columns as one delivery writes it. */
function fileOf(
  { order, seed, rows }: { order: readonly number[]; seed: number; rows: number },
  {
    delimiter = '\t',
    spelling = 0,
    end = '\n',
    bom = '',
    last = true,
    repeated = false,
    version = false,
    quoted = false,
    between = ' ',
  },
) {
  const names = order.map((i) => columns[i]!.spelled[spelling % columns[i]!.spelled.length]!)
  const header = [...(version ? ['#Version: 1.0'] : []), `#Fields: ${names.join(between)}`]
  const lines = Array.from({ length: rows }, (_, row) => {
    const texts = order.map((i) => columns[i]!.values[(seed + row * (i + 1)) % 3]!)
    return texts.map((text, i) => (quoted && (i + row) % 3 === 0 ? `"${text}"` : text)).join(delimiter)
  })
  const all = [...header, ...lines.flatMap((line, i) => (repeated && i > 0 ? [...header, line] : [line]))]
  return bom + all.join(end) + (last ? end : '')
}

describe('w3c', () => {
  test('one log in any order, spelling, delimiter and line end gives one set of documents', async () => {
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.record({
          delimiter: fc.constantFrom(...delimiters),
          spelling: fc.nat(2),
          end: fc.constantFrom('\n', '\r\n'),
          bom: fc.constantFrom('', '\ufeff'),
          last: fc.boolean(),
          repeated: fc.boolean(),
          version: fc.boolean(),
          quoted: fc.boolean(),
          header: fc.boolean(),
        }),
        fc.constantFrom(1, 7, 1 << 16),
        async (file, { header, quoted, ...delivery }, chunkBytes) => {
          const plain = await documentsOf(fileOf(file, {}))
          expect(plain).toHaveLength(file.rows)
          const between = header && delivery.delimiter !== ' ' ? delivery.delimiter : ' '
          const other = fileOf(file, { ...delivery, between, quoted: quoted && delivery.delimiter !== '\t' })
          expect(await documentsOf(other, chunkBytes)).toEqual(plain)
        },
      ),
      { numRuns: 200 },
    )
  })

  test.each(delimiters)('what has %j between its values and no header needs the names alone', async (delimiter) => {
    const names = ['timestamp(ms)', 'c-ip', 'sc-status', 'cs(User-Agent)']
    const rows = ['1763806542492 192.0.2.1 200 curl/8', '1763806542493 2001:db8::1 404 -']
    const body = rows.map((row) => `${row.split(' ').join(delimiter)}\n`).join('')
    const documents = await documentsOf(body, 3, cloudFront.withFields(names))
    expect(documents.map(({ '@timestamp': time, http }) => [time, http])).toEqual([
      ['2025-11-22T10:15:42.492Z', { response: { status_code: 200 } }],
      ['2025-11-22T10:15:42.493Z', { response: { status_code: 404 } }],
    ])
  })

  test('a value in quotes may hold the delimiter', async () => {
    const body =
      '#Fields: timestamp c-ip cs(User-Agent)\n1763806542,192.0.2.1,"Mozilla/5.0%20(KHTML,%20like%20Gecko)"\n'
    expect(await documentsOf(body)).toMatchObject([{ user_agent: { original: 'Mozilla/5.0 (KHTML, like Gecko)' } }])
  })

  test('a later line tells the delimiter where the first does not, and where none does, an error', async () => {
    const begin = '#Fields: c-ip cs-uri-stem\n192.0.2.1,/a;b\n'
    await expect(documentsOf(begin)).rejects.toMatchObject({
      code: 'FORMAT_MISMATCH',
      message: expect.stringMatching(/By "," and by ";"/),
    })
    await expect(documentsOf(begin)).rejects.toBeInstanceOf(FlowferryError)
    expect(await documentsOf(`${begin}192.0.2.2,/c\n`)).toMatchObject([
      { url: { path: '/a;b' } },
      { url: { path: '/c' } },
    ])
  })

  test('one name takes a line whole', async () =>
    expect(await documentsOf('#Fields: cs-uri-stem\n/a,b|c;d e\n')).toMatchObject([{ url: { path: '/a,b|c;d e' } }]))

  test.each([
    ['#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method cs-uri-stem\n'],
    ['#Fields: date time c-ip cs-method s-port\n'],
    ['#Fields: timestamp\n'],
    ['#Fields: date time\n'],
    ['#Fields: timestamp c-ip one two three\n'],
    ['#Fields:\n'],
    ['#Version: 1.0\n'],
  ])('does not claim %j', (text) => expect(claim(text)).toBeUndefined())

  test('a header of others in the folder is claimed by the key', () => {
    expect(claim('#Fields: timestamp one two\n', 'AWSLogs/123456789012/CloudFront/x')).toBe('key')
    expect(claim('#Fields: timestamp c-ip one\n')).toBe('content')
    expect(claim('#Fields: x-edge-location c-ip one\n')).toBe('content')
    expect(claim('#Fields: date time c-ip sc-status\n')).toBe('content')
  })
})
