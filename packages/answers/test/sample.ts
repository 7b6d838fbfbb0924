import type { Question, Store } from '@flowferry/answers'
import {
  type DeadRecord,
  deadIndex,
  deadRecordFormat,
  type Format,
  type FormatParser,
  ingest,
  type LogDocument,
  type Sink,
} from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { random } from '../../../test/support/random.ts'

/** The days of the sample: each has half of it. */
const yesterday = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' }
export const today = { from: '2026-11-22T00:00:00Z', to: '2026-11-23T00:00:00Z' }
export const bothDays = { from: yesterday.from, to: today.to }

const parsers: readonly FormatParser<unknown>[] = [vpcFlow, cloudTrail, cloudFront]
const start = Date.parse(bothDays.from)
const seconds = (Date.parse(bothDays.to) - start) / 1000

function flows(): string {
  const { int, pick, chance } = random(1)
  const names =
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status subnet-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction'
  const addresses = [
    '10.0.0.5',
    '10.0.3.7',
    '10.0.9.12',
    '172.16.4.4',
    '172.40.0.1',
    '198.51.100.24',
    '2001:db8::10',
    '100.64.0.9',
  ]
  const lines = Array.from({ length: 2400 }, (_, n) => {
    const end = Math.floor(start / 1000) + Math.floor((n * seconds) / 2400)
    const eni = `eni-0${int(6)}`
    if (chance(0.05))
      return `11 123456789012 ${eni} - - - - - - - ${end - 60} ${end} - ${pick(['NODATA', 'SKIPDATA'])} subnet-a - - - -`
    const [from, to] = [pick(addresses), pick(addresses)]
    // On the second day a port is rejected that was not before.
    const port = pick(n < 1200 ? [443, 5432, 22] : [443, 5432, 22, 6379])
    const action = port === 6379 || (port === 22 && chance(0.5)) ? 'REJECT' : 'ACCEPT'
    const [packets, bytes] = [1 + int(500), 40 + int(1_000_000)]
    return `11 123456789012 ${eni} ${from} ${to} ${1024 + int(2000)} ${port} 6 ${packets} ${bytes} ${end - 60} ${end} ${action} OK subnet-a ${pick([2, 18, 19, 4])} ${from} ${to} ${pick(['ingress', 'egress'])}`
  })
  const all = [...lines, ...connections(), ...toOutside(), ...datagrams()].map((line) => ({
    line,
    end: Number(line.split(' ')[11]),
  }))
  return `${[names, ...all.sort((a, b) => a.end - b.end).map(({ line }) => line)].join('\n')}\n`
}

interface Leg {
  readonly at: string
  readonly direction: 'ingress' | 'egress'
  readonly from: string
  readonly to: string
  readonly ports: readonly [number, number]
  readonly packets: number
  readonly bytes: number
  readonly flags: number
  /** Seconds since 1970; no two records of the sample have the same. */
  readonly end: number
  readonly action?: 'ACCEPT' | 'REJECT'
  /** @default 6, TCP */
  readonly protocol?: number
}

const legLine = ({ at, direction, from, to, ports, packets, bytes, flags, end, ...rest }: Leg): string => {
  const { action = 'ACCEPT', protocol = 6 } = rest
  return `11 123456789012 ${at} ${from} ${to} ${ports.join(' ')} ${protocol} ${packets} ${bytes} ${end - 50} ${end} ${action} OK subnet-b ${flags} ${from} ${to} ${direction}`
}

/** Connections to services, one every twelve minutes: answered, late, refused, reset, rejected, and without an answer. */
function connections(): string[] {
  const services = ['10.0.0.5', '172.16.4.4', '100.64.0.9', '198.51.100.24', '10.0.9.12']
  return Array.from({ length: 220 }, (_, n) => {
    const second = start / 1000 + n * 720
    const [client, service] = [`10.0.7.${1 + (n % 9)}`, services[n % 5]!]
    const [clientPort, port] = [40_000 + n, n % 8 === 4 ? 22 : n % 3 === 0 ? 443 : 5432]
    const at = (away: number) => second + away
    const ask = { from: client, to: service, ports: [clientPort, port], packets: 3, bytes: 180, flags: 2 } as const
    const leaves: Leg = { ...ask, at: 'eni-0c', direction: 'egress', end: at(1) }
    const arrives: Leg = { ...ask, at: 'eni-05', direction: 'ingress', end: at(2) }
    const back = { from: service, to: client, ports: [port, clientPort], packets: 3, bytes: 200, flags: 18 } as const
    const answer: Leg = { ...back, at: 'eni-05', direction: 'egress', end: at(3) }
    const heard: Leg = { ...back, at: 'eni-0c', direction: 'ingress', end: at(4) }
    switch (n % 8) {
      case 0:
        return [leaves, arrives, answer, heard]
      case 1:
        return [leaves, arrives]
      case 2:
        return [leaves, arrives, { ...answer, flags: 4 }, { ...heard, flags: 5 }]
      case 3:
        return [arrives, { ...answer, end: at(500) }]
      case 4:
        return [leaves, { ...arrives, action: 'REJECT' as const }]
      case 5:
        // The same ports, three hours later: that time nobody answers.
        return [arrives, answer, { ...arrives, end: at(10_806) }]
      case 6:
        return [leaves, arrives, answer, { ...answer, flags: 4, end: at(300) }, { ...heard, flags: 4, end: at(301) }]
      default:
        return [arrives, { ...arrives, end: at(601) }]
    }
  })
    .flat()
    .map(legLine)
}

