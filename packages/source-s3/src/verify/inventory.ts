import type { cover } from './coverage.ts'
import { dayOf, type ListedKey, type Peekable, timeOfLog } from './names.ts'
import type { ReportInWork } from './report.ts'

/** A file that came in the last minutes of the last digest may be in the next. */
export const slack = 5 * 60_000

interface InventoryOptions {
  /** The log files that are there, a folder each, in the order of their keys. */
  readonly logs: readonly Peekable[]
  /** Delivery times that are looked at, in milliseconds since 1970. */
  readonly span: { readonly start: number; readonly end: number }
  /** Times that digests cover, and those of digests that could not be read. */
  readonly covered: ReturnType<typeof cover>
  readonly unread: ReturnType<typeof cover>
  /** The last day that a former run compared. */
  readonly formerDay: string | undefined
}

/** Holds the files that are there against those that digests name, a day at a time. */
export interface Inventory {
  /** A digest names it. */
  readonly name: (key: string) => void
  /** Whether a file was delivered within the span. */
  readonly isOfSpan: (key: string, day: string) => boolean
  /** The files of the days up to this one against the names. */
  readonly compareThrough: (day: string) => Promise<void>
  /** The first file of the span, where none was compared. */
  readonly first: () => Promise<string | undefined>
}

export function inventory(
  { logs, span, covered, unread, formerDay }: InventoryOptions,
  { counts, tell }: Pick<ReportInWork, 'counts' | 'tell'>,
): Inventory {
  /** Keys that digests name, by their day, until the files of the day are compared with them. */
  const names = new Map<string, Set<string>>()
  let comparedThrough = ''

  const isOfSpan: Inventory['isOfSpan'] = (key, day) => {
    const time = timeOfLog(key, day, span.start)
    return !(time < span.start || time >= span.end)
  }

  const compare = ({ key, day }: ListedKey): void => {
    if (!isOfSpan(key, day)) return
    counts.listed++
    if (names.get(day)?.has(key)) return
    const time = timeOfLog(key, day, span.start)
    const where = covered.at(time)
    if (where === 'inside' && unread.at(time) === 'inside')
      tell('log-unsigned', key, 'no digest that could be read names it, and one of its time could not')
    else if (where === 'inside' && time + slack < covered.end()) tell('log-inserted', key, 'no digest names it')
    else if (where === 'inside' || where === 'behind') counts.pending++
    else if (where === 'between') tell('log-unsigned', key, 'no digest covers the time of its delivery')
  }

  return {
    name: (key) => {
      const day = dayOf(key)
      if (day <= comparedThrough) return
      const ofDay = names.get(day) ?? new Set()
      names.set(day, ofDay)
      ofDay.add(key)
    },
    isOfSpan,
    compareThrough: async (day) => {
      for (const log of logs)
        for (let its = await log.peek(); its !== undefined && its.day <= day; its = await log.peek()) {
          await log.next()
          if (formerDay === undefined || its.day >= formerDay) compare(its)
        }
      for (const known of names.keys()) if (known <= day) names.delete(known)
      comparedThrough = day
    },
    first: async () => {
      for (const log of logs)
        for (let its = await log.next(); its !== undefined; its = await log.next())
          if (isOfSpan(its.key, its.day)) return its.key
      return undefined
    },
  }
}
