import {
  type Batch,
  byteBudget,
  type FlowferryError,
  type Format,
  ingest,
  type LogDocument,
  type NearMiss,
  type ObjectHead,
  type Parser,
  parseContext,
  type SourceObject,
} from '@flowferry/core'
import { peek } from '@flowferry/core/internal'
import { s3Address, s3Client } from '../aws.ts'
import type { Settings } from '../config/settings.ts'
import { type Explained, explainColumns, explainFields, type FieldRow } from '../explain/rows.ts'
import { localFile, standardInput, statIfThere } from '../files.ts'
import { type Documents, formatNames, parserFor, parsersByName } from '../formats.ts'
import { hintsFor, isForeign, wordsOf } from '../hints.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { table } from '../text.ts'

export interface ExplainOptions {
  readonly format?: string
  readonly documents?: Documents
  readonly record?: number
  readonly json?: boolean
}

/** What is said of an object, as `--json` has it. */
interface Explanation {
  readonly source: string
  readonly detected?: { readonly format: string; readonly title: string; readonly by: string }
  /** Formats that claim it too, by its key alone or beside the one that reads it. */
  readonly claims: readonly { readonly format: string; readonly by: 'content' | 'key' }[]
  readonly nearly: readonly ({ readonly format: string } & NearMiss)[]
  readonly record?: {
    readonly ordinal: number
    readonly offset?: number
    readonly malformed?: string
    readonly fields: readonly FieldRow[]
    readonly added?: Explained['added']
    readonly id?: string
    readonly idOf?: string
    readonly dataStream?: string
    readonly document?: LogDocument
  }
  readonly error?: { readonly code: string; readonly message: string }
}

/** Formats that are told of, and how near they come at least. */
const mostNear = 4
const leastShare = 0.3

/** `flowferry explain`: how an object is understood, and one of its records, field by field. */
export async function explainCommand(
  source: string,
  { format, documents, record = 0, json = false }: ExplainOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const [parser, candidates] = await Promise.all([
    parserFor(format ? [format] : undefined, documents, settings),
    parsersByName(documents, settings),
  ])
  const opened = await objectFor(source, io)
  const context = parseContext(io.signal && { signal: io.signal })
  const { head, whole } = await peek(opened.object, context)
  const claims = candidates.flatMap(({ name, parser: one }) => {
    const by = one.claims(head)
    return by ? [{ format: name, by }] : []
  })
  const read = await recordOf(parser, whole.object, record, io)
  const nameOfKind = (kind: string) => candidates.find((one) => one.parser.formats.some((own) => own.kind === kind))
  const own = read.batch && nameOfKind(read.batch.format.kind)
  const name = own?.name ?? read.batch?.format.kind
  const by = format ? '--format' : whyOf(head, claims.find((one) => one.format === name)?.by)
  const explanation: Explanation = {
    source: opened.name,
    ...(read.batch && { detected: { format: name!, title: read.batch.format.title, by } }),
    claims: claims.filter((one) => one.format !== name),
    // Of what is known to be something else, as a zip archive, chance alone would fit.
    nearly:
      read.error && isForeign(read.error.message)
        ? []
        : nearest(candidates, claims.map((one) => one.format).concat(name ?? []), head),
    ...(read.batch && { record: explained(read, read.batch, own?.parser) }),
    ...(read.error && { error: { code: read.error.code, message: wordsOf(read.error) } }),
  }
  if (json) line(io.stdout, JSON.stringify(explanation))
  else for (const text of tell(explanation, record)) line(io.stdout, text)
  if (read.error && !json)
    for (const hint of hintsFor([read.error], format, formatNames(settings)))
      if (!hint.startsWith('hint: flowferry explain')) line(io.stderr, hint)
  if (explanation.record === undefined) return exitCodes.failed
  return explanation.record.malformed === undefined ? exitCodes.ok : exitCodes.malformed
}

