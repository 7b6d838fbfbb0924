import { type ErrorCode, FlowferryError } from '../errors.ts'
import { LF, SPACE } from '../read/ascii.ts'
import { type ValueBlock, valueAt } from '../read/json.ts'
import { JsonSplitter } from '../read/json-splitter.ts'
import { readBlocks } from '../read/lines.ts'
import { placeOf } from '../read/object.ts'
import { readText } from '../read/recognise.ts'
import type { ParseContext, SourceObject } from '../types.ts'
import { asLine, lineOf, logEventScanner } from './log-events.ts'

/** Dotted fields that the documents of an envelope's records get. */
type Around = Readonly<Record<string, string>>

/** A log stream. */
export interface Stream {
  /** The account, where it is known: groups of two may have one name. */
  readonly owner: string
  readonly group: string
  readonly name: string
  /** All three: no other stream has it. */
  readonly id: string
}

/** Messages of one log stream that follow each other, each a line. */
export interface Piece {
  /** Log group and log stream; none where the object around the messages is no envelope. */
  readonly stream: Stream | undefined
  readonly around: Around | undefined
  /** The messages, each with its line end. */
  readonly text: Buffer
  /** Where each message begins in the text, and its event in the decompressed object. */
  readonly starts: ArrayLike<number>
  readonly offsets: ArrayLike<number>
}

/** Bytes of the object that are looked at at once. */
const blockSize = 256 * 1024

/**
 * The messages of what a subscription filter sends: `{"messageType":"DATA_MESSAGE","owner":…,"logEvents":[…]}`, one behind
 * the other with or without white space. Control messages have none. An envelope may be of any length: what is held is a
 * chunk, and an event that it cuts.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
 */
export async function* subscribed(object: SourceObject, context: ParseContext): AsyncGenerator<readonly Piece[]> {
  const error = (code: ErrorCode, what: string, ordinal: number, offset: number) =>
    new FlowferryError(code, what, { place: { ...placeOf(object), ordinal, offset } })
  const scanner = logEventScanner()
  const splitter = new JsonSplitter(['logEvents'], context.limits, error, scanner)
  const envelopes = envelopeReader()
  let envelope: Envelope | undefined
  const read = (block: ValueBlock): Piece[] => {
    const pieces: (Piece | undefined)[] = []
    let from = 0
    for (const { index, prefix } of block.around) {
      pieces.push(pieceOf(block, from, index))
      envelope = prefix && envelopes(prefix)
      from = index
    }
    pieces.push(pieceOf(block, from, block.length))
    return pieces.filter((piece) => piece !== undefined)
  }
  const pieceOf = (block: ValueBlock, from: number, to: number): Piece | undefined => {
    if (from === to || envelope?.isControl) return undefined
    const { places, offset } = block
    const starts = new Int32Array(to - from)
    const offsets = new Float64Array(to - from)
    let count = 0
    let length = 0
    const texts: Buffer[] = []
    for (let index = from; index < to; ) {
      const first = places[index * 3 + 2]!
      // Messages that were scanned stand one behind the other.
      let behind = index + 1
      if (first !== -1) while (behind < to && places[behind * 3 + 2] === first + behind - index) behind++
      const text =
        first === -1
          ? messageOf(valueAt(block, index).toString('utf8'))
          : scanner.messages(first, first + behind - index - 1)
      for (let one = index; one < behind; one++) {
        const start = first === -1 ? 0 : scanner.startOf(first + one - index) - scanner.startOf(first)
        const next = first === -1 ? text.length : scanner.startOf(first + one - index + 1) - scanner.startOf(first)
        if (start === next) continue
        starts[count] = length + start
        offsets[count++] = offset + places[one * 3]!
      }
      texts.push(text)
      length += text.length
      index = behind
    }
    if (count === 0) return undefined
    return {
      stream: envelope?.stream,
      around: envelope?.around,
      text: texts.length === 1 ? texts[0]! : Buffer.concat(texts),
      starts: starts.subarray(0, count),
      offsets: offsets.subarray(0, count),
    }
  }
  for await (const chunk of readText(object, context))
    for (let at = 0; at < chunk.length; at += blockSize) yield read(splitter.push(chunk.subarray(at, at + blockSize)))
  const last = splitter.end()
  if (last) yield read(last)
}

/** The message of an event as a line; of what is no event, all of it: nobody can read it, and it is counted. */
function messageOf(text: string): Buffer {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return lineOf(typeof message === 'string' ? message : text)
  } catch {
    return lineOf(text)
  }
}

