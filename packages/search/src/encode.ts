import type { LogDocument, Rejection, Slice } from '@flowferry/core'
import { asFlowferryError } from '@flowferry/core'
import type { DocumentEncoder, DocumentRun } from '@flowferry/core/internal'
import { LF, longestId, nextTurn, overrun, placeOf, put, type Text, textOf } from '@flowferry/core/internal'
import { type DatedIndices, type IndexPer, placeholders } from './dates.ts'

/** One document in a bulk body. */
export interface BulkItem {
  /** The slice's number in the batch. */
  readonly slice: number
  /** The record's index in the slice. */
  readonly index: number
  /** The item's two lines are the body's bytes from `start` to `end`. */
  readonly start: number
  readonly end: number
}

/** The body of one `_bulk` request: an action line and a document line for each item. */
export interface BulkBody {
  readonly bytes: Buffer
  /** The number of items. */
  readonly length: number
  readonly runs: readonly BulkRun[]
  /** Made on first use: a body that is stored as a whole needs only `runs`. */
  readonly items: readonly BulkItem[]
}

/** Consecutive items of one slice. */
interface BulkRun {
  readonly slice: number
  /** The first item's index in the slice. */
  readonly index: number
  count: number
}

/** The end of an action line, behind the id. */
const actionEnd = textOf('"}}\n')
/** Nothing is added behind a document: the slice's encoder writes all of it. */
const noCompletion = { tail: new Uint8Array(0) }

/** The bulk action, and the index of each document. */
export interface BulkTarget {
  readonly op: 'create' | 'index'
  readonly indexOf: (slice: Slice<unknown>) => string
  /** Set where the index's name ends in each document's own date. */
  readonly dates?: { readonly per: IndexPer; readonly indices: DatedIndices }
  /** Called for a document that goes to no index. It is in no body. */
  readonly refuse: (slice: number, rejection: Rejection) => void
}

/**
 * The batch as bulk bodies of at most `limit()` bytes each; a single larger document gets a body of its own. A body's
 * bytes are part of `buffer`, and overwritten by the next body.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 */
export async function* encodeBulk(
  batch: readonly Slice<unknown>[],
  { op, indexOf, dates, refuse }: BulkTarget,
  limit: () => number,
  buffer: Buffer,
): AsyncGenerator<BulkBody> {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  const body = new BodyBuilder(buffer)
  for (const [number, slice] of batch.entries()) {
    const base = indexOf(slice)
    const name = dates ? `${base}-${placeholders[dates.per]}` : base
    const action = `{"${op}":{"_index":${JSON.stringify(name)},"_id":`
    const dateAt = dates ? Buffer.byteLength(action) - `${placeholders[dates.per]}","_id":`.length : 0
    dates?.indices.beginSlice(slice, base)
    const lead = slice.encoder?.id ? `${action}"` : `${action}"${slice.object.idPrefix}`
    const start = textOf(lead)
    body.lead = Buffer.from(lead)
    for (let index = 0; index < slice.length; ) {
      // Documents of the plain path cost ten times as much as others, and a small batch of tiny records has thousands.
      const turn = nextTurn()
      if (turn) await turn
      const most = Math.min(limit(), buffer.length)
      if (slice.encoder) {
        const count = body.reserve(slice.length - index)
        body.limit = most
        const end = (slice.encoder.encodeRun ? encodeRun : encodeEach)(slice, index, start, body, view)
        const encoded = body.length - count
        if (dates) dateRun(body, view, count, slice, { number, index, dateAt, start }, dates.indices, refuse)
        else body.addRun(number, index, encoded)
        index += encoded
        if (index === slice.length) break
        // The record at `index` does not fit into the rest of the body, or takes the plain path below.
        if (end === 'full' && body.length > 0) {
          yield body.finish()
          continue
        }
      }
      const document = documentOf(slice, index)
      let line = `${action}${JSON.stringify(slice.id(index))}}}\n${document.text}\n`
      if (dates) {
        const date = dates.indices.dateFor(document.timestamp)
        if (typeof date !== 'string') {
          refuse(number, { index: index++, ...date })
          continue
        }
        line = action.replace(`${placeholders[dates.per]}","_id":`, `${date}","_id":`) + line.slice(action.length)
      }
      const bytes = Buffer.byteLength(line)
      if (body.size + bytes > most && body.length > 0) yield body.finish()
      if (bytes > buffer.length) {
        const run = { slice: number, index, count: 1 }
        yield new EncodedBody(Buffer.from(line), [run], Uint32Array.of(bytes))
      } else {
        body.reserve(1)
        body.size += buffer.write(line, body.size)
        body.ends[body.length++] = body.size
        body.addRun(number, index, 1)
      }
      index++
    }
  }
  if (body.length > 0) yield body.finish()
}

