import { FlowferryError } from '../../errors.ts'
import { OBJECT_OPEN } from '../../read/ascii.ts'
import { type ValueBlock, valueAt } from '../../read/json.ts'
import { placeOf } from '../../read/object.ts'
import { ownerOf } from '../../read/owner.ts'
import { valuesOfBatch } from '../../schema/derive.ts'
import { isObject, type JsonObject } from '../../schema/free-form.ts'
import { ingestedOf } from '../../schema/ingested.ts'
import type { Batch, Malformed, ParseContext, SourceObject } from '../../types.ts'
import { batchOf } from '../record-format.ts'
import { Refused } from '../refused.ts'
import type { CompiledFormat } from './compile.ts'
import type { ByteFormat } from './encode.ts'
import { documentOf, findUnknown, insideOf, isKnown } from './plain.ts'
import { offsetAt, scanJson } from './read.ts'
import { isEnds, isForeign } from './refusals.ts'
import { createView } from './view.ts'

type Kinded = JsonObject & { readonly kind: string }

/** More names than this in one batch are no new fields of AWS's. */
const maxUnknown = 100

/**
 * Records that are JSON. What the engine finds regular stays bytes until somebody asks for a record; everything else
 * takes the plain path, which is also the oracle of the tests.
 */
export async function* parseJson(
  format: CompiledFormat,
  fast: ByteFormat,
  object: SourceObject,
  context: ParseContext,
): AsyncGenerator<Batch<Kinded>> {
  const { schema, root, layout, keys } = format
  const owner = ownerOf(object)
  const idOf = format.idOf && ownedId(owner, format.idOf)
  const view = createView(format)
  let next = 0
  for await (const block of scanJson(object, context, keys, fast.scanner())) {
    const first = next
    next += block.length
    const ofBatch = valuesOfBatch(schema, object)
    const ingested = ingestedOf(ofBatch)
    if (ingested !== undefined) fast.ingest(block, ingested)
    const records: (Kinded | undefined)[] = []
    const ordinals: number[] = []
    const malformed: Malformed[] = []
    const read = (i: number) => readRecord(format, valueAt(block, i), object, context)
    const husks: JsonObject[] = []
    for (let i = 0; i < block.length; i++) {
      // What was scanned is parsed when somebody asks for it.
      const scanned = isScanned(block, i)
      const one = scanned && fast.knows(block, i) ? undefined : read(i)
      if (scanned && typeof one === 'string') husks.push(parseObject(valueAt(block, i).toString('utf8'))!)
      if (typeof one === 'string') {
        malformed.push({ ordinal: first + i, offset: offsetAt(block, i), reason: one })
        continue
      }
      records.push(scanned ? undefined : one)
      ordinals.push(first + i)
    }
    const unknownFields = countUnknown(format, records, husks, block.unknownFields)
    const refused = new Refused(unknownFields)
    const placeAt = (index: number) => ordinals[index]! - first
    const recordAt = (index: number): Kinded => (records[index] ??= read(placeAt(index)) as Kinded)
    const document = (record: Kinded, index: number) =>
      documentOf(schema, root, layout, record, refused.of(index), ofBatch)
    yield batchOf({ document, ...(idOf && { recordId: idOf }) }, schema.format, context, {
      records,
      recordAt,
      ordinals,
      offsetOf: (index) => offsetAt(block, placeAt(index)),
      malformed,
      malformedText: (position) => valueAt(block, malformed[position]!.ordinal - first).toString('utf8'),
      bytes: block.bytes,
      original: (index) => valueAt(block, placeAt(index)).toString('utf8'),
      view: (index) => view(block, placeAt(index), records[index], () => recordAt(index)) as Kinded,
      encoder: encoderOf(fast, block, placeAt, idOf && Buffer.from(owner)),
      unknownFields,
    })
  }
}

/** A record's own id with the owner of its object, so that the same id in another's object is another one. */
function ownedId(owner: string, idOf: (record: JsonObject) => string | undefined) {
  return (record: JsonObject) => {
    const id = idOf(record)
    return id === undefined ? undefined : owner + id
  }
}

