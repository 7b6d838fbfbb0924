import type { LogDocument } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { privateBlocks } from '@flowferry/core/internal'
import { isPrivate } from '../addresses.ts'
import { endedBy, type Row, type Store } from '../answer.ts'
import { networkServices } from '../network-services.ts'
import type { DocumentsQuestion, Filter, GroupsQuestion, Span } from '../question.ts'
import { isoDate } from '../values.ts'
import { caseOf } from './case.ts'
import type { Others } from './diagnosis.ts'
import type { Evidence, InterfaceLog, Pair, Window } from './evidence.ts'
import { type Flow, flowsOf } from './flow.ts'
import type { KnownInterface } from './known.ts'
import { around, changesSpan, lookahead, lookback, margin, minutes } from './spans.ts'

export interface GatherOptions {
  /** Interfaces of A and B that a snapshot knows; they need no records to be known. @default those in the records */
  readonly known?: readonly KnownInterface[]
  /** Ids of interfaces of other VPCs that have the same addresses: their records are left out. @default none */
  readonly twins?: readonly string[]
  /** Addresses that are B, too, so that calling them is not calling elsewhere. @default none */
  readonly alsoB?: readonly string[]
  /** AWS's names of the fields that the flow logs are known to have. @default not known */
  readonly fields?: readonly string[]
  /** Where the store holds what an archive was read for: with `archiveNeeds`. @default it has all that the logs have */
  readonly archive?: ArchiveReading
  /** Ends the questions, as of `Store.ask`. @default none */
  readonly signal?: AbortSignal
}

/** What of an archive was read, and what of that was not to be had. */
export interface ArchiveReading {
  /** ISO 8601: no flow record from before. */
  readonly from: string
  /** Times of which flow records may be missing, whatever the interface. */
  readonly unread: readonly Window[]
  /** What was left out, and why, in words: the key of an object, and its error. */
  readonly leftOut: readonly string[]
}

const mostFlows = 20_000
const mostOthers = 1000

/**
 * Asks a store for what `diagnose` needs: some ten questions, of the span and ten minutes around it; of the interfaces
 * alone, a day before it, too.
 *
 * @throws FlowferryError as `ask` does
 * @example
 * const evidence = await gather(store.ask, { a: '10.0.3.7', b: '10.0.9.12', port: 5432, since, until })
 */
export async function gather(store: Store['ask'], pair: Pair, options: GatherOptions = {}): Promise<Evidence> {
  const { known: ofSnapshot = [], twins = [], alsoB = [], fields, archive, signal } = options
  const ask = without(twins, endedBy(signal, store))
  const span = around(pair, margin, margin)
  const found = await ask(flowQuestion(span, [touches(pair.a), touches(pair.b)]))
  const flows = found.rows.map((row) => ({ ...row }))
  const partial = [
    ...(archive ? archive.leftOut : found.partial ? [found.partial.why] : []),
    ...(flows.length === mostFlows
      ? [`the span has more than ${mostFlows} records of the pair: a shorter one has all`]
      : []),
  ]
  const interfaces = await interfacesOf(ask, pair, flowsOf(flows), options)
  const transit = await documentsOf(ask, {
    ...flowQuestion(span, [touches(pair.a), touches(pair.b)]),
    formats: transitGateway.formats,
  })
  const events = await ask(changesQuestion(pair))
  // Where a store has no table or index of CloudTrail, nothing is known of changes.
  const changes = events.rows.length > 0 || !events.partial ? events.rows.map((row) => ({ ...row })) : undefined
  const deletedFlowLogs = changes && (await deletedOf(ask, pair, options))
  const known = {
    pair,
    flows,
    interfaces,
    transit,
    ...(changes && { changes }),
    ...(deletedFlowLogs && { deletedFlowLogs }),
    ...(partial.length > 0 && { partial }),
    ...(ofSnapshot.length > 0 && { known: ofSnapshot }),
    ...(fields && { fields }),
    ...(archive && { readFrom: archive.from }),
  }
  const { port, a } = caseOf(known)
  if (port === undefined) return known
  const outer = await outerOf(ask, pair, port, span, flowsOf(flows))
  const translated = await translatedOf(ask, pair, port, span, flowsOf(outer))
  const elsewhere = a.log ? await documentsOf(ask, elsewhereQuestion(span, pair, port, a.log, alsoB)) : []
  const others = { clients: await clientsOf(ask, pair, port, span), targets: await targetsOf(ask, pair, span) }
  return { ...known, flows: [...flows, ...outer, ...translated], elsewhere, others }
}

