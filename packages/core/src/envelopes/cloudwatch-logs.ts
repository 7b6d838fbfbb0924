import { titlesOf } from '../detect.ts'
import { claimOf } from '../encodings/json/claims.ts'
import { RecordsOnDemand } from '../encodings/records-on-demand.ts'
import { FlowferryError } from '../errors.ts'
import { once } from '../once.ts'
import { placeOf } from '../read/object.ts'
import { parseByHead } from '../read/peek.ts'
import { printable } from '../text.ts'
import type { DocumentEncoder } from '../types/encoder.ts'
import type { Batch, Format, MappingProperty, ObjectHead, ParseContext, Parser, SourceObject } from '../types.ts'
import { exported, exportedTime, type Piece, type Stream, subscribed, timeBytes } from './pieces.ts'
import { Places } from './places.ts'

/**
 * The same parser, which also reads its records out of CloudWatch Logs' envelopes: what a subscription filter sends, as
 * Firehose writes it on S3 (one envelope behind the other, gzip in gzip), and the files of an export task. Every message is
 * a line of the parser's formats, and is chosen for by its log stream's first one. Other objects go to the parser as they
 * are.
 *
 * Documents get `aws.cloudwatch.log_group`, `aws.cloudwatch.log_stream`, `log.file.path`, and the owner as
 * `cloud.account.id` where the record names no account. A message that no format reads is malformed; an object of which
 * none is read fails with FORMAT_UNKNOWN, where `detect()` chooses among parsers. Flow logs have no header there: their
 * default format, or that of `vpcFlow.withFields()`.
 *
 * @example
 * const parser = cloudWatchLogs(detect([vpcFlow, cloudTrail]))
 * await setup(client, { formats: parser.formats })
 * await ingest({ source, parser, sink })
 */
export function cloudWatchLogs<T>(parser: Parser<T>): Parser<T> {
  const wider = new Map(parser.formats.map((format) => [format, withAround(format)]))
  const piecesOf = (head: ObjectHead) => {
    if (isSubscribed(head)) return subscribed
    return isExported(head, parser) ? exported : undefined
  }
  return {
    formats: [...wider.values()],
    claims: (head) => (piecesOf(head) ? 'content' : parser.claims(head)),
    parse: parseByHead((head) => {
      const read = piecesOf(head)
      if (!read) return parser
      return { parse: (object, context) => parsePieces(parser, wider, read(object, context), object, context) }
    }) as Parser<T>['parse'],
  }
}

function isSubscribed(head: ObjectHead): boolean {
  const claims = [['messageType', 'logGroup', 'logEvents']]
  return claimOf(head, { claims, keys: undefined, refuse: [] }) === 'content'
}

function isExported(head: ObjectHead, parser: Parser<unknown>): boolean {
  const { text } = head
  return exportedTime.test(text) && parser.claims({ ...head, text: firstMessage(text) }) === 'content'
}

/** The first message of an export, as one line. */
function firstMessage(text: string): string {
  const [first, ...more] = text.slice(timeBytes).split('\n')
  const behind = more.findIndex((line) => exportedTime.test(line))
  return [first, ...more.slice(0, behind === -1 ? more.length : behind)].join(' ').trimEnd()
}

/** Elastic's names, of its input of CloudWatch Logs. */
const aroundMapping: Readonly<Record<string, MappingProperty>> = {
  'aws.cloudwatch.log_group': { type: 'keyword', ignore_above: 1024 },
  'aws.cloudwatch.log_stream': { type: 'keyword', ignore_above: 1024 },
  'log.file.path': { type: 'keyword', ignore_above: 1024 },
  'cloud.account.id': { type: 'keyword', ignore_above: 1024 },
}

function withAround(format: Format): Format {
  const mapping = once(() => ({ ...aroundMapping, ...format.mapping }))
  return Object.defineProperty({ ...format }, 'mapping', { enumerable: true, get: mapping })
}

type AnyParser = Parser<unknown>

/** Messages of a stream's beginning among which one is looked for that a format claims. */
const mostTried = 64
/** Streams whose format is remembered. */
const mostStreams = 10_000
/** Messages that no format claims, before one that some does, and their bytes: an object with more is of another format. */
const mostUnclaimed = 1000
const mostUnclaimedBytes = 16 * 1024 * 1024

