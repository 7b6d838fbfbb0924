import { type ErrorCode, type ErrorPlace, FlowferryError } from '../errors.ts'
import type { ObjectStatus } from '../types.ts'
import type { RecordSummary } from './counts.ts'

/** Records that must be read before a high share of malformed ones fails an object in its middle. */
const shareFloor = 1000

/** An object without an error is done; the source says which errors it may do without. */
export function statusOf(error: FlowferryError | undefined, skip: readonly ErrorCode[] = []): ObjectStatus {
  if (!error) return 'done'
  if (!skip.includes(error.code)) return 'failed'
  return error.code === 'OBJECT_SUPERSEDED' ? 'superseded' : 'skipped'
}

/**
 * The error that an object ends with. Refused and lost records come before the deadline and before an error that the
 * source skips: the next attempt would pass over them.
 */
export function finalError(
  error: FlowferryError | undefined,
  records: FlowferryError | undefined,
  skip?: readonly ErrorCode[],
): FlowferryError | undefined {
  const isWeak = statusOf(error, skip) !== 'failed' || error?.code === 'DEADLINE'
  return isWeak ? (records ?? error) : error
}

/** The error of an object of which too much is malformed: it is of another format. */
export function malformedError(
  { counts, malformed }: Pick<RecordSummary, 'counts' | 'malformed'>,
  options: { readonly share: number; readonly atEnd: boolean; readonly place: ErrorPlace },
): FlowferryError | undefined {
  const { share, atEnd, place } = options
  if (counts.malformed <= counts.read * share || !(atEnd || counts.read >= shareFloor)) return undefined
  const { ordinal, offset, reason } = malformed[0]!
  return new FlowferryError(
    'TOO_MANY_MALFORMED',
    `${counts.malformed} of ${counts.read} records are malformed, the first: ${reason}`,
    { place: { ...place, ordinal, offset } },
  )
}

/** The error of an object with rejected documents that no `deadRecords` keeps. */
export function rejectedError(
  { counts, rejected }: Pick<RecordSummary, 'counts' | 'rejected'>,
  place: ErrorPlace,
): FlowferryError | undefined {
  const [first] = rejected
  if (!first) return undefined
  return new FlowferryError(
    'RECORDS_REJECTED',
    `${counts.rejected} documents were refused, first ${first.type}: ${first.reason}`,
    { place: { ...place, ordinal: first.ordinal } },
  )
}