/** The record of a value's bytes, or what is wrong with it. */
function readRecord(
  { schema, root, refuse, tells, tellsInLowerCase, normalize, wrapped }: CompiledFormat,
  bytes: Buffer,
  object: SourceObject,
  { lineEach }: ParseContext,
): Kinded | string {
  const given = bytes[0] === OBJECT_OPEN ? parseObject(bytes.toString('utf8')) : undefined
  const value = given && unwrapped(given, wrapped)
  if (!value) return 'the element is no valid JSON object'
  const { kind, title } = schema.format
  for (const one of refuse)
    if (isEnds(one)) {
      if (isForeign(one, insideOf(value, one.path))) return `the element is not of the format ${title}`
    } else if (one.members.every((name) => name in value)) {
      const what = one.reason ?? `The object has ${one.members.join(' and ')}, as no object of the format ${title} has`
      if (lineEach) return what
      throw new FlowferryError('FORMAT_MISMATCH', what, { place: placeOf(object) })
    }
  const names = Object.keys(value)
  if (!names.some(tells))
    return names.some(tellsInLowerCase)
      ? `the element has the names of the format ${title} in lower case, as Athena writes them; export the rows under their own names, or read the files themselves`
      : `the element is not of the format ${title}`
  if (!isKnown(root, value)) return `no value of the element is one that the format ${title} knows`
  value.kind = kind
  normalize(value)
  return value as Record<string, unknown> & { kind: string }
}

/** The object inside the one around it, where there is one: with what it lacks of that, or alone. */
function unwrapped(around: Record<string, unknown>, members: CompiledFormat['wrapped']): Record<string, unknown> {
  for (const member in members) {
    if (!Object.hasOwn(around, member)) continue
    const { [member]: held, ...rest } = around
    const inner = typeof held === 'string' ? parseObject(held) : held
    if (isObject(inner)) return members[member] === 'alone' ? { ...inner } : { ...inner, ...rest, ...inner }
  }
  return around
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>
    return /\d{16}/.test(text) ? (JSON.parse(withDigits(text)) as Record<string, unknown>) : value
  } catch {
    return undefined
  }
}

/** Whole numbers that JavaScript would round become text: an id keeps its digits. The text is valid JSON. */
function withDigits(text: string): string {
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  )
}

function encoderOf(
  { encode, room, putId, members, takesClosing }: ByteFormat,
  block: ValueBlock,
  placeAt: (index: number) => number,
  owner: Uint8Array | undefined,
): NonNullable<Batch<never>['encoder']> {
  return {
    members,
    room: (index) => (isScanned(block, placeAt(index)) ? room(block, placeAt(index)) : 0),
    takesClosing,
    encode: (index, target, _, offset, closing) => {
      const place = placeAt(index)
      return isScanned(block, place) ? encode(block, place, target, offset, closing) : -1
    },
    ...(owner && {
      id: (index: number, target: Uint8Array, _: DataView, offset: number) => {
        const place = placeAt(index)
        if (!isScanned(block, place)) return -1
        target.set(owner, offset)
        return putId(block, place, target, offset + owner.length)
      },
    }),
  }
}

function isScanned({ places }: ValueBlock, index: number): boolean {
  return places[index * 3 + 2] !== -1
}

/**
 * The fields with the number of records that have each: of those that were scanned, but for the husks among them, and of the
 * others.
 */
function countUnknown(
  { root }: CompiledFormat,
  records: readonly (Kinded | undefined)[],
  husks: readonly JsonObject[],
  scanned: ReadonlyMap<string, number> | undefined,
): Record<string, number> {
  const counts = new Map(scanned)
  for (const husk of husks) findUnknown(root, husk, (path) => counts.set(path, counts.get(path)! - 1))
  for (const record of records)
    if (record)
      findUnknown(root, record, (path) => {
        if (counts.has(path) || counts.size < maxUnknown) counts.set(path, (counts.get(path) ?? 0) + 1)
      })
  return Object.fromEntries([...counts].filter(([, count]) => count > 0))
}
