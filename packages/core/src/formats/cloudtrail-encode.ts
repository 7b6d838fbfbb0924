import type { ByteFormat } from '../records/json-array.ts'
import type { JsonScanner, ValueBlock } from '../records/json-split.ts'
import {
  inputAt,
  longestResult,
  maxBlock,
  maxRecord,
  outputAt,
  tapeAt,
  tapeId,
  tapeIdEnd,
  wholeAt,
} from './cloudtrail-engine/map.ts'
import { startHost } from './cloudtrail-host.ts'
import { placesOf, type Roles } from './cloudtrail-places.ts'
import { shapeCompiler } from './cloudtrail-shape.ts'
import type { Plan } from './cloudtrail-table.ts'

/** The tape's place in words. */
const tapeWord = tapeAt >> 2

/** A way from a record's bytes to its document's that makes no object of it: the engine's, started when it is needed. */
export function createEncoder(plan: Plan, roles: Roles): ByteFormat {
  const places = placesOf(plan, roles)
  const shapes = shapeCompiler(plan, places)
  const fixedRoom = 4096 + places.all.length * 64 + shapes.derived.length * longestResult
  let started: ReturnType<typeof startHost> | undefined
  const start = () => {
    started ??= startHost(plan, places, shapes)
    return started
  }
  /** Whose bytes and tape are in the engine's memory. Its records are written one after the other. */
  let loaded: ValueBlock | undefined
  /** Tapes that the engine still can read. */
  let readable = new WeakSet<Int32Array>()
  const load = (block: ValueBlock) => {
    const { memory, words } = start()
    memory.set(block.chunk.subarray(0, maxBlock), inputAt)
    if (block.whole && block.whole.length <= maxRecord) memory.set(block.whole, wholeAt)
    words.set(block.tape, tapeWord)
    loaded = block
  }

  return {
    members: new Set(plan.steps.map(({ name }) => name)),
    scanner: () =>
      createScanner(start(), {
        begins: () => {
          loaded = undefined
          if (start().forgetLearned()) readable = new WeakSet()
        },
        gives: (tape) => {
          readable.add(tape)
        },
      }),
    encode: (block, index, target, offset) => {
      const { engine, memory, makeRoom } = start()
      if (block !== loaded) {
        if (!readable.has(block.tape)) return -1
        load(block)
      }
      makeRoom()
      const { places } = block
      const begin = places[index * 3]!
      const end = places[index * 3 + 1]!
      const mark = places[index * 3 + 2]!
      const at = begin < 0 ? wholeAt : inputAt + begin
      const behind = engine.encode(at, end - begin, tapeAt + mark * 4, outputAt)
      if (behind === -1) return -1
      target.set(memory.subarray(outputAt, behind), offset)
      return offset + behind - outputAt
    },
    // Each byte of a record is in the document at most once as itself, twice as text, and twice as another field.
    room: ({ places }, index) => fixedRoom + (places[index * 3 + 1]! - places[index * 3]!) * 5,
    putId: ({ chunk, whole, places, tape }, index, target, offset) => {
      const begin = places[index * 3]!
      const mark = places[index * 3 + 2]!
      const source = begin < 0 ? whole! : chunk
      const start = Math.max(0, begin) + tape[mark + (tapeId >> 2)]!
      const end = Math.max(0, begin) + tape[mark + (tapeIdEnd >> 2)]!
      let o = offset
      for (let at = start; at < end; at++) target[o++] = source[at]!
      return o
    },
  }
}

/** Scans in the engine's memory, which holds no other block any more when it begins. */
function createScanner(
  { engine, memory, words, countLearned }: ReturnType<typeof startHost>,
  { begins, gives }: { readonly begins: () => void; readonly gives: (tape: Int32Array) => void },
): JsonScanner {
  let length = 0
  let next = tapeWord
  const load = (bytes: Uint8Array, at: number) => {
    memory.set(bytes, at)
    memory.fill(0, at + bytes.length, at + bytes.length + 64)
  }
  const scanned = (behind: number) => {
    if (behind !== -1) next += words[next]!
    return behind
  }
  return {
    begin: (bytes) => {
      begins()
      countLearned()
      engine.rewindTape()
      next = tapeWord
      length = Math.min(bytes.length, maxBlock)
      load(bytes.subarray(0, length), inputAt)
    },
    scan: (from) => {
      const behind = from < length ? scanned(engine.scan(inputAt + from, inputAt + length)) : -1
      return behind === -1 ? -1 : behind - inputAt
    },
    scanWhole: (bytes) => {
      if (bytes.length > maxRecord) return false
      load(bytes, wholeAt)
      return scanned(engine.scan(wholeAt, wholeAt + bytes.length)) === wholeAt + bytes.length
    },
    mark: () => next - tapeWord,
    tape: () => {
      const tape = words.slice(tapeWord, next)
      gives(tape)
      return tape
    },
    unknownFields: countLearned,
  }
}
