import { count, plural } from '../text.ts'
import type { Answer, Figure, Known, Section, Unit } from './figure.ts'
import type { Holding } from './holding.ts'
import { type KindCost, kindCost, type Store } from './kinds.ts'
import { dollarsFor, type PriceName, type Prices, priceWords } from './prices.ts'

/** What neither a listing nor a price tells. */
export interface Assumptions {
  readonly store: Store
  /** Copies of each shard. */
  readonly replicas: Known
  /** Bytes of a document on disk. @default what was measured */
  readonly diskBytes?: Known
  /** CPU seconds for a million records. @default what was measured */
  readonly cpuSeconds?: Known
  readonly architecture: 'arm64' | 'x86_64'
  /** MB of the function. */
  readonly memory: Known
  /** Messages an invocation gets. */
  readonly batchSize: Known
  /** Milliseconds that an invocation waits for S3 and the store. */
  readonly wait: Known
  /** How long S3 and CloudWatch Logs keep them. */
  readonly months: Known
  /** Queries a month. */
  readonly queries: Known
  /** Per cent of the month that a query reads. */
  readonly scanned: Known
  /** LIST requests of one listing. */
  readonly lists: Known
}

/** A month of 30 days, in seconds. */
const month = 30 * 86_400

/** The memory at which a function has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const oneCpu = 1769

/** Long polls of an idle queue at once, and their seconds: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const pollers = 5
const pollSeconds = 20

/** What a query costs at least: https://aws.amazon.com/athena/pricing/ */
const leastScanned = 10 * 2 ** 20

const unread: Answer = { origin: 'no record was found in its files' }

/** What a month of these files costs, line by line. */
export function estimate(holdings: readonly Holding[], assumptions: Assumptions, prices: Prices): Figure[] {
  const priced = pricedBy(prices)
  const files = sum(holdings, ({ files }) => files)
  const stored = sum(holdings, ({ stored }) => stored)
  return [
    ...holdings.flatMap((holding) => heldFigures(holding, assumptions)),
    ...deliveryFigures(holdings, priced),
    priced('delivery', 'S3 PUT', 'requests', note(files, 'one a file'), 's3Put'),
    priced('delivery', 'S3 Standard', 'byte-months', kept(stored, assumptions.months), 's3Storage'),
    ...lambdaFigures(holdings, files, assumptions, priced),
    // Once for the work, once for the time that is left.
    priced('backfill', 'S3 LIST', 'requests', note(scaled(assumptions.lists, 2), 'twice'), 's3List'),
    priced('backfill', 'S3 GET', 'requests', note(files, 'one a file'), 's3Get'),
    ...cloudWatchFigures(holdings, kept(stored, assumptions.months), priced),
    ...athenaFigures(files, stored, assumptions, priced),
  ]
}

type Priced = ReturnType<typeof pricedBy>

function pricedBy(prices: Prices) {
  return (section: Section, name: string, unit: Unit, answer: Answer, price: PriceName): Figure => ({
    section,
    name,
    unit,
    ...answer,
    ...(answer.value !== undefined && { dollars: dollarsFor(prices[price], answer.value) }),
    price: priceWords(prices[price]),
  })
}

function heldFigures(holding: Holding, { store, replicas, diskBytes }: Assumptions): Figure[] {
  const { name, kind, files, stored, expanded, records, documents } = holding
  const figure = (what: string, unit: Unit, answer: Answer = unread): Figure => ({
    section: 'held',
    name: `${name}, ${what}`,
    unit,
    ...answer,
  })
  const each = diskBytes ?? (kind === undefined ? undefined : kindCost(kind)?.diskBytes?.[store])
  const lacks: Answer = documents ? { origin: `not measured on ${store}: state --disk-bytes` } : unread
  const disk = documents &&
    each && {
      value: documents.value * each.value * (1 + replicas.value),
      origin: `${count(each.value)} B a document (${each.origin}), ${plural(replicas.value, 'replica')} (${replicas.origin})`,
    }
  return [
    figure('files', 'files', files),
    figure('on S3', 'bytes', stored),
    figure('decompressed', 'bytes', expanded),
    figure('records', 'records', records),
    figure('documents', 'documents', documents),
    figure(`disk in ${store}`, 'bytes', disk ?? lacks),
  ]
}

function deliveryFigures(holdings: readonly Holding[], priced: Priced): Figure[] {
  const figures: Figure[] = []
  const vended = holdings.filter((holding) => costOf(holding)?.delivery === 'vended')
  // Its tiers are those of all vended logs together.
  if (vended.length > 0)
    figures.push(
      priced(
        'delivery',
        'vended logs',
        'bytes',
        sum(vended, ({ expanded }) => expanded),
        'vendedToS3',
      ),
    )
  for (const holding of holdings) {
    const cost = costOf(holding)
    if (cost?.delivery === 'vended') continue
    const common = { section: 'delivery', name: holding.name, unit: 'bytes' } as const
    if (cost)
      figures.push({ ...common, ...sum([holding], ({ expanded }) => expanded), dollars: 0, price: cost.because })
    else figures.push({ ...common, origin: 'what its delivery costs is not known' })
  }
  return figures
}

