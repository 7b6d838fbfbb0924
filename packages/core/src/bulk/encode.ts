import type { Slice } from '../types.ts'

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
  readonly items: readonly BulkItem[]
}

const middle = Buffer.from('"}}\n')
const LF = 0x0a

/**
 * The batch as bulk bodies of at most `limit()` bytes each; a single larger document gets a body of its own. Each body
 * stands in `buffer` until the next one is asked for.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 */
export function* encodeBulk(
  batch: readonly Slice<unknown>[],
  indexOf: (slice: Slice<unknown>) => string,
  limit: () => number,
  buffer: Buffer,
): Generator<BulkBody> {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  let items: BulkItem[] = []
  let size = 0
  for (const [number, slice] of batch.entries()) {
    const action = `{"create":{"_index":${JSON.stringify(indexOf(slice))},"_id":`
    const start = Buffer.from(`${action}"${slice.object.idPrefix}`)
    const { encoder, ordinals } = slice
    for (let index = 0; index < slice.length; index++) {
      const most = Math.min(limit(), buffer.length)
      if (encoder) {
        const needed = start.length + longestOrdinal + middle.length + encoder.room(index) + 1
        if (needed <= most && size + needed > most) {
          yield { bytes: buffer.subarray(0, size), items }
          items = []
          size = 0
        }
        let end = -1
        if (needed <= most) {
          buffer.set(start, size)
          end = putOrdinal(ordinals[index]!, buffer, size + start.length)
          for (let i = 0; i < middle.length; i++) buffer[end++] = middle[i]!
          end = encoder.encode(index, buffer, view, end)
        }
        if (end !== -1) {
          buffer[end++] = LF
          items.push({ slice: number, index, start: size, end })
          size = end
          continue
        }
      }
      const line = `${action}${JSON.stringify(slice.id(index))}}}\n${JSON.stringify(slice.document(index))}\n`
      const bytes = Buffer.byteLength(line)
      if (size + bytes > most && items.length > 0) {
        yield { bytes: buffer.subarray(0, size), items }
        items = []
        size = 0
      }
      if (bytes > buffer.length) {
        yield { bytes: Buffer.from(line), items: [{ slice: number, index, start: 0, end: bytes }] }
        continue
      }
      buffer.write(line, size)
      items.push({ slice: number, index, start: size, end: size + bytes })
      size += bytes
    }
  }
  if (items.length > 0) yield { bytes: buffer.subarray(0, size), items }
}

/** Digits of 2^53 in base 36. */
const longestOrdinal = 11

/** What `ordinal.toString(36)` gives, without the string. */
function putOrdinal(ordinal: number, buffer: Buffer, offset: number): number {
  let digits = 1
  for (let rest = Math.floor(ordinal / 36); rest > 0; rest = Math.floor(rest / 36)) digits++
  let rest = ordinal
  for (let at = offset + digits - 1; at >= offset; at--) {
    const digit = rest % 36
    buffer[at] = digit < 10 ? 0x30 + digit : 0x57 + digit
    rest = (rest - digit) / 36
  }
  return offset + digits
}

/** Some of a body's items, as a body of their own. */
export function selectItems(body: BulkBody, items: readonly BulkItem[]): BulkBody {
  if (items.length === body.items.length) return body
  let size = 0
  const moved = items.map((item) => {
    const start = size
    size += item.end - item.start
    return { ...item, start, end: size }
  })
  return { bytes: Buffer.concat(items.map(({ start, end }) => body.bytes.subarray(start, end))), items: moved }
}
