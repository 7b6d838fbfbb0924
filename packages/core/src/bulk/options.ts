import { FlowferryError } from '../errors.ts'
import { has, requireOneOf, requireOption, requirePositive } from '../options.ts'
import type { Format } from '../types.ts'
import type { IndexPer } from './dates.ts'

export interface BulkOptions {
  /** Where documents go. Default: their data stream, `logs-<dataset>-<namespace>`. */
  readonly index?: string | ((format: Format) => string)
  /**
   * Writes each document to the index of its own `@timestamp`, `<index>-2026.11.22` or `<index>-2026.11` (UTC), instead
   * of a data stream: an id is then stored once for ever, not once between two rollovers. Dates from 2006 to two days
   * ahead; others are rejected, and so is what would send one object to more than 100 indices.
   */
  readonly indexPer?: IndexPer
  /**
   * `create` (default) leaves a document that is there as it is, and counts a duplicate. `index` overwrites it and counts
   * it as written: for what a corrected parser makes of the same files. Data streams refuse it, so it takes `index` or
   * `indexPer`.
   */
  readonly op?: 'create' | 'index'
  /** Checks each target once before its first document. Default true; false saves two privileges. */
  readonly checkTarget?: boolean
  /** Compresses request bodies: true is level 1, or a level from 1 to 9. Default false. */
  readonly gzip?: boolean | number
  /** Bytes of a request's body, from 1,000. Default 5 MiB; a 413 halves it for the sink's lifetime. */
  readonly maxBodyBytes?: number
  /** Bytes of bodies held at the same time, from `maxBodyBytes`: writes beyond it wait. Default three bodies. */
  readonly maxBytesInFlight?: number
  /**
   * Milliseconds that an answer may take, from 1. Default 120,000, above the minute that the engines wait for a shard. A
   * net under the client's own `requestTimeout`, which ends a request earlier if it is shorter.
   */
  readonly answerTimeout?: number
  /** Tries again after 429, 5xx and lost connections, 0 to 100. Default 8: about a minute with the default delays. */
  readonly maxRetries?: number
  /** Milliseconds before the first retry, doubled for each next one, with jitter. Default 250. */
  readonly retryMilliseconds?: number
  /** Milliseconds that a delay reaches at most; `Retry-After` may ask for more. Default 30,000. */
  readonly maxRetryMilliseconds?: number
}

/** The options with their defaults; throws INVALID_OPTION. */
export function checkOptions(options: BulkOptions) {
  const { maxBodyBytes = 5 * 1024 * 1024, answerTimeout = 120_000 } = options
  const {
    maxRetries = 8,
    retryMilliseconds = 250,
    maxRetryMilliseconds = 30_000,
    maxBytesInFlight = 3 * maxBodyBytes,
  } = options
  requirePositive('maxBodyBytes', maxBodyBytes, 1000)
  requirePositive('maxBytesInFlight', maxBytesInFlight, maxBodyBytes)
  requirePositive('answerTimeout', answerTimeout)
  requirePositive('maxRetries', maxRetries, 0)
  requirePositive('retryMilliseconds', retryMilliseconds, 0)
  requirePositive('maxRetryMilliseconds', maxRetryMilliseconds, 0)
  const { index, indexPer, op, gzip } = options
  const isIndex = index === undefined || typeof index === 'function' || (typeof index === 'string' && index !== '')
  requireOption(isIndex, 'index', index, 'a name, or a function that gives one')
  const isLevel = gzip === undefined || typeof gzip === 'boolean' || (Number.isInteger(gzip) && gzip >= 1 && gzip <= 9)
  requireOption(isLevel, 'gzip', gzip, 'true, false, or a level from 1 to 9')
  requireOneOf('indexPer', indexPer, ['day', 'month'])
  requireOneOf('op', op, ['create', 'index'])
  if (op === 'index' && index === undefined && indexPer === undefined)
    throw new FlowferryError(
      'INVALID_OPTION',
      'op is index, and data streams take create alone: set indexPer, or an index of yours',
    )
  return {
    ...options,
    maxBodyBytes,
    maxBytesInFlight,
    answerTimeout,
    maxRetries,
    retryMilliseconds,
    maxRetryMilliseconds,
  }
}

/**
 * Throws INVALID_OPTION unless the value is a client of a search engine, built by `library`: without this its lack would
 * look like a store that does not answer.
 */
export function requireClient(client: { readonly transport: unknown }, library: string): void {
  requireOption(has(client?.transport, 'request'), 'client', client, `a Client of ${library}`)
}
