import { type FileHandle, open } from 'node:fs/promises'
import type { LogDocument, Slice } from '@flowferry/core'
import type { DocumentRun } from '@flowferry/core/internal'
import { LF, longestId, nextTurn, overrun, put, textOf } from '@flowferry/core/internal'
import { isDefaultId, keyOf, ordinalOfOwnId } from './key.ts'

/** The member that stands first in each line, beside the document's own: the row's key, and what has no column. */
export const lineHead = '_flowferry'

/** Consecutive lines of one slice. */
export interface LineRun {
  /** Index into the batch. */
  readonly slice: number
  /** Index of the first record in its slice. */
  readonly index: number
  count: number
}

/** What a slice's documents are written with. */
export interface LineOptions {
  /** Whether the line has to hold the document as it is, and nothing twice. */
  readonly whole: boolean
  /** The part of a document that has no column; undefined where all of it has one. */
  readonly unmapped: (document: LogDocument) => LogDocument | undefined
  /** Called with each document that is made as an object. */
  readonly made: (document: LogDocument) => void
  /** Called for a record whose document has no text. */
  readonly refuse: (index: number, error: unknown) => void
}

/** Bytes that are gathered before they go to the file. */
const pieceBytes = 1024 * 1024
/** Buffers of files that are closed: a new one for each write is garbage that V8 collects late. */
const freeBuffers: Buffer<ArrayBuffer>[] = []
const mostFreeBuffers = 4
/** Room for the digits of an ordinal, which are more than those in base 36. */
const slack = '      '
const comma = 0x2c
const space = 0x20
const zero = 0x30
/** Nothing is added behind a document: the slice's encoder writes all of it. */
const noCompletion = { tail: new Uint8Array(0) }
const ownIdEnd = textOf('"}')

/** Documents as lines of JSON in a file, which DuckDB reads faster than any value that it is handed. */
export class LinesFile {
  readonly path: string
  readonly runs: LineRun[] = []
  /** Bytes of the longest line. */
  longest = 0
  readonly #file: FileHandle
  readonly #buffer = freeBuffers.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)
  readonly #view = new DataView(this.#buffer.buffer)
  #size = 0

