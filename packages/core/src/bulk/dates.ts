import type { Format, ObjectIdentity, Slice } from '../types.ts'

/** What an index holds: the documents of a day or of a month, by their own `@timestamp`. */
export type IndexPer = 'day' | 'month'

/** S3 opened in March 2006: no log file of it is older. */
const earliest = '2006-01-01'
/** Clocks of log writers run ahead of ours, not by days. */
const aheadMilliseconds = 2 * 24 * 3600 * 1000
/** Indices that the documents of one object may go to: a hostile file must not make thousands. */
const mostPerObject = 100

/** `0000.00.00`, which stands in an action line until the document's own date is known. */
export const placeholders = { day: '0000.00.00', month: '0000.00' } as const

/** Why a document has no index. */
interface NoIndex {
  readonly type: string
  readonly reason: string
}

/** The dates of an object's documents that were taken so far; slices of one object come in several writes. */
const datesOfObject = new WeakMap<ObjectIdentity, Set<string>>()

/** Sends documents to indices by their time, for one write. */
export class IndexDates {
  /** Every index that was named since it was last cleared, with the format of its documents. */
  readonly used = new Map<string, Format>()
  readonly #per: IndexPer
  readonly #latest: string
  #base = ''
  #format: Format | undefined
  #taken: Set<string> = new Set()
  /** The last day that was taken, `2026-11-22`, and its date in an index's name. */
  readonly #day = new DataView(new ArrayBuffer(10))
  readonly #date: Uint8Array

  constructor(per: IndexPer, now: number) {
    this.#per = per
    this.#latest = new Date(now + aheadMilliseconds).toISOString().slice(0, 10)
    this.#date = new Uint8Array(placeholders[per].length)
  }

  /** The documents to come are this slice's; `base` is the index's name without its date. */
  begin({ object, format }: Slice<unknown>, base: string): void {
    this.#base = base
    this.#format = format
    this.#taken = datesOfObject.get(object) ?? new Set()
    datesOfObject.set(object, this.#taken)
    this.#day.setUint32(0, 0)
  }

  /** Whether the day at `offset` is the last one that was taken: three comparisons a document. */
  isLast(view: DataView, offset: number): boolean {
    const day = this.#day
    return (
      view.getUint32(offset) === day.getUint32(0) &&
      view.getUint32(offset + 4) === day.getUint32(4) &&
      view.getUint16(offset + 8) === day.getUint16(8)
    )
  }

  /** Writes the last taken date where the placeholder stands. */
  write(bytes: Uint8Array, offset: number): void {
    const date = this.#date
    for (let i = 0; i < date.length; i++) bytes[offset + i] = date[i]!
  }

  /** The date in the name of the index for this `@timestamp`, or why there is none. */
  take(timestamp: unknown): string | NoIndex {
    const day = dayOf(timestamp)
    const takes = `an index per ${this.#per} takes ${earliest} to ${this.#latest}`
    if (day === undefined) return { type: 'timestamp_unknown', reason: `@timestamp is no ISO date; ${takes}` }
    if (day < earliest || day > this.#latest)
      return { type: 'timestamp_out_of_range', reason: `@timestamp is of ${day}; ${takes}` }
    const date = day.slice(0, this.#date.length).replaceAll('-', '.')
    if (!this.#taken.has(date)) {
      if (this.#taken.size >= mostPerObject)
        return {
          type: 'too_many_indices',
          reason: `the object's documents are of more than ${mostPerObject} ${this.#per}s`,
        }
      this.#taken.add(date)
    }
    this.used.set(`${this.#base}-${date}`, this.#format!)
    Buffer.from(this.#day.buffer).write(day, 'latin1')
    Buffer.from(this.#date.buffer).write(date, 'latin1')
    return date
  }
}

/** The day as the document writes it, or of a `Date` or its number in UTC. */
function dayOf(timestamp: unknown): string | undefined {
  if (typeof timestamp === 'string') {
    const day = /^\d{4}-\d\d-\d\d(?!\d)/.exec(timestamp)?.[0]
    return day !== undefined && isoDay(Date.parse(`${day}T00:00:00Z`)) === day ? day : undefined
  }
  if (timestamp instanceof Date || typeof timestamp === 'number') return isoDay(Number(timestamp))
  return undefined
}

function isoDay(milliseconds: number): string | undefined {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10)
}
