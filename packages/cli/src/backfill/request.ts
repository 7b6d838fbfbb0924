import { type ArchiveSelection, archiveSpan } from '../archive/selection.ts'
import { requireS3Address } from '../aws.ts'
import { unknownStore } from '../cluster.ts'
import type { Documents } from '../formats.ts'
import { type Globs, matcherOf } from '../globs.ts'
import { queueUrl, refuseOptions, UsageError } from '../io.ts'
import type { Skips } from '../skips.ts'
import { checkSetup, type TargetOptions } from '../target.ts'
import type { BackfillIdentity } from './checkpoint.ts'

export interface BackfillCommandOptions extends TargetOptions, ArchiveSelection, Globs, Skips {
  readonly since: string
  readonly setup?: boolean
  readonly concurrency?: number
  /** @default 0.1, as `ingest()` has it */
  readonly malformedShare?: number
  readonly enqueue?: string
  readonly recordsPerMessage?: number
  readonly rate?: number
  readonly manifest?: string
  readonly checkpoint?: string
  readonly failures?: string
  readonly dlq?: string
  readonly documents?: Documents
  readonly dryRun?: boolean
  /** Objects at most. @default all */
  readonly limit?: number
  readonly json?: boolean
}

/** What the command line asks for, checked; nothing was opened or asked yet. */
export interface BackfillRequest {
  readonly bucket: string
  readonly prefix: string
  /** None: all. */
  readonly formats: readonly string[]
  readonly accounts: readonly string[]
  readonly regions: readonly string[]
  readonly from: Date
  readonly to: Date
  /** Milliseconds. */
  readonly late?: number
  /** By `--include` and `--exclude`. */
  readonly isMeant: (key: string) => boolean
  readonly way: 'sink' | 'queue' | 'fifo' | 'manifest' | undefined
  readonly identity: BackfillIdentity
}

export function backfillRequest(source: string, options: BackfillCommandOptions, now = new Date()): BackfillRequest {
  const address = requireS3Address(source, 'backfill reads a bucket:')
  const { since, until = '-0m', format = [], account = [], region = [], late } = options
  return {
    bucket: address.bucket,
    prefix: address.key,
    formats: format,
    ...archiveSpan(options, now),
    isMeant: matcherOf(options),
    way: wayOf(options),
    identity: {
      source,
      target: options.to ?? options.enqueue ?? options.manifest ?? '',
      formats: format,
      accounts: account,
      regions: region,
      include: options.include ?? [],
      exclude: options.exclude ?? [],
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
    throw unknownStore('--to', to, 'elasticsearch, opensearch or duckdb:FILE')
  const ofStore = [
    'url',
    'cloudId',
    'auth',
    'index',
    'indexPer',
    'op',
    'gzip',
    'setup',
    'concurrency',
    'malformedShare',
    'skipArchived',
    'skipUnknown',
    'failures',
    'dlq',
  ] as const
  if (to === undefined) refuseOptions(options, ofStore, '--to')
  if (enqueue === undefined) refuseOptions(options, ['recordsPerMessage', 'rate'], '--enqueue')
  if (manifest !== undefined) refuseOptions(options, ['checkpoint'], '--to or --enqueue: a manifest is written whole')
  if (enqueue !== undefined) queueUrl('--enqueue', enqueue)
  if (dlq !== undefined) queueUrl('--dlq', dlq)
  checkSetup(options)
  if (to !== undefined) return 'sink'
  if (manifest !== undefined) return 'manifest'
  return enqueue === undefined ? undefined : enqueue.endsWith('.fifo') ? 'fifo' : 'queue'
}