/** Chooses the parser of each piece by its first messages, and remembers what it was for its log stream and group. */
function chooserOf(parser: AnyParser, { bucket }: SourceObject) {
  const known = new Map<string, AnyParser>()
  const groupOf = ({ owner, group }: Stream) => JSON.stringify([owner, group])
  const resolve = (head: ObjectHead): { reader: AnyParser | undefined; isSure: boolean } => {
    let reader: AnyParser | undefined = parser
    try {
      while (reader?.chosen) reader = reader.chosen(head)
    } catch (error) {
      // A message that two formats claim is read by none: it says nothing of the others.
      if (!(error instanceof FlowferryError && error.code === 'FORMAT_AMBIGUOUS')) throw error
      return { reader: undefined, isSure: false }
    }
    return { reader, isSure: reader?.claims(head) !== undefined }
  }
  const headAt = ({ text, starts }: Piece, { group, name }: Stream, index: number): ObjectHead => {
    const stored = text.subarray(starts[index], starts[index + 1])
    return { bucket, key: `${group}/${name}`, stored, text: stored.toString('latin1', 0, 64 * 1024).trimEnd() }
  }
  return {
    /** The parser of a piece that goes on with another; none where nobody is known to read it. */
    next: (piece: Piece): AnyParser | undefined => {
      const { stream } = piece
      if (!stream) return undefined
      const found = known.get(stream.id)
      if (found) return found
      const { reader, isSure } = resolve(headAt(piece, stream, 0))
      return isSure ? remember(stream, reader!) : known.get(groupOf(stream))
    },
    /** The parser of a piece that comes first, and how many of its messages none claims: no reader begins with those. */
    first: (piece: Piece): { reader: AnyParser | undefined; from: number } => {
      const { stream, starts } = piece
      let weak: AnyParser | undefined
      for (let from = 0; stream && from < Math.min(starts.length, mostTried); from++) {
        const { reader, isSure } = resolve(headAt(piece, stream, from))
        if (reader && isSure) return { reader: remember(stream, reader), from }
        weak ??= reader
      }
      // One parser alone reads what it is given, whatever it looks like.
      return weak ? { reader: weak, from: 0 } : { reader: undefined, from: starts.length }
    },
  }

  function remember(stream: Stream, reader: AnyParser): AnyParser {
    if (known.size >= mostStreams) known.clear()
    known.set(stream.id, reader).set(groupOf(stream), reader)
    return reader
  }
}

/** Pieces that one parser reads are one object to it; its batches get their places and what stood around them. */
async function* parsePieces(
  parser: AnyParser,
  wider: ReadonlyMap<Format, Format>,
  blocks: AsyncGenerator<readonly Piece[]>,
  object: SourceObject,
  context: ParseContext,
): AsyncGenerator<Batch<unknown>> {
  const choose = chooserOf(parser, object)
  let ordinal = 0
  let claimed = false
  let unclaimed: Piece[] = []
  let unclaimedCount = 0
  let unclaimedBytes = 0
  const leave = (piece: Piece) => {
    unclaimedCount += piece.starts.length
    unclaimedBytes += piece.text.length
    // A copy, since its block is far larger than a small piece.
    unclaimed.push({ ...piece, text: Buffer.from(piece.text) })
  }
  const giveUp = () => {
    const { stream } = unclaimed[0]!
    const whose = stream ? `messages of ${streamName(stream)}` : 'objects, of which none is an envelope'
    return new FlowferryError(
      'FORMAT_UNKNOWN',
      `It is an envelope of CloudWatch Logs, and none of ${titlesOf([parser])} reads its ${whose}`,
      { place: placeOf(object) },
    )
  }
  /** Pieces of a block, of which those before `at` were read. */
  let pieces: readonly Piece[] = []
  let at = 0
  const next = async (): Promise<Piece | undefined> => {
    while (at === pieces.length) {
      const block = await blocks.next()
      if (block.done) return undefined
      pieces = block.value
      at = 0
    }
    return pieces[at]
  }
  try {
    for (let begun = await next(); begun; begun = await next()) {
      at++
      const { reader, from } = choose.first(begun)
      if (from > 0) leave(from < begun.starts.length ? partOf(begun, 0, from) : begun)
      if (!reader && !claimed) {
        if (unclaimedCount > mostUnclaimed || unclaimedBytes > mostUnclaimedBytes) throw giveUp()
        continue
      }
      claimed = true
      for (const piece of unclaimed) {
        yield malformedBatch(piece, parser, ordinal)
        ordinal += piece.starts.length
      }
      unclaimed = []
      if (!reader) continue
      const places = new Places()
      const first = from === 0 ? begun : partOf(begun, from, begun.starts.length)
      const body = async function* (): AsyncGenerator<Buffer> {
        places.add(first)
        let texts = [first.text]
        // A small envelope is no batch of its own.
        do {
          for (; at < pieces.length && choose.next(pieces[at]!) === reader; at++) {
            places.add(pieces[at]!)
            texts.push(pieces[at]!.text)
          }
          if (texts.length > 0) yield joined(texts)
          texts = []
        } while (at === pieces.length && (await next()))
      }
      const { skip: _skip, from: _from, size: _size, ...named } = object
      const messages: SourceObject = { ...named, open: async () => ({ etag: '', body: body() }) }
      const base = ordinal
      for await (const batch of reader.parse(messages, { ...context, lineEach: true })) {
        const { ordinals, length, malformed = [] } = batch
        const last = Math.max(length > 0 ? ordinals[length - 1]! : -1, malformed.at(-1)?.ordinal ?? -1)
        ordinal = Math.max(ordinal, base + last + 1)
        yield placed(batch, base, places, wider)
      }
    }
    if (unclaimed.length > 0) throw giveUp()
  } finally {
    await blocks.return(undefined)
  }
}

