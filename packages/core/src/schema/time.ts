/** Times in AWS's spellings, in the one form that every date field takes: `2026-11-22T09:15:32.000Z`. */

const isoTime = /^(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,3})\d*)?(?:Z|([+-]\d\d):?(\d\d))?$/
/** A day that is in the calendar of every year, at a time of the day, as AWS writes it nearly always. */
const plainTime =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** ISO 8601, basic (`20131102T010628Z`) or extended, in the one form that every date field takes; UTC unless it says else. */
export function asTime(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  // A Date is dear, and every record has two times.
  return plainTime.test(value) ? `${value.slice(0, 19)}.000Z` : readTime(value)
}

function readTime(text: string): string | undefined {
  const match = isoTime.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zoneHour, zoneMinute] = match
  const zone = zoneHour === undefined ? 'Z' : `${zoneHour}:${zoneMinute}`
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}${zone}`)
  if (Number.isNaN(time.getTime())) return undefined
  const iso = time.toISOString()
  // A zone may carry a time out of the years that a date field takes.
  return iso.length === 24 ? iso : undefined
}

/**
 * A time in any spelling of AWS's vended logs: ISO 8601, or a number since 1970, as text or not, of seconds (with a fraction
 * or not), milliseconds, microseconds or nanoseconds, told by its digits.
 */
export function asAnyTime(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  const [, whole, fraction = ''] = (typeof text === 'string' && /^(\d{1,19})(?:\.(\d{1,9}))?$/.exec(text)) || []
  if (whole === undefined) return asTime(text)
  const milliseconds =
    whole.length <= 11
      ? Number(whole + fraction.padEnd(3, '0').slice(0, 3))
      : fraction
        ? Number.NaN
        : Number(whole) / scaleOf(whole)
  return milliseconds < 253_402_300_800_000 ? new Date(Math.floor(milliseconds)).toISOString() : undefined
}

/** The first of several values that is a time. */
export function firstTime(...values: readonly unknown[]): string | undefined {
  return values.map(asAnyTime).find((time) => time !== undefined)
}

const scaleOf = ({ length }: string) => (length <= 14 ? 1 : length <= 17 ? 1_000 : 1_000_000)

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A time of the common log format, `06/Feb/2019:00:00:38 +0000`, or of ISO 8601, in the same form. */
export function asCommonLogTime(value: unknown): string | undefined {
  const match =
    typeof value === 'string' && /^\[?(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\]?$/.exec(value)
  if (!match) return asTime(value)
  const [, day, name, year, time, zone] = match
  const month = months.indexOf(name!) + 1
  return month > 0 ? asTime(`${year}-${String(month).padStart(2, '0')}-${day}T${time}${zone}`) : undefined
}

let lastSecond = -1
let lastIso = ''
/** Consecutive records share their seconds: the last one is kept, since formatting a date costs more than the rest. */
export function isoSeconds(seconds: number): string {
  if (seconds !== lastSecond) {
    lastIso = new Date(seconds * 1000).toISOString()
    lastSecond = seconds
  }
  return lastIso
}

/** A duration as ECS has it, of so many units of so many nanoseconds. Undefined beyond 2^63, which no index takes. */
export function nanoseconds(amount: number, each: number): number | undefined {
  const whole = Math.round(amount * each)
  return Math.abs(whole) < 2 ** 63 ? whole : undefined
}
