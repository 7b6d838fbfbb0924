/** What `gather` needs of an archive, so that a store can be filled for one question alone. */
import type { Format, LogRecord, ObjectIdentity } from '@flowferry/core'
import { type CloudTrailRecord, cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { type TransitGatewayRecord, transitGateway } from '@flowferry/core/formats/transit-gateway'
import { type VpcFlowRecord, vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { flowLogIn } from '@flowferry/core/internal'
import type { Snapshot } from '@flowferry/enrich/interfaces'
import { loggedForm } from '../addresses.ts'
import type { Store } from '../answer.ts'
import { networkServices } from '../network-services.ts'
import type { Span } from '../question.ts'
import { refused } from '../refuse.ts'
import type { WhyQuestion } from './between.ts'
import { endsFor, pairsOf } from './ends.ts'
import { around, changesSpan, lookahead, margin } from './spans.ts'

/** No id is looked for in logs that are not read yet. */
const withoutLogs: Store['ask'] = () => {
  throw refused('A or B', 'is an id that the snapshot lacks; an archive takes an address, or a newer snapshot')
}

/**
 * The addresses that a question is about, by the snapshot alone.
 *
 * @throws FlowferryError INVALID_OPTION where A or B names nothing, or several things
 */
export async function archiveQuestion(question: WhyQuestion, snapshot?: Snapshot): Promise<ArchiveQuestion> {
  const { since, until } = question
  const pairs = pairsOf(await endsFor(withoutLogs, question, snapshot))
  return { a: pairs.map(({ a }) => a.address), b: pairs.map(({ b }) => b.address), since, until }
}

/** Logs of one span, and which of their records are needed. */
export interface ArchiveNeed {
  readonly formats: readonly Format[]
  readonly span: Span
  /** Whether a record of these formats is to be kept. It remembers what it has kept: for one reading, of all the objects. */
  readonly filter: (record: LogRecord, object: ObjectIdentity) => boolean
}

/** A question of addresses. */
export interface ArchiveQuestion {
  readonly a: readonly string[]
  readonly b: readonly string[]
  /** ISO 8601. */
  readonly since: string
  readonly until: string
}

export interface ArchiveNeedsOptions {
  /** Milliseconds before the span in which interfaces are looked for, 0 to a day. @default ten minutes */
  readonly lookback?: number
}

/**
 * What `gather` asks for of each A with each B: flow records of ten minutes before the span to half an hour after it, CloudTrail's of
 * an hour before to two minutes after. In one pass a few in a thousand are kept, by which `gather` finds what it finds in
 * all of them, but for the oldest and newest record of an interface that neither A nor B is in: it may seem less logged.
 *
 * @example
 * const needs = archiveNeeds({ a: [pair.a], b: [pair.b], since, until })
 * for (const { formats, span, filter } of needs) await read(formats, span, filter, sink)
 * const evidence = await gather(duckdbStore(sink).ask, pair, { archive: { from: span.from, unread: [], leftOut: [] } })
 */
export function archiveNeeds(
  question: ArchiveQuestion,
  { lookback = margin }: ArchiveNeedsOptions = {},
): ArchiveNeed[] {
  const a = new Set(question.a.map(loggedForm))
  const b = new Set(question.b.map(loggedForm))
  const ofVpc = flowFilter(new Set([...a, ...b]))
  return [
    {
      formats: [...vpcFlow.formats, ...transitGateway.formats],
      span: around(question, Math.max(margin, lookback), lookahead),
      filter: (record, object) =>
        record.kind === 'vpcflow'
          ? ofVpc(record as VpcFlowRecord, object)
          : isBetween(a, b, record as TransitGatewayRecord),
    },
    {
      formats: cloudTrail.formats,
      span: changesSpan(question),
      filter: (record) => isChange(record as CloudTrailRecord),
    },
  ]
}

/** What is known of one interface by the records that are kept: bits of the kinds of record that were met. */
interface Kept {
  readonly vpc: string | undefined
  readonly subnet: string | undefined
  readonly flowLog: string | undefined
  kinds: number
}

const rejected = 1
const accepted = 2

/**
 * Records that hold A or B; windows without traffic, which tell how far a log goes; and of each interface, whose VPC and
 * role a first pass alone would tell, the first that was accepted and the first that was rejected. These show whether its
 * log has both, and that it has traffic of others.
 */
function flowFilter(asked: ReadonlySet<string>): (record: VpcFlowRecord, object: ObjectIdentity) => boolean {
  const isAsked = (address: string | undefined) => address !== undefined && asked.has(address)
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
    return isNews(record, id, flowLogIn(object.key), hasAddress ? kind : kind << 2)
  }
  /** Two flow logs of one interface may have other fields, and keep other traffic. */
  const isNews = (
    record: VpcFlowRecord,
    id: string | undefined,
    flowLog: string | undefined,
    kind: number,
  ): boolean => {
    const vpc = record['vpc-id']
    const subnet = record['subnet-id']
    const known = interfaces.get(id) ?? []
    const same = known.find((one) => one.vpc === vpc && one.subnet === subnet && one.flowLog === flowLog)
    if (same && (same.kinds & kind) === kind) return false
    if (same) same.kinds |= kind
    else interfaces.set(id, [...known, { vpc, subnet, flowLog, kinds: kind }])
    return true
  }
  return (record, object) => {
    const source = record.srcaddr
    const destination = record.dstaddr
    if (isAsked(source) || isAsked(destination)) return true
    const from = record['pkt-srcaddr']
    const to = record['pkt-dstaddr']
    if (isAsked(from) || isAsked(to)) return true
    const hasAddress = source !== undefined
    const isSilent = !hasAddress && destination === undefined && from === undefined && to === undefined
    return isSilent || isFirst(record, object, hasAddress)
  }
}

type Addresses = ReadonlySet<string | undefined>

const isBetween = (a: Addresses, b: Addresses, { srcaddr, dstaddr }: TransitGatewayRecord): boolean =>
  (a.has(srcaddr) && b.has(dstaddr)) || (b.has(srcaddr) && a.has(dstaddr))

const sources: ReadonlySet<unknown> = new Set(networkServices)

const isChange = ({ eventSource, readOnly }: CloudTrailRecord): boolean =>
  sources.has(eventSource) && String(readOnly) !== 'true'
