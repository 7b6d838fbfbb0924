import { type ArchiveSelection, archiveSpan } from '../archive/selection.ts'
import { requireS3Address } from '../aws.ts'
import { type Globs, matcherOf } from '../globs.ts'
import { refuseOptions, UsageError } from '../io.ts'
import type { Assumptions } from './estimate.ts'
import type { Known } from './figure.ts'
import type { Store } from './kinds.ts'

export interface CostCommandOptions extends ArchiveSelection, Globs {
  readonly sample?: number
  readonly files?: number
  readonly gb?: number
  readonly expandedGb?: number
  readonly records?: number
  readonly store?: Store
  readonly replicas?: number
  readonly diskBytes?: number
  readonly cpuSeconds?: number
  readonly memory?: number
  readonly architecture?: 'arm64' | 'x86_64'
  readonly batchSize?: number
  readonly wait?: number
  readonly months?: number
  readonly queries?: number
  readonly scanned?: number
  readonly prices?: string
  readonly json?: boolean
}

/** What the command line asks for, checked; nothing was opened or asked yet. */
export type CostRequest =
  | {
      readonly from: 'listing'
      readonly bucket: string
      readonly prefix: string
      /** Milliseconds. */
      readonly late?: number
      readonly span: { readonly from: Date; readonly to: Date }
      readonly scale: Known
      /** By `--include` and `--exclude`. */
      readonly isMeant: (key: string) => boolean
    }
  | { readonly from: 'statement'; readonly format: string; readonly files: number }

const ofListing = ['since', 'until', 'account', 'region', 'late', 'include', 'exclude', 'sample'] as const
const ofStatement = ['files', 'gb', 'expandedGb', 'records'] as const
const day = 86_400_000

export function costRequest(source: string | undefined, options: CostCommandOptions, now = new Date()): CostRequest {
  if (options.diskBytes !== undefined || options.cpuSeconds !== undefined)
    oneFormat(options, '--disk-bytes and --cpu-seconds')
  return source === undefined ? statement(options) : listing(source, options, now)
}

function listing(source: string, options: CostCommandOptions, now: Date): CostRequest {
  const address = requireS3Address(source, 'cost lists a bucket:')
  refuseOptions(options, ofStatement, 'figures that are stated, without a bucket')
  const { since } = options
  if (since === undefined)
    throw new UsageError('--since says which files are listed: --since -30d, or one day of a large bucket: --since -1d')
  const { late, from, to } = archiveSpan({ ...options, since }, now)
  return {
    from: 'listing',
    bucket: address.bucket,
    prefix: address.key,
    span: { from, to },
    isMeant: matcherOf(options),
    scale: monthFor((to.getTime() - from.getTime()) / day),
    ...(late !== undefined && { late }),
  }
}

/** A month has 30 days; one of the calendar's is taken as it is. */
function monthFor(days: number): Known {
  if (days >= 28 && days <= 31) return { value: 1, origin: '' }
  return { value: 30 / days, origin: `, times 30/${Math.round(days * 100) / 100} days` }
}

function statement(options: CostCommandOptions): CostRequest {
  const { files, gb, expandedGb, records } = options
  if (files === undefined && gb === undefined && records === undefined)
    throw new UsageError(
      'Say of what: s3://BUCKET --since TIME, or figures of a month: --format, --files, and --gb or --records',
    )
  refuseOptions(options, ofListing, 'a bucket: flowferry cost s3://BUCKET')
  const format = oneFormat(options, 'Stated figures')
  if (files === undefined) throw new UsageError('--files is missing: what requests cost depends on it')
  if (gb === undefined && expandedGb === undefined && records === undefined)
    throw new UsageError('State --gb, --expanded-gb or --records')
  return { from: 'statement', format, files }
}

function oneFormat({ format = [] }: CostCommandOptions, what: string): string {
  const [first, ...more] = format
  if (first === undefined || more.length > 0) throw new UsageError(`${what} are those of one --format`)
  return first
}

/** What the command line says, and else what is usual. */
export function assumptionsOf(options: CostCommandOptions, lists: Known): Assumptions {
  const { store = 'elasticsearch', architecture = 'arm64', diskBytes, cpuSeconds } = options
  const or = (value: number | undefined, usual: number): Known =>
    value === undefined ? { value: usual, origin: 'assumed' } : { value, origin: 'stated' }
  return {
    store,
    architecture,
    replicas: or(options.replicas, 1),
    memory: or(options.memory, 1024),
    batchSize: or(options.batchSize, 10),
    wait: or(options.wait, 200),
    months: or(options.months, 1),
    queries: or(options.queries, 100),
    scanned: or(options.scanned, 10),
    ...(diskBytes !== undefined && { diskBytes: { value: diskBytes, origin: 'stated' } }),
    ...(cpuSeconds !== undefined && { cpuSeconds: { value: cpuSeconds, origin: 'stated' } }),
    lists,
  }
}