/** The store, as if it had no flow records of these interfaces. */
export function without(twins: readonly string[], ask: Store['ask']): Store['ask'] {
  if (twins.length === 0) return ask
  const filter: Filter = { not: { field: 'aws.vpcflow.interface_id', oneOf: twins } }
  return (question) =>
    ask(
      question.formats === vpcFlow.formats ? { ...question, filters: [...(question.filters ?? []), filter] } : question,
    )
}

const touches = (address: string): Filter => ({ field: 'related.ip', equals: address })
const is = (field: string, equals: string | number): Filter => ({ field, equals })

function flowQuestion(span: Span, filters: readonly Filter[]): DocumentsQuestion {
  return { kind: 'documents', formats: vpcFlow.formats, span, filters, limit: mostFlows }
}

const documentsOf = async (ask: Store['ask'], question: DocumentsQuestion): Promise<LogDocument[]> =>
  (await ask(question)).rows.map((row) => ({ ...row }))

function changesQuestion(pair: Pair): DocumentsQuestion {
  return {
    kind: 'documents',
    formats: cloudTrail.formats,
    span: changesSpan(pair),
    filters: [
      is('event.outcome', 'success'),
      { field: 'event.provider', oneOf: networkServices },
      { not: { field: 'aws.cloudtrail.read_only', equals: true } },
    ],
    limit: mostOthers,
  }
}

/** None where nobody needs them, an archive was not read for so long, or CloudTrail may lack some. */
async function deletedOf(ask: Store['ask'], pair: Pair, { known = [], archive }: GatherOptions) {
  const logged = known.filter(({ flowLogs, asOf }) => flowLogs && asOf !== undefined)
  const [asOf] = logged
    .map((one) => one.asOf!)
    .sort()
    .reverse()
  if (asOf === undefined) return undefined
  const span = { from: isoDate(Date.parse(pair.since) - margin), to: asOf }
  if (span.to <= span.from || (archive && span.to > changesSpan(pair).to)) return undefined
  const { rows, partial } = await ask({
    ...changesQuestion(pair),
    span,
    filters: [is('event.outcome', 'success'), is('event.action', 'DeleteFlowLogs')],
  })
  // What an answer lacks may be the very event. Of an archive, changes alone are kept.
  if (partial || !(archive || (await hasTrail(ask, span, logged)))) return undefined
  return rows.map((row) => ({ ...row }))
}

/** An account in which anything runs has events each hour; by night a small one may pause. */
const longestPause = 6 * 60 * minutes

/** Whether the store has CloudTrail's events of these interfaces' accounts and regions throughout. */
async function hasTrail(ask: Store['ask'], span: Span, known: readonly KnownInterface[]): Promise<boolean> {
  const places = new Map(known.map(({ account = '', region = '' }) => [`${account} ${region}`, { account, region }]))
  for (const { account, region } of places.values()) {
    const { rows, partial } = await ask({
      kind: 'groups',
      formats: cloudTrail.formats,
      span,
      filters: [is('aws.cloudtrail.recipient_account_id', account), is('cloud.region', region)],
      groups: [{ field: '@timestamp', every: '1h' }],
      measures: { oldest: { min: '@timestamp' }, newest: { max: '@timestamp' } },
      limit: mostFlows,
    })
    const times = rows.flatMap(({ oldest, newest }) => [oldest, newest].map((time) => Date.parse(String(time))))
    const all = [Date.parse(span.from), ...times.sort((one, other) => one - other), Date.parse(span.to)]
    if (partial || times.length === 0 || all.some((time, n) => n > 0 && time - all[n - 1]! > longestPause)) return false
  }
  return true
}

const elsewhereQuestion = (
  span: Span,
  { b }: Pair,
  port: number,
  { id, holds }: InterfaceLog,
  alsoB: readonly string[],
): DocumentsQuestion => ({
  ...flowQuestion(span, [
    is('aws.vpcflow.interface_id', id),
    { field: 'source.ip', oneOf: holds },
    is('destination.port', port),
    { not: { field: 'destination.ip', oneOf: [b, ...alsoB] } },
  ]),
  limit: mostOthers,
})

