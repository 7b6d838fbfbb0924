import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Snapshot } from '@flowferry/enrich/interfaces'
import { endedBy, type Row, type Store } from '../answer.ts'
import { diagnose } from './diagnose.ts'
import { type Cause, type Certainty, certainties, type Diagnosis } from './diagnosis.ts'
import { type Asked, endsFor, pairsOf } from './ends.ts'
import type { Pair } from './evidence.ts'
import type { GatherOptions } from './gather/options.ts'
import { gather } from './gather.ts'
import { type End, twinsOf } from './named.ts'

export interface WhyOptions extends Omit<GatherOptions, 'known' | 'twins' | 'alsoB'> {
  /** What `flowferry snapshot` wrote: names, and what is known of interfaces. @default none: addresses and ids of the logs alone */
  readonly snapshot?: Snapshot
}

/** What `why` is asked: whether A reaches B, and when. */
export interface WhyQuestion extends Asked {
  readonly b: string
  /** @default as of `Pair` */
  readonly port?: number
}

/** What was found of one pair of addresses. */
export interface PairAnswer {
  readonly a: string
  readonly b: string
  readonly aName?: string
  readonly bName?: string
  readonly cause: Cause
  readonly certainty: Certainty
  readonly tries: Diagnosis['tries']
}

/** The diagnosis of the pair that fails most surely, and what the others are. */
export interface WhyAnswer extends Diagnosis {
  /** The pair of the diagnosis first. */
  readonly pairs: readonly PairAnswer[]
}

/** Pairs of addresses that are diagnosed: a load balancer has a few nodes, and an instance a few interfaces. */
const mostPairs = 16

/**
 * Why A does not reach B, where each is an address, an id or a name. What has several addresses is asked about with all of
 * them.
 *
 * @throws FlowferryError INVALID_OPTION where A or B names nothing, or several things; and as `ask` does
 * @example
 * const snapshot = readSnapshot(await readFile('flowferry.snapshot.json', 'utf8'), 'flowferry.snapshot.json')
 * const { sentence, pairs } = await why(store.ask, { a: 'payments', b: 'orders-db', port: 5432, since, until }, { snapshot })
 */
export async function why(store: Store['ask'], question: WhyQuestion, options: WhyOptions = {}): Promise<WhyAnswer> {
  const { snapshot, signal, ...gathering } = options
  const ask = endedBy(signal, store)
  const { port, since, until } = question
  const ends = await endsFor(ask, question, snapshot)
  const twins = snapshot ? twinsOf(snapshot, [ends.a, ends.b]) : []
  const all = pairsOf(ends)
  const calling = all.length > 1 ? await callingOf(ask, all, question) : all
  const asked = (calling.length > 0 ? calling : all).slice(0, mostPairs)
  const found: { pair: (typeof all)[number]; diagnosis: Diagnosis }[] = []
  for (const pair of asked) {
    const { a, b } = pair
    const evidence = await gather(
      ask,
      { a: a.address, b: b.address, ...(port !== undefined && { port }), since, until },
      {
        known: [a, b].flatMap(({ known }) => known ?? []),
        twins,
        alsoB: ends.b.map(({ address }) => address).filter((address) => address !== b.address),
        ...gathering,
      },
    )
    found.push({ pair, diagnosis: diagnose(evidence) })
  }
  const works = found.some(({ diagnosis }) => diagnosis.cause === 'no-fault')
  found.sort((one, other) => rank(one.diagnosis, works) - rank(other.diagnosis, works))
  const { diagnosis } = found[0]!
  const left = all.length - asked.length
  return {
    ...diagnosis,
    cannotTell: [
      ...diagnosis.cannotTell,
      ...(left > 0
        ? [
            {
              what: `${left} other pairs of addresses of A and B`,
              missing: calling.length > asked.length ? 'a question of one of them' : 'records in which A calls B there',
            },
          ]
        : []),
    ],
    pairs: found.map(({ pair: { a, b }, diagnosis: { cause, certainty, tries } }) => ({
      a: a.address,
      b: b.address,
      ...(a.known?.name !== undefined && { aName: a.known.name }),
      ...(b.known?.name !== undefined && { bName: b.known.name }),
      cause,
      certainty,
      tries,
    })),
  }
}

/**
 * Faults first, by how sure and how many; then what works, then what cannot be told. That A no longer calls one of B's
 * addresses is no fault where another one works.
 */
function rank({ cause, certainty, tries }: Diagnosis, works: boolean): number {
  const isFault = !['no-fault', 'cannot-tell', ...(works ? ['calls-elsewhere', 'slow'] : [])].includes(cause)
  const kind = isFault ? 0 : cause === 'no-fault' ? 1 : cause === 'cannot-tell' ? 3 : 2
  const share = tries.all === 0 ? 0 : tries.failed / tries.all
  return kind * 10 + certainties.indexOf(certainty) - share / 2
}

/** The pairs of which there is a record, those with most first. */
async function callingOf(
  ask: Store['ask'],
  pairs: readonly { readonly a: End; readonly b: End }[],
  { port, since, until }: Omit<Pair, 'a' | 'b'>,
) {
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span: { from: since, to: until },
    filters: [
      { field: 'source.ip', oneOf: [...new Set(pairs.map(({ a }) => a.address))] },
      { field: 'destination.ip', oneOf: [...new Set(pairs.map(({ b }) => b.address))] },
      ...(port === undefined ? [] : [{ field: 'destination.port', equals: port }]),
    ],
    groups: ['source.ip', 'destination.ip'],
    measures: { records: { count: true } },
    order: [{ by: 'records', direction: 'desc' }],
    limit: 1000,
  })
  const isOf = (row: Row, { a, b }: (typeof pairs)[number]) =>
    row['source.ip'] === a.address && row['destination.ip'] === b.address
  return rows.flatMap((row) => pairs.filter((pair) => isOf(row, pair)))
}
