import {
  type Batch,
  type ErrorCode,
  FlowferryError,
  type FormatParser,
  type Limits,
  type ObjectHead,
  type ParseContext,
  type Parser,
  type RecordOf,
  type SourceObject,
} from '@flowferry/core'
import { isTabular, placeOf, requirePositive, rowReader, titlesOf, type ValueKind } from '@flowferry/core/internal'
import { type Choice, choiceOf, choices, isCloudTrail, isSecurityLake, namesOf, telling } from './choose.ts'
import { AboveLimit, asFault } from './faults.ts'
import { type Column, type Footer, readFooter } from './footer.ts'
import type { Budget } from './pages.ts'
import { rangesOf } from './ranges.ts'
import { rowsOf } from './rows.ts'

export interface ParquetOptions {
  /**
   * Bytes that the pages of a file may hold while they are read, of all columns together: one page of each column, its
   * decompressed bytes and some for each value. Above it the object fails with LIMIT_EXCEEDED.
   *
   * @default 100,663,296: 96 MiB. Writers end a page at 1 MiB, or at 20,000 rows.
   */
  readonly pageBytes?: number
}

type AnyFormat = FormatParser<unknown>
type Formats = AnyFormat | readonly AnyFormat[]
type RecordOfAny<F> = F extends readonly unknown[] ? RecordOf<F[number]> : RecordOf<F>

/**
 * A parser of Parquet files by the tables of formats: columns are matched with fields by their names, in any of AWS's
 * spellings, and a row has the record and the document that the same row has as text. Ids are made of the row's number.
 * Of several formats the file's columns decide, which stand at its end: it is read by ranges, a page of each column at a time.
 *
 * A file fails with FORMAT_UNKNOWN whose columns are of none of the formats, with FORMAT_AMBIGUOUS whose columns are of
 * several, with PARQUET_UNSUPPORTED where it has encryption or a codec that Node.js lacks, with PARQUET_INVALID where it is
 * damaged, and with LIMIT_EXCEEDED. Columns that are structs, lists, maps or of a type that no log has are left out, and
 * counted by their names among the unknown fields.
 *
 * @throws FlowferryError INVALID_OPTION where a format's records are no rows of columns, as CloudTrail's
 *
 * @example
 * const parser = detect([vpcFlow, cloudFront, parquet([vpcFlow, cloudFront])])
 * await ingest({ source, parser, sink })
 */
export function parquet<const F extends Formats>(
  formats: F,
  { pageBytes = 96 * 1024 * 1024 }: ParquetOptions = {},
): Parser<RecordOfAny<F>> {
  const all: readonly AnyFormat[] = [formats].flat() as readonly AnyFormat[]
  requirePositive('pageBytes', pageBytes)
  if (all.length === 0) throw new FlowferryError('INVALID_OPTION', 'parquet takes a format, or a list of formats')
  for (const one of all) {
    if (typeof one?.schema !== 'object')
      throw new FlowferryError('INVALID_OPTION', 'parquet takes formats that `format()` made: vpcFlow, cloudFront, …')
    if (!isTabular(one.schema))
      throw new FlowferryError(
        'INVALID_OPTION',
        `parquet: records of ${one.format.kind} have members inside of members, and a Parquet file of flat columns has none`,
      )
  }
  return {
    formats: [...new Set(all.map(({ format }) => format))],
    claims,
    parse: (object, context) => parse(all, pageBytes, object, context) as AsyncIterable<Batch<RecordOfAny<F>>>,
  }
}

/** The columns stand at the file's end: its beginning tells that it is Parquet, and no more. */
function claims({ stored, key }: ObjectHead): 'content' | 'key' | undefined {
  const magic = Buffer.from(stored.subarray(0, 4)).toString('latin1')
  if (magic === 'PAR1' || magic === 'PARE') return 'content'
  return /\.parquet$/i.test(key) ? 'key' : undefined
}

