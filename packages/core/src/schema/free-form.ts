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

/** A free-form value, ready for its text field and its flattened field. */
export interface FreeForm {
  readonly text: string
  /** Absent where the value is no object, or too long. */
  readonly flattened?: unknown
}

/** Whether nothing in it is more than null, an empty text or an empty object or list. */
export function isEmpty(value: unknown): boolean {
  return withoutEmpty(value, 0) === undefined
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
