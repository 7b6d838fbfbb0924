import { UsageError } from '../io.ts'
import { parseDuration, parseTime } from '../times.ts'

/** Where in an archive on S3 a command looks, and how late its records may have come. */
export interface ArchivePlaces {
  readonly account?: readonly string[]
  readonly region?: readonly string[]
  readonly late?: string
}

/** Which objects of an archive on S3 a command means. */
export interface ArchiveSelection extends ArchivePlaces {
  readonly since?: string
  readonly until?: string
  readonly format?: readonly string[]
}

/** `late` in milliseconds. */
export function archivePlaces({ account = [], region = [], late }: ArchivePlaces): {
  readonly accounts: readonly string[]
  readonly regions: readonly string[]
  readonly late?: number
} {
  for (const id of account)
    if (!/^\d{12}$/.test(id)) throw new UsageError(`--account takes ids of 12 digits, not "${id}"`)
  return { accounts: account, regions: region, ...(late !== undefined && { late: parseDuration('--late', late) }) }
}

/** The span of a selection and its places, `until` being now where nobody says. */
export function archiveSpan(
  { since, until = '-0m', ...places }: ArchiveSelection & { readonly since: string },
  now: Date,
): ReturnType<typeof archivePlaces> & { readonly from: Date; readonly to: Date } {
  const span = { from: parseTime('--since', since, now), to: parseTime('--until', until, now) }
  if (span.from >= span.to) throw new UsageError('--since must be before --until')
  return { ...span, ...archivePlaces(places) }
}
