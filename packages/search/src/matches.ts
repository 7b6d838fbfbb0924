import { isDeepStrictEqual } from 'node:util'

/** Whether the existing value holds all of the wanted one; the engine may add its own defaults, in items of a list too. */
export function matches(wanted: unknown, existing: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return isDeepStrictEqual(asText(wanted), asText(existing))
  if (typeof existing !== 'object' || existing === null) return false
  if (Array.isArray(wanted) && (!Array.isArray(existing) || existing.length !== wanted.length)) return false
  return Object.entries(wanted).every(([name, value]) => matches(value, (existing as Record<string, unknown>)[name]))
}

/** Engines answer with settings as text. */
function asText(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}