/** Texts as one: those that follow each other in one buffer are no copy. */
function joined(texts: readonly Buffer[]): Buffer {
  const { buffer, byteOffset } = texts[0]!
  let end = byteOffset
  for (const text of texts) {
    if (text.buffer !== buffer || text.byteOffset !== end) return Buffer.concat(texts)
    end += text.length
  }
  return Buffer.from(buffer, byteOffset, end - byteOffset)
}

function partOf(piece: Piece, from: number, to: number): Piece {
  const begin = piece.starts[from]!
  return {
    ...piece,
    text: piece.text.subarray(begin, piece.starts[to]),
    starts: Array.from(piece.starts)
      .slice(from, to)
      .map((start) => start - begin),
    offsets: Array.from(piece.offsets).slice(from, to),
  }
}

function streamName({ group, name }: Stream): string {
  return printable(group === '' ? `the log stream ${name}` : `the log group ${group}`)
}

/** Messages that no format claims. */
function malformedBatch({ stream, text, starts, offsets }: Piece, parser: AnyParser, ordinal: number): Batch<unknown> {
  const reason = stream
    ? `none of ${titlesOf([parser])} reads the message, of ${streamName(stream)}`
    : 'the object is no envelope of CloudWatch Logs'
  return {
    format: parser.formats[0]!,
    length: 0,
    records: [],
    ordinals: [],
    document: () => ({}),
    bytes: text.length,
    malformed: Array.from(offsets, (offset, index) => ({ ordinal: ordinal + index, offset, reason })),
    malformedText: (index) => text.toString('utf8', starts[index], starts[index + 1]).trimEnd(),
  }
}

/** A batch of messages as one of the object that they lay in. */
function placed(
  batch: Batch<unknown>,
  base: number,
  places: Places,
  wider: ReadonlyMap<Format, Format>,
): Batch<unknown> {
  const { document, recordId, view, encoder, fields, original, columns, namespace, malformedText } = batch
  const malformed = batch.malformed?.map((one) => ({
    ...one,
    ordinal: base + one.ordinal,
    offset: places.offsetAt(one.offset),
  }))
  const { around, offsetOf } = places.of(batch)
  const there = Array.isArray(around) ? aroundMapping : around
  return Object.assign(new RecordsOnDemand(() => batch.records), {
    format: wider.get(batch.format) ?? batch.format,
    length: batch.length,
    ordinals: base === 0 ? batch.ordinals : Array.from(batch.ordinals, (ordinal) => base + ordinal),
    document,
    bytes: batch.bytes,
    ...(recordId && { recordId }),
    ...(view && { view }),
    ...(encoder && { encoder: base === 0 ? encoder : new EncoderOfOne(encoder) }),
    ...(fields && { fields: there ? new Set([...fields, ...Object.keys(there)]) : fields }),
    ...(original && { original }),
    ...(columns && { columns }),
    ...(offsetOf && { offsetOf }),
    ...(namespace !== undefined && { namespace }),
    ...(malformed && { malformed }),
    ...(malformedText && { malformedText }),
    ...(batch.unknownFields && { unknownFields: batch.unknownFields }),
    ...(around && { around: Array.isArray(around) ? (index: number) => around[index] : () => around }),
  })
}

/** An encoder without `encodeRun`, which writes ordinals of its own. */
class EncoderOfOne implements NonNullable<Batch<unknown>['encoder']> {
  readonly #encoder: NonNullable<Batch<unknown>['encoder']>
  readonly id?: NonNullable<DocumentEncoder['id']>
  constructor(encoder: NonNullable<Batch<unknown>['encoder']>) {
    this.#encoder = encoder
    if (encoder.id) this.id = (...asked) => encoder.id!(...asked)
  }
  get members(): ReadonlySet<string> {
    return this.#encoder.members
  }
  room(index: number): number {
    return this.#encoder.room(index)
  }
  get takesClosing(): boolean {
    return this.#encoder.takesClosing === true
  }
  encode(...asked: Parameters<DocumentEncoder['encode']>): number {
    return this.#encoder.encode(...asked)
  }
}
