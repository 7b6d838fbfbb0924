import type { Format, LogDocument } from '@flowferry/core'
import { isObject, quoteName } from '@flowferry/core/internal'
import type { Row, Value } from '../answer.ts'
import { putAll, putAt, valueOfField, wholeDocument } from '../documents.ts'
import type { Field } from '../fields.ts'
import type { DocumentsPlan } from '../plan.ts'
import { isoDate, scalar } from '../values.ts'
import { whereOf } from './filter.ts'
import { columnOf, type Table } from './table.ts'

/** The rows of one table, in order: first the columns of the order, then those of the fields, or all. */
export function documentsSql(plan: DocumentsPlan, table: Table): string {
  const { columns, name } = table
  const order = plan.order.map(({ field }, index) => `${columnOf(table, field)} AS o${index}`)
  const fields = plan.fields?.map((field) => columnOf(table, wholeField(field)))
  const selected = [...order, ...(fields ?? [...columns.keys()].map(quoteName))]
  const by = plan.order.map(({ isDescending }, index) => `o${index} ${isDescending ? 'DESC' : 'ASC'} NULLS LAST`)
  // The key, so that equal rows have an order, too. Tables of an earlier version have another.
  if (columns.has('_object')) by.push('_object', '_ordinal')
  return `SELECT ${selected.join(', ')} FROM ${quoteName(name)} WHERE ${whereOf(plan, table)} ORDER BY ${by.join(', ')} LIMIT ${plan.limit}`
}

/** A part of a flattened field is read out of the whole. */
const wholeField = (field: Field): Field =>
  field.below === undefined ? field : { ...field, path: field.below, type: 'flattened', isList: false }

/** A row with what it is ordered by. */
export interface OrderedRow {
  readonly row: Row
  readonly order: readonly Value[]
}

/** What the statement gave. */
export function documentRow(plan: DocumentsPlan, table: Table, values: readonly unknown[]): OrderedRow {
  const order = plan.order.map(({ field }, index) => scalar(field.type, values[index]))
  const own = values.slice(plan.order.length)
  const row = plan.fields
    ? Object.fromEntries(
        plan.fields.map((field, index) => {
          const whole = wholeField(field)
          const document = {}
          putAt(document, whole.path, scalarOrList(whole, own[index]))
          return [field.name, valueOfField(document, field)]
        }),
      )
    : (wholeDocument(documentOf(table, own), table.format) as Row)
  return { row, order }
}

const scalarOrList = ({ type }: Field, value: unknown): unknown => (Array.isArray(value) ? value : scalar(type, value))

/** The document of a row, as the search engines hold it. */
function documentOf({ format, columns }: Table, values: readonly unknown[]): LogDocument {
  const row = new Map([...columns.keys()].map((name, index) => [name, values[index]]))
  const kept = row.get('document')
  if (typeof kept === 'string') return JSON.parse(kept) as LogDocument
  const document: LogDocument = {}
  for (const [name, type] of columns) {
    const value = row.get(name)
    // Of objects in a list, the list has a column, and so has each of their members.
    if (ownColumns.has(name) || value === null || hasParent(columns, name)) continue
    putAt(document, name, plain(type, value))
  }
  const unmapped: unknown = JSON.parse(String(row.get('unmapped') ?? '{}'))
  if (isObject(unmapped)) putAll(document, unmapped)
  putAll(document, streamOf(format))
  return document
}

/** Columns that are no field's. */
const ownColumns = new Set(['_id', '_object', '_ordinal', 'unmapped', 'document'])

/** What the sink leaves out, since it is the same in a whole table. */
const streamOf = ({ dataset }: Format): LogDocument => ({
  data_stream: { type: 'logs', dataset, namespace: 'default' },
})

function hasParent(columns: ReadonlyMap<string, string>, name: string): boolean {
  const dot = name.lastIndexOf('.')
  return dot > 0 && columns.get(name.slice(0, dot)) === 'JSON'
}

function plain(type: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(type.replace('[]', ''), item))
  if (type === 'JSON') return JSON.parse(String(value))
  if (type === 'TIMESTAMP') return isoDate(value)
  return typeof value === 'bigint' ? Number(value) : value
}
