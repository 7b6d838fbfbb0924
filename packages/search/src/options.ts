import type { Format } from '@flowferry/core'
import { FlowferryError } from '@flowferry/core'
import { hasMethods, requireOneOf, requireOption, requirePositive } from '@flowferry/core/internal'
import type { IndexPer } from './dates.ts'

export interface BulkOptions {
  /**
   * Name of an index, or a function from a format to one. Its mapping is yours: `setup` installs none for it.
   * @default the format's data stream, `logs-<dataset>-<namespace>`: Elastic's dashboards and rules look there
   */
  readonly index?: string | ((format: Format) => string)
  /**
   * `day` or `month`: each document goes to the index of its own `@timestamp` (UTC), `<index>-2026.11.22` or
   * `<index>-2026.11`, where its id is stored once for ever. Takes dates from 2006 to two days ahead, and rejects a
   * document of any other. It also rejects documents for which one object would need more than 100 indices.
   * @default none: a data stream, which rolls over by itself, and stores an id once between two rollovers only
   */
  readonly indexPer?: IndexPer
  /**
   * `create` leaves an existing document as it is, and counts a duplicate. `index` overwrites the document and counts
   * it as written: for the documents that a corrected parser makes of the same files. Data streams refuse `index`, so
   * it takes `index` or `indexPer` beside it.
   * @default 'create': a redelivered file changes nothing
   */
  readonly op?: 'create' | 'index'
  /**
   * Whether each dated index, and on OpenSearch each data stream, is checked once before its first document. `false`
   * saves two privileges. On Elasticsearch a data stream needs no check: each request requires one.
   * @default true: without its template the engine would guess the field types
   */
  readonly checkTarget?: boolean
  /**
   * Compresses request bodies: `true` is level 1, a number from 1 to 9 is zlib's level.
   * @default false: compression takes more CPU than all the rest, and pays where the network is metered or slow
   */
  readonly gzip?: boolean | number
  /**
   * Bytes of a request's body, from 1,000. A 413 halves it for the sink's lifetime.
   * @default 5_242_880 (5 MiB): small instances of Amazon OpenSearch Service refuse more than 10 MiB
   */
  readonly maxBodyBytes?: number
  /**
   * Bytes of all bodies held at the same time, from `maxBodyBytes`. Further writes wait, so a slow engine slows
   * reading.
   * @default 3 * maxBodyBytes: a few requests at once, and memory that does not grow with the load
   */
  readonly maxBytesInFlight?: number
  /**
   * Milliseconds for the whole response to a request, from 1. The client's own `requestTimeout` ends the request
   * earlier if it is shorter.
   * @default 120_000: above the minute for which the engines wait for a shard
   */
  readonly requestTimeoutMilliseconds?: number
  /**
   * Further tries after a 429, a 5xx or a lost connection, from 0.
   * @default 8: about a minute with the default delays
   */
  readonly maxRetries?: number
  /**
   * Milliseconds before the first retry, from 0, doubled for each next one, with jitter.
   * @default 250: a full queue of the engine drains in less than a second
   */
  readonly retryMilliseconds?: number
  /**
   * Upper limit of a retry's delay in milliseconds, from 0. `Retry-After` may ask for more.
   * @default 30_000: an engine that is back is noticed within half a minute
   */
  readonly maxRetryMilliseconds?: number
}

/**
 * The options with their defaults.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function checkOptions(options: BulkOptions) {
  const { maxBodyBytes = 5 * 1024 * 1024, requestTimeoutMilliseconds = 120_000 } = options
  const {
    maxRetries = 8,
    retryMilliseconds = 250,
    maxRetryMilliseconds = 30_000,
    maxBytesInFlight = 3 * maxBodyBytes,
  } = options
  requirePositive('maxBodyBytes', maxBodyBytes, 1000)
  requirePositive('maxBytesInFlight', maxBytesInFlight, maxBodyBytes)
  requirePositive('requestTimeoutMilliseconds', requestTimeoutMilliseconds)
  requirePositive('maxRetries', maxRetries, 0)
  requirePositive('retryMilliseconds', retryMilliseconds, 0)
  requirePositive('maxRetryMilliseconds', maxRetryMilliseconds, 0)
  const { index, indexPer, op, gzip } = options
  const isIndex = index === undefined || typeof index === 'function' || isIndexName(index)
  requireOption(isIndex, 'index', index, 'the name of one index, without wildcards, or a function that gives one')
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
    requestTimeoutMilliseconds,
    maxRetries,
    retryMilliseconds,
    maxRetryMilliseconds,
  }
}

/**
 * Whether the text names one index, by the rules of both engines. `*`, a list or a date expression would write elsewhere.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create
 */
function isIndexName(name: unknown): boolean {
  if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > 255) return false
  return !/^[-_+]|^\.\.?$|[A-Z\\/*?"<>|\s,#:]|\p{Cc}/u.test(name)
}

/**
 * The name that a user's `index` function gave.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function requireIndexName(name: string): string {
  requireOption(isIndexName(name), 'what `index` gives', name, 'the name of one index, without wildcards')
  return name
}

/**
 * Checks that the value is a client of a search engine, built by `library`. Unchecked, a missing client would look like
 * an engine that does not answer.
 *
 * @example
 * requireClient(client, '@opensearch-project/opensearch')
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function requireClient(client: { readonly transport: unknown }, library: string): void {
  requireOption(hasMethods(client?.transport, 'request'), 'client', client, `a Client of ${library}`)
}
