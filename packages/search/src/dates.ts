import type { Format, ObjectIdentity, Rejection, Slice } from '@flowferry/core'

/** The span of one index: the documents of a day or of a month, by their own `@timestamp` (UTC). */
export type IndexPer = 'day' | 'month'

/** S3 opened in March 2006, so no log file on it is older. */
const earliest = '2006-01-01'
/** A log writer's clock may run ahead, but not by days. */
const maxAheadMilliseconds = 2 * 24 * 3600 * 1000
/** A hostile file must not create thousands of indices. */
const maxIndicesPerObject = 100

/** Stands in an action line until the document's own date is known. The date has the same length. */
export const placeholders = { day: '0000.00.00', month: '0000.00' } as const

/** Dates of each object's documents so far. They are kept across writes, since an object's slices come in several. */
const datesOfObject = new WeakMap<ObjectIdentity, Set<string>>()

/** Gives each document of one write the index of its own date. */
export class DatedIndices {
  /** Indices named since the last `clear()`, with their documents' format: those to check before the next request. */
  readonly used = new Map<string, Format>()
  readonly #per: IndexPer
  readonly #latest: string
  #base = ''
  #format: Format | undefined
  #objectDates: Set<string> = new Set()
  /** The day of the last document, `2026-11-22`, and its date in an index's name, as bytes to compare and to copy. */
  readonly #day = new DataView(new ArrayBuffer(10))
  readonly #date: Uint8Array

  constructor(per: IndexPer, now: number) {
    this.#per = per
    this.#latest = new Date(now + maxAheadMilliseconds).toISOString().slice(0, 10)
    this.#date = new Uint8Array(placeholders[per].length)
  }

  /** Begins the documents of a slice; `base` is the index's name without its date. */
  beginSlice({ object, format }: Slice<unknown>, base: string): void {
    this.#base = base
    this.#format = format
    this.#objectDates = datesOfObject.get(object) ?? new Set()
    datesOfObject.set(object, this.#objectDates)
    this.#day.setUint32(0, 0)
  }

  /** Whether the day at `offset` is the last document's: three comparisons instead of a parsed date. */
  isSameDay(view: DataView, offset: number): boolean {
    const day = this.#day
    return (
      view.getUint32(offset) === day.getUint32(0) &&
      view.getUint32(offset + 4) === day.getUint32(4) &&
      view.getUint16(offset + 8) === day.getUint16(8)
    )
  }

  /** Writes the last document's date over the placeholder. */
  writeDate(bytes: Uint8Array, offset: number): void {
    const date = this.#date
    for (let i = 0; i < date.length; i++) bytes[offset + i] = date[i]!
  }

  /** The date in the index's name for this `@timestamp`, or the reason that the document goes to none. */
  dateFor(timestamp: unknown): string | Omit<Rejection, 'index'> {
    const day = dayOf(timestamp)
    const takes = `an index per ${this.#per} takes ${earliest} to ${this.#latest}`
    if (day === undefined) return { type: 'timestamp_unknown', reason: `@timestamp is no ISO date; ${takes}` }
    if (day < earliest || day > this.#latest)
      return { type: 'timestamp_out_of_range', reason: `@timestamp is of ${day}; ${takes}` }
    const date = day.slice(0, this.#date.length).replaceAll('-', '.')
    if (!this.#objectDates.has(date)) {
      if (this.#objectDates.size >= maxIndicesPerObject)
        return {
          type: 'too_many_indices',
          reason: `the object's documents are of more than ${maxIndicesPerObject} ${this.#per}s`,
        }
      this.#objectDates.add(date)
    }
    this.used.set(`${this.#base}-${date}`, this.#format!)
    Buffer.from(this.#day.buffer).write(day, 'latin1')
    Buffer.from(this.#date.buffer).write(date, 'latin1')
    return date
  }
}

/** The day as the document's text has it; of a `Date` or milliseconds the day in UTC. */
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
