import type { Format, ObjectIdentity } from '@flowferry/core'
import { invalid, optionalFunction } from '../queue/options.ts'
import { spanOf } from './archive.ts'

type Filter<T> = (record: T, object: ObjectIdentity) => boolean

export interface WithinSpanOptions<T> {
  /** Keep records from this time on, … */
  readonly from: Date
  /** … before this one. */
  readonly to: Date
  /** The parser that the records come from: its formats know their times. */
  readonly parser: { readonly formats: readonly Pick<Format, 'kind' | 'time'>[] }
  /** Your own filter, asked for what is within the span. Default: all is kept. */
  readonly filter?: Filter<T>
}

/**
 * A filter for `ingest`: records whose time, the `@timestamp` of their documents, is in [from, to). What it drops counts
 * as `filtered`. A record without a time takes that of its object's upload, as its document does.
 *
 * @throws FlowferryError INVALID_OPTION for a format that does not know its records' time
 *
 * @example
 * const filter = withinSpan({ from, to, parser })
 * await ingest({ source: backfillSource(archiveObjects({ s3, bucket, parser, from, to }), { s3 }), parser, sink, filter })
 */
export function withinSpan<T>({ from, to, parser, filter }: WithinSpanOptions<T>): Filter<T> {
  const { start, end } = spanOf(from, to)
  optionalFunction('filter', filter)
  const times = new Map(parser.formats.map(({ kind, time }) => [kind, time]))
  for (const [kind, time] of times)
    if (!time) throw invalid(`the format ${kind} of \`parser\` has no \`time\`, which tells when a record was`)
  return (record, object) => {
    const time = times.get((record as { kind?: string }).kind ?? '')
    const at = time?.(record) ?? object.lastModified?.getTime()
    return (at === undefined || (at >= start && at < end)) && (!filter || filter(record, object))
  }
}
