import { UsageError } from './io.ts'
import { parseDuration, parseTime } from './times.ts'

/** Which objects of an archive on S3 a command means. */
export interface ArchiveSelection {
  readonly since?: string
  readonly until?: string
  readonly format?: readonly string[]
  readonly account?: readonly string[]
  readonly region?: readonly string[]
  readonly late?: string
}

/** The span of a selection, `until` being now where nobody says; `late` in milliseconds. */
export function archiveSpan(
  { since, until = '-0m', account = [], late }: ArchiveSelection & { readonly since: string },
  now: Date,
): { readonly from: Date; readonly to: Date; readonly late?: number } {
  const span = { from: parseTime('--since', since, now), to: parseTime('--until', until, now) }
  if (span.from >= span.to) throw new UsageError('--since must be before --until')
  for (const id of account)
    if (!/^\d{12}$/.test(id)) throw new UsageError(`--account takes ids of 12 digits, not "${id}"`)
  return { ...span, ...(late !== undefined && { late: parseDuration('--late', late) }) }
}
