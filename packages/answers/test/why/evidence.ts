/** Flow records by hand, of one client and one target, as small as each row of the decision table needs them. */
import type { LogDocument } from '@flowferry/core'
import type { Evidence, InterfaceLog, Pair } from '../../src/why.ts'

export const a = '10.0.1.10'
export const b = '10.0.2.20'
export const port = 5432
export const pair: Pair = { a, b, port, since: '2026-11-22T09:00:00.000Z', until: '2026-11-22T10:00:00.000Z' }
export const eniA = 'eni-0aaaaaaaaaaaaaaa1'
export const eniB = 'eni-0bbbbbbbbbbbbbbb1'

const since = Date.parse(pair.since)
export const at = (minute: number, second = 0): string =>
  new Date(since + minute * 60_000 + second * 1000).toISOString()

const bits = { fin: 1, syn: 2, rst: 4, 'syn-ack': 18 } as const
type Flag = keyof typeof bits

export interface FlowOptions {
  readonly clientPort?: number
  readonly minute?: number
  readonly seconds?: number
  /** Undefined: the log has no flags. */
  readonly flags?: readonly Flag[] | undefined
  readonly reject?: boolean | 'BPA' | 'EC'
  readonly packets?: number
  readonly bytes?: number
  readonly encrypted?: boolean
  readonly client?: string
  readonly target?: string
  readonly protocol?: '6' | '17'
  readonly more?: object
}

type Direction = 'egress' | 'ingress'

function flow(eni: string, direction: Direction, isReply: boolean, options: FlowOptions): LogDocument {
  const { clientPort = 40_000, minute = 10, seconds = 5, reject, packets = 3, bytes = packets * 60 } = options
  const { encrypted = true, client = a, target = b, protocol = '6', more } = options
  const flags = 'flags' in options ? options.flags : isReply ? ['syn-ack' as const] : ['syn' as const]
  const ends = isReply ? [target, client] : [client, target]
  const ports = isReply ? [port, clientPort] : [clientPort, port]
  return {
    '@timestamp': at(minute, seconds),
    event: {
      dataset: 'aws.vpcflow',
      start: at(minute),
      end: at(minute, seconds),
      action: reject ? 'reject' : 'accept',
    },
    source: { ip: ends[0], port: ports[0] },
    destination: { ip: ends[1], port: ports[1] },
    network: { packets, bytes, direction, iana_number: protocol, type: client.includes(':') ? 'ipv6' : 'ipv4' },
    related: { ip: ends },
    aws: {
      vpcflow: {
        interface_id: eni,
        pkt_srcaddr: ends[0],
        pkt_dstaddr: ends[1],
        encryption_status: encrypted ? '1' : '0',
        ...(flags && {
          tcp_flags: String(flags.reduce((sum, flag) => sum | bits[flag], 0)),
          tcp_flags_array: flags.flatMap((flag) => flag.split('-')),
        }),
        ...(typeof reject === 'string' && { reject_reason: reject }),
        ...more,
      },
    },
  }
}

/** A's packets as they leave A and reach B, B's as they leave B and reach A. */
export const sent = (options: FlowOptions = {}) => flow(eniA, 'egress', false, options)
export const arrived = (options: FlowOptions = {}) => flow(eniB, 'ingress', false, options)
export const replied = (options: FlowOptions = {}) => flow(eniB, 'egress', true, options)
export const answered = (options: FlowOptions = {}) => flow(eniA, 'ingress', true, options)
export const seenBy = (eni: string, direction: Direction, isReply: boolean, options: FlowOptions = {}) =>
  flow(eni, direction, isReply, options)

/** A connection that went well. */
export const good = (options: FlowOptions = {}): LogDocument[] =>
  [sent, arrived, replied, answered].map((leg) => leg(options))

export function log(id: string, holds: readonly string[], more: Partial<InterfaceLog> = {}): InterfaceLog {
  return {
    id,
    holds,
    records: 100,
    rejects: true,
    accepts: true,
    skipped: [],
    oldest: at(-30),
    newest: at(80),
    ...more,
  }
}

export const logA = log(eniA, [a], {
  subnet: 'subnet-0aaaaaaaaaaaaaaa1',
  vpc: 'vpc-00000000000000001',
  instance: 'i-0aaaaaaaaaaaaaaa1',
})
export const logB = log(eniB, [b], {
  subnet: 'subnet-0bbbbbbbbbbbbbbb1',
  vpc: 'vpc-00000000000000001',
  instance: 'i-0bbbbbbbbbbbbbbb1',
})

export function evidence(flows: readonly LogDocument[], more: Partial<Evidence> = {}): Evidence {
  return { pair, flows, interfaces: [logA, logB], ...more }
}

export function transit(lost: object, options: FlowOptions = {}): LogDocument {
  const { aws: _, event, ...document } = flow('', 'ingress', false, options)
  return {
    ...document,
    event: { ...(event as object), dataset: 'aws.transitgateway_logs' },
    aws: { transitgateway: { tgw_attachment_id: 'tgw-attach-00000000000000001', tcp_flags: '2', ...lost } },
  }
}

export function change(name: string, minute: number, parameters: object, more: object = {}): LogDocument {
  return {
    '@timestamp': at(minute),
    event: { action: name, id: `event-${name}`, outcome: 'success', provider: 'ec2.amazonaws.com' },
    user: { name: 'ci-deploy' },
    aws: { cloudtrail: { read_only: false, flattened: { request_parameters: parameters }, ...more } },
  }
}
