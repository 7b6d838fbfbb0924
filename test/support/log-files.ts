import { gzipSync } from 'node:zlib'
import type { Random } from './random.ts'

/** What a writer chose for one record, by AWS's own names: texts and numbers as they mean, times in ISO 8601. */
export type Values = Readonly<Record<string, unknown>>

/** A log file as AWS would write it, or nearly, and what its writer knows of it. */
export interface LogFile {
  readonly key: string
  readonly body: Buffer
  readonly dataset: 'aws.vpcflow' | 'aws.cloudtrail' | 'aws.cloudfront_logs'
  /** Account or domain that each of its records names. */
  readonly origin: string
  /** Account whose directory it lies in, of CloudTrail; null in none. */
  readonly owner: string | null
  /** One for each place of a record, in order; undefined is malformed. */
  readonly records: readonly (Values | undefined)[]
}

const v2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const v5 =
  'region az-id srcaddr pkt-srcaddr dstaddr pkt-dstaddr srcport dstport protocol tcp-flags packets bytes start end action ' +
  'log-status version account-id interface-id vpc-id subnet-id instance-id type flow-direction traffic-path future-field'
const time = 1_795_339_000

/** One in so many lines is malformed, where a file is to have any: below the share that fails an object. */
const malformedEvery = 97
/** One in so many repeats the line before it. */
const repeatedEvery = 53

export interface FileOptions {
  readonly records: number
  /** Bytes as they are, gzip, or gzip of several members as CloudFront and others append them. Default gzip. */
  readonly packing?: 'plain' | 'gzip' | 'members'
  readonly malformed?: boolean
  /** Of flow logs and CloudTrail. Default 123456789012. */
  readonly account?: string
}

const someAccount = '123456789012'
const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

export function flowFile(random: Random, name: string, fields: 'v2' | 'custom', options: FileOptions): LogFile {
  const { account = someAccount } = options
  const columns = (fields === 'v2' ? v2 : v5).split(' ')
  const address = () => `${random.pick([10, 172, 198])}.${random.int(256)}.${random.int(256)}.${1 + random.int(254)}`
  const record = (n: number): Line => {
    const start = time + (n % 3000)
    const end = start + 1 + random.int(60)
    const always = { 'account-id': account, 'interface-id': `eni-0${(random.int(64) + 0xabc0000).toString(16)}` }
    const region = { region: 'eu-central-1' }
    const from = address()
    const to = address()
    const flow = {
      ...always,
      srcaddr: from,
      dstaddr: to,
      srcport: random.int(65536),
      dstport: random.pick([22, 53, 443, 5432, 9200]),
      protocol: random.pick(['1', '6', '17']),
      packets: 1 + random.int(500),
      bytes: 40 + random.int(500_000),
      action: random.pick(['ACCEPT', 'ACCEPT', 'REJECT']),
      'log-status': 'OK',
    }
    const more = {
      ...region,
      'az-id': 'euc1-az2',
      'pkt-srcaddr': from,
      'pkt-dstaddr': to,
      'tcp-flags': String(random.int(32)),
      'vpc-id': 'vpc-0a1b2c3d',
      'subnet-id': 'subnet-0a1b2c3d',
      type: 'IPv4',
      'flow-direction': random.pick(['ingress', 'egress']),
      // A field that no version has yet, quoted and beyond ASCII now and then.
      ...(n % 301 === 5 && { 'future-field': 'caf\u00e9"' }),
    }
    const chosen: Values =
      n % 211 === 7
        ? { ...always, ...(fields === 'custom' && region), 'log-status': fields === 'v2' ? 'NODATA' : 'SKIPDATA' }
        : { ...flow, ...(fields === 'custom' && more) }
    const version = fields === 'v2' ? '2' : '5'
    const written: Values = { ...chosen, version, start, end }
    return {
      text: columns.map((column) => written[column] ?? '-').join(' '),
      values: { ...chosen, version, start: iso(start), end: iso(end) },
    }
  }
  const folder = random.pick([
    `AWSLogs/${account}/vpcflowlogs/eu-central-1/2026/11/22`,
    'my logs/a+b \u00fc/aws-service=vpcflowlogs',
  ])
  const { body, records, end } = linesFile(columns.join(' '), record, 'no flow at all', options)
  return { key: `${folder}/${name}.log${end}`, body, dataset: 'aws.vpcflow', origin: account, owner: null, records }
}

const cloudFrontHead = [
  '#Version: 1.0',
  '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end',
].join('\n')