function lambdaFigures(
  holdings: readonly Holding[],
  files: Answer,
  { cpuSeconds, memory, architecture, batchSize, wait }: Assumptions,
  priced: Priced,
): Figure[] {
  const cpu = holdings.map((holding): Figure => {
    const each = cpuSeconds ?? costOf(holding)?.cpuSeconds
    const answer: Answer =
      holding.records && each
        ? {
            value: (holding.records.value / 1e6) * each.value,
            origin: `${each.value} s a million records (${each.origin})`,
          }
        : holding.records
          ? { origin: 'not measured: state --cpu-seconds' }
          : unread
    return { section: 'lambda', name: `${holding.name}, CPU`, unit: 'seconds', ...answer }
  })
  const invocations = scaled(files, 1 / batchSize.value)
  const working = cpu.reduce((total, { value = Number.NaN }) => total + value, 0) / Math.min(1, memory.value / oneCpu)
  const duration: Answer =
    Number.isNaN(working) || invocations.value === undefined
      ? { origin: 'CPU of some is not known' }
      : {
          value: working + (invocations.value * wait.value) / 1000,
          origin: `CPU at ${memory.value} MB (${memory.origin}), ${wait.value} ms of waiting an invocation (${wait.origin})`,
        }
  const batches = `batches of ${batchSize.value} (${batchSize.origin})`
  return [
    priced('lambda', 'S3 GET', 'requests', note(files, 'one a file'), 's3Get'),
    priced('lambda', 'SQS, sent by S3', 'requests', note(files, 'one a file'), 'sqsStandard'),
    priced('lambda', 'SQS, receive and delete', 'requests', note(scaled(invocations, 2), batches), 'sqsStandard'),
    priced(
      'lambda',
      'SQS, empty receives',
      'requests',
      {
        value: (pollers * month) / pollSeconds,
        origin: `at most: ${pollers} polls of ${pollSeconds} s at once, all the month`,
      },
      'sqsStandard',
    ),
    ...cpu,
    priced('lambda', 'Lambda invocations', 'requests', note(invocations, batches), 'lambdaRequest'),
    { section: 'lambda', name: 'Lambda duration', unit: 'seconds', ...duration },
    priced(
      'lambda',
      `Lambda on ${architecture}`,
      'GB-seconds',
      scaled(duration, memory.value / 1024),
      architecture === 'arm64' ? 'lambdaArm' : 'lambdaX86',
    ),
  ]
}

function cloudWatchFigures(holdings: readonly Holding[], archived: Answer, priced: Priced): Figure[] {
  const ingested = (name: string, own: readonly Holding[], price: PriceName) =>
    own.length === 0
      ? []
      : [
          priced(
            'cloudWatch',
            name,
            'bytes',
            sum(own, ({ expanded }) => expanded),
            price,
          ),
        ]
  const standard = holdings.filter((holding) => costOf(holding)?.ingestion === 'standard')
  return [
    ...ingested(
      'vended logs, ingestion',
      holdings.filter((holding) => !standard.includes(holding)),
      'vendedToLogs',
    ),
    ...ingested('other logs, ingestion', standard, 'logsIngestion'),
    priced('cloudWatch', 'storage', 'byte-months', note(archived, 'compressed as on S3'), 'logsStorage'),
  ]
}

function athenaFigures(files: Answer, stored: Answer, { queries, scanned }: Assumptions, priced: Priced): Figure[] {
  const words = `${queries.value} queries (${queries.origin}) of ${scanned.value} % each (${scanned.origin})`
  const share = scanned.value / 100
  const each = scaled(stored, share)
  const bytes: Answer =
    each.value === undefined ? each : { value: Math.max(each.value, leastScanned) * queries.value, origin: words }
  return [
    priced('athena', 'scanned', 'bytes', bytes, 'athenaScan'),
    priced('athena', 'S3 GET', 'requests', note(scaled(files, share * queries.value), words), 's3Get'),
  ]
}

function costOf({ kind }: Holding): KindCost | undefined {
  return kind === undefined ? undefined : kindCost(kind)
}

function sum(holdings: readonly Holding[], of: (holding: Holding) => Known | undefined): Answer {
  const lacking = holdings.filter((holding) => of(holding) === undefined).map(({ name }) => name)
  if (lacking.length > 0) return { origin: `not known of ${lacking.join(', ')}` }
  const known = holdings.map((holding) => of(holding)!)
  return {
    value: known.reduce((total, { value }) => total + value, 0),
    origin: known.length === 1 ? known[0]!.origin : 'the sum of the above',
  }
}

function scaled(answer: Answer, factor: number): Answer {
  return answer.value === undefined ? answer : { ...answer, value: answer.value * factor }
}

function kept(answer: Answer, months: Known): Answer {
  return note(scaled(answer, months.value), `${plural(months.value, 'month')} (${months.origin})`)
}

function note(answer: Answer, words: string): Answer {
  return answer.value === undefined ? answer : { ...answer, origin: `${answer.origin}, ${words}` }
}
