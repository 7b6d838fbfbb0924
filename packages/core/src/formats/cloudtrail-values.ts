/**
 * AWS's values as an index takes them. What no type of ours can hold gives undefined, never a document that is refused.
 */

/** Longest keyword that is indexed: 8,191 UTF-16 units stay below Lucene's longest term, 32,766 bytes. */
const maxTerm = 8191
/** A flattened leaf's path is part of its term: 3 · (8,191 + 2,000) bytes still fit. */
const maxPath = 2000
/** From here on Elastic keeps the text form alone: https://github.com/elastic/integrations/pull/10818 */
const maxFlattened = 32_766
/** Elasticsearch refuses what is nested deeper than 20 in a flattened field. */
const maxLevels = 16

export type JsonObject = { readonly [name: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a property of its own even where the name is `__proto__`, which an assignment would take for the prototype. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
  else target[name] = value
}

/** A string, number or boolean as text, or a list of them. */
export function asText(value: unknown): string | string[] | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return undefined
  const texts = value.filter((item) => item !== null && item !== '').map(asText)
  return texts.length > 0 && texts.every((text) => typeof text === 'string') ? texts : undefined
}

export function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return undefined
  const text = value.toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : undefined
}

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

/** A free-form value, ready for its text field and its flattened field. */
export interface FreeForm {
  readonly text: string
  /** Absent where the value is no object, or too long. */
  readonly flattened?: unknown
}

export function freeForm(value: unknown): FreeForm | undefined {
  const kept = withoutEmpty(value, 0)
  if (kept === undefined) return undefined
  const text = javaText(kept)
  return isObject(kept) && isShort(text) ? { text, flattened: flattenable(kept, text) } : { text }
}

/** For a free-form value that has no text field: kept whatever its length. */
export function flattened(value: unknown): unknown {
  const kept = withoutEmpty(value, 0)
  return isObject(kept) || (Array.isArray(kept) && kept.every(isObject)) ? bounded(kept, 0) : undefined
}

/** As Java prints a Map: what Elastic's rules search. */
function javaText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`
  if (!isObject(value)) return String(value)
  let text = '{'
  for (const name in value) text += `${text.length > 1 ? ', ' : ''}${name}=${javaText(value[name])}`
  return `${text}}`
}

function isShort(text: string): boolean {
  return text.length * 3 < maxFlattened || (text.length < maxFlattened && Buffer.byteLength(text) < maxFlattened)
}

/** The same value where nothing in it is null or empty, so that most records are not copied; text below `maxLevels`. */
function withoutEmpty(value: unknown, level: number): unknown {
  if (value === null || value === '') return undefined
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const items = value.map((item) => withoutEmpty(item, level + 1)).filter((item) => item !== undefined)
    if (items.length === 0) return undefined
    const same = items.length === value.length && items.every((item, i) => item === value[i])
    return level < maxLevels ? (same ? value : items) : javaText(items)
  }
  const object = value as JsonObject
  let copy: Record<string, unknown> | undefined
  let size = 0
  for (const name in object) {
    const inner = object[name]
    const kept = typeof inner === 'string' && inner !== '' ? inner : withoutEmpty(inner, level + 1)
    if (kept !== inner && copy === undefined) copy = copyBefore(object, name)
    if (kept === undefined) continue
    size++
    if (copy !== undefined) setOwn(copy, name, kept)
  }
  if (size === 0) return undefined
  return level < maxLevels ? (copy ?? object) : javaText(copy ?? object)
}

/** The members before `stop`. */
function copyBefore(object: JsonObject, stop: string): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const name in object) {
    if (name === stop) break
    setOwn(copy, name, object[name])
  }
  return copy
}

/** Only what is long, or has a name that an engine refuses, needs a copy; its text shows both. */
function flattenable(value: unknown, text: string): unknown {
  return text.length > maxPath || /[\0\ud800-\udfff]/.test(text) ? bounded(value, 0) : value
}

/** Elasticsearch refuses U+0000 in a flattened field's names, OpenSearch half of a surrogate pair. */
const refusedInNames = /[\0\p{Surrogate}]/gu

/** Leaves cut to what a term may hold, marked with `…`; leaves whose path alone is too long left out. */
function bounded(value: unknown, path: number): unknown {
  if (typeof value === 'string') return value.length > maxTerm ? cut(value) : value
  if (Array.isArray(value)) return value.map((item) => bounded(item, path))
  if (!isObject(value)) return value
  const copy: Record<string, unknown> = {}
  for (const name in value) {
    const length = path + name.length + 1
    if (length <= maxPath) setOwn(copy, name.replace(refusedInNames, ''), bounded(value[name], length))
  }
  return copy
}

function cut(text: string): string {
  const end = maxTerm - 1
  // Not between the two halves of a character.
  const high = text.charCodeAt(end - 1)
  return `${text.slice(0, high >= 0xd800 && high < 0xdc00 ? end - 1 : end)}…`
}

/** AWS's name as Elastic writes it: `vpcEndpointId` is vpc_endpoint_id, `eventID` event_id. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}
