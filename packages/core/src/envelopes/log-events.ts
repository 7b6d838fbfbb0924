import { startEngine } from '../encodings/engine/load.ts'
import { buffer } from '../encodings/engine/memory.ts'
import { CR, LF, SPACE, TAB } from '../read/ascii.ts'
import type { JsonScanner } from '../read/json.ts'
import * as engine from './engine/events.ts'
import * as map from './engine/map.ts'
import { wasm } from './engine/wasm.ts'

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

const noTape = new Int32Array(0)

/** What stands for a byte behind a backslash; 0 where `JSON.parse` is asked. */
const escapes = new Uint8Array(256)
for (const [letter, byte] of Object.entries({ '"': 34, '\\': 92, '/': 47, b: 8, f: 12, n: 10, r: 13, t: 9 }))
  escapes[letter.charCodeAt(0)] = byte

let opened: ReturnType<typeof openEngine> | undefined

/** The engine, started when it is needed: one for the process, since nothing in its memory has to last. */
function openEngine() {
  const { exports, bytes, words } = startEngine(wasm, { exports: engine, buffer, setHost: () => undefined }, {})
  bytes.write(map.beforeId, map.beforeIdAt)
  bytes.write(map.beforeTime, map.beforeTimeAt)
  bytes.write(map.beforeMessage, map.beforeMessageAt)
  bytes.set(escapes, map.escapesAt)
  return { readEvent: exports.readEvent, bytes, words }
}

export function logEventScanner(): LogEventScanner {
  opened ??= openEngine()
  const { readEvent, bytes, words } = opened
  let end: number = map.inputAt
  /** The messages, once the chunk is scanned, and until then their end in the engine's memory. */
  let text: Buffer = Buffer.alloc(0)
  let used: number = map.outputAt
  let starts = new Int32Array(1024)
  let count = 0

  return {
    begin: (chunk) => {
      const length = Math.min(chunk.length, map.mostInput)
      bytes.set(chunk.subarray(0, length), map.inputAt)
      end = map.inputAt + length
      bytes.fill(0, end, end + 64)
      used = map.outputAt
      count = 0
      starts[0] = 0
    },
    scan: (from) => {
      if (map.inputAt + from >= end) return -1
      const behind = readEvent(map.inputAt + from, end, used)
      if (behind === -1) return -1
      let stop = words[map.messageEndAt / 4]!
      if (words[map.lineEndsAt / 4] !== 0 || stop === used || isBlank(bytes[used])) stop = asLine(bytes, used, stop)
      else bytes[stop++] = LF
      if (count + 2 > starts.length) {
        const more = new Int32Array(starts.length * 2)
        more.set(starts)
        starts = more
      }
      used = stop
      starts[++count] = used - map.outputAt
      return behind - map.inputAt
    },
    scanWhole: () => false,
    mark: () => count,
    tape: () => {
      text = Buffer.from(bytes.subarray(map.outputAt, used))
      return noTape
    },
    unknownFields: () => undefined,
    messages: (first, last) => text.subarray(starts[first], starts[last + 1]),
    startOf: (mark) => starts[mark]!,
  }
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
