import type { MappingProperty, MappingType } from '../types.ts'
import type { Target } from './ecs.ts'
import { snakeCase } from './names.ts'
import { keywordMapping, type TypedTarget } from './targets.ts'
import { asAnyTime, asCommonLogTime, asTime, isoSeconds } from './time.ts'
import {
  asBoolean,
  asDecimal,
  asEpoch,
  asEpochMilliseconds,
  asEpochSeconds,
  asHexadecimal,
  asItems,
  asText,
  asWholeNumber,
  isAddress,
} from './values.ts'

/**
 * How an engine may take a value's bytes, where the field reads and writes as its type does. `text`: as they stand;
 * `encoded`: the same where no `%` is among them; `ip`: the same, and an address where it is one; `digits` and `decimal`:
 * a number; `seconds`, `milliseconds` and `epoch`: digits that become a date; `time`: ISO 8601; `commonLogTime`: a web
 * server's; `hexadecimal`: a number; `boolean`: JSON's or as text; `list`: texts in a text; `addressPort` and
 * `requestLine`: texts of which each target has a part.
 */
export type ValueKind =
  | 'text'
  | 'encoded'
  | 'ip'
  | 'digits'
  | 'decimal'
  | 'seconds'
  | 'milliseconds'
  | 'epoch'
  | 'time'
  | 'commonLogTime'
  | 'hexadecimal'
  | 'boolean'
  | 'list'
  | 'addressPort'
  | 'requestLine'
  | 'flat'
  | 'freeForm'
  | 'objects'
  | 'pairs'

/** Reads a value as text or JSON; undefined where it is not of the type. The kind says that an engine may do it. */
export interface Reader<V> {
  (value: unknown): V | undefined
  readonly kind?: ValueKind
  /** The function with which the kind holds: a field that writes in a way of its own is of no kind. */
  readonly writer?: unknown
}

/** A field of a format: how its value is read, and what it becomes in a document. */
export interface Field<V> {
  /** AWS's type and unit in words, for the documentation. */
  readonly type: string
  readonly description: string
  readonly targets: readonly (Target | TypedTarget)[]
  /** The value, or undefined where it is not of this type: a line is then malformed, JSON's value kept as unknown. */
  readonly read: Reader<V>
  /** The mapping of targets that ECS does not define. */
  readonly mapping: MappingProperty
  /**
   * The value as a target of this mapping type holds it; undefined leaves the target out. Few fields look at the target's
   * path: those that give several targets different parts of their value.
   */
  readonly write: (value: V, type: MappingType, path: string) => unknown
  /** Other names that AWS has for it, in another encoding or an older file. */
  readonly spelled?: readonly string[]
  /** Texts that stand for "no value", beside the encoding's own. */
  readonly absent?: readonly string[]
  /** Other names of the first target: always the same value, of the same type. */
  readonly aliases?: readonly Target[]
  /** Whether an index has a structure to search its single values by, beside the one to sort and sum them by. */
  readonly index?: boolean
  /** Whether what is derived from a text holds all of it. @default it does */
  readonly fits?: (text: string) => boolean
}

/** A field of any type, as a table holds it. */
export interface AnyField extends Omit<Field<unknown>, 'write'> {
  readonly write: (value: never, type: MappingType, path: string) => unknown
}

export interface FieldOptions {
  /** Other names that AWS has for the field: `cs_host` for `cs(Host)`. @default none */
  readonly spelled?: readonly string[]
  /** Texts that stand for "no value" in this field, beside the encoding's own. @default none */
  readonly absent?: readonly string[]
  /**
   * Other names of the first target: `source.bytes` for `network.bytes`. Documents hold the value once, and an index finds
   * it by each name; those of the format's `full` hold it under each. Nothing else may fill any of them, and all have one
   * type, but that an address has keywords for other names: `source.address` for `source.ip`.
   *
   * A text that is no address no document holds as one: the format's own keep it below `root` and count it, `full` has it
   * in the keywords, where an index of the format's own would have found addresses alone.
   *
   * @default none
   */
  readonly aliases?: readonly Target[]
  /**
   * `false` where nobody looks for one value: an index then has no structure to search by, which costs disk and CPU, and
   * finds ranges by the one to sort and sum by, more slowly.
   *
   * @default true
   */
  readonly index?: boolean
}

export interface TextOptions extends FieldOptions {
  /**
   * Of a field without targets: whether what is derived from a text holds all of it. A text that does not fit is kept with
   * what is unknown, and counted. To be asked for each text once, its answer may not depend on anything else.
   *
   * @default every text fits
   */
  readonly fits?: (text: string) => boolean
}

type Targets = readonly (Target | TypedTarget)[]