/** What NAT gateways sent on: records in which the client's address is not. */
async function outerOf(ask: Store['ask'], { b }: Pair, port: number, span: Span, flows: readonly Flow[]) {
  const gateways = flows.filter(
    ({ interfaceType, direction, destination, packetDestination }) =>
      interfaceType?.endsWith('nat_gateway') || (direction === 'ingress' && destination !== packetDestination),
  )
  const ids = [...new Set(gateways.flatMap(({ at }) => at ?? []))]
  if (ids.length === 0) return []
  const outer = await documentsOf(
    ask,
    flowQuestion(span, [
      { field: 'aws.vpcflow.interface_id', oneOf: ids },
      touches(b),
      { any: [is('destination.port', port), is('source.port', port)] },
    ]),
  )
  const seen = new Set(flows.map(({ document }) => JSON.stringify(document)))
  return outer.filter((document) => !seen.has(JSON.stringify(document)))
}

/** What others saw of what NAT gateways sent on to a private address: it has the gateway's address. */
async function translatedOf(ask: Store['ask'], { b }: Pair, port: number, span: Span, outer: readonly Flow[]) {
  const leaving = outer.filter(
    ({ direction, source, packetSource, destination }) =>
      direction === 'egress' && source === packetSource && destination === b,
  )
  const gateways = new Map(leaving.map(({ at, source }) => [source, at]))
  if (gateways.size === 0 || !isPrivate(b)) return []
  return documentsOf(
    ask,
    flowQuestion(span, [
      { field: 'related.ip', oneOf: [...gateways.keys()] },
      touches(b),
      { any: [is('destination.port', port), is('source.port', port)] },
      { not: { field: about.id, oneOf: [...gateways.values()].flatMap((id) => id ?? []) } },
    ]),
  )
}

async function interfacesOf(
  ask: Store['ask'],
  pair: Pair,
  flows: readonly Flow[],
  { known = [], archive }: GatherOptions,
): Promise<InterfaceLog[]> {
  const span = around(pair, lookback, lookahead)
  const holders = await holdersOf(ask, pair, span)
  for (const { id, addresses } of known) {
    const own = addresses.filter((address) => address === pair.a || address === pair.b)
    if (own.length > 0) holders.set(id, own)
  }
  const ids = [...new Set([...holders.keys(), ...flows.flatMap(({ at }) => at ?? [])])]
  if (ids.length === 0) return []
  const found = await logsOf(ask, span, { field: 'aws.vpcflow.interface_id', oneOf: ids }, whileRejected(pair, flows))
  const logs = found.map((log) => ({ ...aboutKnown(known.find(({ id }) => id === log.id)), ...log }))
  const subnets = [...new Set(logs.flatMap(({ subnet }) => subnet ?? []))]
  const neighbours =
    subnets.length > 0
      ? await logsOf(ask, span, { all: [{ field: about.subnet, oneOf: subnets }, is('event.action', 'reject')] })
      : []
  const asked = around(pair, margin, margin)
  const skipped = await skippedOf(ask, asked, ids)
  const gaps = await gapsOf(ask, asked, [...holders.keys()])
  const unread = (archive?.unread ?? []).map((window) => ({ ...window, unread: true as const }))
  return [
    ...logs.map((log) => ({
      ...log,
      holds: holders.get(log.id) ?? [],
      skipped: [...[...skipped, ...gaps].filter(({ id }) => id === log.id), ...unread],
    })),
    ...neighbours.filter(({ id }) => !ids.includes(id)),
  ]
}

/** What records of few fields do not have of an interface. */
function aboutKnown({ type, subnet, vpc, instance }: Partial<KnownInterface> = {}): Partial<InterfaceLog> {
  return {
    ...(type !== undefined && { type }),
    ...(subnet !== undefined && { subnet }),
    ...(vpc !== undefined && { vpc }),
    ...(instance !== undefined && { instance }),
  }
}

/**
 * Whose address is whose interface's: by the direction, in which the interface's own address is the source of what leaves
 * and the destination of what enters; without it, by the address that all its records hold.
 */
