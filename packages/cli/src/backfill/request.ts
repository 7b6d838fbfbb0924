import type { ArchiveFormat } from '@flowferry/source-s3'
import { s3Address } from '../aws.ts'
import type { ArchiveFormatName } from '../format-names.ts'
import { queueUrl, UsageError } from '../io.ts'
import { checkSetup, type TargetOptions } from '../target.ts'
import { parseDuration, parseTime } from '../times.ts'
import type { BackfillIdentity } from './checkpoint.ts'

export interface BackfillCommandOptions extends Partial<TargetOptions> {
  readonly since: string
  readonly until?: string
  readonly format?: readonly ArchiveFormatName[]
  readonly account?: readonly string[]
  readonly region?: readonly string[]
  readonly late?: string
  readonly setup?: boolean
  readonly concurrency?: number
  readonly enqueue?: string
  readonly recordsPerMessage?: number
  readonly rate?: number
  readonly manifest?: string
  readonly checkpoint?: string
  readonly failures?: string
  readonly dlq?: string
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
  const { since, until = '-0m', format = [], account = [], region = [], late } = options
  const span = { from: parseTime('--since', since, now), to: parseTime('--until', until, now) }
  if (span.from >= span.to) throw new UsageError('--since must be before --until')
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
      target: options.to ?? options.enqueue ?? options.manifest ?? '',
      formats: format,
      accounts: account,
      regions: region,
      since,
      until,
      late: late ?? '',
    },
  }
}

function wayOf(options: BackfillCommandOptions): BackfillRequest['way'] {
  const { to, enqueue, manifest, dryRun, dlq } = options
  const ways = [to, enqueue, manifest].filter((way) => way !== undefined).length
  if (ways > 1) throw new UsageError('--to, --enqueue and --manifest are three ways; choose one')
  if (ways === 0 && !dryRun)
    throw new UsageError('Say what to do: --to STORE, --enqueue QUEUE_URL, --manifest FILE, or only --dry-run')
  if (to !== undefined && !/^(?:elasticsearch|opensearch|duckdb:.+)$/s.test(to))
    throw new UsageError(`--to takes elasticsearch, opensearch or duckdb:FILE, not "${to}"`)
  const ofStore = ['url', 'index', 'indexPer', 'op', 'gzip', 'setup', 'concurrency', 'failures', 'dlq'] as const
  only(options, ofStore, to !== undefined, '--to')
  only(options, ['recordsPerMessage', 'rate'], enqueue !== undefined, '--enqueue')
  only(options, ['checkpoint'], manifest === undefined, '--to or --enqueue: a manifest is written whole')
  if (enqueue !== undefined) queueUrl('--enqueue', enqueue)
  if (dlq !== undefined) queueUrl('--dlq', dlq)
  checkSetup(options)
  if (to !== undefined) return 'sink'
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
