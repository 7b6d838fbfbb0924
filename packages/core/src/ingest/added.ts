import { OBJECT_CLOSE } from '../read/ascii.ts'
import type { Added } from '../types/encoder.ts'
import type { LogDocument } from '../types.ts'
import { type Fragments, fragmentsOf, Insertion, type ObjectFields, objectFields } from './insertion.ts'

/**
 * What `enrich` gave, in the order of its fields, whatever their values. A format's own fields and those that enrichments
 * declare are written by its engine: these are the ones that nobody declared.
 */
interface FieldSet {
  /** Dotted names. */
  readonly names: readonly string[]
  /** How many of the first names are left out where the document has them. */
  readonly lenient: number
  /** None where the plain path has to add them. */
  readonly root: ObjectFields | undefined
}
const mostFieldSets = 64

/** A result of `enrich` whose values cannot change, so that an equal one gives the same bytes. */
interface Result {
  readonly around: Around
  readonly names: readonly string[]
  readonly values: readonly unknown[]
  readonly fields: FieldSet
  /** The values as JSON. */
  readonly texts: readonly string[]
  /** Where the record's own text is not among the fields. */
  readonly added: Added | undefined
}
/** Most records get one of a few results. Without them the `enrich` row of bench/RESULTS.md takes 1.3 times as long. */
const mostResults = 8

/** Fields that are left out where the document has them: the same object gives the same. */
type Around = Readonly<Record<string, string>> | undefined

/** What was added to documents before: kept for the next object, which may be of a few records. */
interface Recent {
  readonly fieldSets: FieldSet[]
  readonly results: Result[]
  next: number
}
const recentOf = new WeakMap<ReadonlySet<string>, { readonly bare: Recent; readonly withOriginal: Recent }>()

/**
 * Gives what is added to documents that may have these members: what stood around a record, where the document has none
 * of it; the record's own text as `event.original`, where there is one; the fields of `enrich`. Nothing where the plain path
 * has to add it.
 */
export function createAdded(
  members: ReadonlySet<string>,
): (extra: LogDocument | undefined, original: string | undefined, around?: Around) => Added | undefined {
  const recent = recentOf.get(members) ?? { bare: nothingYet(), withOriginal: nothingYet() }
  recentOf.set(members, recent)
  return (given, original, around) => {
    // JavaScript's users may give null.
    const extra = given || {}
    if (original === undefined) return resultOf(recent.bare, members, around, extra, []).added
    const { fields, texts } = resultOf(recent.withOriginal, members, around, extra, ['event.original'])
    const lenient = texts.slice(0, fields.lenient)
    return addedOf(fields, [...lenient, JSON.stringify(original), ...texts.slice(fields.lenient)])
  }
}

function nothingYet(): Recent {
  return { fieldSets: [], results: [], next: 0 }
}

/** @param before Fields whose values are not in `extra`. */
function resultOf(
  recent: Recent,
  members: ReadonlySet<string>,
  around: Around,
  extra: LogDocument,
  before: readonly string[],
): Result {
  const names = Object.keys(extra)
  for (const one of recent.results) if (one.around === around && isSameResult(one, names, extra)) return one
  const values = names.map((name) => extra[name])
  const lenient = Object.keys(around ?? {})
  const flat = [...lenient, ...before]
  const texts = lenient.map((name) => JSON.stringify(around![name]))
  for (const name of names) addFlat(name, extra[name], flat, texts)
  const fields = fieldSetOf(recent, members, flat, lenient.length)
  const result = { around, names, values, fields, texts, added: before.length > 0 ? undefined : addedOf(fields, texts) }
  if (values.every((value) => value === null || !['object', 'function'].includes(typeof value)))
    recent.results[recent.next++ % mostResults] = result
  return result
}

function isSameResult({ names, values }: Result, others: readonly string[], extra: LogDocument): boolean {
  if (!isSame(names, others)) return false
  for (let i = 0; i < names.length; i++) if (values[i] !== extra[names[i]!]) return false
  return true
}

function isSame(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false
  for (let i = 0; i < names.length; i++) if (names[i] !== others[i]) return false
  return true
}

/** A field, and its JSON. A plain object is its fields, as if their names were dotted. */
function addFlat(name: string, value: unknown, names: string[], texts: string[]): void {
  if (value === undefined) return
  if (isPlain(value)) {
    for (const [key, inner] of Object.entries(value)) addFlat(`${name}.${key}`, inner, names, texts)
    return
  }
  const text = JSON.stringify(value)
  // What is no JSON is left to the plain path, by a name that it leaves out too.
  names.push(text === undefined ? '__proto__' : name)
  texts.push(text ?? '')
}

/** Whether the object is the same as its fields: others are values, which a document has as a whole or not at all. */
function isPlain(value: unknown): value is LogDocument {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  const entries = Object.entries(value)
  return (
    entries.length > 0 &&
    entries.every(([key, inner]) => !key.includes('.') && inner !== undefined && typeof inner !== 'function')
  )
}

function fieldSetOf(recent: Recent, members: ReadonlySet<string>, names: readonly string[], lenient: number): FieldSet {
  for (const known of recent.fieldSets) if (known.lenient === lenient && isSame(known.names, names)) return known
  if (recent.fieldSets.length === mostFieldSets) recent.fieldSets.length = 0
  const fields = { names, lenient, root: objectFields(names, members, lenient) }
  recent.fieldSets.push(fields)
  return fields
}

const close = Uint8Array.of(OBJECT_CLOSE)

function addedOf({ root }: FieldSet, texts: readonly string[]): Added | undefined {
  if (!root) return undefined
  const all = fragmentsOf(root, 0)
  if (root.sought > 0) return { end: close, join: new Insertion(root, texts) }
  return { end: Buffer.from(`${textOf(all, texts)}}`) }
}

function textOf(fragments: Fragments, texts: readonly string[]): string {
  return fragments.map((one) => (typeof one === 'number' ? texts[one] : one)).join('')
}