/** What is named: a file or object where there is one, else a text that looks like a line. */
async function objectFor(source: string, io: Io): Promise<{ readonly name: string; readonly object: SourceObject }> {
  if (source === '-') return { name: 'standard input', object: standardInput(io.stdin) }
  const address = s3Address(source)
  if (address?.key === '') throw new UsageError(`${source} names no object; explain reads one: s3://bucket/key`)
  if (address) {
    const { s3Object } = await import('@flowferry/source-s3')
    return { name: source, object: s3Object(address, { s3: await s3Client(io) }) }
  }
  const there = await statIfThere(source)
  if (there?.isDirectory()) throw new UsageError(`${source} is a folder; explain reads one file`)
  if (there) return { name: source, object: localFile(source) }
  if (!/[\s,{]/.test(source)) throw new UsageError(`${source}: there is no such file, and it is no line of a log`)
  return { name: 'the line', object: { ...standardInput([Buffer.from(`${source}\n`)]), key: '' } }
}

function whyOf({ stored }: ObjectHead, claim: 'content' | 'key' | undefined): string {
  if (claim === 'key') return 'its key alone: its content does not say'
  if (claim === 'content') return 'its content'
  if (Buffer.from(stored.subarray(0, 4)).toString('latin1') === 'PAR1') return 'the columns that its Parquet names'
  return 'its content, in an envelope of CloudWatch Logs'
}

type Candidates = Awaited<ReturnType<typeof parsersByName>>

function nearest(candidates: Candidates, fitting: readonly string[], head: ObjectHead): Explanation['nearly'] {
  return candidates
    .filter(({ name }) => !fitting.includes(name))
    .flatMap(({ name, parser }) => {
      const near = parser.near?.(head)
      return near && near.share >= leastShare ? [{ format: name, ...near }] : []
    })
    .sort((a, b) => b.share - a.share)
    .slice(0, mostNear)
}

interface Read {
  /** The batch that has the record, or the malformed line or element. */
  readonly batch?: Batch<unknown>
  readonly ordinal: number
  readonly document?: LogDocument
  readonly id?: string
  readonly dataStream?: string
  readonly error?: FlowferryError
  /** How many records there are, where the one that is asked for is behind the last. */
  readonly records: number
}

/** Reads up to the record as `ingest` does, so that its id and document are those that a store would get. */
async function recordOf(parser: Parser<unknown>, object: SourceObject, ordinal: number, io: Io): Promise<Read> {
  let batch: Batch<unknown> | undefined
  let made: Pick<Read, 'document' | 'id' | 'dataStream'> = {}
  let records = 0
  const report = await ingest({
    source: [{ objects: [object] }],
    parser: {
      ...parser,
      parse: async function* (of, context) {
        for await (const one of parser.parse(of, context)) {
          records += one.length + (one.malformed?.length ?? 0)
          const isHere = placeOf(one, ordinal) !== -1 || one.malformed?.some((odd) => odd.ordinal === ordinal)
          if (isHere) batch = one
          yield one
          if (isHere) return
        }
      },
    },
    sink: {
      write: async (slices) => {
        for (const slice of slices)
          for (let index = 0; index < slice.length; index++)
            if (slice.ordinals[index] === ordinal)
              made = { document: slice.document(index), id: slice.id(index), dataStream: slice.dataStream }
        return {
          slices: slices.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })),
        }
      },
    },
    malformedShare: 1,
    batchBytes: 1,
    budget: byteBudget(256 * 1024),
    ...(io.signal && { signal: io.signal }),
  })
  const { error } = report.messages[0]!.objects[0]!
  // A record that became no document, since reading ended or a format of one's own threw, is told by the error.
  const isMalformed = batch?.malformed?.some((odd) => odd.ordinal === ordinal)
  const told = made.document || isMalformed ? batch : undefined
  return { ...made, ordinal, records, ...(told && { batch: told }), ...(!told && error && { error }) }
}

/** The index of a record in its batch, or -1. */
function placeOf({ ordinals, length }: Batch<unknown>, ordinal: number): number {
  for (let index = 0; index < length; index++) if (ordinals[index] === ordinal) return index
  return -1
}

