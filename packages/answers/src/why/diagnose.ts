import { isoDate } from '../values.ts'
import { cannotTell } from './cannot-tell.ts'
import { type Case, caseOf, idsOf, isComplete, logsAccepts, logsRejects, type Side } from './case.ts'
import type { Verdict } from './certainty.ts'
import { changesBefore } from './changes.ts'
import type { Cause, Diagnosis, Others } from './diagnosis.ts'
import type { Evidence, OtherCalls } from './evidence.ts'
import type { Flow } from './flow.ts'
import { rejectingFlowLog } from './in-turn.ts'
import type { KnownInterface } from './known.ts'
import { ruledOut } from './ruled-out.ts'
import { betterLogs, verifying } from './steps.ts'
import { type Row, table } from './table.ts'
import { accepted, clockSkew, flowsOfTry, isEnded, isRightBehind, isSmall, rejected, type Try } from './tries.ts'
import { failsAtTheEnd, isAnswered, leastFault, leastTries, newTargets, wholeTable } from './whole.ts'

/** Below this share of the later half of the failed tries a cause is not the one that matters now. */
const leastShare = 0.2
const mostEvidence = 24
const resetCauses: readonly Cause[] = ['refused', 'reset-by-target', 'reset-by-middlebox']

/**
 * Why A does not reach B, by the records alone: the first row of the decision table that they show.
 *
 * @example
 * const { cause, certainty, sentence } = diagnose(await gather(store.ask, { a: '10.0.3.7', b: '10.0.9.12', port: 5432, since, until }))
 */
export function diagnose(evidence: Evidence): Diagnosis {
  const all = caseOf(evidence)
  const shown = foundInTable(all) ?? foundInWhole(all)
  const { cause, verdict, tries } = shown
  const failed = shown.isFault ? tries : []
  const onset = failed.length > 0 ? Math.min(...failed.map(failedAt)) : undefined
  const begins =
    onset ?? (cause === 'calls-elsewhere' || cause === 'blocked-at-source' ? all.tries.at(-1)?.end : undefined)
  const { clients = [], targets = [] } = evidence.others ?? {}
  const from = onset ?? Date.parse(evidence.pair.since)
  return {
    cause,
    alternatives: verdict.alternatives,
    certainty: verdict.certainty,
    sentence: shown.sentence,
    assumptions: assumptions(all),
    next: [...shown.next, ...(isSure(verdict) ? [] : betterLogs(all))],
    verify: verifying(all),
    evidence: recordsOf(cause === 'calls-elsewhere' ? [] : tries, all, cause),
    ruledOut: ruledOut(tries, all, [cause, ...verdict.alternatives]),
    cannotTell: cannotTell(all),
    changes: begins === undefined ? [] : changesBefore(begins, cause, verdict.alternatives, all),
    ...(Number.isFinite(all.completeUntil) && { completeUntil: isoDate(all.completeUntil) }),
    ...(onset !== undefined && { onset: isoDate(onset) }),
    tries: { all: all.tries.length, failed: failed.length },
    others: { clients: countsOf(clients, from), targets: countsOf(targets, from) },
  }
}

function countsOf(calls: readonly OtherCalls[], from: number): Others {
  const isSince = (time: string | undefined) => time !== undefined && Date.parse(time) >= from
  const seen = calls.filter(({ called }) => isSince(called))
  return { seen: seen.length, answered: seen.filter(({ answered }) => isSince(answered)).length }
}

const isSure = ({ certainty }: Verdict) => certainty === 'certain' || certainty === 'high'

interface Found {
  readonly cause: Cause
  readonly verdict: Verdict
  readonly sentence: string
  readonly next: readonly string[]
  readonly tries: readonly Try[]
  readonly isFault: boolean
}

function foundInTable(all: Case): Found | undefined {
  const shown = (isEnough: (one: Try) => boolean) => {
    const byRow = new Map<Row, Try[]>()
    for (const one of all.tries) {
      const row = table.find(({ shows, byAbsence }) => (!byAbsence || (isEnough(one) && !all.isUdp)) && shows(one, all))
      if (row) byRow.set(row, [...(byRow.get(row) ?? []), one])
    }
    return byRow
  }
  const complete = shown((one) => isComplete(all, one))
  const byRow = complete.size > 0 || !failsAtTheEnd(all) ? complete : shown(() => true)
  // Late packets are what a cut connection leaves behind, too: they count where nothing else does.
  const found = [...byRow]
    .map(([row, tries]) => [row, row.cause === 'late-packets' ? missed(tries, all) : tries] as const)
    .filter(([row, tries]) => !isStray(row, tries, all))
  const others = found.filter(([{ cause }]) => cause !== 'late-packets')
  const counted = others.length > 0 ? others : found
  const failed = counted.flatMap(([, tries]) => tries.map(({ start }) => start)).sort((one, other) => one - other)
  const later = failed.slice(failed.length >> 1)
  const resets = counted.flatMap(([row, tries]) => (row.ofAnyReset ? tries : []))
  const isNow = ({ cause }: Row, tries: readonly Try[]) =>
    [...tries, ...(resetCauses.includes(cause) ? resets : [])].filter(({ start }) => start >= later[0]!).length >=
    leastShare * later.length
  const [row, tries] =
    counted
      .filter(([row, tries]) => isNow(row, tries))
      .sort(([one], [other]) => table.indexOf(one) - table.indexOf(other))[0] ?? []
  if (!row || !tries) return undefined
  const { cause } = row
  const verdict = row.sure(tries, all)
  return { cause, verdict, sentence: row.say(tries, all), next: row.next(all), tries, isFault: true }
}

