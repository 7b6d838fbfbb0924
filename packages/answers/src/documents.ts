import type { Format, LogDocument } from '@flowferry/core'
import { isObject, setOwn } from '@flowferry/core/internal'
import type { Value } from './answer.ts'
import type { Field } from './fields.ts'
import { fieldValue } from './values.ts'

/** The value under a dotted name; undefined where there is none. A name in a document may hold dots of its own. */
export function valueAt(document: unknown, name: string): unknown {
  if (Array.isArray(document)) {
    const values = document.flatMap((item) => valueAt(item, name) ?? [])
    return values.length > 0 ? values : undefined
  }
  if (!isObject(document)) return undefined
  if (Object.hasOwn(document, name)) return document[name]
  for (let end = name.indexOf('.'); end > 0; end = name.indexOf('.', end + 1)) {
    const head = name.slice(0, end)
    const found = Object.hasOwn(document, head) ? valueAt(document[head], name.slice(end + 1)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** Puts a value under a dotted name, unless something is there that is not to be replaced. */
export function putAt(document: LogDocument, name: string, value: unknown, replaces = false): void {
  const names = name.split('.')
  const last = names.pop()!
  let object = document
  for (const one of names) {
    if (!Object.hasOwn(object, one)) setOwn(object, one, {})
    const next = object[one]
    if (!isObject(next)) return
    object = next
  }
  if (replaces || !Object.hasOwn(object, last)) setOwn(object, last, value)
}

/**
 * The document as every store gives it: a keyword is text, also where the log has `true`, and each value stands under all
 * the names that its format has for it.
 */
export function wholeDocument(document: LogDocument, { mapping, aliases = {} }: Format): LogDocument {
  for (const [name, { type }] of Object.entries(mapping)) {
    const value = type === 'keyword' ? valueAt(document, name) : undefined
    if (typeof value === 'boolean' || typeof value === 'number') putAt(document, name, String(value), true)
  }
  for (const [name, { path }] of Object.entries(aliases)) {
    const value = valueAt(document, path)
    if (value !== undefined) putAt(document, name, value)
  }
  return document
}

/** Adds what another document has and this one has not. */
export function putAll(document: LogDocument, other: LogDocument): void {
  for (const [name, value] of Object.entries(other)) {
    const own = Object.hasOwn(document, name) ? document[name] : undefined
    if (own === undefined) setOwn(document, name, value)
    else if (isObject(own) && isObject(value)) putAll(own, value)
  }
}

/** The value of a field, as answers have it. */
export function valueOfField(document: LogDocument, field: Field): Value {
  const value = valueAt(document, field.path)
  return field.below === undefined ? fieldValue(field, value) : ((value ?? null) as Value)
}