async function* parse(
  formats: readonly AnyFormat[],
  pageBytes: number,
  object: SourceObject,
  context: ParseContext,
): AsyncGenerator<Batch<unknown>> {
  const { limits } = context
  const place = placeOf(object)
  const ranges = rangesOf(object, context)
  try {
    const footer = await readFooter(ranges)
    if (!footer) return
    const { format, names } = chosen(formats, footer, object)
    const reader = rowReader(format.schema, names, object, limits.columns, footer.unread)
    const columns = footer.columns.map((column, i) => columnFor(column, reader.kinds[i]))
    const budget = budgetOf(pageBytes, limits)
    const from = object.from?.etag === ranges.etag() ? object.from!.records : 0
    let ordinal = 0
    for (const [number, group] of footer.groups.entries()) {
      const isLast = number === footer.groups.length - 1
      // What an earlier reading stored is not read again, but for the part of a row group.
      if (isLast || ordinal + group.rows > from)
        for await (const rows of rowsOf(group, columns, ranges, budget, limits, ordinal))
          yield* reader.batches(rows, context)
      ordinal += group.rows
    }
  } catch (error) {
    throw asFault(error, 'Parquet', place)
  }
}

const texts: ReadonlySet<ValueKind | undefined> = new Set(['text', 'encoded', 'list', 'requestLine', undefined])

/** A column as its field reads it. */
function columnFor(column: Column, kind: ValueKind | undefined): Column {
  const { type } = column
  if (type.is === 'timestamp' && kind !== undefined) return { ...column, type: { ...type, as: kind } }
  if (type.is === 'text' && !texts.has(kind)) return { ...column, type: { is: 'text', none: true } }
  return column
}

function chosen(formats: readonly AnyFormat[], { columns, unread }: Footer, object: SourceObject): Choice {
  const error = (code: ErrorCode, what: string) => new FlowferryError(code, what, { place: placeOf(object) })
  const titles = titlesOf(formats)
  const all = [...columns.map(({ name }) => name), ...unread]
  const found = choices(formats, columns, all.length)
  if (found.length === 1) return found[0]!
  if (found.length > 1)
    throw error(
      'FORMAT_AMBIGUOUS',
      `The columns of the Parquet file are of ${found.map(({ format }) => format.format.title).join(' and of ')}: ${namesOf(all)}. A column that one of them alone has would tell (${telling(found)}); without, byKey([[/prefix/, parquet(format)], …]) or --format names the format of a prefix`,
    )
  const told = isSecurityLake(columns)
    ? 'of Security Lake (OCSF), which is not read'
    : isCloudTrail(columns)
      ? "CloudTrail's, which is not read in Parquet: read the trail's own files"
      : undefined
  if (told !== undefined || formats.length > 1)
    throw error(
      'FORMAT_UNKNOWN',
      `The columns of the Parquet file are ${told ?? `of none of ${titles}`}: ${namesOf(all)}`,
    )
  const choice = choiceOf(formats[0]!, columns)
  if (choice.known > 0) return choice
  throw error('FORMAT_MISMATCH', `No column of the Parquet file is one of ${titles}: ${namesOf(all)}`)
}

/** Below this a file's size does not matter, whatever it is made of. */
const ratioFloor = 16 * 1024 * 1024

function budgetOf(pageBytes: number, { objectBytes, expansionRatio }: Limits): Budget {
  let held = 0
  let stored = 0
  let inflated = 0
  let text = 0
  const check = (bytes: number) => {
    if (bytes > objectBytes) throw new AboveLimit(`its rows are above limits.objectBytes, ${objectBytes}`)
    if (bytes > ratioFloor && bytes > stored * expansionRatio)
      throw new AboveLimit(`its rows are above limits.expansionRatio, ${expansionRatio}`)
  }
  return {
    hold: (bytes, what) => {
      held += bytes
      if (held > pageBytes)
        throw new AboveLimit(
          `with ${what}, ${held} bytes of pages are held, above pageBytes, ${pageBytes}. Write the file with smaller pages, or raise pageBytes`,
        )
    },
    release: (bytes) => {
      held -= bytes
    },
    expand: (bytes, from) => {
      stored += from
      inflated += bytes
      check(inflated)
    },
    expandText: (bytes) => {
      text += bytes
      check(text)
    },
  }
}