/** Where packets are missed by some connections, those behind the orderly ends of others do not count. */
function missed(tries: readonly Try[], all: Case): readonly Try[] {
  const cut = tries.filter((one) => !isEndedAtOnce(one, all))
  return cut.length > 0 ? cut : tries
}

/**
 * Whether what was rejected, without data, came right behind its end; without flags, right behind data; where no accepted
 * record is, as an end itself. Before an end, or long behind, the connection was idle for longer than it is tracked.
 */
function isEndedAtOnce(one: Try, { hasFlags }: Case): boolean {
  const flows = flowsOfTry(one)
  const passed = accepted(flows)
  const ends = passed.filter((flow) => (hasFlags ? flow.flags?.fin : !isSmall(flow)))
  const isOver = (flow: Flow) =>
    passed.length === 0
      ? flow.flags?.fin === true || flow.flags?.rst === true
      : ends.some((end) => isRightBehind(flow, end))
  const mayBeEnded = isEnded(one) || passed.length === 0 || !hasFlags
  return mayBeEnded && rejected(flows).every((flow) => isSmall(flow) && isOver(flow))
}

/** Few of many, and connections go on well behind them. */
function isStray({ byAbsence, cause }: Row, tries: readonly Try[], all: Case): boolean {
  const goesOn = all.tries.some((one) => one.start > tries.at(-1)!.start && isAnswered(one, all))
  // Behind an orderly end nobody misses them: of many connections, some always have one.
  if (cause === 'late-packets') {
    const areEndedAtOnce = tries.every((one) => isEndedAtOnce(one, all))
    // Of rejected traffic alone, nothing tells of how many they are.
    if (!logsAccepts(all.a) && !logsAccepts(all.b)) return areEndedAtOnce
    const most = tries.length < leastTries || areEndedAtOnce ? leastShare : leastFault
    return (all.hasFlags ? tries.every(isEnded) : goesOn) && tries.length < most * all.tries.length
  }
  if (!byAbsence && cause !== 'reset-by-target') return false
  return goesOn && tries.length < leastFault * all.tries.length && (!byAbsence || tries.length < leastTries)
}

function foundInWhole(all: Case): Found {
  const row = wholeTable.find(({ shows }) => shows(all))!
  const { cause } = row
  return {
    cause,
    verdict: row.sure(all),
    sentence: row.say(all),
    next: row.next(all),
    tries: all.tries,
    isFault: false,
  }
}

function assumptions(all: Case): string[] {
  const { a, b, pair, port } = all
  return [
    ...[a, b].flatMap((side) => whoseInterface(side, all.evidence)),
    ...(pair.port === undefined && port !== undefined ? [`port ${port}, to which most connections go`] : []),
    ...[a, b].flatMap((side) => {
      if (!side.log || side.log.rejects || !['yes', 'likely'].includes(logsRejects(all, side))) return []
      return [`rejects of ${idsOf(side)} would be logged, as ${whyLogged(side)}: it has none itself`]
    }),
    'times of records may be off by 60 s',
  ]
}

function whyLogged({ log, kept, known }: Side): string {
  const flowLog = log && rejectingFlowLog(log)
  if (flowLog) return `${flowLog.id} has others'`
  if (!kept?.rejects) return 'others of its subnet are'
  const ids = kept.flowLogs.map(({ id, trafficType, createdAt }) => `${id}, of ${trafficType} since ${createdAt},`)
  const others = log?.flowLogs
    ? 'which wrote its records'
    : kept.isProven
      ? 'and CloudTrail no other that was deleted since'
      : 'if no other was deleted since'
  return `the snapshot, as of ${known?.asOf}, has ${ids.join(' and ')} for it, ${others}`
}

/** A snapshot is of its own time: where the records of the span say otherwise, they count. */
function whoseInterface({ address, log, ids, known }: Side, { known: all = [] }: Evidence): string[] {
  const asOf = (one: KnownInterface) => (one.asOf === undefined ? '' : ` as of ${one.asOf}`)
  if (known?.asOf !== undefined)
    return [
      `${known.id} is the interface of ${address}, with its groups, network ACL and route table, by the snapshot${asOf(known)}`,
    ]
  if (!log) return []
  const other = all.find(
    ({ id, addresses, asOf }) => asOf !== undefined && id !== log.id && addresses.includes(address),
  )
  const whose =
    ids.length > 1
      ? `${ids.join(', then ')} are the interfaces of ${address}: their`
      : `${log.id} is the interface of ${address}: its`
  return [
    `${whose} records hold that address as their own${other ? `, though the snapshot has it at ${other.id}${asOf(other)}` : ''}`,
  ]
}

function recordsOf(tries: readonly Try[], all: Case, cause: Cause): Diagnosis['evidence'] {
  const targets = cause === 'calls-elsewhere' ? newTargets(all) : []
  const flows = [
    ...tries.flatMap(flowsOfTry),
    ...all.elsewhere.filter(({ destination }) => targets.includes(destination)),
  ].sort((one, other) => one.start - other.start || (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  const [first] = flows.filter(isTelling)
  // A connection may have had many records before what ends it.
  const shown = first ? flows.filter(({ end }) => end >= first.start - clockSkew) : flows
  const telling = shown.filter(isTelling).slice(0, mostEvidence / 2)
  const chosen = new Set([...new Set([...telling, ...shown])].slice(0, mostEvidence))
  return shown.filter((flow) => chosen.has(flow)).map(({ document }) => document)
}

/** What shows by itself that something fails. */
const isTelling = ({ rejected, flags, lost }: Flow) => rejected || flags?.rst === true || lost.length > 0

/** When a connection shows it: with its first record that is rejected, reset or lost, else as it begins. */
function failedAt(one: Try): number {
  const telling = flowsOfTry(one).filter(isTelling)
  return telling.length > 0 ? Math.min(...telling.map(({ start }) => start)) : one.start
}
