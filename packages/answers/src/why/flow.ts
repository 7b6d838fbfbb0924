import type { LogDocument } from '@flowferry/core'
import { valueAt } from '../documents.ts'

/** The members of a flow record that the diagnosis reads; times in epoch milliseconds. */
export interface Flow {
  readonly document: LogDocument
  readonly at?: string
  readonly source: string
  readonly destination: string
  readonly packetSource: string
  readonly packetDestination: string
  readonly sourcePort: number
  readonly destinationPort: number
  readonly protocol?: string
  readonly packets: number
  readonly bytes?: number
  readonly start: number
  readonly end: number
  readonly rejected: boolean
  /** BPA or EC. */
  readonly reason?: string
  /** None where the log has no flags. */
  readonly flags?: Flags
  readonly direction?: string
  /** AWS's number of the way that it leaves by. */
  readonly path?: string
  readonly interfaceType?: string
  /** Whether it is known that AWS encrypted it in transit; none where the log does not tell. */
  readonly encrypted?: boolean
  /** The highest version of any field that its log has. */
  readonly version?: number
  readonly lost: readonly string[]
  /** Whether it had a NAT gateway's address in place of A's. */
  readonly translated?: true
}

/** FIN 1, SYN 2, RST 4, ACK 16, which VPC flow logs have with SYN alone. https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html */
interface Flags {
  readonly fin: boolean
  readonly syn: boolean
  readonly rst: boolean
  readonly synAck: boolean
}

const tcp = '6'

/** Also where the log does not tell. */
export const isTcp = ({ protocol = tcp }: { readonly protocol?: string | undefined }): boolean => protocol === tcp

const losses = ['no_route', 'blackhole', 'mtu_exceeded', 'ttl_expired']

/** None for records without addresses: NODATA and SKIPDATA. */
export function flowOf(document: LogDocument): Flow | undefined {
  const text = (name: string) => {
    const value = valueAt(document, name)
    return value === undefined || value === null ? undefined : String(value)
  }
  const number = (...names: string[]) => {
    for (const name of names) {
      const value = valueAt(document, name)
      if (value !== undefined && value !== null) return Number(value)
    }
    return undefined
  }
  const source = text('source.ip')
  const destination = text('destination.ip')
  const end = text('event.end') ?? text('@timestamp')
  if (source === undefined || destination === undefined || end === undefined) return undefined
  const protocol = text('network.iana_number')
  const encryption = text('aws.vpcflow.encryption_status')
  const flags = text('aws.vpcflow.tcp_flags') ?? text('aws.transitgateway.tcp_flags')
  const at = text('aws.vpcflow.interface_id')
  const reason = text('aws.vpcflow.reject_reason')
  const version = number('aws.vpcflow.version')
  const bytes = number('network.bytes', 'source.bytes')
  const direction = text('network.direction')
  const path = text('aws.vpcflow.traffic_path')
  const interfaceType = text('aws.vpcflow.interface_type')
  return {
    document,
    ...(at !== undefined && { at }),
    source,
    destination,
    packetSource: text('aws.vpcflow.pkt_srcaddr') ?? source,
    packetDestination: text('aws.vpcflow.pkt_dstaddr') ?? destination,
    sourcePort: number('source.port') ?? 0,
    destinationPort: number('destination.port') ?? 0,
    ...(protocol !== undefined && { protocol }),
    packets: number('network.packets', 'source.packets') ?? 0,
    ...(bytes !== undefined && { bytes }),
    start: Date.parse(text('event.start') ?? end),
    end: Date.parse(end),
    rejected: (text('event.action') ?? text('aws.vpcflow.action'))?.toLowerCase() === 'reject',
    ...(reason !== undefined && { reason }),
    // Of what is not TCP, AWS writes 0.
    ...(flags !== undefined && isTcp({ protocol }) && { flags: flagsOf(Number(flags)) }),
    ...(direction !== undefined && { direction }),
    ...(path !== undefined && { path }),
    ...(interfaceType !== undefined && { interfaceType }),
    ...(version !== undefined && { version }),
    ...(encryption !== undefined && { encrypted: encryption !== '0' }),
    lost: losses.filter((loss) => (number(`aws.transitgateway.packets_lost_${loss}`) ?? 0) > 0),
  }
}

function flagsOf(bits: number): Flags {
  const syn = (bits & 2) > 0
  return { fin: (bits & 1) > 0, syn, rst: (bits & 4) > 0, synAck: syn && (bits & 16) > 0 }
}

/** A diagnosis looks at each document several times; reading one takes some thirty look-ups of names. */
const read = new WeakMap<LogDocument, readonly Flow[]>()

export const flowsOf = (documents: readonly LogDocument[]): Flow[] =>
  documents
    .flatMap((document) => {
      const flow = read.get(document) ?? [flowOf(document) ?? []].flat()
      read.set(document, flow)
      return flow
    })
    .sort((one, other) => one.start - other.start)