async function holdersOf(ask: Store['ask'], pair: Pair, span: Span): Promise<Map<string, string[]>> {
  const { a, b } = pair
  const own = (address: string): Filter => ({
    any: [
      { all: [is('network.direction', 'egress'), is('source.ip', address)] },
      { all: [is('network.direction', 'ingress'), is('destination.ip', address)] },
    ],
  })
  const { id, instance, type } = about
  const touching = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: 'related.ip', oneOf: [a, b] }],
    groups: [id, instance, type],
    measures: {
      directed: { count: true, where: [{ field: 'network.direction', exists: true }] },
      ownA: { count: true, where: [own(a)] },
      ownB: { count: true, where: [own(b)] },
      withA: { count: true, where: [touches(a)] },
      withB: { count: true, where: [touches(b)] },
      sentA: { count: true, where: [sent(a)] },
      sentB: { count: true, where: [sent(b)] },
      gotA: { count: true, where: [got(a)] },
      gotB: { count: true, where: [got(b)] },
      passedA: { count: true, where: [passed(a)] },
      passedB: { count: true, where: [passed(b)] },
    },
    limit: mostOthers,
  })
  const seen = byInterface(touching.rows)
  const undirected = seen.filter(({ directed }) => directed === 0).flatMap((row) => text(row[id]) ?? [])
  const records = undirected.length > 0 ? await recordsOf(ask, span, undirected) : new Map<string, number>()
  const doubtful = await oneToOne(ask, span, pair, records)
  const holders = new Map<string, string[]>()
  for (const row of seen) {
    const name = text(row[id])
    if (name === undefined) continue
    const all = records.get(name)
    const holds = (owned: unknown, withIt: unknown) => (all === undefined ? Number(owned) > 0 : withIt === all)
    const held = [...(holds(row.ownA, row.withA) ? [a] : []), ...(holds(row.ownB, row.withB) ? [b] : [])]
    // Where all records hold both, an interface has the private one of them, and of two nothing tells which.
    const own = held.length === 1 ? held : held.filter(isPrivate)
    if (own.length === 1 && !doubtful.has(name)) holders.set(name, own)
  }
  for (const [address, sends, gets, passes] of [
    [a, 'sentA', 'gotA', 'passedA'],
    [b, 'sentB', 'gotB', 'passedB'],
  ] as const) {
    if ([...holders.values()].flat().includes(address)) continue
    const passing = seen.filter((row) => Number(row[passes]) > 0)
    const isNode = (row: Row) => {
      const [isSending, isGetting] = [Number(row[sends]) > 0, Number(row[gets]) > 0]
      if (passing.includes(row) || !(isSending || isGetting)) return false
      // What is no instance may be a transit gateway's: what goes into that leaves it elsewhere.
      return row[instance] === null
        ? row[type] === 'network_load_balancer'
        : passing.every((other) => other[instance] !== row[instance])
    }
    const nodes = seen.filter(isNode)
    // An instance may send by any interface of its own, and gets by the one that has the address.
    const getting = nodes.filter((row) => Number(row[gets]) > 0)
    const [node, ...more] = getting.length > 0 ? getting : nodes
    const name = text(node?.[id])
    if (more.length === 0 && name !== undefined && !holders.has(name)) holders.set(name, [address])
  }
  return holders
}

/** Of an interface with two flow logs, records of one may name neither its instance nor its type: all of them are one row. */
function byInterface(rows: readonly Row[]): Row[] {
  const all = new Map<unknown, Row>()
  for (const row of rows) {
    const { [about.id]: id, [about.instance]: instance, [about.type]: type, ...counts } = row
    const before = all.get(id)
    const sums = Object.entries(counts).map(([name, count]) => [name, Number(count) + Number(before?.[name] ?? 0)])
    all.set(id, {
      [about.id]: id,
      [about.instance]: before?.[about.instance] ?? instance ?? null,
      [about.type]: before?.[about.type] ?? type ?? null,
      ...Object.fromEntries(sums),
    })
  }
  return [...all.values()]
}

const packetSource = 'aws.vpcflow.pkt_srcaddr'
const packetDestination = 'aws.vpcflow.pkt_dstaddr'

/**
 * Packets of an address behind an interface's primary one: a further address of an instance, a pod of a node.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
 */
const sent = (address: string): Filter => ({
  all: [is('network.direction', 'egress'), is(packetSource, address), { not: is('source.ip', address) }],
})

/** The same to it. */
const got = (address: string): Filter => ({
  all: [is('network.direction', 'ingress'), is(packetDestination, address), { not: is('destination.ip', address) }],
})

