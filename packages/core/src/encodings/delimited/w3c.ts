import { FlowferryError } from '../../errors.ts'
import { placeOf } from '../../read/object.ts'
import { parseByHead } from '../../read/peek.ts'
import { spellingsOf } from '../../schema/layout.ts'
import type { ObjectHead, SourceObject } from '../../types.ts'
import type { BoundEncoding, Encoding } from '../encoding.ts'
import { headLines, layoutOf } from './claims.ts'
import { delimited } from './delimited.ts'
import { nearNames } from './near.ts'
import { valuesOf } from './values.ts'

export interface W3cOptions {
  /**
   * Whether the names of a `#Fields:` line are this log's: names of which all of one list say so, or a function.
   *
   * @default all of them are the table's, or most where one is that no other program writes; not only those that every log
   * has, as `timestamp`
   */
  readonly claims?: readonly (readonly string[])[] | ((names: readonly string[]) => boolean)
  /**
   * Files that do not name their fields: all names in order, how many of them such a file may have, and whether a line's
   * texts, by their names, are of this log: the first one's, or, where they are not, those of the lines behind it. A line
   * may have more than all: AWS adds fields at the end.
   *
   * @default none
   */
  readonly headerless?: {
    readonly fields: readonly string[]
    readonly lengths: readonly number[]
    readonly fits: (texts: Readonly<Record<string, string>>) => boolean
  }
  /**
   * Whether a value between other delimiters than tabs may stand in double quotes.
   *
   * @default true
   */
  readonly quotes?: boolean
  /** Keys of objects that are probably of this format, when their content does not say. @default none */
  readonly keys?: RegExp
}

/** What stands between values: a delivery takes any, and tab is usual. */
const delimiters = ['\t', ' ', ',', ';', '|'] as const
type Delimiter = (typeof delimiters)[number]

/** Names that tell no log from another. */
const common = new Set(['date', 'time', 'timestamp', 'type', 'version'])

/** Names of the Extended Log File Format, and what servers and content delivery networks add: many programs write them. */
const ofAnyServer =
  /^((c|s|r|cs|sc|sr|rs)-(ip|dns|port|method|uri|uri-stem|uri-query|status|bytes|comment|host|version|protocol)|(cs|sc|sr|rs)\(.*\)|date|time|time-taken|bytes|cached)$/

/** Names that a `#Fields:` line of IIS has, and none of AWS's. */
const ofIis = new Set(['s-sitename', 's-computername', 's-port', 'cs-username', 'sc-substatus', 'sc-win32-status'])

/**
 * Lines of values below a `#Fields:` line, as AWS's vended logs have them in their outputs `w3c` and, without that line,
 * `plain`. What stands between the values is seen in the file's own first lines. With another delimiter than tab a value
 * may stand in double quotes.
 *
 * @example
 * encodings: [w3c({ keys: /(^|\/)CloudFront\// }), json({ absent: '-', claims: [['eventTimestamp', 'connectionId']] })]
 */
export function w3c({ claims, headerless, quotes = true, keys }: W3cOptions = {}): Encoding {
  return {
    bind: (schema): BoundEncoding => {
      const known = spellingsOf([schema.fields])
      const isOfLog = (names: readonly string[]) =>
        typeof claims === 'function' ? claims(names) : claims ? haveOne(names, claims) : areMostly(names, known)
      const wrappingBy = (delimiter: Delimiter) => ({
        delimiter,
        quotes: quotes && delimiter !== '\t',
        brackets: false,
      })
      const split: Split = (line, delimiter) => valuesOf(line, wrappingBy(delimiter))
      const readers = new Map<Delimiter, BoundEncoding>()
      const readerOf = (delimiter: Delimiter): BoundEncoding => {
        const seen = readers.get(delimiter)
        if (seen) return seen
        const made = delimited({ ...wrappingBy(delimiter), header: namesIn }).bind(schema)
        readers.set(delimiter, made)
        return made
      }
      const layouts = new Map<string, { readonly names: readonly string[]; readonly delimiter: Delimiter }>()
      /** The names and the delimiter of a line where nothing names its fields. */
      const layoutOfLine = (line: string) => {
        if (!headerless) return undefined
        for (const delimiter of delimiters) {
          const texts = split(line, delimiter)
          if (!headerless.lengths.includes(texts.length) && texts.length <= headerless.fields.length) continue
          const names = headerless.fields.slice(0, texts.length)
          if (!headerless.fits(Object.fromEntries(names.map((name, i) => [name, texts[i]!])))) continue
          const key = `${names.length}${delimiter}`
          layouts.set(key, layouts.get(key) ?? { names, delimiter })
          return layouts.get(key)
        }
        return undefined
      }
      const stated = (names: readonly string[]) =>
        parseByHead((head, object) => readerOf(delimiterOf(head, names, object, split)).withFields!(names))
      const claimOf = (head: ObjectHead) => {
        const { names, software, lines } = beginOf(head)
        const isOurs = !software && (names ? isOfLog(names) : layoutOf(lines, layoutOfLine) !== undefined)
        return isOurs ? 'content' : keys?.test(head.key) ? 'key' : undefined
      }
      return {
        namesFields: true,
        claims: claimOf,
        near: (head) => {
          const { names, software } = beginOf(head)
          const near = names && nearNames(schema, names)
          return near && software
            ? { ...near, lacks: `another program wrote it, as #Software says; ${near.lacks}` }
            : near
        },
        parse: parseByHead((head, object) => {
          const { names, lines } = beginOf(head)
          if (names) return readerOf(delimiterOf(head, names, object, split))
          const layout = layoutOf(lines, layoutOfLine)
          return layout ? readerOf(layout.delimiter).withFields!(layout.names) : readerOf('\t')
        }),
        withFields: (names) => ({ namesFields: false, claims: claimOf, parse: stated(names) }),
      }
    },
  }
}

