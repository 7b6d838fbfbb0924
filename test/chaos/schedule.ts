import type { LogFile } from '../support/log-files.ts'
import { cloudFrontFile, cloudTrailFile, flowFile, twin } from '../support/log-files.ts'
import { type Random, random } from '../support/random.ts'
import type { EngineName } from '../support/search.ts'
import { commonKinds, type FaultKind, serverKinds } from './faults.ts'

/** One run of the suite: what it does is decided by its number and the seed alone. */
export interface Schedule {
  readonly number: number
  readonly seed: number
  readonly engine: EngineName
  /** The worker of `consume`, or a handler in Lambda's loop. */
  readonly mode: 'worker' | 'lambda'
  /** On a search server of its own, that is restarted. */
  readonly ownServer: boolean
  readonly faults: readonly FaultKind[]
}

/** One in so many schedules has a server of its own. */
const serverEvery = 12
/** Faults that each schedule gets in turn, so that a few schedules have them all; as many more come by chance. */
const inTurn = 3

export function schedules(count: number, seed: number): Schedule[] {
  let turn = 0
  let owed: FaultKind[] = []
  return Array.from({ length: count }, (_, number) => {
    const own = random(seed * 10_007 + number)
    const ownServer = number % serverEvery === serverEvery - 1
    const round = Math.floor(number / serverEvery)
    // Of two schedules in a row, one goes to each engine; every third runs as Lambda does.
    const engine = (ownServer ? round : number) % 2 === 0 ? 'elasticsearch' : 'opensearch'
    const mode = !ownServer && number % 3 === 2 ? 'lambda' : 'worker'
    const chance = Array.from({ length: inTurn }, () => own.pick(commonKinds))
    const turns = ownServer
      ? [serverKinds[round % serverKinds.length]!]
      : [...owed, ...Array.from({ length: inTurn }, () => commonKinds[turn++ % commonKinds.length]!)]
    // The next of the right mode gets those that stood in the row.
    const fits = (kind: FaultKind) => !(mode === 'worker' ? lambdaOnly : workerOnly).has(kind)
    if (!ownServer) owed = turns.filter((kind) => !fits(kind))
    return { number, seed, engine, mode, ownServer, faults: [...new Set([...turns, ...chance])].filter(fits) }
  })
}

/** Lambda's loop has none of what these meet. */
const workerOnly: ReadonlySet<FaultKind> = new Set<FaultKind>(['SIGTERM in work', 'SQS resets a change of visibility'])
/** A worker reads on over a new connection; the deadline is shorter than the stall, and the next invocation goes on. */
const lambdaOnly: ReadonlySet<FaultKind> = new Set<FaultKind>(['S3 stalls in a large body'])

/** The files of a schedule, in two buckets. */
export interface Files {
  readonly first: readonly LogFile[]
  readonly second: readonly LogFile[]
}

/**
 * Some 10,000 records in files of all formats and packings; those called `small-` fit into one batch. Three of them have
 * twins: the same bytes under another key, and under the same key of another bucket.
 */
export function filesOf({ number, seed }: Schedule): Files {
  const files = random(seed * 20_011 + number)
  const name = (prefix: string) => `${prefix}${number}_${files.int(1e9).toString(36)}`
  const packing = () => files.pick(['plain', 'gzip', 'members'] as const)
  const account = () => String(100_000_000_000 + files.int(800_000_000_000))
  const some = () => ({ packing: packing(), account: account() })
  const flows = flowFile(files, name('small-'), files.pick(['v2', 'custom']), {
    records: 150,
    malformed: true,
    ...some(),
  })
  const events = cloudTrailFile(files, name('small-'), {
    records: 12 + files.int(20),
    packing: 'gzip',
    account: account(),
  })
  const visits = cloudFrontFile(files, name('small-'), { records: 40, packing: 'plain' })
  const again = ({ key }: LogFile) => key.replace('small-', 'small-again-')
  return {
    first: [
      flowFile(files, name('big-'), 'v2', { records: 3900 + files.int(500), ...some() }),
      flowFile(files, name('big-'), 'custom', { records: 2300 + files.int(300), ...some() }),
      flows,
      twin(flows, again(flows)),
      flowFile(files, name('small-'), files.pick(['v2', 'custom']), {
        records: 1 + files.int(90),
        packing: 'plain',
        account: account(),
      }),
      cloudTrailFile(files, name('mid-'), { records: 700 + files.int(200), ...some() }),
      events,
      // Of the same account: the same events. Outside of any account's directory: others.
      twin(events, again(events)),
      twin(events, `trails/${name('small-')}.json.gz`, null),
      cloudFrontFile(files, name('mid-'), { records: 2100 + files.int(300), packing: packing(), malformed: true }),
      visits,
    ],
    second: [visits, events, twin(flows, again(flows))],
  }
}

/** An object, or a text, that no redelivery makes readable. */
export function unreadable(
  random: Random,
  number: number,
): { readonly file?: Pick<LogFile, 'key' | 'body'>; readonly text?: string; readonly code: string } {
  const flow = flowFile(random, `small-cut${number}`, 'v2', { records: 60, packing: 'gzip' })
  return random.pick([
    { file: { key: flow.key, body: flow.body.subarray(0, -9) }, code: 'COMPRESSION_CORRUPT' },
    {
      file: { key: `other/small-${number}.bin`, body: Buffer.from('no log of any kind\n'.repeat(9)) },
      code: 'FORMAT_UNKNOWN',
    },
    { text: `{"not":\t"an event, ü \u{1F680} \\u0041" }  `, code: 'ENVELOPE_UNREADABLE' },
  ])
}
