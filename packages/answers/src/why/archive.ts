/** What `gather` needs of an archive, so that a store can be filled for one question alone. */
import type { Format, LogRecord, ObjectIdentity } from '@flowferry/core'
import { type CloudTrailRecord, cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { type TransitGatewayRecord, transitGateway } from '@flowferry/core/formats/transit-gateway'
import { type VpcFlowRecord, vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { loggedForm } from '../addresses.ts'
import type { Span } from '../question.ts'
import { providers } from './changes.ts'
import type { Pair } from './evidence.ts'
import { around, changesSpan, lookahead, margin } from './spans.ts'

/** Logs of one span, and which of their records are needed. */
export interface ArchiveNeed {
  readonly formats: readonly Format[]
  readonly span: Span
  /** Whether a record of these formats is to be kept. It remembers what it has kept: for one reading, of all the objects. */
  readonly filter: (record: LogRecord, object: ObjectIdentity) => boolean
}

export interface ArchiveNeedsOptions {
  /** Milliseconds before the span in which interfaces are looked for, 0 to a day. @default ten minutes */
  readonly lookback?: number
}

/**
 * What `gather` asks for of a pair: flow records of ten minutes before the span to half an hour after it, CloudTrail's of
 * an hour before to two minutes after. In one pass a few in a thousand are kept, by which `gather` finds what it finds in
 * all of them, but for the oldest and newest record of an interface that neither A nor B is in: it may seem less logged.
 *
 * @example
 * for (const { formats, span, filter } of archiveNeeds(pair)) await read(formats, span, filter, sink)
 * const evidence = await gather(duckdbStore(sink).ask, pair, { archive: { from: span.from, unread: [], leftOut: [] } })
 */
export function archiveNeeds(pair: Pair, { lookback = margin }: ArchiveNeedsOptions = {}): ArchiveNeed[] {
  const a = loggedForm(pair.a)
  const b = loggedForm(pair.b)
  const ofVpc = flowFilter(a, b)
  return [
    {
      formats: [...vpcFlow.formats, ...transitGateway.formats],
      span: around(pair, Math.max(margin, lookback), lookahead),
      filter: (record, object) =>
        record.kind === 'vpcflow'
          ? ofVpc(record as VpcFlowRecord, object)
          : isBetween(a, b, record as TransitGatewayRecord),
    },
    { formats: cloudTrail.formats, span: changesSpan(pair), filter: (record) => isChange(record as CloudTrailRecord) },
  ]
}

/** What is known of one interface by the records that are kept: bits of the kinds of record that were met. */
interface Kept {
  readonly vpc: string | undefined
  readonly subnet: string | undefined
  kinds: number
}

const rejected = 1
const accepted = 2

/**
 * Records that hold A or B; windows without traffic, which tell how far a log goes; and of each interface, whose VPC and
 * role a first pass alone would tell, the first that was accepted and the first that was rejected. These show whether its
 * log has both, and that it has traffic of others.
 */
function flowFilter(a: string, b: string): (record: VpcFlowRecord, object: ObjectIdentity) => boolean {
  const interfaces = new Map<string | undefined, Kept[]>()
  /** Each field that is asked costs as much as a third of the parsing, and a file has one layout: what it has shown is done. */
  const shown = new WeakMap<ObjectIdentity, Map<string | undefined, number>>()

  const isFirst = (record: VpcFlowRecord, object: ObjectIdentity, hasAddress: boolean): boolean => {
    const ofObject = shown.get(object) ?? new Map<string | undefined, number>()
    if (ofObject.size === 0) shown.set(object, ofObject)
    const id = record['interface-id']
    const known = ofObject.get(id) ?? 0
    if (known === (rejected | accepted)) return false
    const { action } = record
    const kind = action === 'REJECT' ? rejected : action === 'ACCEPT' ? accepted : rejected | accepted
    if ((known & kind) === kind) return false
    ofObject.set(id, known | kind)
    return isNews(record, id, hasAddress ? kind : kind << 2)
  }
  /** Two flow logs of one interface may have other fields. */
  const isNews = (record: VpcFlowRecord, id: string | undefined, kind: number): boolean => {
    const vpc = record['vpc-id']
    const subnet = record['subnet-id']
    const known = interfaces.get(id) ?? []
    const same = known.find((one) => one.vpc === vpc && one.subnet === subnet)
    if (same && (same.kinds & kind) === kind) return false
    if (same) same.kinds |= kind
    else interfaces.set(id, [...known, { vpc, subnet, kinds: kind }])
    return true
  }
  return (record, object) => {
    const source = record.srcaddr
    const destination = record.dstaddr
    if (source === a || source === b || destination === a || destination === b) return true
    const from = record['pkt-srcaddr']
    const to = record['pkt-dstaddr']
    if (from === a || from === b || to === a || to === b) return true
    const hasAddress = source !== undefined
    const isSilent = !hasAddress && destination === undefined && from === undefined && to === undefined
    return isSilent || isFirst(record, object, hasAddress)
  }
}

const isBetween = (a: string, b: string, { srcaddr, dstaddr }: TransitGatewayRecord): boolean =>
  (srcaddr === a && dstaddr === b) || (srcaddr === b && dstaddr === a)

const sources: ReadonlySet<unknown> = new Set(providers.map((name) => `${name}.amazonaws.com`))

const isChange = ({ eventSource, readOnly }: CloudTrailRecord): boolean =>
  sources.has(eventSource) && String(readOnly) !== 'true'
