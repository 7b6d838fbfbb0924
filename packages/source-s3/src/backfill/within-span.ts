import type { ObjectIdentity } from '@flowferry/core'
import { invalid, optionalFunction } from '../options.ts'
import { spanOf } from './archive.ts'

type Filter<T> = (record: T, object: ObjectIdentity) => boolean

export interface WithinSpanOptions<T> {
  /** Keep records from this time on, … */
  readonly from: Date
  /** … before this one. */
  readonly to: Date
  /** The parser that the records come from: its formats' times must be known. */
  readonly parser: { readonly formats: readonly { readonly kind: string }[] }
  /**
   * A record's time, in milliseconds since 1970: of formats of your own. `undefined` where the record has none.
   * Default: `end` of flow logs, `eventTime` of CloudTrail, `date` and `time` of CloudFront.
   */
  readonly time?: (record: T) => number | undefined
  /** Your own filter, asked for what is within the span. */
  readonly filter?: Filter<T>
}

type Fields = Readonly<Record<string, unknown>>

const times: ReadonlyMap<string, (record: Fields) => number | undefined> = new Map([
  ['vpcflow', ({ end }: Fields) => (typeof end === 'number' ? end * 1000 : undefined)],
  [
    'cloudtrail',
    ({ eventTime, timeWindow }: Fields) => parsed(eventTime) ?? parsed((timeWindow as Fields | undefined)?.windowEnd),
  ],
  ['cloudfront', ({ date, time }: Fields) => parsed(`${date}T${time}Z`)],
])

/**
 * A filter for `ingest`: records whose own time is in [from, to). What it drops counts as `filtered`. A record without
 * a time takes that of its object's upload, as its document does.
 *
 * @throws FlowferryError INVALID_OPTION for a format whose records' time is not known, unless `time` tells it
 */
export function withinSpan<T>({ from, to, parser, time, filter }: WithinSpanOptions<T>): Filter<T> {
  const { start, end } = spanOf(from, to)
  optionalFunction('time', time)
  optionalFunction('filter', filter)
  for (const { kind } of parser.formats)
    if (!time && !times.has(kind))
      throw invalid(`\`time\` is needed: where records of ${kind} have theirs is not known`)
  const timeOf =
    time ?? ((record: T) => times.get((record as { kind?: string }).kind ?? '')?.(record as unknown as Fields))
  return (record, object) => {
    const at = timeOf(record) ?? object.lastModified?.getTime()
    return (at === undefined || (at >= start && at < end)) && (!filter || filter(record, object))
  }
}

function parsed(text: unknown): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
