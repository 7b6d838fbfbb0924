import { once } from '../once.ts'
import type { LogDocument } from '../types.ts'
import type { BatchValues } from './derive.ts'
import type { AnyField } from './fields.ts'
import { isHeld, mayRefuse } from './held.ts'
import { fill, sourceValues } from './layout.ts'
import type { Schema, UnknownField } from './schema.ts'

/** Gives a record's document. `refused` is told of each column whose value is kept as text: nothing else holds it. */
export type ColumnDocument = (
  record: Readonly<Record<string, unknown>>,
  refused: (name: string) => void,
  ofBatch?: BatchValues,
) => LogDocument

/**
 * Documents of records whose fields stand in columns, in whatever encoding.
 *
 * @param columns The table's fields among the columns, by their names in a record
 * @param unknown The columns that the table does not know
 */
export function columnDocuments(
  schema: Pick<Schema, 'layout'>,
  columns: readonly { readonly name: string; readonly field: AnyField }[],
  unknown: readonly Pick<UnknownField, 'name' | 'key'>[],
): ColumnDocument {
  const layout = once(() => schema.layout(unknown))
  const mayBeRefused = columns.filter(({ field }) => mayRefuse(field))
  const keptKey = (name: string) => `\n${name}`
  /** With a place for the text of each column that may be refused, as for one that the table does not know. */
  const keeping = once(() =>
    schema.layout([...unknown, ...mayBeRefused.map(({ name }) => ({ name, key: keptKey(name) }))]),
  )
  return (record, refused, ofBatch) => {
    const names = mayBeRefused.filter(({ name, field }) => record[name] !== undefined && !isHeld(field, record[name]))
    for (const { name } of names) refused(name)
    const kept = new Map(names.map(({ name }) => [keptKey(name), record[name]]))
    const values = sourceValues((name) => (kept.has(name) ? kept.get(name) : record[name]), ofBatch)
    return fill(kept.size === 0 ? layout() : keeping(), values) ?? {}
  }
}
