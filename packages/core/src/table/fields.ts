import { isIPv4, isIPv6 } from 'node:net'
import type { MappingProperty, MappingType } from '../types.ts'
import type { Target } from './ecs.ts'

/**
 * How a value's bytes stand to its JSON, for the fast path. `text`: the bytes in quotes; `encoded`: the same where no
 * `%` is among them; `ip`: the same, and an address where it is one; `digits`: the bytes, or the bytes in quotes for a
 * keyword; `seconds`: digits that become a date; `decimal`: a number that JSON may write otherwise.
 */
export type ByteClass = 'text' | 'encoded' | 'ip' | 'digits' | 'seconds' | 'decimal'

/** A column of a table: how its text is read, and what it becomes in a document. */
export interface Field<V> {
  /** AWS's type and unit in words, for the documentation. */
  readonly type: string
  readonly description: string
  readonly targets: readonly Target[]
  /** The value, or undefined where the text is not of this type: the line is then malformed. */
  readonly read: (text: string) => V | undefined
  /** The mapping of targets that ECS does not define. */
  readonly mapping: MappingProperty
  /** The value as a target of this mapping type holds it; undefined leaves the target out. */
  readonly write: (value: V, type: MappingType) => unknown
}

/** 8,191 characters of four bytes stay below Lucene's longest term, 32,766 bytes. */
export const keywordMapping: MappingProperty = { type: 'keyword', ignore_above: 8191 }

const readText = (text: string) => text
const readAddress = (text: string) => text
const writeText = (value: string, type: MappingType) => (type === 'ip' && !isAddress(value) ? undefined : value)
const writeNumber = (value: number, type: MappingType) =>
  type === 'keyword' || type === 'text' ? String(value) : value
const writeSeconds = (value: number, type: MappingType) =>
  type === 'date' ? isoSeconds(value) : writeNumber(value, type)

/** The class of a column's bytes; none for a field that reads or writes in a way of its own, which nobody may guess. */
export function byteClassOf({
  read,
  write,
}: {
  readonly read: unknown
  readonly write: unknown
}): ByteClass | undefined {
  const classes: [ByteClass, unknown, unknown][] = [
    ['text', readText, writeText],
    ['ip', readAddress, writeText],
    ['encoded', decodePercent, writeText],
    ['encoded', decodePercentTwice, writeText],
    ['digits', wholeNumber, writeNumber],
    ['seconds', epoch, writeSeconds],
    ['decimal', decimalNumber, writeNumber],
  ]
  return classes.find(([, reads, writes]) => reads === read && writes === write)?.[0]
}

/** Any text. */
export function keyword(targets: readonly Target[], description: string): Field<string> {
  return {
    type: 'string',
    description,
    targets,
    read: readText,
    mapping: keywordMapping,
    write: writeText,
  }
}

/** Text that is percent-encoded in the log and plain in the document. What does not decode stays as it is. */
export function encoded(targets: readonly Target[], description: string): Field<string> {
  return { ...keyword(targets, description), type: 'string, percent-encoded', read: decodePercent }
}

/** The same for text that older logs encode twice; what still holds `%20` after decoding is decoded once more. */
export function encodedTwice(targets: readonly Target[], description: string): Field<string> {
  return { ...encoded(targets, description), read: decodePercentTwice }
}

/** An IPv4 or IPv6 address. A target of type `ip` takes it only when it is one; `keyword` takes it always. */
export function ip(targets: readonly Target[], description: string): Field<string> {
  return { ...keyword(targets, description), type: 'string, IP address', read: readAddress, mapping: { type: 'ip' } }
}

/** A whole number, 0 to 2^53 - 1. */
export function long(targets: readonly Target[], description: string): Field<number> {
  return { type: 'integer', description, targets, read: wholeNumber, mapping: { type: 'long' }, write: writeNumber }
}

/** A whole number that is a name and not a quantity: a number in the record, a keyword in the index. */
export function code(targets: readonly Target[], description: string): Field<number> {
  return { ...long(targets, description), type: 'integer, a code', mapping: keywordMapping }
}

/** A decimal number. */
export function double(targets: readonly Target[], description: string): Field<number> {
  return { type: 'decimal', description, targets, read: decimalNumber, mapping: { type: 'double' }, write: writeNumber }
}

/** Seconds since 1970; a number in the record, a date in the document. */
export function epochSeconds(targets: readonly Target[], description: string): Field<number> {
  return {
    type: 'integer, seconds since 1970',
    description,
    targets,
    read: epoch,
    mapping: { type: 'date' },
    write: writeSeconds,
  }
}

/**
 * Whether an index of type `ip` takes it: no leading zeros, no zone. Only what has a colon is held against Node's pattern
 * of IPv6, which takes 3 ms of CPU to compile.
 */
export function isAddress(text: string): boolean {
  return isIPv4(text) || (text.includes(':') && !text.includes('%') && isIPv6(text))
}

function wholeNumber(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Up to the end of the year 9999. */
function epoch(text: string): number | undefined {
  const seconds = wholeNumber(text)
  return seconds !== undefined && seconds <= 253_402_300_799 ? seconds : undefined
}

function decimalNumber(text: string): number | undefined {
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined
}

function decodePercentTwice(text: string): string {
  const once = decodePercent(text)
  return once.includes('%20') ? decodePercent(once) : once
}

function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

let lastSecond = -1
let lastIso = ''
/** Consecutive records share their seconds: the last one is kept, since formatting a date costs more than the rest. */
function isoSeconds(seconds: number): string {
  if (seconds !== lastSecond) {
    lastIso = new Date(seconds * 1000).toISOString()
    lastSecond = seconds
  }
  return lastIso
}
