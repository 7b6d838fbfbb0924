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

/**
 * The batch as bulk bodies of at most `maxBytes` each; a single larger document gets a body of its own.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 */
export function* encodeBulk(
  batch: readonly Slice<unknown>[],
  indexOf: (slice: Slice<unknown>) => string,
  maxBytes: () => number,
): Generator<BulkBody> {
  let lines: string[] = []
  let items: BulkItem[] = []
  let size = 0
  for (const [number, slice] of batch.entries()) {
    const action = `{"create":{"_index":${JSON.stringify(indexOf(slice))},"_id":`
    for (let index = 0; index < slice.length; index++) {
      const line = `${action}${JSON.stringify(slice.id(index))}}}\n${JSON.stringify(slice.document(index))}\n`
      const bytes = Buffer.byteLength(line)
      if (size + bytes > maxBytes() && items.length > 0) {
        yield { bytes: Buffer.from(lines.join('')), items }
        lines = []
        items = []
        size = 0
      }
      lines.push(line)
      items.push({ slice: number, index, start: size, end: size + bytes })
      size += bytes
    }
  }
  if (items.length > 0) yield { bytes: Buffer.from(lines.join('')), items }
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
