import { UsageError } from './io.ts'

const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const

/** `2026-11-01`, `2026-11-01T10:00Z`, with seconds and milliseconds too, or `-7d`, `-36h`, `-90m` before now. UTC always. */
export function parseTime(option: string, text: string, now: Date): Date {
  const relative = /^-(\d{1,6})([dhm])$/.exec(text)
  if (relative) return new Date(now.getTime() - Number(relative[1]) * units[relative[2] as keyof typeof units])
  const absolute = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{3})?Z)?$/.exec(text)
  if (absolute) {
    const [, date, minutes = '00:00', seconds = ':00', milliseconds = '.000'] = absolute
    const iso = `${date}T${minutes}${seconds}${milliseconds}Z`
    const time = new Date(iso)
    // The 30th of February would be the 2nd of March.
    if (!Number.isNaN(time.getTime()) && time.toISOString() === iso) return time
  }
  throw new UsageError(
    `${option} takes 2026-11-01, 2026-11-01T10:00Z (UTC) or a time before now as -7d, -36h, -90m; not "${text}"`,
  )
}

/**
 * The span of `--since` and `--until`, ISO 8601. Without them it ends now, and begins `milliseconds` before its end.
 *
 * @param dashes What stands before their names in errors
 * @throws UsageError
 */
export function spanOf(
  { since, until }: { readonly since?: string | undefined; readonly until?: string | undefined },
  milliseconds: number,
  now = new Date(),
  dashes = '--',
): { readonly from: string; readonly to: string } {
  const end = until === undefined ? now : parseTime(`${dashes}until`, until, now)
  const start = since === undefined ? new Date(end.getTime() - milliseconds) : parseTime(`${dashes}since`, since, now)
  if (start >= end) throw new UsageError(`${dashes}since has to be before ${dashes}until`)
  return { from: start.toISOString(), to: end.toISOString() }
}

/** `90s`, `90m`, `6h`, `2d` in milliseconds. */
export function parseDuration(option: string, text: string): number {
  const match = /^(\d{1,6})([dhms])$/.exec(text)
  if (!match) throw new UsageError(`${option} takes 90s, 90m, 6h or 2d, not "${text}"`)
  return Number(match[1]) * units[match[2] as keyof typeof units]
}
