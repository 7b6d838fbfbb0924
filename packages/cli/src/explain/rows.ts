import type { Batch, FieldDoc, Format, LogDocument } from '@flowferry/core'
import { isObject, snakeCase } from '@flowferry/core/internal'

/** A field of a record, and what became of it. */
export interface FieldRow {
  /** The name that the file has for it. */
  readonly field: string
  /** The table's own name, where the file has another spelling. */
  readonly name?: string
  /** As it stands; undefined where the record ends before it. */
  readonly value?: unknown
  /**
   * `mapped`: the document has it. `absent`: it stands for "no value". `unknown`: the table does not know it, or cannot hold
   * it, and it is kept. `unplaced`: the table has no place for it in this record.
   */
  readonly state: 'mapped' | 'absent' | 'unknown' | 'unplaced'
  /** Fields of the document that it fills, or helps to fill, with their values. */
  readonly places: Readonly<Record<string, unknown>>
  readonly type?: string
  readonly description?: string
}

export interface Explained {
  readonly rows: readonly FieldRow[]
  /** What the document has besides: constants, and what the format derives of no field alone. */
  readonly added: Readonly<Record<string, unknown>>
}

interface Explaining {
  readonly format: Format
  /** The table's name of a field, from any of its spellings. */
  readonly nameOf: (spelling: string) => string | undefined
  readonly record: unknown
  readonly columns: ReturnType<NonNullable<Batch<unknown>['columns']>> | undefined
  readonly document: LogDocument
  /** Names of fields that the table does not know, or cannot hold, in this record or in one beside it. */
  readonly unknown: Readonly<Record<string, number>>
}

/** Where each field of a record went, told by the format's table and by the document that it became. */
export function explainFields({ format, nameOf, record, columns, document, unknown }: Explaining): Explained {
  const docs = new Map(format.fields.map((doc) => [doc.name, doc]))
  const present = placesIn(document, format)
  const keptAt = keptPlaces(present, format)
  const claimed = new Set<string>()
  const values = columns
    ? columns.map(([field, value]) => ({ field, value, isAbsent: !has(record, nameOf(field) ?? field) }))
    : valuesOf(record, [...docs.keys()]).map(([field, value]) => ({ field, value, isAbsent: isNothing(value) }))
  const known = values.map(({ field, value, isAbsent }) => {
    const name = nameOf(field) ?? field
    const doc = docs.get(name)
    const places = isAbsent ? {} : placesOf(doc, present)
    return { field, name, value, isAbsent, doc, places }
  })
  // A field that the table does not know is kept under its own name, in snake case.
  const rows = known.map(({ field, name, value, isAbsent, doc, places }): FieldRow => {
    const isOdd = !doc || Object.hasOwn(unknown, field) || Object.hasOwn(unknown, name)
    const kept = isAbsent || !isOdd ? undefined : keptAt(field)
    for (const path of kept === undefined ? Object.keys(places) : [kept]) claimed.add(path)
    const state = isAbsent
      ? 'absent'
      : kept !== undefined
        ? 'unknown'
        : Object.keys(places).length > 0
          ? 'mapped'
          : 'unplaced'
    return {
      field,
      ...(name !== field && { name }),
      ...(value !== undefined && { value }),
      state,
      places: kept === undefined ? places : { [kept]: present.get(kept) },
      ...(doc && { type: doc.type, description: doc.description }),
    }
  })
  const above = new Set([...claimed].flatMap(objectsAround))
  const isClaimed = (path: string) =>
    claimed.has(path) || above.has(path) || objectsAround(path).some((one) => claimed.has(one))
  const added = [...present].filter(([path]) => !isClaimed(path))
  return { rows, added: Object.fromEntries(added) }
}

/** The columns of a line that is no record: what stands in each, and which field that would be. */
export function explainColumns(
  columns: NonNullable<Explaining['columns']>,
  { fields }: Format,
  nameOf: Explaining['nameOf'],
): FieldRow[] {
  return columns.map(([field, value]) => {
    const doc = fields.find(({ name }) => name === (nameOf(field) ?? field))
    return {
      field,
      ...(value !== undefined && { value }),
      state: value === undefined ? 'absent' : doc ? 'unplaced' : 'unknown',
      places: {},
      ...(doc && { type: doc.type, description: doc.description }),
    }
  })
}