export function cloudFrontFile(random: Random, name: string, options: FileOptions): LogFile {
  const domain = `d${random.int(2 ** 31).toString(36)}.cloudfront.net`
  const record = (n: number): Line => {
    const clock = `10:${String(n % 60).padStart(2, '0')}:${String(random.int(60)).padStart(2, '0')}`
    const milliseconds = 1 + random.int(9)
    // Each as CloudFront encodes it, and as it means.
    const [path, pathMeant] = random.pick([
      ['/', '/'],
      ['/assets/app.js', '/assets/app.js'],
      [`/item/${random.int(500)}`],
      ['/caf%25C3%25A9', '/caf%C3%A9'],
    ])
    const [referrer, referrerMeant] = random.pick([
      ['-'],
      ['https://www.example.com/search?q=red%2520shoes', 'https://www.example.com/search?q=red%20shoes'],
    ])
    const [agent, agentMeant] = random.pick([
      ['curl/8.7.1', 'curl/8.7.1'],
      ['Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'],
      ['odd%22agent%5C', 'odd"agent\\'],
    ])
    const query = random.pick([undefined, `page=${random.int(20)}`])
    const values = {
      time: `2026-11-22T${clock}.000Z`,
      'x-edge-location': random.pick(['FRA56-P4', 'IAD89-C1', 'NRT20-C3']),
      'sc-bytes': 200 + random.int(90_000),
      'c-ip': random.pick([`192.0.2.${random.int(255)}`, `2001:db8::${(1 + random.int(65535)).toString(16)}`]),
      'cs-method': random.pick(['GET', 'GET', 'POST', 'HEAD']),
      'cs(Host)': domain,
      'cs-uri-stem': pathMeant ?? path,
      'sc-status': random.pick([200, 200, 304, 403, 502]),
      'cs(Referer)': referrerMeant,
      'cs(User-Agent)': agentMeant,
      'cs-uri-query': query,
      'x-edge-request-id': `${name.replace(/\W/g, '')}${n}==`,
      'cs-bytes': 30 + random.int(1500),
      'time-taken': milliseconds * 1e6,
      'c-port': 1024 + random.int(60_000),
      'sc-content-len': random.int(90_000),
    }
    const text = [
      `2026-11-22\t${clock}`,
      values['x-edge-location'],
      values['sc-bytes'],
      values['c-ip'],
      values['cs-method'],
      domain,
      path,
      values['sc-status'],
      referrer,
      agent,
      query ?? '-',
      '-\tHit',
      values['x-edge-request-id'],
      'www.example.com\thttps',
      values['cs-bytes'],
      `0.00${milliseconds}`,
      '-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-',
      values['c-port'],
      '0.001\tHit\ttext/html',
      values['sc-content-len'],
      '-\t-',
    ].join('\t')
    return { text, values }
  }
  const { body, records, end } = linesFile(cloudFrontHead, record, 'too\tfew', options)
  const key = `cdn/E2EXAMPLE12345.2026-11-22-10.${name}${end}`
  return { key, body, dataset: 'aws.cloudfront_logs', origin: domain, owner: null, records }
}

interface Line {
  readonly text: string
  readonly values: Values | undefined
}

function linesFile(
  head: string,
  record: (n: number) => Line,
  bad: string,
  { records, packing = 'gzip', malformed = false }: FileOptions,
) {
  const lines: Line[] = []
  for (let n = 0; n < records; n++) {
    const before = lines.at(-1)
    if (malformed && n % malformedEvery === 50) lines.push({ text: bad, values: undefined })
    else lines.push(n % repeatedEvery === 9 && before?.values ? before : record(n))
  }
  const text = `${head}\n${lines.map((line) => line.text).join('\n')}\n`
  return { ...packed(text, packing), records: lines.map(({ values }) => values) }
}

/** CloudTrail with what makes it hard: no id, no address, free-form parts, insights, text beyond ASCII. */
export function cloudTrailFile(random: Random, name: string, options: FileOptions): LogFile {
  const { records, packing = 'gzip', account = someAccount } = options
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
    ...(n % 89 !== 3 && { eventTime: iso(time + n).replace('.000', '') }),
    eventSource: random.pick(['s3.amazonaws.com', 'ec2.amazonaws.com', 'sts.amazonaws.com']),
    eventName: random.pick(['GetObject', 'RunInstances', 'AssumeRole']),
    awsRegion: random.pick(['eu-central-1', 'us-east-1']),
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
    requestID: hex(16),
    // Without one, the identity is the record's place in its file.
    ...(n % 31 !== 4 && { eventID: `${hex(8)}-${hex(4)}-4${hex(3)}-b${hex(3)}-${hex(12)}` }),
    readOnly: random.chance(0.5),
    eventType: 'AwsApiCall',
    recipientAccountId: account,
    eventCategory: 'Management',
  })
  const Records: (ReturnType<typeof record> | number)[] = []
  for (let n = 0; n < records; n++) {
    const before = Records.at(-1)
    // Repeated: some with an id, which are one event, and some without.
    const again = typeof before === 'object' && (n % repeatedEvery === 9 || n % 310 === 5)
    Records.push(n % 401 === 11 ? 17 : again ? before : record(n))
  }
  const folder = `AWSLogs/o-a1b2c3d4e5/${account}/CloudTrail/eu-central-1/2026/11/22`
  const { body, end } = packed(JSON.stringify({ Records }), packing)
  return {
    key: `${folder}/${name}.json${end}`,
    body,
    dataset: 'aws.cloudtrail',
    origin: account,
    owner: account,
    records: Records.map((event) => {
      if (typeof event === 'number') return undefined
      const { eventTime, ...rest } = event
      return { ...rest, ...(eventTime && { eventTime: eventTime.replace('Z', '.000Z') }) }
    }),
  }
}

/** The same bytes under another key, or in another bucket. */
export function twin(file: LogFile, key: string, owner = file.owner): LogFile {
  return { ...file, key, owner }
}

function packed(text: string, packing: FileOptions['packing']) {
  const body = Buffer.from(text)
  if (packing === 'plain') return { body, end: '' }
  if (packing === 'gzip') return { body: gzipSync(body), end: '.gz' }
  const third = Math.ceil(body.length / 3)
  const members = [0, 1, 2].map((n) => gzipSync(body.subarray(n * third, (n + 1) * third)))
  return { body: Buffer.concat(members), end: '.gz' }
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
