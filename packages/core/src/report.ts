import type { FlowferryError } from './errors.ts'
import type { Counts, MessageReport, ObjectStatus, Report } from './types.ts'

export function emptyCounts(): Counts {
  return { read: 0, written: 0, duplicate: 0, rejected: 0, filtered: 0, malformed: 0, unfinished: 0 }
}

/** Whether every record that was read has its fate: what a report promises. */
export function addsUp(counts: Readonly<Counts>): boolean {
  const { read, written, duplicate, rejected, filtered, malformed, unfinished } = counts
  return read === written + duplicate + rejected + filtered + malformed + unfinished
}

/** Which messages a report keeps. */
export type KeepReports = 'all' | 'failed'

/** Sums up messages as they settle, in any order, and keeps those that are asked for, in theirs. */
export function collectReports(keep: KeepReports) {
  const counts = emptyCounts()
  const statuses: Record<ObjectStatus, number> = { done: 0, failed: 0, skipped: 0, superseded: 0 }
  const kept: [place: number, message: MessageReport][] = []
  let begun = 0
  let failed = 0
  let objects = 0
  let bytes = 0
  return {
    /** Keeps a place for a message that begins; the function takes its report. */
    next: () => {
      const place = begun++
      return (message: MessageReport): void => {
        for (const object of message.objects) {
          for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += object.counts[name]
          statuses[object.status]++
          objects++
          bytes += object.bytes
        }
        if (message.status === 'failed') failed++
        if (keep === 'all' || message.status === 'failed') kept.push([place, message])
      }
    },
    report: (milliseconds: number, stopped: FlowferryError | undefined, incomplete: boolean): Report => ({
      ok: !incomplete && failed === 0,
      messages: kept.sort(([a], [b]) => a - b).map(([, message]) => message),
      counts,
      objects,
      statuses,
      bytes,
      milliseconds,
      ...(stopped && { stopped }),
      ...(incomplete && { incomplete }),
    }),
  }
}
