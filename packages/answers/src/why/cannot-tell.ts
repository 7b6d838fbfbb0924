import { neverLogged } from '../addresses.ts'
import { type Case, idsOf, isComplete, logsAccepts, logsRejects, losesRecords, mayBeOwn, type Side } from './case.ts'
import type { Diagnosis } from './diagnosis.ts'
import { fieldNeeds } from './flow-log-fields.ts'
import { type Kept, whyUnknown } from './kept.ts'
import type { KnownFlowLog } from './known.ts'
import { advised } from './steps.ts'
import { flowsOfTry } from './tries.ts'

const { flags, packetAddresses, reasons } = fieldNeeds

/** What is left out and rejects come first: without them nothing below is as it looks. */
export function cannotTell(all: Case): Diagnosis['cannotTell'] {
  const { a, b, evidence } = all
  const sides: readonly (readonly [string, Side])[] = [
    ['A', a],
    ['B', b],
  ]
  const logged = sides.filter(([, { log }]) => log)
  const earlier =
    evidence.readFrom === undefined
      ? ''
      : `, or a record from before ${evidence.readFrom}: --lookback reads back further`
  const skipsOf = ({ log }: Side) =>
    (log?.skipped ?? []).filter(({ unread, gap, absent }) => !unread && !gap && !absent).length
  const gapsOf = ({ log }: Side) => (log?.skipped ?? []).filter(({ gap }) => gap)
  const records = [...evidence.flows, ...(evidence.elsewhere ?? [])]
  // Without any record, nothing tells which fields a flow log has.
  const has = (name: string) => records.length === 0 || records.some(({ aws }) => name in vpcflowOf(aws))
  const hasReasons = has('reject_reason') || [evidence.fields, ...formatsOf(logged)].some(hasReason)
  return [
    ...(evidence.partial ?? []).map((why) => ({ what: 'what the records that are left out show', missing: why })),
    ...logged
      .filter(([, side]) => logsRejects(all, side) !== 'yes')
      .map(([whose, side]) => ({
        what: `whether ${whose}'s interface rejects: ${whyNoRejects(side)}`,
        missing: `a flow log of traffic type ALL for ${idsOf(side)}${earlier}`,
      })),
    ...logged
      .filter(([, side]) => !logsAccepts(side))
      .map(([whose, side]) => ({
        what: `what ${whose}'s interface accepts: ${side.kept?.accepts === false ? ofTraffic(side.kept) : `${hasNo(side, 'ACCEPT')}, so its flow log may be of rejected traffic alone`}`,
        missing: `a flow log of traffic type ALL for ${idsOf(side)}`,
      })),
    ...sides
      .filter(([, { log, address }]) => !log && neverLogged(address, all.port) === undefined)
      .map(([whose, side]) => ({
        what: `what ${whose}'s interface sees`,
        missing: `${logOf(side)}${earlier}`,
      })),
    ...sides.flatMap(([whose, side]) => {
      const { known, kept } = side
      const isNeeded = logsRejects(all, side) !== 'yes' || !hasReasons
      const why = isNeeded && known?.flowLogs && !kept ? whyUnknown(known, evidence) : undefined
      return why === undefined
        ? []
        : [
            {
              what: `what the flow logs of ${whose}'s interface kept in the span: ${why}`,
              missing: 'a snapshot of after the span, with flow logs that are older than it',
            },
          ]
    }),
    ...logged
      .filter(([, side]) => skipsOf(side) > 0)
      .map(([whose, side]) => ({
        what: `what ${whose}'s interface saw in ${skipsOf(side)} windows, of which AWS skipped records (SKIPDATA)`,
        missing: 'records that AWS did not write',
      })),
    ...logged.flatMap(([whose, side]) =>
      gapsOf(side).map(({ start, end }) => ({
        what: `what ${whose}'s interface saw from ${start} to ${end}, of which it has no record, not even one without traffic (NODATA)`,
        missing: `${undelivered(side)}files of the flow log that were not read, or not delivered yet`,
      })),
    ),
    ...logged.flatMap(([whose, { log, address }]) =>
      log!.skipped.flatMap(({ start, end, absent }) =>
        absent
          ? [
              {
                what: `what ${whose} sent or got from ${start} to ${end}: no interface with its address has a record`,
                missing: `a record of an interface that had ${address}`,
              },
            ]
          : [],
      ),
    ),
    ...sides.flatMap(([whose, side]) => {
      const long = longWindows(side, all)
      return long === undefined
        ? []
        : [
            {
              what: `what became of each connection at ${whose}'s interface: one record is of ${long}`,
              missing: 'windows of 60 s (--max-aggregation-interval 60)',
            },
          ]
    }),
    ...(losesRecords(all)
      ? [
          {
            what: 'what is not recorded: of some connections one direction alone is, although no window was skipped',
            missing: 'files of the flow log that were not read, or not delivered yet',
          },
        ]
      : []),
    ...(has('tcp_flags') || all.isUdp
      ? []
      : [
          {
            what: flags.what,
            missing: `${flags.fields.join(' and ')} in ${flowLogWithout(sides, 'tcp-flags')}; advised: ${advised.join(' ')}`,
          },
        ]),
    ...(has('pkt_srcaddr')
      ? []
      : [
          {
            what: packetAddresses.what,
            missing: `${packetAddresses.fields.join(' and ')} in ${flowLogWithout(sides, 'pkt-srcaddr')}`,
          },
        ]),
    ...(hasReasons
      ? []
      : [
          {
            what: reasons.what,
            missing: `${reasons.fields.join(' and ')} in ${flowLogWithout(sides, 'reject-reason')}, or a record that has one`,
          },
        ]),
    ...(evidence.changes === undefined
      ? [{ what: 'what was changed before', missing: "CloudTrail's management events" }]
      : []),
    ...(all.tries.some((one) => !isComplete(all, one))
      ? [{ what: 'the newest connections: records of them may still come', missing: 'some 15 minutes' }]
      : []),
  ]
}

