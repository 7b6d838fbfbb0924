import { printable, redact } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'

/** Longest text of a value, in characters. */
const longestText = 300
/** Most bytes of JSON that come from logs in one answer: some 8,000 tokens of a model. */
const mostBytes = 24 * 1024
/** Most characters of the text for people. */
const mostText = 16 * 1024

/**
 * Characters that nobody sees: of format, of no meaning yet, of private use, tags, selectors of variants. Text for a model
 * alone can stand in them.
 */
const unseen = /[\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Variation_Selector}]/gu

const seen = (text: string): string =>
  printable(text).replace(unseen, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)

/** Text as it may be shown: every character is seen, and it is not endless. */
function textOf(text: string): string {
  const characters = [...seen(text)]
  return characters.length > longestText ? `${characters.slice(0, longestText - 1).join('')}…` : characters.join('')
}

/** A value of the logs, with all of its texts and names as they may be shown. */
export const dataOf = (value: unknown): unknown => mapped(value, textOf)

/** Values as they stand in logs, without secrets. Of sentences it would take words, too: `private: no gateway`. */
export const withoutSecrets = (value: unknown): unknown => mapped(value, redact)

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapped(item, change))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [change(name), mapped(item, change)]))
}

export interface Fitted {
  readonly fromLogs: Readonly<Record<string, unknown>>
  /** `evidence: 9 of 24`, for each list that was cut. */
  readonly left: readonly string[]
}

/** Shortens lists from their ends, in the order in which they are named, until all takes no more than `mostBytes`. */
export function fitted(fromLogs: Readonly<Record<string, unknown>>, lists: readonly string[]): Fitted {
  let shown = fromLogs
  const left: string[] = []
  for (const name of lists) {
    const all = shown[name]
    if (!Array.isArray(all)) continue
    let room = mostBytes - bytesOf({ ...shown, [name]: [] })
    const end = all.findIndex((item) => {
      room -= bytesOf(item) + 1
      return room < 0
    })
    if (end < 0) continue
    shown = { ...shown, [name]: all.slice(0, end) }
    left.push(`${name}: ${end} of ${all.length}`)
  }
  return { fromLogs: shown, left }
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '')

/**
 * Text that holds what others wrote, behind marks that it cannot forge: its values break no line, and every line has one.
 */
export function quoted(text: string): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => `> ${seen(line)}`.trimEnd())
  let room = mostText
  const end = lines.findIndex((line) => {
    room -= line.length + 1
    return room < 0
  })
  return (end < 0 ? lines : [...lines.slice(0, end), '> …']).join('\n')
}