/** To addresses outside: some of both days, and some of the second alone. */
function toOutside(): string[] {
  return Array.from({ length: 96 }, (_, n) => {
    const second = start / 1000 + n * 1800 + 25
    const [own, other] = [`10.0.8.${n % 4}`, n < 48 ? `203.0.113.${n % 3}` : `203.0.113.${n % 7}`]
    const [ownPort, port] = [50_000 + n, n % 7 === 6 ? 45_000 : n % 2 === 0 ? 443 : 25]
    const sent = { from: own, to: other, ports: [ownPort, port], packets: 10, bytes: 1000 + n, flags: 3 } as const
    const got = { from: other, to: own, ports: [port, ownPort], packets: 20, bytes: 20_000 + n, flags: 19 } as const
    return [
      legLine({ ...sent, at: 'eni-0d', direction: 'egress', end: second }),
      legLine({ ...got, at: 'eni-0d', direction: 'ingress', end: second + 1 }),
    ]
  }).flat()
}

/** Of UDP, whose flags are 0: rejected on the second day alone. */
function datagrams(): string[] {
  return Array.from({ length: 6 }, (_, n) =>
    legLine({
      at: 'eni-0e',
      direction: 'ingress',
      from: `10.0.7.${n % 2}`,
      to: '10.0.8.9',
      ports: [40_000 + n, 53],
      packets: 1,
      bytes: 76,
      flags: 0,
      end: start / 1000 + 86_400 + n * 900 + 37,
      action: 'REJECT',
      protocol: 17,
    }),
  )
}

function calls(): string {
  const { int, pick, chance } = random(2)
  const Records = Array.from({ length: 400 }, (_, n) => {
    const isSignIn = chance(0.2)
    const type = pick(['IAMUser', 'AssumedRole', 'Root'])
    const isDenied = chance(0.3)
    return {
      eventVersion: '1.11',
      userIdentity: {
        type,
        principalId: `A${int(5)}`,
        arn: `arn:aws:iam::123456789012:user/u${int(5)}`,
        accountId: '123456789012',
        userName: `u${int(5)}`,
      },
      eventTime: new Date(start + Math.floor((n * seconds) / 400) * 1000).toISOString().replace('.000', ''),
      eventSource: isSignIn
        ? 'signin.amazonaws.com'
        : pick(['ec2.amazonaws.com', 's3.amazonaws.com', 'route53.amazonaws.com', 'iam.amazonaws.com']),
      eventName: isSignIn ? 'ConsoleLogin' : pick(['AuthorizeSecurityGroupIngress', 'GetObject', 'DeleteRoute']),
      awsRegion: 'eu-central-1',
      sourceIPAddress: pick(['203.0.113.42', 'ec2.amazonaws.com', '10.0.3.7']),
      ...(isDenied && {
        errorCode: pick(['AccessDenied', 'Client.UnauthorizedOperation', 'NoSuchKey']),
        errorMessage: 'no',
      }),
      requestParameters: {
        groupId: `sg-0${int(3)}`,
        ipPermissions: { items: [{ fromPort: 22, toPort: 22 + int(2) }] },
      },
      responseElements: isSignIn ? { ConsoleLogin: isDenied ? 'Failure' : 'Success' } : null,
      ...(isSignIn && {
        additionalEventData: { MFAUsed: pick(['Yes', 'No']), LoginTo: 'https://console.aws.amazon.com' },
      }),
      requestID: `request-${n}`,
      eventID: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      readOnly: chance(0.5),
      eventType: isSignIn ? 'AwsConsoleSignIn' : 'AwsApiCall',
      managementEvent: true,
      resources: [
        { ARN: `arn:aws:s3:::b${int(3)}`, type: 'AWS::S3::Bucket' },
        { ARN: `arn:aws:s3:::b${int(3)}/k`, type: 'AWS::S3::Object' },
      ],
      recipientAccountId: '123456789012',
      eventCategory: 'Management',
    }
  })
  return JSON.stringify({ Records })
}

function requests(): string {
  const { int, pick } = random(3)
  const names =
    'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status x-edge-result-type x-edge-request-id time-taken time-to-first-byte x-edge-detailed-result-type'
  const lines = Array.from({ length: 1500 }, (_, n) => {
    const [date, time] = new Date(start + Math.floor((n * seconds) / 1500) * 1000).toISOString().slice(0, 19).split('T')
    const status = pick([200, 200, 200, 304, 404, 500, 502])
    const result = status >= 400 ? 'Error' : pick(['Hit', 'RefreshHit', 'Miss'])
    const detailed = status === 502 ? pick(['OriginConnectError', 'OriginDnsError']) : result
    const first = (int(5000) / 1000).toFixed(3)
    return [
      date,
      time,
      pick(['FRA56-P4', 'LHR62-C2']),
      100 + int(9000),
      `192.0.2.${int(200)}`,
      'GET',
      'd111111abcdef8.cloudfront.net',
      `/p${int(20)}`,
      status,
      result,
      `request-${n}==`,
      first,
      first,
      detailed,
    ].join('\t')
  })
  return `#Version: 1.0\n#Fields: ${names}\n${lines.join('\n')}\n`
}

