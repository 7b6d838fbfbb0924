import { describe, expect, test } from 'vitest'
import { albAccess } from '../../formats/alb.ts'
import { s3Access } from '../../formats/s3-access.ts'
import { keyword, long } from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { collect, memoryObject } from '../../testing/index.ts'
import { delimited } from './delimited.ts'

const s3 = ({ request = 'GET /a HTTP/1.1', referrer = '-', agent = 'curl/8', auth = 'SigV4 TLS_A AuthHeader' } = {}) =>
  `owner shop [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT a "${request}" 200 - 5 5 7 6 "${referrer}" "${agent}" - host= ${auth} shop.s3.eu-central-1.amazonaws.com TLSv1.3 - - eu-central-1`

/** The 34 fields of today, or as many of them. */
const alb = ({ request = 'GET https://a.example:443/ HTTP/1.1', agent = 'curl/8', domain = 'a.example' } = {}) =>
  `https 2026-11-30T09:00:00.186641Z app/lb/50dc6c495c0c9188 192.0.2.7:2817 - -1 -1 -1 502 - 34 366 "${request}" "${agent}" TLS_A TLSv1.3 arn:tg "Root=1" "${domain}" "-" 0 2026-11-30T09:00:00.100000Z "forward" "-" "-" "-" "-" "-" "-" TID_1 "-" "-" "-" 198.51.100.4`

type Any = Record<string, unknown>

/** The record of a line that stands behind one without anything odd, or what is wrong with it. */
async function readBehind(parser: typeof s3Access | typeof albAccess, ordinary: string, line: string) {
  const body = `${ordinary}\n${line}\n`
  const { records, malformed } = await collect(parser as typeof s3Access, memoryObject({ key: 'a', body }))
  expect(records.length + malformed.length).toBe(2)
  return (records[1] as Any | undefined) ?? malformed[0]!.reason
}
const readS3 = (line: string) => readBehind(s3Access, s3(), line)
const readAlb = (line: string) => readBehind(albAccess, alb(), line)

const told = 'quotes within a value: where it ends cannot be told'

describe('S3 escapes no quote', () => {
  test.each([
    ['values between', { agent: 'x" - - - "y' }],
    ['a value', { agent: 'x" "y' }],
    ['four values, without authentication', { agent: 'x" - - - "y', auth: '- TLS_A -' }],
    ['as many values as the log has behind', { agent: `x" ${'- '.repeat(9)}"y` }],
    ['the values of a whole line', { agent: s3() }],
    ['numbers where the status stands', { referrer: 'x" 404 - 1 1 1 1 "y' }],
    ['a backslash', { agent: 'x\\', referrer: 'y\\' }],
    ['one quote', { agent: 'x" y', referrer: '"' }],
  ])('a client that sends %s shifts no column', async (_, sent) => {
    const { referrer = '-', agent = 'curl/8' } = sent as { referrer?: string; agent?: string }
    expect(await readS3(s3(sent))).toMatchObject({
      ...(referrer !== '-' && { referrer }),
      http_status: 200,
      user_agent: agent,
      request_uri: 'GET /a HTTP/1.1',
      host_id: 'host=',
      host_header: 'shop.s3.eu-central-1.amazonaws.com',
      source_region: 'eu-central-1',
    })
  })

  test('where referrer and agent part is the client’s word: the first ends as early as it may', async () => {
    const { referrer, user_agent, host_id } = (await readS3(s3({ referrer: 'a" "b', agent: 'c' }))) as Any
    expect([referrer, user_agent, host_id]).toEqual(['a', 'b" "c', 'host='])
  })

  test('a request that is a line of its own is told, and not guessed', async () => {
    expect(await readS3(s3({ request: 'GET /" 200 - 5 5 7 6 "r HTTP/1.1', referrer: 'x' }))).toBe(told)
  })

  test('a field in quotes that AWS adds is kept', async () => {
    const { records, unknownFields } = await collect(s3Access, memoryObject({ key: 'a', body: `${s3()} "new one"\n` }))
    expect(records[0]).toMatchObject({ user_agent: 'curl/8', field_28: 'new one' })
    expect(unknownFields).toEqual({ field_28: 1 })
  })
})

describe('a load balancer escapes quotes, and no page says whether a backslash', () => {
  const behind = {
    ssl_cipher: 'TLS_A',
    trace_id: 'Root=1',
    request_creation_time: '2026-11-30T09:00:00.100Z',
    actions_executed: ['forward'],
    conn_trace_id: 'TID_1',
    ip_address: '198.51.100.4',
  }
  test.each(['curl\\', 'Mozilla \\"Tab 10\\" x', '\\', '\\\\', 'a\\" b\\'])('an agent %s', async (agent) =>
    expect(await readAlb(alb({ agent }))).toMatchObject({ user_agent: agent, domain_name: 'a.example', ...behind }),
  )
  test('a server name with a backslash at its end', async () =>
    expect(await readAlb(alb({ domain: 'x\\' }))).toMatchObject({ domain_name: 'x\\', ...behind }))
  test('a request that is none', async () =>
    expect(await readAlb(alb({ request: '- http://a.example:80- -', agent: 'x\\' }))).toMatchObject({
      request: '- http://a.example:80- -',
      user_agent: 'x\\',
      ...behind,
    }))
  test('a line of 29 fields, and one cut at its end', async () => {
    const short = (agent: string) => alb({ agent }).split(' TID_1')[0]!
    expect(await readAlb(short('x\\'))).toMatchObject({ user_agent: 'x\\', actions_executed: ['forward'] })
    expect(await readAlb(short('x\\').slice(0, -12))).toMatch(/values where the layout has 29 or more|cannot be told/)
  })
  test('where AWS writes other fields in quotes than it says, a line without a backslash is read', async () => {
    const line = alb().replace(' TLSv1.3 ', ' "TLSv1.3" ')
    expect(await readAlb(line)).toMatchObject({ ssl_protocol: 'TLSv1.3', ...behind })
    expect(await readAlb(line.replace('curl/8', 'x\\'))).toBe(told)
  })
})

test('a line of as many quotes as fit is looked at so often, and no more', async () => {
  // Every pair of its quotes would be 10^10 steps.
  expect(await readS3(s3({ agent: '" '.repeat(100_000) + '"" "'.repeat(100_000) }))).toBe(told)
})

test('names of fields that the table does not have are refused', () => {
  const make = (quotes: readonly string[]) =>
    format({
      kind: 't',
      dataset: 'custom.t',
      root: 'custom.t',
      constants: {},
      fields: { a: keyword(['custom.t.a'], ''), n: long(['custom.t.n'], '') },
      encodings: [delimited({ delimiter: ' ', quotes })],
    })
  expect(() => make(['b'])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => make([])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
