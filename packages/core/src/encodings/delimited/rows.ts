import { FlowferryError } from '../../errors.ts'
import { placeOf } from '../../read/object.ts'
import { kindOf, type ValueKind } from '../../schema/fields.ts'
import { fieldNamed, tablesOf } from '../../schema/layout.ts'
import { reserved } from '../../schema/names.ts'
import type { Schema } from '../../schema/schema.ts'
import type { Batch, Malformed, ParseContext, SourceObject } from '../../types.ts'
import { columnsOf } from './columns.ts'
import type { CompiledTable } from './compiled.ts'
import { batchOf, Run } from './run.ts'

/** Consecutive rows of a file that has columns, as lines: what an encoding of rows hands to the engine of lines. */
export interface Rows {
  /** A line a row: the columns' values as text, in UTF-8, `-` for none, a tab between two of them. */
  readonly bytes: Buffer
  /**
   * The values of rows that no line can hold, by the line's number: one has a control character in it. Their line is
   * anything, but not empty.
   */
  readonly odd: ReadonlyMap<number, readonly (string | undefined)[]>
  /** Position of the first row in its object, from 0. */
  readonly ordinal: number
  /** Bytes that the rows took, for the memory budget. */
  readonly taken: number
  /** Offset in the object by which a malformed row is found. */
  readonly offset: number
}

/** Reads rows by a format's table: a row becomes the record and the document that its text has in a delimited file. */
export interface RowReader {
  /** What the table reads in each column; undefined where the column is none of its own, or is read in another way. */
  readonly kinds: readonly (ValueKind | undefined)[]
  readonly batches: (rows: Rows, context: ParseContext) => Iterable<Batch<unknown>>
}

/** What the values of no column can be. */
const nested: ReadonlySet<ValueKind | undefined> = new Set(['flat', 'freeForm', 'objects', 'pairs'])

/** Whether the format's records are rows of values: each field is a column. */
export function isTabular({ fields, cases }: Pick<Schema, 'fields' | 'cases'>): boolean {
  return tablesOf({ fields, cases }).every((table) =>
    Object.entries(table).every(
      ([name, field]) => !reserved.has(name) && !/\.|\[\]/.test(name) && !nested.has(field.read.kind),
    ),
  )
}

/** One table a schema: what is compiled for its columns is kept with it. */
const known = new WeakMap<Schema, CompiledTable>()

function tableOf(schema: Schema): CompiledTable {
  const table = known.get(schema) ?? {
    schema,
    delimiter: '\t',
    quotes: false,
    escapes: false,
    brackets: false,
    absent: '-',
    header: () => undefined,
    headerless: undefined,
    keys: undefined,
  }
  known.set(schema, table)
  return table
}

/**
 * @param names The columns, by AWS's names or any spelling of them; others are kept as unknown fields
 * @param most Columns that an object may have: `limits.columns`
 * @param unread Columns of which the rows have nothing: they are counted as unknown fields, once a row
 * @throws FlowferryError FORMAT_MISMATCH where two columns are one field, LIMIT_EXCEEDED
 */
export function rowReader(
  schema: Schema,
  names: readonly string[],
  object: SourceObject,
  most: number,
  unread: readonly string[] = [],
): RowReader {
  const table = tableOf(schema)
  const count = names.length + unread.length
  if (count > most)
    throw new FlowferryError('LIMIT_EXCEEDED', `${count} columns, above limits.columns, ${most}`, {
      place: placeOf(object),
    })
  const columns = columnsOf(table, names, object)
  return {
    kinds: names.map((name) => {
      const field = fieldNamed(schema, schema.nameOf(name) ?? '')
      return field && kindOf(field)
    }),
    *batches({ bytes, odd, ordinal, taken, offset }, context) {
      let row = 0
      let rest = taken
      for (let from = 0; from < bytes.length; ) {
        const part = from === 0 ? bytes : bytes.subarray(from)
        const scan = columns.scan(part)
        const run = new Run(scan)
        const malformed: Malformed[] = []
        const first = row
        for (let line = 0; line < scan.lines; line++, row++) {
          const values = odd.get(row)
          if (!values && scan.regular[line] === 1) {
            run.add(line, ordinal + row)
            continue
          }
          const record = columns.readValues(values ?? valuesAt(scan.bytes, scan.starts[line]!, scan.stops[line]!))
          if (typeof record === 'string') {
            malformed.push({ ordinal: ordinal + row, offset, reason: record })
            run.malformed.push(line)
            continue
          }
          run.plain.set(run.length, record)
          scan.regular[line] = 0
          run.add(line, ordinal + row)
        }
        const valuesOfRow = (line: number) =>
          odd.get(first + line) ?? valuesAt(scan.bytes, scan.starts[line]!, scan.stops[line]!)
        from += scan.bytes.length
        const share =
          from === bytes.length ? rest : Math.min(rest, Math.round((taken * scan.bytes.length) / bytes.length))
        rest -= share
        yield batchOf(table, columns, run, share, malformed, object, context, { valuesOf: valuesOfRow, unread })
      }
    },
  }
}

function valuesAt(bytes: Buffer, start: number, stop: number): readonly string[] {
  return bytes.toString('utf8', start, stop).split('\t')
}
