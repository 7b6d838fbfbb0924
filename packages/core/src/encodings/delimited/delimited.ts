import { requireOption } from '../../check-options.ts'
import { FlowferryError } from '../../errors.ts'
import type { Fields } from '../../schema/derive.ts'
import { spellingsOf, tablesOf } from '../../schema/layout.ts'
import { reserved } from '../../schema/names.ts'
import type { BoundEncoding, Encoding } from '../encoding.ts'
import { claimTable } from './claims.ts'
import type { CompiledTable } from './compiled.ts'
import { nearTable } from './near.ts'
import { parseTable } from './parse.ts'

export interface DelimitedOptions {
  /** One character between values. */
  readonly delimiter: string
  /**
   * Whether a value may stand in double quotes and hold the delimiter, as request and agent do in load balancers' logs: it
   * is the text between them. A quote with a backslash before it does not end it, and stays as it stands.
   *
   * The names of fields, where these stand in quotes or say nothing, and no others do: a line that has it otherwise is one
   * of which a client's quote or backslash hides where a value ends. It is read again, so that each field has its own, and
   * is malformed where that is possible in no way, or in several.
   *
   * @default false: a quote is a character like others
   */
  readonly quotes?: boolean | readonly string[]
  /** Whether the log escapes a quote by a backslash: S3 does not, and a client may send either. @default true */
  readonly escapes?: boolean
  /** The same for brackets: `[06/Feb/2019:00:00:38 +0000]`. @default false */
  readonly brackets?: boolean
  /** What stands for "no value" in every field. @default '-' */
  readonly absent?: string
  /**
   * The field names when the line is a header, `skip` when it is a comment, else undefined; `known` are the table's, in all
   * their spellings.
   *
   * @default no line is either
   */
  readonly header?: (line: string, known: ReadonlySet<string>) => readonly string[] | 'skip' | undefined
  /**
   * The layout of a file without a header: all of its columns, in order, and whether a record is one of that layout
   * (`() => true`, where all files are): the first one, or, where that is none, those behind it. `least`, for a layout that
   * AWS adds columns to: how many values are enough in a line, 1 to all; these records may then have more than the layout,
   * too.
   *
   * @default none; without `least` a line has all columns
   */
  readonly headerless?: {
    readonly fields: readonly string[]
    readonly least?: number
    readonly fits: (record: Readonly<Record<string, unknown>>) => boolean
  }
  /** Keys of objects that are probably of this format, when their content does not say. @default none */
  readonly keys?: RegExp
}

/**
 * Lines of values, one character between them: the columns are named by a header line, or stated. Values behind the last
 * column are kept and counted as unknown fields, by their number in the line (`field_35`), unless they are empty or say "no
 * value"; a line with too few is malformed, and so is one with more than half as many values again, since two lines in one look so.
 *
 * @throws FlowferryError INVALID_OPTION where an option is not of its type, or the table has a field that no record can
 *   have (`constructor`)
 *
 * @example
 * encodings: [delimited({ delimiter: ' ', header: (line, known) => known.has(line.split(' ')[0]!) ? line.split(' ') : undefined })]
 */
export function delimited(options: DelimitedOptions): Encoding {
  return {
    bind: (schema): BoundEncoding => {
      requireOptions(options, schema.fields)
      const names = spellingsOf(tablesOf(schema))
      const compiled: CompiledTable = {
        schema,
        delimiter: options.delimiter,
        quotes: (options.quotes ?? false) !== false,
        quoted: Array.isArray(options.quotes) ? new Set<string>(options.quotes) : undefined,
        brackets: options.brackets ?? false,
        escapes: options.escapes ?? true,
        absent: options.absent ?? '-',
        header: (line) => options.header?.(line, names),
        headerless: options.headerless,
        keys: options.keys,
      }
      return {
        namesFields: options.header !== undefined,
        claims: (head) => claimTable(compiled, head),
        near: (head) => nearTable(compiled, head),
        parse: (object, context) => parseTable(compiled, undefined, object, context),
        withFields: (names) => ({
          namesFields: false,
          claims: (head) => claimTable(compiled, head, names),
          near: (head) => nearTable(compiled, head, names),
          parse: (object, context) => parseTable(compiled, names, object, context),
        }),
      }
    },
  }
}

function requireOptions(
  { delimiter, quotes, escapes, brackets, header, headerless, keys }: DelimitedOptions,
  fields: Fields,
): void {
  const refuse = (what: string) => {
    throw new FlowferryError('INVALID_OPTION', what)
  }
  if (typeof delimiter !== 'string' || delimiter.length !== 1)
    refuse(`delimiter is "${delimiter}"; it takes one character`)
  for (const [name, value] of Object.entries({ escapes, brackets }))
    requireOption(value === undefined || typeof value === 'boolean', name, value, 'a boolean')
  requireOption(
    quotes === undefined || typeof quotes === 'boolean' || (Array.isArray(quotes) && quotes.length > 0),
    'quotes',
    quotes,
    'a boolean, or the names of fields',
  )
  for (const name of Array.isArray(quotes) ? (quotes as readonly string[]) : [])
    if (!Object.hasOwn(fields, name)) refuse(`quotes has ${name}, which is no column of fields`)
  if ((quotes && delimiter === '"') || (brackets && /[[\]]/.test(delimiter)))
    refuse(`delimiter is ${delimiter}, which opens or closes a value`)
  requireOption(header === undefined || typeof header === 'function', 'header', header, 'a function')
  requireOption(keys === undefined || keys instanceof RegExp, 'keys', keys, 'a regular expression')
  for (const name of Object.keys(fields))
    if (reserved.has(name))
      refuse(`A column is called ${name}, as a member that every record has; give it another name in fields and header`)
  if (headerless === undefined) return
  const names: unknown = headerless?.fields
  if (!Array.isArray(names) || typeof headerless.fits !== 'function')
    refuse(
      'headerless takes { fields, fits }: the names of all columns in order, and a function that says whether the first record is one',
    )
  const { least } = headerless
  requireOption(
    least === undefined || (Number.isInteger(least) && least > 0 && least <= headerless.fields.length),
    'headerless.least',
    least,
    'a number of columns, up to all',
  )
  for (const name of names as readonly string[])
    if (!Object.hasOwn(fields, name)) refuse(`headerless.fields has ${name}, which is no column of fields`)
}