const texts = [flows(), calls(), requests()]

/** A document with the time at which it was stored: five to fifteen minutes late. */
function stored(document: LogDocument): LogDocument {
  const time = Date.parse(String(document['@timestamp']))
  const ingested = new Date(time + 300_000 + ((time / 1000) % 601) * 1000).toISOString()
  return { ...document, event: { ...(document.event as object), ingested } }
}

const deadRecords: readonly DeadRecord[] = ['vpcflow', 'vpcflow', 'nginx', 'cloudtrail', 'vpcflow'].map(
  (kind, ordinal) => ({
    fate: 'malformed',
    bucket: 'logs',
    key: 'a.log',
    etag: 'e',
    ordinal,
    id: `a.${ordinal}`,
    kind,
    type: 'MALFORMED',
    reason: 'a line too short',
    time: `2026-11-2${ordinal < 3 ? 2 : 1}T10:00:0${ordinal}.000Z`,
    text: '5 1',
  }),
)

/** Whole documents in the order of their time, with each name of their values. */
export interface Documents {
  readonly flows: readonly LogDocument[]
  readonly calls: readonly LogDocument[]
  readonly requests: readonly LogDocument[]
  readonly dead: readonly DeadRecord[]
}

interface Trail {
  readonly cloudtrail: LogDocument
}

/** The sample under datasets of its own, so that no other test's streams are touched: `<prefix>.vpcflow`. */
export function sampleOf(prefix: string) {
  const rename = (dataset: string): string => dataset.replace(/^(aws|flowferry)/, prefix)
  const datasetOf = (format: Format): string => rename(format.dataset)
  const renamed = <F extends Format>(format: F): F => ({
    ...format,
    dataset: datasetOf(format),
    mapping: { ...format.mapping, 'event.ingested': { type: 'date' } },
  })
  const [flow, trail, front] = parsers.map(({ formats: [format] }) => renamed(format!)) as [Format, Format, Format]
  const write = async (sink: Sink<unknown>, form: 'small' | 'full'): Promise<void> => {
    const own: Sink<unknown> = {
      write: (batch, signal) =>
        sink.write(
          batch.map(({ encoder: _, mapped: __, fields, ...slice }) => {
            const dataset = datasetOf(slice.format)
            const stream = { type: 'logs', dataset, namespace: 'default' }
            return {
              ...slice,
              ...(fields && { fields: new Set([...fields, 'event.ingested']) }),
              format: renamed(slice.format),
              dataStream: `logs-${dataset}-default`,
              document: (index: number): LogDocument => ({ ...stored(slice.document(index)), data_stream: stream }),
            }
          }),
          signal,
        ),
    }
    for (const [index, parser] of parsers.entries()) {
      const source = memorySource(memoryObject({ key: `${index}.log`, body: texts[index]! }))
      const report = await ingest({ source, parser: form === 'full' ? parser.full : parser, sink: own })
      if (report.counts.written !== report.counts.read) throw new Error(JSON.stringify(report))
    }
    await deadIndex(own).write(deadRecords, AbortSignal.timeout(60_000))
  }
  return {
    flow,
    trail,
    front,
    formats: [flow, trail, front],
    dead: renamed(deadRecordFormat),
    fullFormats: parsers.map((parser) => renamed(parser.full.formats[0]!)),
    write,
    /** The question, of the sample's datasets. */
    ofSample: (question: Question): Question => ({
      ...question,
      formats: question.formats.map((one) =>
        typeof one === 'string' ? rename(one) : { ...one, dataset: datasetOf(one) },
      ),
    }),
    /** The store, to which questions of AWS's datasets are of the sample's. */
    asked(store: Store): Store {
      return { ask: (question) => store.ask(this.ofSample(question)) }
    },
    documents: async (): Promise<Documents> => {
      const found = new Map<string, LogDocument[]>([flow, trail, front, deadRecordFormat].map(({ kind }) => [kind, []]))
      const sink: Sink<unknown> = {
        write: async (batch) => {
          for (const { format, length, document } of batch)
            for (let index = 0; index < length; index++) found.get(format.kind)!.push(document(index))
          return {
            slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })),
          }
        },
      }
      await write(sink, 'full')
      const [flows, calls, requests] = [...found.values()] as [LogDocument[], LogDocument[], LogDocument[]]
      // A keyword, which AWS writes as a boolean.
      for (const { aws } of calls) (aws as Trail).cloudtrail.management_event = 'true'
      return { flows, calls, requests, dead: deadRecords }
    },
  }
}
