import type { ArchiveFormat } from '@flowferry/source-s3'
import { s3Address } from '../aws.ts'
import type { ArchiveFormatName } from '../format-names.ts'
import { UsageError } from '../io.ts'
import type { BackfillIdentity } from './checkpoint.ts'
import { parseDuration, parseTime } from './times.ts'

export interface BackfillCommandOptions {
  readonly from: string
  readonly to?: string
  readonly format?: readonly ArchiveFormatName[]
  readonly account?: readonly string[]
  readonly region?: readonly string[]
  readonly late?: string
  readonly toSink?: string
  readonly url?: string
  readonly index?: string
  readonly setup?: boolean
  readonly concurrency?: number
  readonly enqueue?: string
  readonly recordsPerMessage?: number
  readonly rate?: number
  readonly manifest?: string
  readonly checkpoint?: string
  readonly failures?: string
  readonly deadLetterQueue?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** What the command line asks for, checked; nothing was opened or asked yet. */
export interface BackfillRequest {
  readonly bucket: string
  readonly prefix: string
  readonly formats: readonly ArchiveFormat[]
  readonly accounts: readonly string[]
  readonly regions: readonly string[]
  readonly from: Date
  readonly to: Date
  /** Milliseconds. */
  readonly late?: number
  readonly way: 'sink' | 'queue' | 'fifo' | 'manifest' | undefined
  readonly identity: BackfillIdentity
}

export function backfillRequest(source: string, options: BackfillCommandOptions, now = new Date()): BackfillRequest {
  const address = s3Address(source)
  if (!address) throw new UsageError(`backfill reads a bucket: s3://bucket or s3://bucket/prefix, not "${source}"`)
  const { from, to = '-0m', format = [], account = [], region = [], late } = options
  const span = { from: parseTime('--from', from, now), to: parseTime('--to', to, now) }
  if (span.from >= span.to) throw new UsageError('--from must be before --to')
  for (const id of account)
    if (!/^\d{12}$/.test(id)) throw new UsageError(`--account takes ids of 12 digits, not "${id}"`)
  const lateness = late === undefined ? undefined : parseDuration('--late', late)
  return {
    bucket: address.bucket,
    prefix: address.key,
    formats: format,
    accounts: account,
    regions: region,
    ...span,
    ...(lateness !== undefined && { late: lateness }),
    way: wayOf(options),
    identity: {
      source,
      target: options.toSink ?? options.enqueue ?? options.manifest ?? '',
      formats: format,
      accounts: account,
      regions: region,
      from,
      to,
      late: late ?? '',
    },
  }
}

function wayOf(options: BackfillCommandOptions): BackfillRequest['way'] {
  const { toSink, enqueue, manifest, dryRun, deadLetterQueue } = options
  const ways = [toSink, enqueue, manifest].filter((way) => way !== undefined).length
  if (ways > 1) throw new UsageError('--to-sink, --enqueue and --manifest are three ways; choose one')
  if (ways === 0 && !dryRun)
    throw new UsageError('Say what to do: --to-sink STORE, --enqueue QUEUE_URL, --manifest FILE, or only --dry-run')
  if (toSink !== undefined && !/^(?:elasticsearch|opensearch|duckdb:.+)$/s.test(toSink))
    throw new UsageError(`--to-sink takes elasticsearch, opensearch or duckdb:FILE, not "${toSink}"`)
  const ofSink = ['url', 'index', 'setup', 'concurrency', 'failures', 'deadLetterQueue'] as const
  only(options, ofSink, toSink !== undefined, '--to-sink')
  only(options, ['recordsPerMessage', 'rate'], enqueue !== undefined, '--enqueue')
  only(options, ['checkpoint'], manifest === undefined, '--to-sink or --enqueue: a manifest is written whole')
  for (const [option, url] of [
    ['--enqueue', enqueue],
    ['--dead-letter-queue', deadLetterQueue],
  ] as const)
    if (url !== undefined && !/^https?:\/\//.test(url))
      throw new UsageError(`${option} takes the queue's URL (https://sqs.…), not its name or ARN: "${url}"`)
  if (options.setup && options.index !== undefined)
    throw new UsageError('--setup installs templates of data streams; an --index gets its mapping from you')
  if (toSink !== undefined) return 'sink'
  if (manifest !== undefined) return 'manifest'
  return enqueue === undefined ? undefined : enqueue.endsWith('.fifo') ? 'fifo' : 'queue'
}

function only(
  options: BackfillCommandOptions,
  names: readonly (keyof BackfillCommandOptions)[],
  allowed: boolean,
  way: string,
): void {
  for (const name of names)
    if (!allowed && options[name] !== undefined)
      throw new UsageError(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} goes with ${way}`)
}