/** An appliance gets what it sends on, by this interface or another of its instance. */
const passed = (address: string): Filter => ({
  any: [
    { all: [is('network.direction', 'ingress'), is(packetSource, address)] },
    { all: [is('network.direction', 'egress'), is(packetDestination, address)] },
  ],
})

async function recordsOf(ask: Store['ask'], span: Span, ids: readonly string[]): Promise<Map<string, number>> {
  const id = 'aws.vpcflow.interface_id'
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [
      { field: id, oneOf: ids },
      { field: 'source.ip', exists: true },
    ],
    groups: [id],
    measures: { records: { count: true } },
    limit: mostOthers,
  })
  return new Map(rows.map((row) => [text(row[id])!, Number(row.records)]))
}

/** Interfaces of which all records hold one more private address than that of A or B: nothing tells which is theirs. */
async function oneToOne(ask: Store['ask'], span: Span, { a, b }: Pair, records: ReadonlyMap<string, number>) {
  const id = 'aws.vpcflow.interface_id'
  if (records.size === 0) return new Set<string>()
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: id, oneOf: [...records.keys()] }],
    groups: [id, 'related.ip'],
    measures: { records: { count: true } },
    order: [{ by: 'records', direction: 'desc' }],
    limit: mostOthers,
  })
  const always = rows.filter((row) => row.records === records.get(text(row[id])!))
  const others = always.filter((row) => {
    const address = String(row['related.ip'])
    return address !== a && address !== b && isPrivate(address)
  })
  return new Set(others.map((row) => text(row[id])!))
}

const about = {
  id: 'aws.vpcflow.interface_id',
  type: 'aws.vpcflow.interface_type',
  subnet: 'aws.vpcflow.subnet_id',
  vpc: 'aws.vpcflow.vpc_id',
  instance: 'cloud.instance.id',
} as const

/** From the first to the last time that what A and B send each other was rejected, and what others did meanwhile. */
function whileRejected({ a, b }: Pair, flows: readonly Flow[]) {
  const starts = flows.filter(({ rejected }) => rejected).map(({ start }) => start)
  // Times may be off by a minute.
  const [first, last] = [Math.min(...starts) + minutes, Math.max(...starts) - minutes]
  if (!(first < last)) return undefined
  const meanwhile: Filter[] = [
    is('event.action', 'accept'),
    { field: 'event.start', range: { gte: isoDate(first), lte: isoDate(last) } },
    { field: 'source.ip', cidr: privateBlocks },
    { field: 'destination.ip', cidr: privateBlocks },
  ]
  return {
    plain: [...meanwhile, is('aws.vpcflow.encryption_status', '0')],
    passes: [...meanwhile, { not: { all: [touches(a), touches(b)] } }],
  }
}

async function logsOf(
  ask: Store['ask'],
  span: Span,
  filter: Filter,
  others?: ReturnType<typeof whileRejected>,
): Promise<InterfaceLog[]> {
  const question: GroupsQuestion = {
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [filter],
    groups: Object.values(about),
    measures: {
      records: { count: true, where: [{ field: 'source.ip', exists: true }] },
      rejects: { count: true, where: [is('event.action', 'reject')] },
      reasons: { count: true, where: [{ field: 'aws.vpcflow.reject_reason', exists: true }] },
      accepts: { count: true, where: [is('event.action', 'accept')] },
      ...(others && {
        plain: { count: true, where: others.plain },
        passes: { count: true, where: others.passes },
      }),
      oldest: { min: '@timestamp' },
      newest: { max: '@timestamp' },
    },
    limit: mostOthers,
  }
  const logs = new Map<string, InterfaceLog>()
  for (const row of (await ask(question)).rows) {
    const log = logOf(row)
    const other = logs.get(log.id)
    logs.set(log.id, other ? merged(other, log) : log)
  }
  return [...logs.values()]
}

function logOf(row: Row): InterfaceLog {
  const known = Object.fromEntries(
    Object.entries(about).flatMap(([name, field]) =>
      text(row[field]) === undefined ? [] : [[name, text(row[field])]],
    ),
  )
  return {
    ...known,
    id: text(row[about.id]) ?? '',
    holds: [],
    records: Number(row.records),
    rejects: Number(row.rejects) > 0,
    accepts: Number(row.accepts) > 0,
    reasons: Number(row.reasons) > 0,
    ...(row.passes !== undefined && { passes: Number(row.passes) > 0, plain: Number(row.plain) > 0 }),
    skipped: [],
    oldest: String(row.oldest),
    newest: String(row.newest),
  }
}