/** Whether all names of one list are among these. */
export function haveOne(names: readonly string[], lists: readonly (readonly string[])[]): boolean {
  return lists.some((list) => list.every((name) => names.includes(name)))
}

/** Whether most names are the table's, and one of them tells; all, where other programs write those that tell. */
export function areMostly(names: readonly string[], known: ReadonlySet<string>): boolean {
  const ours = names.filter((name) => known.has(name))
  if (ours.every((name) => common.has(name))) return false
  return ours.every((name) => ofAnyServer.test(name)) ? ours.length === names.length : ours.length * 2 > names.length
}

type Split = (line: string, delimiter: Delimiter) => readonly string[]

/** The names of a `#Fields:` line: blanks stand between them, or the delimiter of the values. */
function namesIn(line: string): readonly string[] | 'skip' | undefined {
  if (!line.startsWith('#')) return undefined
  if (!line.startsWith('#Fields:')) return 'skip'
  const text = line.slice('#Fields:'.length).trim()
  const names = text.split(/\s/.test(text) ? /\s+/ : /[,;|]/).filter((name) => name !== '')
  // IIS writes the same W3C format, with nearly CloudFront's names.
  return names.length === 0 ? 'skip' : names.some((name) => ofIis.has(name)) ? undefined : names
}

interface Beginning {
  readonly names: readonly string[] | undefined
  readonly software: boolean
  readonly lines: readonly string[]
}

/** Each of many formats asks for it, and the one that is chosen again. */
const beginnings = new WeakMap<ObjectHead, Beginning>()

/** The names that an object's first header has, whether another program wrote it, and the lines of values behind. */
function beginOf(head: ObjectHead): Beginning {
  const seen = beginnings.get(head)
  if (seen) return seen
  let names: readonly string[] | undefined
  let software = false
  const lines: string[] = []
  for (const line of headLines(head)) {
    if (line.startsWith('#Software:')) software = true
    const found = namesIn(line)
    if (found === 'skip') continue
    // Of concatenated files, the first tells.
    if (found && (names || lines.length > 0)) break
    if (found) names = found
    else lines.push(line)
  }
  const beginning = { names, software, lines }
  beginnings.set(head, beginning)
  return beginning
}

/**
 * The one delimiter by which the first lines have as many values as there are names. A tab is in no value, so that it needs
 * no other line to say so.
 *
 * @throws FlowferryError FORMAT_MISMATCH where several do
 */
function delimiterOf(head: ObjectHead, names: readonly string[], object: SourceObject, split: Split): Delimiter {
  let left: readonly Delimiter[] = delimiters
  for (const line of beginOf(head).lines) {
    const fitting = left.filter((delimiter) => split(line, delimiter).length === names.length)
    if (fitting.length > 0) left = fitting
    if (left.length === 1 || fitting.includes('\t')) return fitting[0]!
  }
  if (left.length === delimiters.length) return '\t'
  throw new FlowferryError(
    'FORMAT_MISMATCH',
    `By ${left.map((one) => JSON.stringify(one)).join(' and by ')} the lines have as many values as there are names; choose a field delimiter for the delivery that no value has`,
    { place: placeOf(object) },
  )
}
