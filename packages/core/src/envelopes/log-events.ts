import { BACKSLASH, COMMA, CR, LF, OBJECT_CLOSE, QUOTE, SPACE, TAB } from '../read/ascii.ts'
import type { JsonScanner } from '../read/json.ts'

/**
 * The messages of log events as CloudWatch Logs writes them: `{"id":"…","timestamp":1510109208016,"message":"…"}`. An event
 * that is written in another way, or that began in an earlier chunk, is left to `JSON.parse`, which is slower.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
 */
export interface LogEventScanner extends JsonScanner {
  /** The messages of events that follow each other, by their marks: each with its line end. */
  readonly messages: (first: number, last: number) => Buffer
  /** Where the message with a mark begins, from the first one of the chunk. */
  readonly startOf: (mark: number) => number
}

const beforeId = Buffer.from('{"id":"')
const beforeTime = Buffer.from('","timestamp":')
const beforeMessage = Buffer.from(',"message":"')
const ZERO = 0x30
const noTape = new Int32Array(0)

/** What stands for a byte behind a backslash; 0 where `JSON.parse` is asked. */
const escapes = new Uint8Array(256)
for (const [letter, byte] of Object.entries({ '"': 34, '\\': 92, '/': 47, b: 8, f: 12, n: 10, r: 13, t: 9 }))
  escapes[letter.charCodeAt(0)] = byte

/** Whether a byte of a string stands for itself. */
const isPlain = new Uint8Array(256).fill(1, SPACE)
isPlain[QUOTE] = isPlain[BACKSLASH] = 0

export function logEventScanner(): LogEventScanner {
  let chunk: Buffer = Buffer.alloc(0)
  /** With its line end, a message is shorter than its event. */
  let text: Buffer = Buffer.alloc(0)
  let used = 0
  let starts = new Int32Array(1024)
  let count = 0

  return {
    begin: (bytes) => {
      chunk = bytes
      text = Buffer.allocUnsafe(bytes.length)
      used = 0
      count = 0
    },
    scan: (from) => {
      const bytes = chunk
      const end = bytes.length
      const into = text
      let at = behind(bytes, beforeId, from)
      if (at === -1) return -1
      while (at < end && isWord(bytes[at]!)) at++
      at = behind(bytes, beforeTime, at)
      if (at === -1) return -1
      const time = at
      while (at < end && isDigit(bytes[at]!)) at++
      // No number of JSON is without a digit, nor begins with a 0 and goes on.
      if (at === time || (at > time + 1 && bytes[time] === ZERO)) return -1
      at = behind(bytes, beforeMessage, at)
      if (at === -1) return -1
      let o = used
      let lineEnds = 0
      for (; at < end; at++) {
        const byte = bytes[at]!
        if (isPlain[byte] === 1) into[o++] = byte
        else if (byte === BACKSLASH) {
          const meant = at + 1 < end ? escapes[bytes[++at]!]! : 0
          if (meant === 0) return -1
          if (meant === LF || meant === CR) lineEnds++
          into[o++] = meant
        } else if (byte === QUOTE) break
        else return -1
      }
      // Behind the chunk's end there is nothing.
      if (bytes[at + 1] !== OBJECT_CLOSE) return -1
      if (lineEnds > 0 || o === used || isBlank(into[used])) o = asLine(into, used, o)
      else into[o++] = LF
      if (count + 2 > starts.length) {
        const more = new Int32Array(starts.length * 2)
        more.set(starts)
        starts = more
      }
      starts[count++] = used
      starts[count] = used = o
      return at + 2
    },
    scanWhole: () => false,
    mark: () => count,
    tape: () => noTape,
    unknownFields: () => undefined,
    messages: (first, last) => text.subarray(starts[first], starts[last + 1]),
    startOf: (mark) => starts[mark]!,
  }
}

/** The offset behind these bytes where they stand at `at`, or -1. */
function behind(bytes: Buffer, wanted: Buffer, at: number): number {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return -1
  return at + wanted.length
}

/** What an id may have: CloudWatch's have digits. */
function isWord(byte: number): boolean {
  return byte !== QUOTE && byte !== COMMA && byte > 0x20 && byte < 0x7f && byte !== BACKSLASH
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39
}

/**
 * Makes a message one line: a line's end within it becomes a blank, as the space between tokens that it is in JSON; those
 * at its end are dropped. Gives the offset behind the line end that is put there; `start` for a message of nothing.
 */
export function asLine(text: Buffer, start: number, end: number): number {
  let stop = end
  while (stop > start && isLineEnd(text[stop - 1])) stop--
  let isOfBlanks = true
  for (let i = start; i < stop; i++) {
    if (isLineEnd(text[i])) text[i] = SPACE
    else if (!isBlank(text[i])) isOfBlanks = false
  }
  if (isOfBlanks) return start
  text[stop] = LF
  return stop + 1
}

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB
const isLineEnd = (byte: number | undefined): boolean => byte === LF || byte === CR

/** A text as one line, with its line end; nothing for one of blanks. */
export function lineOf(text: string): Buffer {
  const bytes = Buffer.from(`${text}\n`)
  return bytes.subarray(0, asLine(bytes, 0, bytes.length - 1))
}
