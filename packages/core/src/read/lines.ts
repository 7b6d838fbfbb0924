import { FlowferryError } from '../errors.ts'
import type { ParseContext, SourceObject } from '../types.ts'
import { CR, LF } from './ascii.ts'
import { placeOf } from './object.ts'
import { readText } from './recognise.ts'

/** The whole lines of about one chunk. `lines[i]` has no line end and is never blank. */
export interface LineBlock {
  readonly lines: readonly string[]
  /** Offset of a line's first byte in the decompressed object. Searches the block, so it is for errors alone. */
  readonly offsetOf: (index: number) => number
  /** Decompressed bytes of the block, blank lines and line ends counted. */
  readonly bytes: number
}

const byteOrderMark = '\ufeff'

/** The whole lines of about one chunk, as bytes. The last line of an object may lack its line end. */
export interface ByteBlock {
  readonly bytes: Buffer
  /** Offset of the block's first byte in the decompressed object. */
  readonly offset: number
}

/**
 * The object's bytes in blocks of whole lines, about one chunk each.
 *
 * @throws FlowferryError LIMIT_EXCEEDED for a line above `limits.recordBytes`, and the errors of readText
 */
export async function* readBlocks(object: SourceObject, context: ParseContext): AsyncGenerator<ByteBlock> {
  let pieces: Buffer[] = []
  let pending = 0
  let offset = 0
  for await (const chunk of readText(object, context)) {
    const end = chunk.lastIndexOf(LF) + 1
    if (end === 0) {
      pieces.push(chunk)
      pending += chunk.length
    } else {
      const bytes = pending === 0 ? chunk.subarray(0, end) : Buffer.concat([...pieces, chunk.subarray(0, end)])
      if (bytes.length > context.limits.recordBytes) requireShortLines(bytes, offset, object, context)
      yield { bytes, offset }
      offset += bytes.length
      // A copy, so that a part of a line does not keep its whole chunk in memory.
      pieces = end < chunk.length ? [Buffer.from(chunk.subarray(end))] : []
      pending = chunk.length - end
    }
    if (pending > context.limits.recordBytes) throw lineTooLong(object, context, offset)
  }
  if (pending > 0) yield { bytes: Buffer.concat(pieces), offset }
}

/**
 * The object's text in blocks of whole lines. LF and CRLF end a line, so does the end of the object; blank lines are
 * left out, and a byte order mark at the beginning. Bytes that are not UTF-8 become U+FFFD.
 *
 * @throws FlowferryError LIMIT_EXCEEDED for a line above `limits.recordBytes`, and the errors of readText
 *
 * @example
 * for await (const { lines } of readLines(object, context))
 *   for (const line of lines) console.log(line)
 */
export async function* readLines(object: SourceObject, context: ParseContext): AsyncGenerator<LineBlock> {
  for await (const { bytes, offset } of readBlocks(object, context)) yield block(bytes, offset)
}

function block(bytes: Buffer, start: number): LineBlock {
  const text = bytes.toString('utf8')
  const split = text.split('\n')
  const carriage = bytes.includes(CR)
  const lines: string[] = []
  for (let line of split) {
    if (carriage && line.charCodeAt(line.length - 1) === CR) line = line.slice(0, -1)
    if (start === 0 && lines.length === 0 && line.startsWith(byteOrderMark)) line = line.slice(1)
    if (line.length > 0) lines.push(line)
  }
  const nthLine = lineStarts(bytes)
  return { lines, bytes: bytes.length, offsetOf: (index) => start + nthLine(index) }
}

/** The start of the nth line that is not blank. Each search goes on from the last one, so all lines cost one pass. */
function lineStarts(bytes: Buffer): (index: number) => number {
  let next = 0
  let start = 0
  let found = 0
  return (index) => {
    if (index < next) next = start = 0
    while (next <= index && start < bytes.length) {
      const lf = bytes.indexOf(LF, start)
      const end = lf === -1 ? bytes.length : lf
      const blank = end === start || (end === start + 1 && bytes[start] === CR)
      if (!blank) {
        found = start
        next++
      }
      start = end + 1
    }
    return found
  }
}

function requireShortLines(bytes: Buffer, offset: number, object: SourceObject, context: ParseContext): void {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LF, start)
    if (end - start > context.limits.recordBytes) throw lineTooLong(object, context, offset + start)
    start = end + 1
  }
}

function lineTooLong(object: SourceObject, context: ParseContext, offset: number): FlowferryError {
  return new FlowferryError('LIMIT_EXCEEDED', `A line is above limits.recordBytes, ${context.limits.recordBytes}`, {
    place: { ...placeOf(object), offset },
  })
}
