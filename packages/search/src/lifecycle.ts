import { FlowferryError } from '@flowferry/core'
import { requireOption, requirePositive } from '@flowferry/core/internal'
import type { IndexPer } from './dates.ts'

/** When a data stream begins a new backing index: as soon as one of these is reached. */
export interface Rollover {
  /**
   * Age of the backing index: a number with `d`, `h` or `m`. An id is stored once between two rollovers.
   * @default '30d'
   */
  readonly maxAge?: string
  /**
   * Size of its largest primary shard: a number with `mb`, `gb` or `tb`.
   * @default '50gb'
   */
  readonly maxPrimaryShardSize?: string
  /**
   * Its documents, from 1 to 2,000,000,000: a shard takes 2,147,483,519 and then refuses every one.
   * @default 200_000_000
   */
  readonly maxDocs?: number
}

/** When indices begin and end. With neither option the lifecycle that is there stays, and a first run deletes nothing. */
export interface LifecycleOptions {
  /**
   * The time for which documents are kept at the least, a number with `d` or `h`. Whole indices are deleted: of a data
   * stream so long after their rollover, with `indexPer` so long after the end of their day or month. `false` ends the
   * deletion that an earlier run asked for.
   * @default none: nothing is deleted
   */
  readonly retention?: string | false
  /**
   * When data streams roll over; an empty object is the defaults. On Elasticsearch it is an ILM policy, and without it
   * the data stream's own lifecycle. Not with `indexPer`, whose indices end with their day or month.
   * @default 50 GB, 200 million documents or 30 days; with `retention` on Elasticsearch 7 days, or 1 below a retention of 14
   */
  readonly rollover?: Rollover
}

/**
 * Refuses times and sizes that the engines would refuse or misunderstand.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function checkLifecycle({ retention, rollover }: LifecycleOptions, indexPer: IndexPer | undefined): void {
  const fits = (text: unknown, pattern: RegExp) => typeof text === 'string' && pattern.test(text)
  if (retention !== undefined && retention !== false)
    requireOption(fits(retention, /^[1-9]\d{0,5}[dh]$/), 'retention', retention, 'a time as 30d or 36h, or false')
  if (rollover === undefined) return
  requireOption(
    typeof rollover === 'object' && rollover !== null,
    'rollover',
    rollover,
    "an object, as { maxAge: '7d' }",
  )
  if (indexPer !== undefined)
    throw new FlowferryError(
      'INVALID_OPTION',
      `rollover is for data streams, and an index of indexPer: '${indexPer}' ends with its ${indexPer}: leave one of them out`,
    )
  const { maxAge, maxPrimaryShardSize: size, maxDocs } = rolloverOf(rollover)
  requireOption(fits(maxAge, /^[1-9]\d{0,5}[dhm]$/), 'maxAge', maxAge, 'a time as 7d or 12h')
  requireOption(fits(size, /^[1-9]\d{0,5}(?:mb|gb|tb)$/), 'maxPrimaryShardSize', size, 'a size as 50gb')
  requirePositive('maxDocs', maxDocs)
  requireOption(maxDocs <= 2_000_000_000, 'maxDocs', maxDocs, 'at most 2,000,000,000: a shard holds little more')
}

export function rolloverOf(rollover: Rollover = {}): Required<Rollover> {
  const { maxAge = '30d', maxPrimaryShardSize = '50gb', maxDocs = 200_000_000 } = rollover
  return { maxAge, maxPrimaryShardSize, maxDocs }
}

/** Whether this run is to change the lifecycle. */
export function isLifecycleAsked({ retention, rollover }: LifecycleOptions): boolean {
  return retention !== undefined || rollover !== undefined
}

/**
 * The age at which a dated index has kept its last document for the retention. The engines count from its creation, with
 * its first document.
 */
export function datedAge(retention: string, indexPer: IndexPer): string {
  const days = indexPer === 'day' ? 1 : 31
  const count = Number(retention.slice(0, -1))
  return retention.endsWith('d') ? `${count + days}d` : `${count + 24 * days}h`
}