function explained(
  { ordinal, document, id, dataStream }: Read,
  batch: Batch<unknown>,
  parser: Parser<unknown> | undefined,
): NonNullable<Explanation['record']> {
  const schema =
    parser && 'schema' in parser ? (parser.schema as { nameOf: (name: string) => string | undefined }) : undefined
  const nameOf = (name: string) => schema?.nameOf(name)
  const { format } = batch as { readonly format: Format }
  const odd = batch.malformed?.findIndex((one) => one.ordinal === ordinal) ?? -1
  if (odd !== -1) {
    const { offset, reason } = batch.malformed![odd]!
    const columns = batch.columns?.(odd, 'malformed')
    return { ordinal, offset, malformed: reason, fields: columns ? explainColumns(columns, format, nameOf) : [] }
  }
  const index = placeOf(batch, ordinal)
  const isOwn = batch.recordId?.(index) !== undefined
  const offset = batch.offsetOf?.(index)
  const { rows, added } = explainFields({
    format,
    nameOf,
    record: batch.records[index],
    columns: batch.columns?.(index),
    document: document!,
    unknown: batch.unknownFields ?? {},
  })
  return {
    ordinal,
    ...(offset !== undefined && { offset }),
    fields: rows,
    added,
    id: id!,
    idOf: isOwn
      ? "the record's own id, behind the account folder of the key, or the bucket"
      : `bucket, key and ETag of the object (of a file its path and content; of a line or standard input it holds for this run alone), and ${ordinal}, the record's position`,
    dataStream: dataStream!,
    document: document!,
  }
}

const states = { absent: 'no value', unplaced: 'nowhere: the document has no place for it' } as const
const noTable = 'not told: a function of the format makes the document, which is below'

/** The explanation in lines. */
function* tell({ source, detected, claims, nearly, record, error }: Explanation, asked: number): Generator<string> {
  if (detected) yield `${source}: ${detected.title} (${detected.format}), known by ${detected.by}`
  else if (error) yield `${source}: ${error.message}`
  else yield `${source}: it has no record ${asked}`
  for (const { format, by } of claims) yield `  claimed by ${format}${detected ? ', too,' : ''} by its ${by}`
  if (nearly.length > 0) {
    yield ''
    yield detected ? 'Other formats that come near:' : 'Formats that nearly fit:'
    yield* table(
      nearly.map(({ format, share, lacks }) => ({ format, fits: `${Math.round(share * 100)}%`, but: lacks })),
    )
  }
  if (!record) return
  yield ''
  const at = record.offset === undefined ? '' : `, at byte ${record.offset}`
  if (record.malformed !== undefined) {
    yield `Record ${record.ordinal}${at} is malformed: ${record.malformed}`
    if (record.fields.length > 0) {
      yield* table(
        record.fields.map(({ field, value, state, type }) => ({
          field,
          value: value === undefined ? '(missing)' : short(value),
          'of type': type ?? (state === 'unknown' ? '(not known)' : ''),
        })),
        '  ',
        'left',
      )
    }
    return
  }
  yield `Record ${record.ordinal}${at}:`
  // A format of lines() has no table: its function alone knows where a field went.
  const isDeclared = record.fields.some(({ type }) => type !== undefined)
  const placeOfRow = (row: FieldRow) => (row.state === 'unplaced' && !isDeclared ? noTable : destination(row))
  const rows = record.fields.map((row) => ({ field: row.field, value: short(row.value), 'goes to': placeOfRow(row) }))
  yield* table(rows, '  ', 'left')
  const unknown = record.fields.filter(({ state }) => state === 'unknown').length
  if (unknown > 0)
    yield `  ${unknown} of ${record.fields.length} fields are not in the format's table, or not of its types: they are kept, and counted as unknown`
  yield ''
  yield 'The document has besides:'
  const added = Object.entries(record.added ?? {}).map(([field, value]) => ({ field, value: short(value) }))
  yield* table(added, '  ', 'left')
  yield ''
  yield `Stored in ${record.dataStream}, as ${record.id}`
  yield `  The id is made of ${record.idOf}.`
}

function destination({ value, state, places, name }: FieldRow): string {
  if (value === undefined) return 'no value: the record ends before it'
  if (state === 'absent' || state === 'unplaced') return states[state]
  const as = name === undefined ? '' : ` (${name})`
  // The raw value is beside it: a place is shown with its own where it is another.
  const shown = Object.entries(places).map(([path, held]) => (same(held, value) ? path : `${path} = ${short(held)}`))
  return `${state === 'unknown' ? 'not known, kept in ' : ''}${shown.join(', ')}${as}`
}

function same(held: unknown, value: unknown): boolean {
  // A list takes the values of several fields.
  if (Array.isArray(held) && !Array.isArray(value)) return held.some((one) => same(one, value))
  if (typeof held === 'object' || typeof value === 'object')
    return typeof value === 'object' && JSON.stringify(held) === JSON.stringify(value)
  return String(held) === String(value)
}

const mostShown = 48

/** A value on one line, cut. */
function short(value: unknown): string {
  const text = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > mostShown ? `${text.slice(0, mostShown - 1)}…` : text
}