  static async create(path: string): Promise<LinesFile> {
    return new LinesFile(path, await open(path, 'wx', 0o600))
  }

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  /** Adds a slice's documents, as bytes where its encoder writes them and each field has a column. */
  async add(number: number, slice: Slice<unknown>, options: LineOptions): Promise<void> {
    const namespace = slice.dataStream.slice(`logs-${slice.format.dataset}-`.length)
    const stream =
      options.whole || namespace === 'default' ? '' : `"unmapped":${JSON.stringify({ data_stream: { namespace } })},`
    const encoder = slice.mapped ? slice.encoder : undefined
    const encode = encoder && (encoder.encodeRun && !encoder.id ? this.#encodeRun : this.#encodeEach)
    for (let index = 0; index < slice.length; ) {
      const turn = nextTurn()
      if (turn) await turn
      if (encode) {
        const before = index
        const end = encode.call(this, slice, index, stream, (count) => this.#addRun(number, before, count))
        index += end.count
        if (index === slice.length) break
        if (end.full && this.#size > 0) {
          await this.#flush()
          continue
        }
      }
      await this.#addDocument(number, slice, index++, options)
    }
  }

  async close(): Promise<void> {
    try {
      if (this.#size > 0) await this.#flush()
    } finally {
      await this.#file.close()
      if (freeBuffers.length < mostFreeBuffers) freeBuffers.push(this.#buffer)
    }
  }

  async #flush(): Promise<void> {
    await this.#file.appendFile(this.#buffer.subarray(0, this.#size))
    this.#size = 0
  }

  #addRun(slice: number, index: number, count: number): void {
    const last = this.runs.at(-1)
    if (last?.slice === slice && last.index + last.count === index) last.count += count
    else if (count > 0) this.runs.push({ slice, index, count })
  }

  async #addDocument(number: number, slice: Slice<unknown>, index: number, options: LineOptions): Promise<void> {
    const document = slice.document(index)
    let line: string
    try {
      const text = JSON.stringify(document)
      const { object, ordinal } = keyOf(slice.id(index))
      const unmapped = options.unmapped(document)
      const head = JSON.stringify({ [lineHead]: { object, ordinal, ...(unmapped && { unmapped }) } })
      line = text === '{}' ? `${head}\n` : `${head.slice(0, -1)},${text.slice(1)}\n`
    } catch (error) {
      // A cycle or a bigint that an `enrich` put in.
      options.refuse(index, error)
      return
    }
    options.made(document)
    const bytes = Buffer.byteLength(line)
    if (this.#size + bytes > pieceBytes) await this.#flush()
    if (bytes > pieceBytes) await this.#file.appendFile(line)
    else this.#size += this.#buffer.write(line, this.#size)
    this.longest = Math.max(this.longest, bytes)
    this.#addRun(number, index, 1)
  }

  /** Many records in one call, up to the first one that has no room, or that the encoder cannot write. */
  #encodeRun(
    { encoder, object, ordinals, length }: Slice<unknown>,
    first: number,
    stream: string,
    done: Done,
  ): Encoded {
    const lead = Buffer.from(`{"${lineHead}":{${stream}"object":"${object.idPrefix}","ordinal":${slack}`)
    const run: DocumentRun = {
      lead,
      buffer: this.#buffer,
      limit: pieceBytes,
      size: this.#size,
      ends: new Uint32Array(length - first),
      length: 0,
    }
    const end = encoder!.encodeRun!(first, length - first, run, noCompletion)
    let from = this.#size
    for (let i = 0; i < run.length; i++) {
      this.#joinLines(from + lead.length, ordinals[first + i]!)
      this.longest = Math.max(this.longest, run.ends[i]! - from)
      from = run.ends[i]!
    }
    this.#size = run.size
    done(run.length)
    return { count: run.length, full: end === 'full' }
  }

  /**
   * A run writes two lines a record: an id in base 36 with two braces, and the document. They become one object, by the
   * bytes between: the ordinal in decimal, which DuckDB reads, a brace and a comma.
   */
  #joinLines(idAt: number, ordinal: number): void {
    const buffer = this.#buffer
    let at = idAt
    while (buffer[at] !== LF) at++
    buffer[at] = 0x7d
    buffer[at + 1] = comma
    let rest = ordinal
    do {
      const quotient = Math.floor(rest / 10)
      buffer[--at] = zero + rest - quotient * 10
      rest = quotient
    } while (rest > 0)
    while (at > idAt) buffer[--at] = space
  }

  /** The same, record by record, for an encoder that has ids of its own or no run. */
  #encodeEach(
    { encoder, object, ordinals, length }: Slice<unknown>,
    first: number,
    stream: string,
    done: Done,
  ): Encoded {
    const buffer = this.#buffer
    const view = this.#view
    const lead = encoder!.id
      ? `{"${lineHead}":{${stream}"ordinal":${ordinalOfOwnId},"object":"`
      : `{"${lineHead}":{${stream}"object":"${object.idPrefix}","ordinal":`
    const start = textOf(lead)
    const most = start.length + longestId + ownIdEnd.length + overrun
    let index = first
    let full = false
    for (; index < length; index++) {
      const needed = most + encoder!.room(index) + 1
      if (this.#size + needed > pieceBytes) {
        full = needed <= pieceBytes
        break
      }
      const idAt = put(start, view, this.#size)
      let at = idAt
      if (encoder!.id) {
        at = encoder!.id(index, buffer, view, idAt)
        if (at === -1 || isDefaultId(buffer, idAt, at)) break
        at = put(ownIdEnd, view, at)
      } else at += buffer.write(`${ordinals[index]}}`, at, 'latin1')
      const end = encoder!.encode(index, buffer, view, at)
      if (end === -1 || end >= pieceBytes) break
      buffer[at] = comma // the document's brace
      buffer[end] = LF
      this.longest = Math.max(this.longest, end + 1 - this.#size)
      this.#size = end + 1
    }
    done(index - first)
    return { count: index - first, full }
  }
}

type Done = (count: number) => void
interface Encoded {
  readonly count: number
  /** Whether the next record has room in an empty buffer. */
  readonly full: boolean
}