class EncodedBody implements BulkBody {
  readonly bytes: Buffer
  readonly runs: readonly BulkRun[]
  readonly length: number
  readonly #ends: Uint32Array
  #items: BulkItem[] | undefined
  constructor(bytes: Buffer, runs: readonly BulkRun[], ends: Uint32Array) {
    this.bytes = bytes
    this.runs = runs
    this.length = ends.length
    this.#ends = ends
  }
  get items(): readonly BulkItem[] {
    if (this.#items) return this.#items
    const items: BulkItem[] = []
    for (const { slice, index, count } of this.runs)
      for (let i = 0; i < count; i++) {
        const start = items.length === 0 ? 0 : this.#ends[items.length - 1]!
        items.push({ slice, index: index + i, start, end: this.#ends[items.length]! })
      }
    this.#items = items
    return items
  }
}

/** A body to which items are added. */
class BodyBuilder implements DocumentRun {
  readonly buffer: Buffer
  lead: Uint8Array = new Uint8Array(0)
  limit = 0
  ends = new Uint32Array(4096)
  length = 0
  size = 0
  #runs: BulkRun[] = []
  constructor(buffer: Buffer) {
    this.buffer = buffer
  }
  /** Makes room in `ends` for `count` more items; returns the number of those that are there. */
  reserve(count: number): number {
    if (this.length + count > this.ends.length) {
      const larger = new Uint32Array((this.length + count) * 2)
      larger.set(this.ends)
      this.ends = larger
    }
    return this.length
  }
  addRun(slice: number, index: number, count: number): void {
    const last = this.#runs.at(-1)
    if (last?.slice === slice && last.index + last.count === index) last.count += count
    else if (count > 0) this.#runs.push({ slice, index, count })
  }
  /** The body so far; the next item begins another one. */
  finish(): BulkBody {
    const body = new EncodedBody(this.buffer.subarray(0, this.size), this.#runs, this.ends.subarray(0, this.length))
    this.length = 0
    this.size = 0
    this.#runs = []
    return body
  }
}

function documentOf(slice: Slice<unknown>, index: number): { text: string; timestamp: unknown } {
  try {
    const document: LogDocument = slice.document(index)
    return { text: JSON.stringify(document), timestamp: document['@timestamp'] }
  } catch (error) {
    const place = { ...placeOf(slice.object), ordinal: slice.ordinals[index]! }
    throw asFlowferryError(error, 'STEP_FAILED', 'A document is no JSON', place)
  }
}

/** Upper bound of an item's bytes. */
function maxItemBytes(encoder: DocumentEncoder, index: number, start: Text): number {
  return start.length + (encoder.id ? longestId : longestOrdinal) + actionEnd.length + encoder.room(index) + 1 + overrun
}

/** Adds records from `first` on, many in one call, up to the first one that the encoder cannot write. */
function encodeRun(
  { encoder, length }: Slice<unknown>,
  first: number,
  _: Text,
  body: BodyBuilder,
): 'done' | 'full' | 'odd' {
  return encoder!.encodeRun!(first, length - first, body, noCompletion)
}

/** The same as `encodeRun`, record by record, for an encoder that has no run of its own. */
function encodeEach(
  { encoder, ordinals, length }: Slice<unknown>,
  first: number,
  start: Text,
  body: BodyBuilder,
  view: DataView,
): 'done' | 'full' | 'odd' {
  const { buffer, ends, limit } = body
  for (let index = first; index < length; index++) {
    const needed = maxItemBytes(encoder!, index, start)
    if (body.size + needed > limit) return needed > limit ? 'odd' : 'full'
    let end = put(start, view, body.size)
    end = encoder!.id ? encoder!.id(index, buffer, view, end) : putOrdinal(ordinals[index]!, buffer, end)
    if (end === -1) return 'odd'
    end = encoder!.encode(index, buffer, view, put(actionEnd, view, end))
    if (end === -1) return 'odd'
    // Fields that a user's step added may need more than `room` says.
    if (end >= limit) return body.length > 0 ? 'full' : 'odd'
    buffer[end] = LF
    body.size = end + 1
    ends[body.length++] = body.size
  }
  return 'done'
}

/** The fast path writes `@timestamp` first. */
const documentStart = new DataView(Uint8Array.from(Buffer.from('{"@timestamp":"')).buffer)
/** Offsets of four bytes each that cover it, to compare four at a time. */
const startOffsets = [0, 4, 8, documentStart.byteLength - 4]

/**
 * Gives the items from number `first` on the index of their own date, read from the document's first bytes. An item
 * that goes to no index is removed, and the items behind it move up.
 */
function dateRun(
  body: BodyBuilder,
  view: DataView,
  first: number,
  slice: Slice<unknown>,
  { number, index, dateAt, start }: { number: number; index: number; dateAt: number; start: Text },
  indices: DatedIndices,
  refuse: BulkTarget['refuse'],
): void {
  const { buffer, ends } = body
  let from = first === 0 ? 0 : ends[first - 1]!
  let to = from
  let kept = first
  let runStart = index
  for (let item = first; item < body.length; item++) {
    const end = ends[item]!
    const current = index + item - first
    let day = from + start.length
    while (buffer[day] !== LF) day++
    day += 1 + documentStart.byteLength
    if (!startsWithTime(view, day - documentStart.byteLength) || !indices.isSameDay(view, day)) {
      const date = indices.dateFor(slice.document(current)['@timestamp'])
      if (typeof date !== 'string') {
        body.addRun(number, runStart, current - runStart)
        runStart = current + 1
        refuse(number, { index: current, ...date })
        from = end
        continue
      }
    }
    indices.writeDate(buffer, from + dateAt)
    if (to !== from) buffer.copyWithin(to, from, end)
    to += end - from
    ends[kept++] = to
    from = end
  }
  body.addRun(number, runStart, index + body.length - first - runStart)
  body.length = kept
  body.size = to
}

function startsWithTime(view: DataView, offset: number): boolean {
  for (const at of startOffsets) if (view.getUint32(offset + at) !== documentStart.getUint32(at)) return false
  return true
}

/** Digits of 2^53 in base 36. */
const longestOrdinal = 11

/** Writes the same digits as `ordinal.toString(36)`, without a string a record. */
function putOrdinal(ordinal: number, buffer: Buffer, offset: number): number {
  if (ordinal > 0x7fffffff) return offset + buffer.write(ordinal.toString(36), offset, 'latin1')
  let digits = 1
  for (let rest = ordinal | 0; rest >= 36; rest = (rest / 36) | 0) digits++
  let rest = ordinal | 0
  for (let at = offset + digits - 1; at >= offset; at--) {
    const quotient = (rest / 36) | 0
    const digit = rest - quotient * 36
    buffer[at] = digit < 10 ? 0x30 + digit : 0x57 + digit
    rest = quotient
  }
  return offset + digits
}

/** A body of some of another one's items: those to send again. */
export function selectItems(body: BulkBody, items: readonly BulkItem[]): BulkBody {
  if (items.length === body.length) return body
  let size = 0
  const moved = items.map((item) => {
    const start = size
    size += item.end - item.start
    return { ...item, start, end: size }
  })
  return {
    bytes: Buffer.concat(items.map(({ start, end }) => body.bytes.subarray(start, end))),
    items: moved,
    length: moved.length,
    runs: moved.map(({ slice, index }) => ({ slice, index, count: 1 })),
  }
}
