import { LF } from '../bytes.ts'
import { longestId } from '../document.ts'
import { asFlowferryError } from '../errors.ts'
import { placeOf } from '../object.ts'
import { overrun, put, type Text, textOf } from '../table/text.ts'
import type { DocumentEncoder, DocumentRun, LogDocument, Rejection, Slice } from '../types.ts'
import { type IndexDates, type IndexPer, placeholders } from './dates.ts'

/** One document in a bulk body. */
export interface BulkItem {
  /** Which slice of the batch, and which of its records. */
  readonly slice: number
  readonly index: number
  /** Its two lines in the body's bytes. */
  readonly start: number
  readonly end: number
}

/** What one `_bulk` request sends: an action line and a document line for each item. */
export interface BulkBody {
  readonly bytes: Buffer
  /** How many items it has, and how many of them in a row are of which slice. */
  readonly length: number
  readonly runs: readonly BulkRun[]
  /** Made when somebody asks: who had all of a body stored needs none. */
  readonly items: readonly BulkItem[]
}
interface BulkRun {
  readonly slice: number
  /** The first one's index in the slice. */
  readonly index: number
  count: number
}

const middle = textOf('"}}\n')
/** The slice's encoder completes its documents itself. */
const whole = { tail: new Uint8Array(0) }

/** Which action, and where a slice's documents go. */
export interface BulkTarget {
  readonly op: 'create' | 'index'
  readonly indexOf: (slice: Slice<unknown>) => string
  /** Set where each document's own date follows the index's name. */
  readonly dates?: { readonly per: IndexPer; readonly indices: IndexDates }
  /** Told of a document that has no index: it is in no body. */
  readonly refuse: (slice: number, rejection: Rejection) => void
}

/**
 * The batch as bulk bodies of at most `limit()` bytes each; a single larger document gets a body of its own. Each body
 * stands in `buffer` until the next one is asked for.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 */
