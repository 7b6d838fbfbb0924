import type { Snapshot } from '@flowferry/enrich/interfaces'
import { endedBy, type Store } from '../answer.ts'
import { isoDate } from '../values.ts'
import type { WhyOptions } from './between.ts'
import { caseOf } from './case.ts'
import { type Target, targetsOf } from './counts.ts'
import { diagnose } from './diagnose.ts'
import type { Certainty, Change, Diagnosis } from './diagnosis.ts'
import { type Asked, endsFor } from './ends.ts'
import { gather, without } from './gather.ts'
import { type End, endsOf, meaningsOf, twinsOf } from './named.ts'
import { delivery } from './spans.ts'
import { leastFault } from './whole.ts'

/** A target that A does not reach, or not always. */
export interface FailingTarget extends Target {
  readonly name?: string
  /** Why; none of those beyond the first few. */
  readonly diagnosis?: Diagnosis
}

/** What all failing targets share, and those that answer do not all have. */
export interface Common {
  readonly what: 'targets' | 'port' | 'subnet' | 'cause' | 'change'
  readonly value: string
  readonly sentence: string
}

/** Which targets of A fail, and why. */
export interface TargetsAnswer {
  readonly a: readonly string[]
  readonly name?: string
  readonly sentence: string
  /** As far as the records tell that targets fail at all; of each cause its diagnosis says how sure it is. */
  readonly certainty: Extract<Certainty, 'medium' | 'consistent-with' | 'cannot-tell'>
  /** Those with most failures first. */
  readonly failing: readonly FailingTarget[]
  /** How many targets A calls, and how many of them are not seen to fail. */
  readonly targets: { readonly all: number; readonly answer: number }
  readonly common: readonly Common[]
  readonly cannotTell: Diagnosis['cannotTell']
  /** ISO 8601, as of a diagnosis. */
  readonly completeUntil?: string
}

/** Failing targets of which the cause is looked for, and how many are looked at for that: each takes some ten questions. */
const mostDiagnosed = 5
const mostLookedAt = 10

/**
 * Which targets of A fail, and why: counted for all of them, diagnosed for the few that fail most.
 *
 * @throws FlowferryError INVALID_OPTION where A names nothing, or several things; and as `ask` does
 * @example
 * const { sentence, failing, common } = await whyTargets(store.ask, { a: 'payments', since, until }, { snapshot })
 */
export async function whyTargets(
  store: Store['ask'],
  { a, since, until }: Omit<Asked, 'b'>,
  options: WhyOptions = {},
): Promise<TargetsAnswer> {
  const { snapshot, signal, ...gathering } = options
  const ask = endedBy(signal, store)
  const ends = await endsFor(ask, { a, since, until }, snapshot)
  const counted = []
  const own = without(snapshot ? twinsOf(snapshot, [ends.a]) : [], ask)
  for (const end of ends.a) counted.push(await targetsOf(own, end.address, { from: since, to: until }))
  const all = counted.flatMap(({ targets }) => targets)
  const suspects = all
    .filter((target) => failures(target) > leastFault * target.requests)
    .sort((one, other) => failures(other) - failures(one) || (keyOf(one) < keyOf(other) ? -1 : 1))

  const failing: FailingTarget[] = []
  const subnets: (string | undefined)[] = []
  for (const [index, target] of suspects.entries()) {
    const from = ends.a.find(({ address }) => address === target.a)!
    const to = endOf(target.b, from, snapshot)
    const named = { ...target, ...(to.known?.name !== undefined && { name: to.known.name }) }
    if (index >= mostLookedAt || subnets.length === mostDiagnosed) {
      failing.push(named)
      continue
    }
    const evidence = await gather(
      ask,
      { a: target.a, b: target.b, port: target.port, since, until },
      {
        known: [from, to].flatMap(({ known }) => known ?? []),
        twins: snapshot ? twinsOf(snapshot, [[from], [to]]) : [],
        ...gathering,
      },
    )
    const diagnosis = diagnose(evidence)
    // The counts of windows only suspect it.
    if (diagnosis.cause === 'no-fault' || diagnosis.cause === 'slow') continue
    subnets.push(caseOf(evidence).b.log?.subnet ?? to.known?.subnet)
    failing.push({ ...named, diagnosis })
  }
  const targets = { all: all.length, answer: all.length - failing.length }
  const newest = counted
    .flatMap((one) => one.newest ?? [])
    .sort()
    .at(-1)
  const common = commonOf(failing, targets, subnets, all)
  const name = ends.a[0]!.known?.name
  const who = name === undefined ? ends.a.map(({ address }) => address).join(' and ') : name
  return {
    a: ends.a.map(({ address }) => address),
    ...(name !== undefined && { name }),
    sentence: sentenceOf(who, failing, targets, common),
    certainty: all.length === 0 ? 'cannot-tell' : failing.length > 0 ? 'medium' : 'consistent-with',
    failing,
    targets,
    common,
    cannotTell: [
      ...counted.flatMap(({ partial }) => partial).map((why) => ({ what: 'targets that are left out', missing: why })),
      ...(all.length === 0
        ? [
            {
              what: `whom ${who} calls`,
              missing: `a flow log of ${ends.a.map(({ address, known }) => (known ? known.id : `the interface of ${address}`)).join(' and ')}`,
            },
          ]
        : []),
      ...(all.length > 0 && !counted.some(({ hasFlags }) => hasFlags)
        ? [{ what: 'targets that fail now and then, or refuse', missing: 'tcp-flags in the flow log' }]
        : []),
      ...(all.length > 0
        ? [{ what: 'targets on ports from 32768 on, and of UDP but for rejects', missing: 'a question of one of them' }]
        : []),
    ],
    ...(newest !== undefined && { completeUntil: isoDate(Date.parse(newest) - delivery) }),
  }
}

