import { gzipSync } from 'node:zlib'
import type { Random } from './random.ts'

/** A log file as AWS would write it, or nearly. */
export interface LogFile {
  readonly key: string
  readonly body: Buffer
}

const v2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const v5 =
  'region az-id srcaddr pkt-srcaddr dstaddr pkt-dstaddr srcport dstport protocol tcp-flags packets bytes start end action ' +
  'log-status version account-id interface-id vpc-id subnet-id instance-id type flow-direction traffic-path future-field'
const time = 1_795_339_000

/** One in so many lines is malformed, where a file is to have any: below the share that fails an object. */
const malformedEvery = 97

export interface FileOptions {
  readonly records: number
  /** Bytes as they are, gzip, or gzip of several members as CloudFront and others append them. Default gzip. */
  readonly packing?: 'plain' | 'gzip' | 'members'
  readonly malformed?: boolean
}

export function flowFile(random: Random, name: string, fields: 'v2' | 'custom', options: FileOptions): LogFile {
  const address = () => `${random.pick([10, 172, 198])}.${random.int(256)}.${random.int(256)}.${1 + random.int(254)}`
  const line = (n: number) => {
    const start = time + (n % 3000)
    const end = start + 1 + random.int(60)
    const numbers = `${random.int(65536)} ${random.pick([22, 53, 443, 5432, 9200])} ${random.pick([1, 6, 17])}`
    const amount = `${1 + random.int(500)} ${40 + random.int(500_000)} ${start} ${end}`
    const action = random.pick(['ACCEPT', 'ACCEPT', 'REJECT'])
    const eni = `eni-0${(random.int(64) + 0xabc0000).toString(16)}`
    if (n % 211 === 7) {
      if (fields === 'v2') return `2 123456789012 ${eni} - - - - - - - ${start} ${end} - NODATA`
      return `eu-central-1 - - - - - - - - - - - ${start} ${end} - SKIPDATA 5 123456789012 ${eni} - - - - - - -`
    }
    if (fields === 'v2') return `2 123456789012 ${eni} ${address()} ${address()} ${numbers} ${amount} ${action} OK`
    const from = address()
    const to = address()
    // A field that no version has yet, quoted and beyond ASCII now and then.
    const future = n % 301 === 5 ? 'caf\u00e9"' : '-'
    const [sport, dport, protocol] = numbers.split(' ')
    return [
      `eu-central-1 euc1-az2 ${from} ${from} ${to} ${to} ${sport} ${dport} ${protocol} ${random.int(32)} ${amount} ${action}`,
      `OK 5 123456789012 ${eni} vpc-0a1b2c3d subnet-0a1b2c3d - IPv4 ${random.pick(['ingress', 'egress'])} - ${future}`,
    ].join(' ')
  }
  const folder = random.pick([
    'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/22',
    'my logs/a+b \u00fc/aws-service=vpcflowlogs',
  ])
  return linesFile(`${folder}/${name}.log`, fields === 'v2' ? v2 : v5, line, 'no flow at all', options)
}

const cloudFrontHead = [
  '#Version: 1.0',
  '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end',
].join('\n')

export function cloudFrontFile(random: Random, name: string, options: FileOptions): LogFile {
  const line = (n: number) =>
    [
      '2026-11-22',
      `10:${String(n % 60).padStart(2, '0')}:${String(random.int(60)).padStart(2, '0')}`,
      random.pick(['FRA56-P4', 'IAD89-C1', 'NRT20-C3']),
      200 + random.int(90_000),
      random.pick([`192.0.2.${random.int(255)}`, `2001:db8::${random.int(65536).toString(16)}`]),
      random.pick(['GET', 'GET', 'POST', 'HEAD']),
      'd111111abcdef8.cloudfront.net',
      random.pick(['/', '/assets/app.js', `/item/${random.int(500)}`, '/caf%25C3%25A9']),
      random.pick([200, 200, 304, 403, 502]),
      random.pick(['-', 'https://www.example.com/search?q=red%2520shoes']),
      random.pick(['curl/8.7.1', 'Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)', 'odd%22agent%5C']),
      random.pick(['-', `page=${random.int(20)}`]),
      '-\tHit',
      `${name.replace(/\W/g, '')}${n}==`,
      'www.example.com\thttps',
      30 + random.int(1500),
      `0.00${1 + random.int(9)}`,
      '-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-',
      1024 + random.int(60_000),
      '0.001\tHit\ttext/html',
      random.int(90_000),
      '-\t-',
    ].join('\t')
  return linesFile(`cdn/E2EXAMPLE12345.2026-11-22-10.${name}`, cloudFrontHead, line, 'too\tfew', options)
}

function linesFile(
  key: string,
  head: string,
  line: (n: number) => string,
  bad: string,
  { records, packing = 'gzip', malformed = false }: FileOptions,
): LogFile {
  const lines = Array.from({ length: records }, (_, n) => (malformed && n % malformedEvery === 50 ? bad : line(n)))
  return packed(key, `${head}\n${lines.join('\n')}\n`, packing)
}

