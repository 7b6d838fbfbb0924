import type { FlowferryError } from '../errors.ts'
import type { Counts, MessageReport, ObjectStatus, Report } from '../types.ts'

export function emptyCounts(): Counts {
  return { read: 0, written: 0, duplicate: 0, rejected: 0, filtered: 0, malformed: 0, unfinished: 0 }
}

/**
 * Whether every record that was read is counted once more, under its outcome: what a report promises.
 *
 * @example
 * const report = await ingest({ source, parser, sink })
 * assert(addsUp(report.counts))
 */
export function addsUp(counts: Readonly<Counts>): boolean {
  const { read, written, duplicate, rejected, filtered, malformed, unfinished } = counts
  return read === written + duplicate + rejected + filtered + malformed + unfinished
}

/** The messages that a report keeps. */
export type KeepReports = 'all' | 'failed'

/** Sums up messages as they finish, in any order, and keeps their reports in the order in which they began. */
export function collectReports(keep: KeepReports) {
  const counts = emptyCounts()
  const statuses: Record<ObjectStatus, number> = { done: 0, failed: 0, skipped: 0, superseded: 0 }
  const kept: [begun: number, message: MessageReport][] = []
  let messages = 0
  let failed = 0
  let objects = 0
  let bytes = 0
  return {
    /** Called when a message begins. The function that it gives takes the message's report. */
    begin: () => {
      const begun = messages++
      return (message: MessageReport): void => {
        for (const object of message.objects) {
          for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += object.counts[name]
          statuses[object.status]++
          objects++
          bytes += object.bytes
        }
        if (message.status === 'failed') failed++
        if (keep === 'all' || message.status === 'failed') kept.push([begun, message])
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