function has(record: unknown, name: string): boolean {
  return isObject(record) && Object.hasOwn(record, name)
}

const isNothing = (value: unknown) =>
  value === null || value === '' || (Array.isArray(value) && value.every((one) => one === null || one === ''))

function placesOf(doc: FieldDoc | undefined, present: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const found = (doc?.targets ?? []).filter((path) => present.has(path))
  return Object.fromEntries(found.map((path) => [path, present.get(path)]))
}

/** `a.b.c`: `a`, `a.b` */
function objectsAround(path: string): string[] {
  return [...path.matchAll(/\./g)].map(({ index }) => path.slice(0, index))
}

/**
 * Of the places that are not in the mapping the first one that ends in a field's name; a number stands behind one that was
 * taken.
 */
function keptPlaces(present: ReadonlyMap<string, unknown>, { mapping }: Format): (field: string) => string | undefined {
  const places = [...present.keys()].filter((place) => !Object.hasOwn(mapping, place))
  const byEnd = new Map<string, number>()
  for (const [position, place] of places.entries())
    for (const name of new Set([place, place.replace(/_\d+$/, '')]))
      for (const end of [name, ...[...name.matchAll(/\./g)].map(({ index }) => name.slice(index + 1))])
        if (!byEnd.has(end)) byEnd.set(end, position)
  return (field) => {
    const ends = [namesOf(field).map(snakeCase).join('.'), snakeCase(field)]
    return places[Math.min(...ends.map((end) => byEnd.get(end) ?? places.length))]
  }
}

/** Each dotted field of a document with its value: of a flattened field what is in it, too. */
function placesIn(document: LogDocument, { mapping }: Format): Map<string, unknown> {
  const places = new Map<string, unknown>()
  const add = (path: string, value: unknown, isInner = false) => {
    const isField = isInner || Object.hasOwn(mapping, path)
    if (isField) places.set(path, value)
    if (isObject(value)) for (const [name, inner] of Object.entries(value)) add(`${path}.${name}`, inner, isField)
    else if (!isField && Array.isArray(value) && value.some(isObject)) addItems(path, value)
    else if (!isField) places.set(path, value)
  }
  const addItems = (path: string, items: readonly unknown[]) => {
    const names = new Set(items.flatMap((item) => (isObject(item) ? Object.keys(item) : [])))
    for (const name of names)
      add(
        `${path}.${name}`,
        items.flatMap((item) => (isObject(item) && item[name] !== undefined ? [item[name]] : [])),
      )
  }
  for (const [name, value] of Object.entries(document)) add(name, value)
  return places
}

/** The names on a path as tables write it: `[a.b].c`, `labels[].name`. */
function namesOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]+)\]|([^.[\]]+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}

/** A nested record's values by their paths: each field of the table as a whole, and what no field has as it stands. */
function valuesOf(record: unknown, fields: readonly string[]): (readonly [path: string, value: unknown])[] {
  const known = new Set(fields)
  const found = new Map<string, unknown>()
  const isAbove = (path: string) => fields.some((name) => name.startsWith(`${path}.`) || name.startsWith(`${path}[]`))
  const lists = new Map<string, unknown[]>()
  const note = (path: string, value: unknown, inList: boolean) => {
    const list = lists.get(path) ?? []
    if (inList) {
      list.push(value)
      lists.set(path, list)
    }
    found.set(path, inList ? list : value)
  }
  /** `held`: a field around it has it already, so that it counts only where it is a field of its own, too. */
  const walk = (path: string, value: unknown, inList: boolean, held: boolean) => {
    const isField = known.has(path)
    const isLeaf = !isAbove(path) || typeof value !== 'object' || value === null
    if (isField || (isLeaf && !held)) note(path, value, inList)
    if (isLeaf) return
    if (Array.isArray(value)) for (const item of value) members(`${path}[]`, item, true, held || isField)
    else members(path, value, inList, held || isField)
  }
  const members = (path: string, value: unknown, inList: boolean, held: boolean) => {
    if (!isObject(value)) return
    for (const [name, inner] of Object.entries(value)) {
      if (path === '' && name === 'kind') continue
      const own = /[.[\]]/.test(name) ? `[${name}]` : name
      walk(path === '' ? own : `${path}.${own}`, inner, inList, held)
    }
  }
  members('', record, false, false)
  return [...found]
}