const keyOf = ({ a, b, port }: Target) => `${a} ${b} ${port}`
const failures = ({ unanswered, refused, rejected }: Target) => unanswered + refused + rejected

/** The target as the snapshot has it in A's VPC, or the only one that has its address. */
function endOf(address: string, a: End, snapshot: Snapshot | undefined): End {
  if (!snapshot) return { address }
  const meanings = meaningsOf('B', address, snapshot)
  const inVpc = meanings.things.filter((thing) => thing.some(({ interface: one }) => one.vpcId === a.known?.vpc))
  const [thing, second] = inVpc.length > 0 ? inVpc : meanings.things
  return thing && !second ? (endsOf(meanings, thing)[0] ?? { address }) : { address }
}

function commonOf(
  failing: readonly FailingTarget[],
  { answer }: TargetsAnswer['targets'],
  subnets: readonly (string | undefined)[],
  all: readonly Target[],
): Common[] {
  if (failing.length < 2) return []
  const diagnosed = failing.flatMap(({ diagnosis }) => diagnosis ?? [])
  const which = diagnosed.length === failing.length ? 'all' : `the ${diagnosed.length} that are diagnosed`
  const port = shared(failing.map((one) => one.port))
  const onPort = all.filter((one) => one.port === port).length
  const [subnet, cause] =
    diagnosed.length > 1 ? [shared(subnets), shared(diagnosed.map((one) => one.cause))] : [undefined, undefined]
  const change = diagnosed.length > 1 ? changeBefore(diagnosed) : undefined
  const common: (Common | undefined | 0 | '')[] = [
    answer === 0 ? { what: 'targets', value: 'all', sentence: 'every target of A fails' } : undefined,
    port && {
      what: 'port',
      value: String(port),
      sentence: `all are on port ${port}, on which A calls ${onPort} target${onPort === 1 ? '' : 's'}`,
    },
    subnet && { what: 'subnet', value: subnet, sentence: `${which} are in ${subnet}` },
    cause && { what: 'cause', value: cause, sentence: `${which} have the cause ${cause}` },
    change && { what: 'change', value: change.eventId, sentence: `${which} began after ${changed(change)}` },
  ]
  return common.flatMap((one) => one || [])
}

/** The value that all have; none where one has another, or none. */
const shared = <T>(values: readonly T[]): T | undefined =>
  values.every((value) => value === values[0]) ? values[0] : undefined

/** The nearest change of the first that came before each of them. */
const changeBefore = ([first, ...others]: readonly Diagnosis[]): Change | undefined =>
  first?.changes.find(
    ({ eventId, secondsBefore }) =>
      secondsBefore >= 0 &&
      others.every(({ changes }) => changes.some((one) => one.eventId === eventId && one.secondsBefore >= 0)),
  )

const changed = ({ event, resource, by, time }: Change) => `${event} of ${resource} by ${by}, ${time}`

function sentenceOf(
  who: string,
  failing: readonly FailingTarget[],
  { all }: TargetsAnswer['targets'],
  common: readonly Common[],
): string {
  if (all === 0) return `No flow log shows a request of ${who} in this span.`
  if (failing.length === 0) return `No target of ${who} is seen to fail: it calls ${all}.`
  const shared = common.length > 0 ? ` ${common.map(({ sentence }) => sentence).join('; ')}.` : ''
  return `${failing.length} of ${all} targets of ${who} fail${shared === '' ? '.' : ':'}${shared}`
}