const vpcflowOf = (aws: unknown): object => (aws as { vpcflow?: object } | undefined)?.vpcflow ?? {}

type Sides = readonly (readonly [string, Side])[]

const hasReason = (fields: readonly string[] | undefined) => fields?.includes('reject-reason') ?? false
/** Of flow logs that are known to be those of the span. */
const formatsOf = (sides: Sides) => sides.flatMap(([, { kept }]) => kept?.flowLogs ?? []).map(({ fields }) => fields)

const named = ({ id, resource }: KnownFlowLog) => `${id} of ${resource}`

/** The flow log that the snapshot has without a field. */
function flowLogWithout(sides: Sides, field: string): string {
  const all = sides
    .flatMap(([, { known }]) => known?.flowLogs ?? [])
    .filter(({ fields }) => fields && !fields.includes(field))
  const names = [...new Set(all.map(named))]
  return names.length > 0 ? names.join(' and ') : 'the flow log'
}

const ofTraffic = ({ flowLogs }: Kept) =>
  flowLogs.map((one) => `${named(one)} is of TrafficType ${one.trafficType}`).join(', ')

/** A record of an action that none is of, or not one of each interface. */
const hasNo = (side: Side, action: string) =>
  side.ids.length > 1 ? `not each of ${idsOf(side)} has ${action} records` : `${idsOf(side)} has no ${action} record`

function whyNoRejects(side: Side): string {
  const { log, kept } = side
  if (kept?.rejects === false) return ofTraffic(kept)
  if (kept?.rejects)
    return `${ofTraffic(kept)} by the snapshot, and CloudTrail does not tell whether another one was deleted since`
  const none = hasNo(side, 'REJECT')
  const ids = log?.flowLogs?.map(({ id }) => id)
  return ids
    ? `${none} of all the span, nor has any other interface of ${ids.join(' or ')}, which may be of accepted traffic alone`
    : `${none}, so its flow log may be of accepted traffic alone`
}

const minute = 60

/** Windows in which a port may be used again; on Nitro they last a minute whatever is set. */
function longWindows({ known, ids }: Side, all: Case): string | undefined {
  const long = known?.flowLogs?.find(({ interval = 0 }) => interval > minute)
  const areLong = all.tries.some((one) =>
    flowsOfTry(one).some(({ at, start, end }) => at !== undefined && ids.includes(at) && end - start > minute * 1000),
  )
  return long && areLong ? `up to ${long.interval} s, by ${named(long)}` : undefined
}

/** Where a side's records are to be had. */
function logOf(side: Side): string {
  const { address, known } = side
  const its = known ? `${known.id}, ` : ''
  if (!known?.flowLogs) {
    const other = mayBeOwn(side) ? '' : ', or where it is in no VPC, a log of its own host'
    return `a flow log of ${its}the interface of ${address}${other}`
  }
  if (known.flowLogs.length === 0)
    return `a flow log of ${its}the interface of ${address}: as of ${known.asOf} neither it nor its subnet nor its VPC has one`
  const all = known.flowLogs.map(
    (one) =>
      `${named(one)}${one.destination === undefined ? '' : ` in ${one.destination}`}${one.error === undefined ? '' : ` (${one.error})`}`,
  )
  return `records of ${its}the interface of ${address}, which ${all.join(' and ')} has`
}

/** What AWS says of a delivery that failed. */
const undelivered = ({ known }: Side) =>
  (known?.flowLogs ?? [])
    .map((one) => (one.error === undefined ? '' : `${named(one)} could not be delivered (${one.error}): `))
    .join('')
