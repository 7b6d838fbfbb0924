import { type AnyField, kindOf } from '../../schema/fields.ts'
import { isAddress } from '../../schema/values.ts'
import { valuesOf, type Wrapping, withoutTrailing } from './values.ts'

/** A column, and whether its values stand in quotes. */
export interface QuotedColumn {
  readonly field: AnyField
  readonly quoted: boolean
}

/** Values behind the last column, of which one may stand in quotes: AWS has added four at once. */
const mostQuotedTrailing = 4
/** Ends of values that are tried for a line: a hostile one has as many quotes as it likes. */
const mostTried = 10_000

/**
 * Splits the lines of a log of which is known what stands in quotes. A client may send a quote, or a backslash before the
 * log's own, so that a value seems to end where it does not: values of others' columns would follow, and most are texts,
 * which take anything. What stands in quotes and what does not is then out of its place, and the line is read again: the
 * quotes end where each column has what is its own. Where several readings have that, those count in which a request line
 * and addresses are such; how far two values in quotes that are neighbours reach is the client's word in any reading, and
 * the first one ends as early as it may.
 *
 * Undefined where no reading fits or several do.
 *
 * @param columns Those that the layout names, in order
 * @param least How many values are enough in a line
 * @param most How many a line may have
 */
export function quotedValues(
  line: string,
  table: Wrapping & { readonly absent: string },
  columns: readonly QuotedColumn[],
  least: number,
  most: number,
): readonly string[] | undefined {
  const { absent, escapes = true } = table
  const inQuotes: boolean[] = []
  const values = valuesOf(line, table, inQuotes)
  if (areInPlace(values, inQuotes, columns, absent)) return values
  const read = (strict: boolean) => readAgain(line, table, columns, least, most, strict)
  const found = read(true)
  const again = found === 'none' ? read(false) : found
  if (typeof again === 'object') return again
  // Where quotes are escaped and none is, the line has one reading; AWS's page may be behind its log.
  return again === 'none' && escapes && !line.includes('\\"') ? values : undefined
}

function areInPlace(
  values: readonly string[],
  inQuotes: readonly boolean[],
  columns: readonly QuotedColumn[],
  absent: string,
): boolean {
  const trailing = withoutTrailing(values, columns.length, absent).length - columns.length
  return values.every((text, i) => {
    if (text === absent || text === '' || columns[i]?.field.absent?.includes(text)) return true
    if (inQuotes[i]) return columns[i]?.quoted ?? trailing <= mostQuotedTrailing
    return !columns[i]?.quoted && !isTorn(text)
  })
}

/** Whether a value without quotes begins or ends in one. */
const isTorn = (text: string) => text.startsWith('"') || text.endsWith('"')

/**
 * The values by the one way to end those in quotes at which every column has what is its own: `none` where there is none,
 * `several` where there are more.
 *
 * @param strict Whether request lines and addresses have to be such
 */
function readAgain(
  line: string,
  { delimiter, brackets, absent, escapes = true }: Wrapping & { readonly absent: string },
  columns: readonly QuotedColumn[],
  least: number,
  most: number,
  strict: boolean,
): readonly string[] | 'none' | 'several' {
  const values: string[] = []
  let found: readonly string[] | undefined
  let tried = 0
  let isDone = false
  /** Where no reading goes on: by column and offset. */
  const dead = new Set<number>()
  const isOf = (text: string, column: number) => fits(columns[column]?.field, text, absent, strict)
  const isEnd = (at: number) => at > line.length

  const succeed = () => {
    if (values.length < least || values.length > most) return false
    isDone = found !== undefined
    found ??= [...values]
    return true
  }

  /** Goes on with the column that begins there; whether any reading does. */
  const walk = (at: number): boolean => {
    const begin = values.length
    const key = begin * (line.length + 2) + at
    if (dead.has(key)) return false
    const went = isEnd(at) ? succeed() : columns[begin]?.quoted ? inQuotes(at) : withoutQuotes(at)
    values.length = begin
    if (!went && !isDone) dead.add(key)
    return went
  }

  const withoutQuotes = (from: number): boolean => {
    let at = from
    while (!isEnd(at) && !columns[values.length]?.quoted) {
      const bracket = brackets && line[at] === '[' ? line.indexOf(`]${delimiter}`, at) : -1
      const next = line.indexOf(delimiter, bracket === -1 ? at : bracket)
      const end = next === -1 ? line.length : next
      const text = bracket === -1 ? line.slice(at, end) : line.slice(at + 1, bracket)
      if (isTorn(text) || values.length === most || !isOf(text, values.length)) return false
      values.push(text)
      at = end + 1
    }
    return walk(at)
  }

  /** Columns in quotes that are neighbours: all but the last end as early as they may. */
  const inQuotes = (from: number): boolean => {
    const first = values.length
    let open = from
    while (columns[values.length + 1]?.quoted) {
      if (line[open] !== '"') return false
      const close = line.indexOf(`"${delimiter}"`, open + 1)
      if (close === -1) break
      values.push(line.slice(open + 1, close))
      open = close + 2
    }
    const last = values.length
    for (let i = first; i < last; i++) if (!isOf(values[i]!, i)) return false
    // A line may end before the last of them.
    const isShort = columns[last + 1]?.quoted === true
    let went = false
    /** Where quotes are escaped, one that is not ends its value. */
    let isSure = false
    for (let close = open; line[open] === '"' && !isDone && !isSure; ) {
      close = line.indexOf('"', close + 1)
      if (close === -1) break
      if (close + 1 < line.length && (isShort || line[close + 1] !== delimiter)) continue
      isSure = escapes && !isEscaped(line, close)
      if (++tried > mostTried) isDone = true
      const text = line.slice(open + 1, close)
      if (!isOf(text, last)) continue
      values.push(text)
      if (walk(close + 2)) went = true
      values.length = last
    }
    return went
  }

  walk(0)
  return isDone ? 'several' : (found ?? 'none')
}

function isEscaped(line: string, quote: number): boolean {
  let at = quote
  while (line[at - 1] === '\\') at--
  return (quote - at) % 2 === 1
}

function fits(field: AnyField | undefined, text: string, absent: string, strict: boolean): boolean {
  if (!field || text === '' || text === absent || field.absent?.includes(text)) return true
  if (field.read(text) === undefined) return false
  const kind = strict ? kindOf(field) : undefined
  if (kind === 'requestLine') return /^\S+ \S+ HTTP\/[\d.]+$/.test(text)
  return kind !== 'ip' || isAddress(text)
}
