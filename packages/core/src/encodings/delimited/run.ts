import { valuesOfBatch } from '../../schema/derive.ts'
import type { Batch, Malformed, ParseContext, SourceObject } from '../../types.ts'
import { RecordsOnDemand } from '../records-on-demand.ts'
import { Refused } from '../refused.ts'
import type { Columns } from './columns.ts'
import type { CompiledTable, Values } from './compiled.ts'
import { batchTexts, RunEncoder } from './encode.ts'
import { isAbsent, type Scan } from './scan.ts'

/** The records of one scan: its lines, and those that took the plain path already. */
export class Run {
  readonly scan: Scan
  readonly plain = new Map<number, Values>()
  readonly #lines: Uint32Array
  readonly #ordinals: Float64Array
  /** Lines that are no records. */
  readonly malformed: number[] = []
  length = 0
  constructor(scan: Scan) {
    this.scan = scan
    this.#lines = new Uint32Array(scan.lines)
    this.#ordinals = new Float64Array(scan.lines)
  }
  add(line: number, ordinal: number): void {
    this.#lines[this.length] = line
    this.#ordinals[this.length++] = ordinal
  }
  /**
   * Adds the regular lines from this one on, up to one that may be a header; gives how many. Files are concatenated, with
   * their headers, and where all columns are text, a header would read as a record.
   */
  addRegular(first: number, ordinal: number, headerByte: number): number {
    const { bytes, regular, starts, lines } = this.scan
    let line = first
    while (line < lines && regular[line] === 1 && bytes[starts[line]!] !== headerByte) {
      this.add(line, ordinal + line - first)
      line++
    }
    return line - first
  }
  get lines(): Uint32Array {
    return this.#lines.subarray(0, this.length)
  }
  get ordinals(): Float64Array {
    return this.#ordinals.subarray(0, this.length)
  }
}

export function textOf({ bytes, starts, stops }: Scan, line: number, beginning: boolean): string {
  const text = bytes.toString('utf8', starts[line], stops[line])
  const from = beginning && line === 0 && text.charCodeAt(0) === 0xfeff ? 1 : 0
  return text.charCodeAt(text.length - 1) === 0x0d ? text.slice(from, -1) : text.slice(from)
}

/** Where a scan's lines come from. */
interface Origin {
  /** Of the scan's first byte in the decompressed object, where its lines stand there. */
  readonly offset?: number
  /** A row's values, where a line stands for one: its own text is another than that of its bytes. */
  readonly valuesOf?: (line: number) => readonly (string | undefined)[]
  /** Columns of which nothing was read. */
  readonly unread?: readonly string[]
}

export function batchOf(
  table: CompiledTable,
  columns: Columns,
  run: Run,
  bytes: number,
  malformed: readonly Malformed[],
  object: SourceObject,
  context: ParseContext,
  { offset, valuesOf, unread = [] }: Origin = {},
): Batch<unknown> {
  const { unknown } = columns
  const program = columns.program()
  const { scan, plain, length, lines, ordinals } = run
  const textAt = (index: number) => textOf(scan, lines[index]!, ordinals[index] === 0)
  const recordAt = (index: number) => plain.get(index) ?? (columns.read(textAt(index)) as Values)
  const fast = (index: number) => program !== undefined && scan.regular[lines[index]!] === 1
  const found = unknown.length > 0 ? countUnknown(columns, run, table.absent.charCodeAt(0), recordAt) : {}
  const unknownFields = Object.fromEntries([...Object.entries(found), ...unread.map((name) => [name, length] as const)])
  const refused = new Refused(unknownFields)
  const records = () => Array.from({ length }, (_, index) => recordAt(index))
  const ofBatch = valuesOfBatch(table.schema, object)
  const texts = program && batchTexts(program, ofBatch)
  const told = valuesOf && ((line: number) => textOfRow(columns.names, valuesOf(line)))
  return Object.assign(new RecordsOnDemand(records), {
    format: table.schema.format,
    length,
    ordinals,
    bytes,
    ...(offset !== undefined && { offsetOf: (index: number) => offset + scan.starts[lines[index]!]! }),
    malformed,
    malformedText: (position: number) => (told ?? ((line) => textOf(scan, line, false)))(run.malformed[position]!),
    columns: (index: number, of?: 'malformed') => {
      const line = of ? run.malformed[index]! : lines[index]!
      const isFirst = !of && ordinals[index] === 0
      return named(columns.names, valuesOf ? valuesOf(line) : (columns.texts(textOf(scan, line, isFirst)) ?? []))
    },
    document: (index: number) => columns.document(recordAt(index), refused.of(index), ofBatch),
    view: (index: number) => columns.view(scan, lines[index]!, fast(index) ? undefined : recordAt(index)),
    fields: columns.fields(),
    ...(texts && { encoder: new RunEncoder(columns.members(), program, scan, lines, ordinals, texts) }),
    unknownFields,
    ...(context.originals && { original: told ? (index: number) => told(lines[index]!) : textAt }),
  })
}

/** A regular line's value is there where it is not absent: nothing else has to be known of it. */
function countUnknown(
  { unknown }: Columns,
  { scan, lines, length }: Run,
  absent: number,
  recordAt: (index: number) => Values,
): Record<string, number> {
  const counts = unknown.map(() => 0)
  for (let index = 0; index < length; index++) {
    const line = lines[index]!
    if (scan.regular[line] === 1) {
      for (let i = 0; i < unknown.length; i++) if (!isAbsent(scan, line, unknown[i]!.column, absent)) counts[i]!++
    } else {
      const record = recordAt(index)
      for (let i = 0; i < unknown.length; i++) if (record[unknown[i]!.key] !== undefined) counts[i]!++
    }
  }
  const found = unknown.map(({ name }, i) => [name, counts[i]!] as const).filter(([, count]) => count > 0)
  return Object.fromEntries(found)
}

/** The columns with their values; what stands behind the last one has its number. */
function named(names: readonly string[], values: readonly (string | undefined)[]): [name: string, text?: string][] {
  return Array.from({ length: Math.max(names.length, values.length) }, (_, i) => {
    const text = values[i]
    const name = names[i] ?? `field_${i + 1}`
    return text === undefined ? [name] : [name, text]
  })
}

/** A row's own text: its columns as JSON, those without a value left out. */
function textOfRow(names: readonly string[], values: readonly (string | undefined)[]): string {
  return JSON.stringify(
    Object.fromEntries(
      names.flatMap((name, column) => {
        const value = values[column]
        return value === undefined || value === '-' ? [] : [[name, value]]
      }),
    ),
  )
}
