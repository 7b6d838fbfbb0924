/** Log files as AWS writes them: names, times of delivery, text, gzip. */
import { gzipSync } from 'node:zlib'
import type { Random } from '../support/random.ts'
import { hex } from './ids.ts'
import type { FlowRecord } from './windows.ts'

export interface WorldFile {
  readonly key: string
  /** Gzip. */
  readonly body: Buffer
  readonly lastModified: Date
}

export interface Owner {
  readonly account: string
  readonly region: string
}

/** AWS's default fields, after the version, which is the highest of any field. https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html */
const version2 = [
  ...['account-id', 'interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'packets'],
  ...['bytes', 'start', 'end', 'action', 'log-status'],
]
const version11 = [
  ...version2,
  ...['vpc-id', 'subnet-id', 'instance-id', 'tcp-flags', 'type', 'pkt-srcaddr', 'pkt-dstaddr', 'region', 'az-id'],
  ...['sublocation-type', 'sublocation-id', 'pkt-src-aws-service', 'pkt-dst-aws-service', 'flow-direction'],
  ...['traffic-path', 'reject-reason', 'resource-id', 'encryption-status', 'interface-type', 'next-hop-interface-id'],
  ...['next-hop-subnet-id', 'next-hop-az-id', 'next-hop-vpc-id', 'next-hop-interface-type'],
]
const transit = [
  ...['resource-type', 'account-id', 'tgw-id', 'tgw-attachment-id', 'tgw-src-vpc-account-id'],
  ...['tgw-dst-vpc-account-id', 'tgw-src-vpc-id', 'tgw-dst-vpc-id', 'tgw-src-subnet-id', 'tgw-dst-subnet-id'],
  ...['tgw-src-eni', 'tgw-dst-eni', 'tgw-src-az-id', 'tgw-dst-az-id', 'tgw-pair-attachment-id', 'srcaddr', 'dstaddr'],
  ...['srcport', 'dstport', 'protocol', 'packets', 'bytes', 'start', 'end', 'log-status', 'type'],
  ...['packets-lost-no-route', 'packets-lost-blackhole', 'packets-lost-mtu-exceeded', 'packets-lost-ttl-expired'],
  ...['tcp-flags', 'region', 'flow-direction', 'pkt-src-aws-service', 'pkt-dst-aws-service'],
]

const layouts = {
  2: { version: 2, fields: version2 },
  11: { version: 11, fields: version11 },
  transit: { version: 6, fields: transit },
}

const publishing = 300

export interface FlowLogFiles {
  /** `fl-…`; it stands in the files' names. */
  readonly id: string
  /** `${version} ${account-id} …` */
  readonly format: string
  readonly files: readonly WorldFile[]
}

/**
 * A flow log's files, one for each five minutes of publishing. Records come some minutes after their window, and those
 * of one window in twelve late by up to 45 minutes.
 */
export function flowLogFiles(
  draw: Random,
  owner: Owner,
  layout: keyof typeof layouts,
  records: readonly FlowRecord[],
): FlowLogFiles {
  const id = `fl-0${hex(draw, 16)}`
  const format = ['version', ...layouts[layout].fields].map((field) => `\${${field}}`).join(' ')
  return { id, format, files: filesOf(draw, owner, layout, id, records) }
}

function filesOf(
  draw: Random,
  { account, region }: Owner,
  layout: keyof typeof layouts,
  flowLog: string,
  records: readonly FlowRecord[],
): WorldFile[] {
  const { version, fields } = layouts[layout]
  const delays = new Map<number, number>()
  const files = new Map<number, string[]>()
  for (const { values, shared, due } of records) {
    const window = Math.floor(due / publishing)
    const delay = delays.get(window) ?? 60 + draw.int(400) + (draw.chance(1 / 12) ? 900 + draw.int(1800) : 0)
    delays.set(window, delay)
    const published = Math.floor((due + delay) / publishing) * publishing
    const line = `${version} ${fields.map((field) => values[field] ?? shared[field] ?? '-').join(' ')}`
    const lines = files.get(published)
    if (lines) lines.push(line)
    else files.set(published, [line])
  }
  return [...files].map(([published, lines]) => ({
    key: `AWSLogs/${account}/vpcflowlogs/${region}/${day(published)}/${account}_vpcflowlogs_${region}_${flowLog}_${stamp(published)}_${hex(draw, 8)}.log.gz`,
    body: gzipSync(`version ${fields.join(' ')}\n${draw.shuffle(lines).join('\n')}\n`),
    lastModified: new Date((published + publishing + draw.int(30)) * 1000),
  }))
}

/** A trail's files: each five minutes' events, about five minutes later. */
export function trailFiles(
  draw: Random,
  { account }: Owner,
  events: readonly { readonly eventTime: string; readonly awsRegion: string }[],
): WorldFile[] {
  const files = new Map<string, { published: number; region: string; Records: unknown[] }>()
  for (const event of events) {
    const published = (Math.floor(Date.parse(event.eventTime) / 1000 / publishing) + 1) * publishing
    const name = `${event.awsRegion} ${published}`
    const file = files.get(name) ?? { published, region: event.awsRegion, Records: [] }
    file.Records.push(event)
    files.set(name, file)
  }
  return [...files.values()].map(({ published, region, Records }) => ({
    key: `AWSLogs/${account}/CloudTrail/${region}/${day(published)}/${account}_CloudTrail_${region}_${stamp(published)}_${hex(draw, 16)}.json.gz`,
    body: gzipSync(JSON.stringify({ Records })),
    lastModified: new Date((published + 60 + draw.int(240)) * 1000),
  }))
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const day = (seconds: number) => iso(seconds).slice(0, 10).replaceAll('-', '/')
const stamp = (seconds: number) => `${iso(seconds).slice(0, 16).replace(/[-:]/g, '')}Z`