/** The kind of a field's values; none for a field that reads or writes in a way of its own, which nobody may guess. */
export function kindOf({ read, write }: Pick<AnyField, 'read' | 'write'>): ValueKind | undefined {
  return read.writer === write ? read.kind : undefined
}

/** A reader of a kind; with `writer` a field is of it. */
export function reader<V>(
  kind: ValueKind,
  read: (value: unknown) => V | undefined,
  writer: (value: V, type: MappingType, path: string) => unknown,
): Reader<V> {
  return Object.assign((value: unknown) => read(value), { kind, writer })
}

const writeText = (value: string, type: MappingType): unknown => {
  if (type !== 'ip') return value
  // JSON may hold a list where the log has a text.
  if (Array.isArray(value)) return value.filter(isAddress)
  return isAddress(value) ? value : undefined
}
const writeNumber = (value: number, type: MappingType) =>
  type === 'keyword' || type === 'text' ? String(value) : value
const writeSeconds = (value: number, type: MappingType) =>
  type === 'date' ? isoSeconds(value) : writeNumber(value, type)
const writeMilliseconds = (value: number, type: MappingType) =>
  type === 'date' ? new Date(value).toISOString() : writeNumber(value, type)
const writeEpoch = (value: number, type: MappingType) =>
  type === 'date' ? new Date(Math.round(value * 1000)).toISOString() : writeNumber(value, type)
const writeTime = (value: string) => value
const writeItems = (value: readonly string[], type: MappingType) => (type === 'ip' ? value.filter(isAddress) : value)
const writeBoolean = (value: boolean) => value

const readText = /* @__PURE__ */ reader('text', asText, writeText)
const readAddress = /* @__PURE__ */ reader('ip', asText, writeText)
const readEncoded = /* @__PURE__ */ reader('encoded', (value) => decoded(value, decodePercent), writeText)
const readEncodedTwice = /* @__PURE__ */ reader('encoded', (value) => decoded(value, decodePercentTwice), writeText)
const readWholeNumber = /* @__PURE__ */ reader('digits', asWholeNumber, writeNumber)
const readDecimal = /* @__PURE__ */ reader('decimal', asDecimal, writeNumber)
const readSeconds = /* @__PURE__ */ reader('seconds', asEpochSeconds, writeSeconds)
const readMilliseconds = /* @__PURE__ */ reader('milliseconds', asEpochMilliseconds, writeMilliseconds)
const readEpoch = /* @__PURE__ */ reader('epoch', asEpoch, writeEpoch)
const readCommonLogTime = /* @__PURE__ */ reader('commonLogTime', asCommonLogTime, writeTime)
const readHexadecimal = /* @__PURE__ */ reader('hexadecimal', asHexadecimal, writeNumber)
const readTime = /* @__PURE__ */ reader('time', asTime, writeTime)
const readBoolean = /* @__PURE__ */ reader('boolean', asBoolean, writeBoolean)

/** Any text. In JSON also a number or a boolean, as text, or a list of these. */
export function keyword(targets: Targets, description: string, options: TextOptions = {}): Field<string> {
  return {
    type: 'string',
    description,
    targets,
    read: readText,
    mapping: keywordMapping,
    write: writeText,
    ...options,
  }
}

/** Text that is percent-encoded in the log and plain in the document. What does not decode stays as it is. */
export function encoded(targets: Targets, description: string, options: TextOptions = {}): Field<string> {
  return { ...keyword(targets, description, options), type: 'string, percent-encoded', read: readEncoded }
}

/** The same for text that older logs encode twice; what still holds `%20` after decoding is decoded once more. */
export function encodedTwice(targets: Targets, description: string, options: TextOptions = {}): Field<string> {
  return { ...encoded(targets, description, options), read: readEncodedTwice }
}

/** An IPv4 or IPv6 address. A target of type `ip` takes it only when it is one; `keyword` takes it always. */
export function ip(targets: Targets, description: string, options: FieldOptions = {}): Field<string> {
  return {
    ...keyword(targets, description, options),
    type: 'string, IP address',
    read: readAddress,
    mapping: { type: 'ip' },
  }
}

/** A whole number: 0 to 2^53 - 1 in text, any safe integer in JSON. */
export function long(targets: Targets, description: string, options: FieldOptions = {}): Field<number> {
  const mapping = { type: 'long' } as const
  return { type: 'integer', description, targets, read: readWholeNumber, mapping, write: writeNumber, ...options }
}

/** A whole number that is a name and not a quantity: a number in the record, a keyword in the index. */
export function code(targets: Targets, description: string, options: FieldOptions = {}): Field<number> {
  return { ...long(targets, description, options), type: 'integer, a code', mapping: keywordMapping }
}

