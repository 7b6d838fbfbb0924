import { isIPv4, isIPv6 } from 'node:net'

/** Values of AWS's as text or JSON, read: undefined for what is not of the type. */

/** A string as it is, a number or boolean as text, or a list of these; what is empty is no value. */
export function asText(value: unknown): string | undefined {
  return asTexts(value) as string | undefined
}

/** JSON alone gives a list where a text is expected; an index takes one for the other. */
function asTexts(value: unknown): string | string[] | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return undefined
  const texts = value.filter((item) => item !== null && item !== '').map(asTexts)
  return texts.length > 0 && texts.every((text) => typeof text === 'string') ? texts : undefined
}

/**
 * Whether an index of type `ip` takes it: no leading zeros, no zone. Only what has a colon is held against Node's pattern
 * of IPv6, which takes 3 ms of CPU to compile.
 */
export function isAddress(text: string): boolean {
  return isIPv4(text) || (text.includes(':') && !text.includes('%') && isIPv6(text))
}

/** 0 to 2^53 - 1 as text; JSON's may be negative. */
export function asWholeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value !== 'string' || !/^\d{1,16}$/.test(value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

export function asDecimal(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return typeof value === 'string' && /^-?(\d{1,15}(\.\d{1,15})?|[1-8]\d{15})$/.test(value) ? Number(value) : undefined
}

/** Seconds up to the end of the year 9999, where ISO 8601 changes its form. */
export function asEpochSeconds(value: unknown): number | undefined {
  const seconds = asWholeNumber(value)
  return seconds !== undefined && seconds >= 0 && seconds < 253_402_300_800 ? seconds : undefined
}

export function asEpochMilliseconds(value: unknown): number | undefined {
  const milliseconds = asWholeNumber(value)
  return milliseconds !== undefined && milliseconds >= 0 && milliseconds < 253_402_300_800_000
    ? milliseconds
    : undefined
}

/** Seconds since 1970, from seconds or milliseconds: those that would be seconds behind the year 9999. */
export function asEpoch(value: unknown): number | undefined {
  const milliseconds = asEpochMilliseconds(value)
  return asEpochSeconds(value) ?? (milliseconds === undefined ? undefined : milliseconds / 1000)
}

/** Hexadecimal digits, or JSON's number. */
export function asHexadecimal(value: unknown): number | undefined {
  if (typeof value !== 'string') return asWholeNumber(value)
  return /^(0x)?[\da-f]{1,13}$/i.test(value) ? Number.parseInt(value, 16) : undefined
}

/** The items of a text between which the separator stands, or of JSON's list. */
export function asItems(value: unknown, separator: string): readonly string[] | undefined {
  const text = asText(value)
  if (text === undefined) return undefined
  const items = typeof text === 'string' ? text.split(separator) : (text as unknown as readonly string[])
  return items.filter((item) => item !== '' && item !== '-')
}

export function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return undefined
  const text = value.toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : undefined
}