/** Records without traffic may not name the subnet. */
function merged(one: InterfaceLog, other: InterfaceLog): InterfaceLog {
  return {
    ...one,
    ...other,
    records: one.records + other.records,
    rejects: one.rejects || other.rejects,
    accepts: one.accepts || other.accepts,
    reasons: one.reasons === true || other.reasons === true,
    ...(one.passes !== undefined && {
      passes: one.passes || other.passes === true,
      plain: one.plain === true || other.plain === true,
    }),
    oldest: [one.oldest, other.oldest].sort()[0]!,
    newest: [one.newest, other.newest].sort()[1]!,
  }
}

async function skippedOf(ask: Store['ask'], span: Span, ids: readonly string[]) {
  const { rows } = await ask({
    kind: 'documents',
    formats: vpcFlow.formats,
    span,
    fields: [about.id, 'event.start', 'event.end'],
    filters: [is('aws.vpcflow.log_status', 'SKIPDATA'), { field: about.id, oneOf: ids }],
    limit: mostFlows,
  })
  return rows.map((row) => ({
    id: text(row[about.id])!,
    start: String(row['event.start']),
    end: String(row['event.end']),
  }))
}

/**
 * Times without any record: AWS writes one of each window, NODATA where there was no traffic, so files are missing. How far
 * apart records are as a rule tells how long windows are; a flow's record may be at either end of one.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */
async function gapsOf(ask: Store['ask'], span: Span, ids: readonly string[]) {
  if (ids.length === 0) return []
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: about.id, oneOf: ids }],
    groups: [about.id, { field: '@timestamp', every: '1m' }],
    measures: { records: { count: true } },
    limit: mostFlows,
  })
  return ids.flatMap((id) => {
    const times = rows
      .flatMap((row) => (row[about.id] === id ? Date.parse(String(row['@timestamp'])) : []))
      .sort((one, other) => one - other)
    const steps = times.slice(1).map((time, n) => ({ from: times[n]!, to: time, length: time - times[n]! }))
    const usual =
      steps.map(({ length }) => length).sort((one, other) => one - other)[Math.floor(steps.length * 0.9)] ?? 0
    return steps
      .filter(({ length }) => length > 2 * usual + minutes)
      .map(({ from, to }) => ({ id, start: isoDate(from + minutes), end: isoDate(to), gap: true as const }))
  })
}

/** Who else calls B's port, and got an answer. */
async function clientsOf(ask: Store['ask'], { a, b }: Pair, port: number, span: Span): Promise<Others> {
  const calls = await peers(ask, span, 'source.ip', [is('destination.ip', b), is('destination.port', port)])
  const answers = await peers(ask, span, 'destination.ip', [
    is('source.ip', b),
    is('source.port', port),
    is('event.action', 'accept'),
  ])
  return othersOf(calls, answers, a)
}

/** What else A calls on ports of services, and who answered. */
async function targetsOf(ask: Store['ask'], { a, b }: Pair, span: Span): Promise<Others> {
  const service = (field: string): Filter => ({ field, range: { lt: 32_768 } })
  const calls = await peers(ask, span, 'destination.ip', [is('source.ip', a), service('destination.port')])
  const answers = await peers(ask, span, 'source.ip', [
    is('destination.ip', a),
    service('source.port'),
    is('event.action', 'accept'),
  ])
  return othersOf(calls, answers, b)
}

async function peers(ask: Store['ask'], span: Span, field: string, filters: readonly Filter[]): Promise<string[]> {
  const measures = { records: { count: true } } as const
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters,
    groups: [field],
    measures,
    limit: mostOthers,
  })
  return rows.flatMap((row) => text(row[field]) ?? [])
}

function othersOf(calls: readonly string[], answers: readonly string[], self: string): Others {
  const others = calls.filter((address) => address !== self)
  return { seen: others.length, answered: others.filter((address) => answers.includes(address)).length }
}

const text = (value: unknown): string | undefined => (value === null || value === undefined ? undefined : String(value))