interface Envelope {
  readonly isControl: boolean
  readonly stream: Stream | undefined
  readonly around: Around | undefined
}

/** Streams whose fields are kept: a file has few, and an equal object is written faster. */
const mostStreams = 1000

/** Reads what stands before an envelope's events. */
function envelopeReader(): (prefix: Buffer) => Envelope {
  const known = new Map<string, Envelope>()
  return (prefix) => {
    // The splitter has read it as JSON.
    const { messageType, owner, logGroup, logStream } = JSON.parse(`${prefix.toString('utf8')}]}`) as Record<
      string,
      unknown
    >
    if (messageType === 'CONTROL_MESSAGE') return { isControl: true, stream: undefined, around: undefined }
    if (typeof logGroup !== 'string' || typeof logStream !== 'string')
      return { isControl: false, stream: undefined, around: undefined }
    const account = typeof owner === 'string' && /^\d{12}$/.test(owner) ? owner : ''
    const id = JSON.stringify([account, logGroup, logStream])
    const envelope = known.get(id) ?? {
      isControl: false,
      stream: { owner: account, group: logGroup, name: logStream, id },
      around: {
        'aws.cloudwatch.log_group': logGroup,
        'aws.cloudwatch.log_stream': logStream,
        'log.file.path': `${logGroup}/${logStream}`,
        ...(account !== '' && { 'cloud.account.id': account }),
      },
    }
    if (known.size === mostStreams) known.clear()
    known.set(id, envelope)
    return envelope
  }
}

/** The time that an export task puts before each message: `2026-11-30T09:00:00.000Z `. */
export const timeBytes = 25
export const exportedTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /

/**
 * The messages of a file of an export task: each behind its time, and its further lines without one. A file's folder is
 * its log stream; its log group is written nowhere.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html
 */
export async function* exported(object: SourceObject, context: ParseContext): AsyncGenerator<readonly Piece[]> {
  const name = /(?:^|\/)([^/]+)\/\d{6}(?:\.gz)?$/.exec(object.key)?.[1]
  const stream = { owner: '', group: '', name: name ?? '', id: '' }
  const around = name === undefined ? undefined : { 'aws.cloudwatch.log_stream': name, 'log.file.path': name }
  /** The last message, whose further lines may still come, and where it begins in the object. */
  let open: Buffer = Buffer.alloc(0)
  let openAt: number | undefined
  for await (const { bytes, offset } of readBlocks(object, context)) {
    const text = Buffer.allocUnsafe(open.length + bytes.length + 2)
    let length = open.copy(text)
    let start = 0
    const starts: number[] = []
    const offsets: number[] = []
    for (let at = 0; at < bytes.length; ) {
      const lf = bytes.indexOf(LF, at)
      const end = lf === -1 ? bytes.length : lf
      const isFirst = isTime(bytes, at, end)
      if (isFirst && openAt !== undefined) {
        const behind = asLine(text, start, length)
        if (behind > start) {
          starts.push(start)
          offsets.push(openAt)
        }
        length = behind
      }
      if (isFirst || openAt === undefined) {
        start = length
        openAt = offset + at
      } else text[length++] = SPACE
      length += bytes.copy(text, length, isFirst ? at + timeBytes : at, end)
      if (length - start > context.limits.recordBytes) throw tooLong(object, context, openAt)
      at = end + 1
    }
    open = Buffer.from(text.subarray(start, length))
    if (starts.length > 0) yield [{ stream, around, text: text.subarray(0, start), starts, offsets }]
  }
  const text = lineOf(open.toString('utf8'))
  if (text.length > 0) yield [{ stream, around, text, starts: [0], offsets: [openAt ?? 0] }]
}

function tooLong(object: SourceObject, { limits }: ParseContext, offset: number): FlowferryError {
  return new FlowferryError('LIMIT_EXCEEDED', `A message is above limits.recordBytes, ${limits.recordBytes}`, {
    place: { ...placeOf(object), offset },
  })
}

function isTime(bytes: Buffer, at: number, end: number): boolean {
  return (
    end - at >= timeBytes &&
    bytes[at + 10] === 0x54 &&
    bytes[at + 23] === 0x5a &&
    bytes[at + 24] === SPACE &&
    exportedTime.test(bytes.toString('latin1', at, at + timeBytes))
  )
}