/** A decimal number. */
export function double(targets: Targets, description: string, options: FieldOptions = {}): Field<number> {
  const mapping = { type: 'double' } as const
  return { type: 'decimal', description, targets, read: readDecimal, mapping, write: writeNumber, ...options }
}

const dateMapping: MappingProperty = { type: 'date' }

/** Seconds since 1970, up to the year 9999; a number in the record, a date in the document. */
export function epochSeconds(targets: Targets, description: string, options: FieldOptions = {}): Field<number> {
  const type = 'integer, seconds since 1970'
  return { type, description, targets, read: readSeconds, mapping: dateMapping, write: writeSeconds, ...options }
}

/** Milliseconds since 1970, up to the year 9999; a number in the record, a date in the document. */
export function epochMilliseconds(targets: Targets, description: string, options: FieldOptions = {}): Field<number> {
  return {
    type: 'integer, milliseconds since 1970',
    description,
    targets,
    read: readMilliseconds,
    mapping: dateMapping,
    write: writeMilliseconds,
    ...options,
  }
}

/**
 * Seconds or milliseconds since 1970, told by their size, up to the year 9999; seconds in the record, a date in the
 * document. Milliseconds are those that would be seconds behind that year: from 1978 on.
 */
export function epoch(targets: Targets, description: string, options: FieldOptions = {}): Field<number> {
  const type = 'integer, seconds or milliseconds since 1970'
  return { type, description, targets, read: readEpoch, mapping: dateMapping, write: writeEpoch, ...options }
}

/**
 * A time as web servers write it, `06/Feb/2019:00:00:38 +0000`, with its brackets or without; ISO 8601, too, as the JSON
 * of the same log has it.
 */
export function commonLogTime(targets: Targets, description: string, options: FieldOptions = {}): Field<string> {
  const type = 'string, day/month/year:time zone'
  return { type, description, targets, read: readCommonLogTime, mapping: dateMapping, write: writeTime, ...options }
}

/** A whole number in hexadecimal digits, up to 2^52 - 1, with `0x` before them or without. */
export function hexadecimal(targets: Targets, description: string, options: FieldOptions = {}): Field<number> {
  return { ...long(targets, description, options), type: 'integer, hexadecimal', read: readHexadecimal }
}

/**
 * Several texts in one, between which `separator` stands; JSON's list of texts as well. Items that are empty or `-` are
 * left out. The targets are lists: `aws.elb.action_executed[]`.
 */
export function list(
  separator: string,
  targets: Targets,
  description: string,
  options: FieldOptions = {},
): Field<readonly string[]> {
  const read = reader('list', (value) => asItems(value, separator), writeItems)
  return { type: 'string, a list', description, targets, read, mapping: keywordMapping, write: writeItems, ...options }
}

/** A time as ISO 8601 writes it, basic or extended, UTC unless it says else; cut to milliseconds in the document. */
export function iso8601(targets: Targets, description: string, options: FieldOptions = {}): Field<string> {
  const type = 'string, ISO 8601 time'
  return { type, description, targets, read: readTime, mapping: dateMapping, write: writeTime, ...options }
}

/**
 * A time whose spelling AWS does not state, for `derive('@timestamp', […], asAnyTime)`: what is none is kept with what is
 * unknown.
 */
export function anyTime(description: string, options: FieldOptions = {}): Field<string> {
  const fits = (text: string) => asAnyTime(text) !== undefined
  return { ...keyword([], description, { ...options, fits }), type: 'string, a time: ISO 8601 or a number since 1970' }
}

/** `true` or `false`, as JSON has them or as text in any case. */
export function boolean(targets: Targets, description: string, options: FieldOptions = {}): Field<boolean> {
  const mapping = { type: 'boolean' } as const
  return { type: 'boolean', description, targets, read: readBoolean, mapping, write: writeBoolean, ...options }
}

/**
 * A table whose fields are also found by what other outputs of the same log call them: in snake case, as Parquet and Athena
 * do, and with dashes for brackets.
 */
export function inAllSpellings<F extends Readonly<Record<string, AnyField>>>(fields: F): F {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const dashed = name.replace(/\((.*)\)/, '-$1').toLowerCase()
      const all = [snakeCase(name), dashed, ...(field.spelled ?? [])]
      return [name, { ...field, spelled: [...new Set(all)].filter((one) => one !== name) }]
    }),
  ) as Readonly<Record<string, AnyField>> as F
}

function decoded(value: unknown, decode: (text: string) => string): string | undefined {
  const text = asText(value)
  return typeof text === 'string' ? decode(text) : text
}

function decodePercentTwice(text: string): string {
  const once = decodePercent(text)
  return once.includes('%20') ? decodePercent(once) : once
}

/** Text without its percent-encoding; as it stands where it does not decode. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