/** CloudTrail with what makes it hard: no id, no address, free-form parts, insights, text beyond ASCII. */
export function cloudTrailFile(random: Random, name: string, { records, packing = 'gzip' }: FileOptions): LogFile {
  const hex = (digits: number) => Array.from({ length: digits }, () => random.int(16).toString(16)).join('')
  const record = (n: number) => ({
    eventVersion: '1.11',
    userIdentity: random.pick<object>([
      { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' },
      {
        type: 'IAMUser',
        principalId: 'AIDAEXAMPLE',
        arn: 'arn:aws:iam::123456789012:user/z\u00fcrich',
        userName: 'z\u00fcrich',
      },
      { type: 'AssumedRole', sessionContext: { sessionIssuer: { type: 'Role', userName: 'app' }, attributes: {} } },
    ]),
    ...(n % 89 !== 3 && { eventTime: new Date((time + n) * 1000).toISOString().replace('.000', '') }),
    eventSource: random.pick(['s3.amazonaws.com', 'ec2.amazonaws.com', 'sts.amazonaws.com']),
    eventName: random.pick(['GetObject', 'RunInstances', 'AssumeRole']),
    awsRegion: 'eu-central-1',
    sourceIPAddress: random.pick(['203.0.113.42', '2001:db8::1', 'ec2.amazonaws.com', 'AWS Internal']),
    userAgent: 'aws-cli/2.17.20',
    ...(n % 13 === 2 && { errorCode: 'AccessDenied', errorMessage: 'not authorized: "*" \ud83d\ude80' }),
    requestParameters: random.pick<unknown>([
      null,
      { bucketName: 'logs', key: `part-${n}` },
      { source: 'text' },
      { source: { nested: [1, 2.5, { deep: true }] }, items: [] },
      { __proto__x: 1, constructor: 'odd', 'a.b': 'dotted' },
    ]),
    responseElements: random.pick<unknown>([null, { instancesSet: { items: [{ instanceId: `i-${hex(8)}` }] } }]),
    // Without one, the identity is the record's place in its file.
    ...(n % 31 !== 4 && { eventID: `${hex(8)}-${hex(4)}-4${hex(3)}-b${hex(3)}-${hex(12)}` }),
    readOnly: random.chance(0.5),
    eventType: 'AwsApiCall',
    recipientAccountId: '123456789012',
    eventCategory: 'Management',
  })
  const Records = Array.from({ length: records }, (_, n) => (n % 401 === 11 ? 17 : record(n)))
  const key = `AWSLogs/o-a1b2c3d4e5/123456789012/CloudTrail/eu-central-1/2026/11/22/${name}.json`
  return packed(key, JSON.stringify({ Records }), packing)
}

function packed(key: string, text: string, packing: FileOptions['packing']): LogFile {
  const body = Buffer.from(text)
  if (packing === 'plain') return { key, body }
  if (packing === 'gzip') return { key: `${key}.gz`, body: gzipSync(body) }
  const third = Math.ceil(body.length / 3)
  const members = [0, 1, 2].map((n) => gzipSync(body.subarray(n * third, (n + 1) * third)))
  return { key: `${key}.gz`, body: Buffer.concat(members) }
}

/**
 * A CloudTrail file of 500 MB, most of them indentation, so that it is large to read and not to index. Its records have
 * no id of their own: each is told from the others by its place alone. Repeated gzip members make it in a moment.
 */
export function bigTrail(account: string) {
  const repeats = 25
  const perPart = 1600
  const items = Array.from({ length: 22 }, () => ({ valueSet: { items: [{ value: { id: 7 } }] } }))
  const record = (n: number) => ({
    eventVersion: '1.11',
    eventTime: new Date((time + n) * 1000).toISOString().replace('.000', ''),
    eventSource: 'ec2.amazonaws.com',
    eventName: 'DescribeInstances',
    awsRegion: 'us-east-1',
    sourceIPAddress: '203.0.113.42',
    recipientAccountId: account,
    requestParameters: { maxResults: n, filterSet: { items } },
  })
  const part = Array.from({ length: perPart }, (_, n) => JSON.stringify(record(n), null, 7)).join(',\n')
  const first = gzipSync(`{"Records":[${part}`, { level: 1 })
  const rest = gzipSync(`,\n${part}`, { level: 1 })
  const body = Buffer.concat([first, ...Array.from({ length: repeats - 1 }, () => rest), gzipSync(']}')])
  const key = `AWSLogs/${account}/CloudTrail/us-east-1/2026/11/22/${account}_CloudTrail_us-east-1_20261122T1015Z_big.json.gz`
  return { key, body, records: repeats * perPart, megabytes: Math.round((repeats * part.length) / 1e6) }
}
