/** How values stand in a line, as an option of the encoding says. */
export interface Wrapping {
  readonly delimiter: string
  /** Whether a value may stand in double quotes. */
  readonly quotes: boolean
  /** Whether a value may stand in brackets. */
  readonly brackets: boolean
  /** Whether a quote with a backslash before it is one of the value. @default true */
  readonly escapes?: boolean
}

/**
 * The values of a line. One in quotes or brackets may hold the delimiter, and is what stands between them. A quote ends
 * its value where no backslash stands before it that escapes it, and the delimiter or the line's end behind it; nothing is
 * unescaped, since no page of AWS's tells a backslash of the log from one of the client's.
 *
 * S3 escapes no quote: where a value without quotes ends in one, the last value in quotes was longer than it seemed.
 *
 * @param inQuotes Gets for each value whether it stands in quotes
 */
export function valuesOf(
  line: string,
  { delimiter, quotes, brackets, escapes = true }: Wrapping,
  inQuotes?: boolean[],
): string[] {
  if (!quotes && !brackets) return line.split(delimiter)
  const values: string[] = []
  /** The last value in quotes: its number, and where it begins. */
  let quoted = -1
  let begin = 0
  /** What opens a value. Where nothing closes one, nothing closes those behind it: a hostile line is looked through once. */
  let open = quotes ? '"' : ''
  if (brackets) open += '['
  for (let at = 0; at <= line.length; ) {
    const mark = line[at] ?? ' '
    const close = !open.includes(mark) ? '' : mark === '[' ? ']' : mark
    const closed = close === '' ? -1 : closeOf(line, at + 1, close, delimiter, escapes)
    if (close !== '' && closed === -1) open = open.replace(mark, '')
    if (closed !== -1) {
      if (close === '"') {
        quoted = values.length
        begin = at + 1
      }
      inQuotes?.push(close === '"')
      values.push(line.slice(at + 1, closed))
      at = closed + 2
      continue
    }
    const found = line.indexOf(delimiter, at)
    const end = found === -1 ? line.length : found
    if (quotes && quoted !== -1 && end > at && line[end - 1] === '"' && line[at] !== '"') {
      values.length = quoted
      values.push(line.slice(begin, end - 1))
      if (inQuotes) inQuotes.length = values.length
    } else {
      values.push(line.slice(at, end))
      inQuotes?.push(false)
    }
    at = end + 1
  }
  return values
}

/** Where the value's closing mark stands; -1 for none. */
function closeOf(line: string, from: number, mark: string, delimiter: string, escapes: boolean): number {
  let escaped = false
  for (let at = from; at < line.length; at++) {
    const character = line[at]
    if (character === mark && !escaped && (at + 1 === line.length || line[at + 1] === delimiter)) return at
    escaped = escapes && character === '\\' && !escaped
  }
  return -1
}

/** The values without those that say nothing at the end: AWS writes `-` there before it announces a field. */
export function withoutTrailing(values: readonly string[], columns: number, absent: string): readonly string[] {
  let length = values.length
  while (length > columns && (values[length - 1] === '' || values[length - 1] === absent)) length--
  return length === values.length ? values : values.slice(0, length)
}