export function* encodeBulk(
  batch: readonly Slice<unknown>[],
  { op, indexOf, dates, refuse }: BulkTarget,
  limit: () => number,
  buffer: Buffer,
): Generator<BulkBody> {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  const body = new Filling(buffer)
  for (const [number, slice] of batch.entries()) {
    const base = indexOf(slice)
    const name = dates ? `${base}-${placeholders[dates.per]}` : base
    const action = `{"${op}":{"_index":${JSON.stringify(name)},"_id":`
    const dateAt = dates ? Buffer.byteLength(action) - `${placeholders[dates.per]}","_id":`.length : 0
    dates?.indices.begin(slice, base)
    const lead = slice.encoder?.id ? `${action}"` : `${action}"${slice.object.idPrefix}`
    const start = textOf(lead)
    body.lead = Buffer.from(lead)
    for (let index = 0; index < slice.length; ) {
      const most = Math.min(limit(), buffer.length)
      if (slice.encoder) {
        const count = body.reserve(slice.length - index)
        body.limit = most
        const end = (slice.encoder.encodeRun ? encodeRun : encodeEach)(slice, index, start, body, view)
        const encoded = body.length - count
        if (dates) stampRun(body, view, count, slice, { number, index, dateAt, start }, dates.indices, refuse)
        else body.addRun(number, index, encoded)
        index += encoded
        if (index === slice.length) break
        // What stands at `index` is too large for what is left of the body, or not for the fast path.
        if (end === 'full' && body.length > 0) {
          yield body.take()
          continue
        }
      }
      const document = documentOf(slice, index)
      let line = `${action}${JSON.stringify(slice.id(index))}}}\n${document.text}\n`
      if (dates) {
        const date = dates.indices.take(document.timestamp)
        if (typeof date !== 'string') {
          refuse(number, { index: index++, ...date })
          continue
        }
        line = action.replace(`${placeholders[dates.per]}","_id":`, `${date}","_id":`) + line.slice(action.length)
      }
      const bytes = Buffer.byteLength(line)
      if (body.size + bytes > most && body.length > 0) yield body.take()
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
  if (body.length > 0) yield body.take()
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

/** The body that is being filled. */
class Filling implements DocumentRun {
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
  /** Makes room for so many ends; gives how many there are. */
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
  take(): BulkBody {
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

/** Bytes that an item needs at most. */
function neededFor(encoder: DocumentEncoder, index: number, start: Text): number {
  return start.length + (encoder.id ? longestId : longestOrdinal) + middle.length + encoder.room(index) + 1 + overrun
}

/** Adds what the encoder can write, up to the first record that it cannot, many in one call. */
function encodeRun(
  { encoder, length }: Slice<unknown>,
  first: number,
  _: Text,
  body: Filling,
): 'done' | 'full' | 'odd' {
  return encoder!.encodeRun!(first, length - first, body, whole)
}

/** The same record by record. */
function encodeEach(
  { encoder, ordinals, length }: Slice<unknown>,
  first: number,
  start: Text,
  body: Filling,
  view: DataView,
): 'done' | 'full' | 'odd' {
  const { buffer, ends, limit } = body
  for (let index = first; index < length; index++) {
    const needed = neededFor(encoder!, index, start)
    if (body.size + needed > limit) return needed > limit ? 'odd' : 'full'
    let end = put(start, view, body.size)
    end = encoder!.id ? encoder!.id(index, buffer, view, end) : putOrdinal(ordinals[index]!, buffer, end)
    if (end === -1) return 'odd'
    end = encoder!.encode(index, buffer, view, put(middle, view, end))
    if (end === -1) return 'odd'
    // A user's own fields may need more than `room` tells.
    if (end >= limit) return body.length > 0 ? 'full' : 'odd'
    buffer[end] = LF
    body.size = end + 1
    ends[body.length++] = body.size
  }
  return 'done'
}

/** How a document begins that the fast path wrote. */
const head = new DataView(Uint8Array.from(Buffer.from('{"@timestamp":"')).buffer)
const headParts = [0, 4, 8, head.byteLength - 4]

/**
 * Gives the items from number `first` on the index of their own date, read from the document's first bytes. Those that
 * no index takes are removed; what stands behind them moves up.
 */
function stampRun(
  body: Filling,
  view: DataView,
  first: number,
  slice: Slice<unknown>,
  { number, index, dateAt, start }: { number: number; index: number; dateAt: number; start: Text },
  indices: IndexDates,
  refuse: BulkTarget['refuse'],
): void {
  const { buffer, ends } = body
  let from = first === 0 ? 0 : ends[first - 1]!
  let to = from
  let kept = first
  let begun = index
  for (let item = first; item < body.length; item++) {
    const end = ends[item]!
    const current = index + item - first
    let day = from + start.length
    while (buffer[day] !== LF) day++
    day += 1 + head.byteLength
    if (!begins(view, day - head.byteLength) || !indices.isLast(view, day)) {
      const date = indices.take(slice.document(current)['@timestamp'])
      if (typeof date !== 'string') {
        body.addRun(number, begun, current - begun)
        begun = current + 1
        refuse(number, { index: current, ...date })
        from = end
        continue
      }
    }
    indices.write(buffer, from + dateAt)
    if (to !== from) buffer.copyWithin(to, from, end)
    to += end - from
    ends[kept++] = to
    from = end
  }
  body.addRun(number, begun, index + body.length - first - begun)
  body.length = kept
  body.size = to
}

function begins(view: DataView, offset: number): boolean {
  for (const at of headParts) if (view.getUint32(offset + at) !== head.getUint32(at)) return false
  return true
}

/** Digits of 2^53 in base 36. */
const longestOrdinal = 11

/** What `ordinal.toString(36)` gives, without the string. */
function putOrdinal(ordinal: number, buffer: Buffer, offset: number): number {
  if (ordinal > 0x7fffffff) return offset + buffer.write(ordinal.toString(36), offset, 'latin1')
  let digits = 1
  for (let rest = ordinal | 0; rest >= 36; rest = (rest / 36) | 0) digits++
  let rest = ordinal | 0
  for (let at = offset + digits - 1; at >= offset; at--) {
    const tens = (rest / 36) | 0
    const digit = rest - tens * 36
    buffer[at] = digit < 10 ? 0x30 + digit : 0x57 + digit
    rest = tens
  }
  return offset + digits
}

/** Some of a body's items, as a body of their own. */
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
