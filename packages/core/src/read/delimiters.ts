import { LF } from './ascii.ts'

/** A line's end and the beginning of a gzip member (RFC 1952, 2.3.1) without its flags, of which the highest bits are 0. */
const boundary = Buffer.from([LF, 0x1f, 0x8b, 0x08])
/** Bytes of a member's header. */
const headerBytes = 10
/** RFC 1952: how it was compressed, and on which system. */
const efforts = new Set([0, 2, 4])
const isSystem = (byte: number) => byte <= 13 || byte === 255

/**
 * The bytes of gzip members without the line ends that stand between them, as Firehose puts them behind each record with
 * AppendDelimiterToRecord. Such bytes within a member are taken for it once in 10^14 bytes; its checksum then tells.
 * https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-s3bucketprefix.html
 */
export function withoutDelimiters(bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  let from = 0
  for (let at = bytes.indexOf(boundary); at !== -1; at = bytes.indexOf(boundary, at + 1)) {
    if (!isHeader(bytes, at + 1)) continue
    pieces.push(bytes.subarray(from, beforeLineEnds(bytes, at + 1, from)))
    from = at + 1
  }
  return from === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(from)])
}

/**
 * The same of a stream.
 *
 * @param isPadding Whether line ends behind the last member are none of its bytes: asked when all before is inflated
 */
export async function* streamWithoutDelimiters(
  stored: AsyncIterable<Buffer>,
  isPadding: (last: Buffer) => boolean,
): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  let before: Buffer = Buffer.alloc(0)
  for await (const chunk of stored) {
    const bytes = withoutDelimiters(held.length === 0 ? chunk : Buffer.concat([held, chunk]))
    // What may go on as a boundary in the next chunk.
    const first = bytes.indexOf(LF, Math.max(0, bytes.length - headerBytes))
    const end = first === -1 ? bytes.length : beforeLineEnds(bytes, first, 0)
    held = Buffer.from(bytes.subarray(end))
    if (end > 0) {
      before = Buffer.concat([before, bytes.subarray(Math.max(0, end - 4), end)]).subarray(-4)
      yield bytes.subarray(0, end)
    }
  }
  if (held.length === 0) return
  const isOfLineEnds = held.every((byte) => byte === LF)
  if (!isOfLineEnds || !isPadding(Buffer.concat([before, held]).subarray(-4))) yield held
}

function isHeader(bytes: Buffer, at: number): boolean {
  return (
    at + headerBytes <= bytes.length && bytes[at + 3]! < 0x20 && efforts.has(bytes[at + 8]!) && isSystem(bytes[at + 9]!)
  )
}

/** The offset of the first of the line ends before this offset. */
function beforeLineEnds(bytes: Buffer, at: number, from: number): number {
  let first = at
  while (first > from && bytes[first - 1] === LF) first--
  return first
}
