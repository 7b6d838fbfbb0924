import type { ByteFormat } from '../records/json-array.ts'
import { type JsonScanner, valueAt } from '../records/json-split.ts'
import {
  inputAt,
  longestResult,
  maxBlock,
  maxRecord,
  outputAt,
  tapeAt,
  tapeId,
  tapeIdEnd,
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
  let started: ReturnType<typeof startHost> | undefined
  const start = () => {
    started ??= startHost(plan, places, shapes)
    return started
  }
  const fixedRoom = 4096 + places.all.length * 64 + shapes.derived.length * longestResult

  return {
    members: new Set(plan.steps.map(({ name }) => name)),
    scanner: () => createScanner(start()),
    encode: (block, index, target, offset) => {
      const { engine, memory, words, makeRoom } = start()
      const { tape } = block
      const value = valueAt(block, index)
      const mark = block.places[index * 3 + 2]!
      makeRoom()
      memory.set(value, inputAt)
      words.set(tape.subarray(mark, mark + tape[mark]!), tapeWord)
      const behind = engine.encode(inputAt, value.length, tapeAt, outputAt)
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

function createScanner({ engine, memory, words }: ReturnType<typeof startHost>): JsonScanner {
  let loaded = 0
  let next = tapeWord
  /** So that no look goes on behind the bytes. */
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
      engine.rewindTape()
      next = tapeWord
      loaded = Math.min(bytes.length, maxBlock)
      load(bytes.subarray(0, loaded), inputAt)
    },
    scan: (from) => {
      const behind = from < loaded ? scanned(engine.scan(inputAt + from, inputAt + loaded)) : -1
      return behind === -1 ? -1 : behind - inputAt
    },
    scanWhole: (bytes) => {
      if (bytes.length > maxRecord) return false
      load(bytes, outputAt)
      return scanned(engine.scan(outputAt, outputAt + bytes.length)) === outputAt + bytes.length
    },
    mark: () => next - tapeWord,
    tape: () => words.slice(tapeWord, next),
  }
}
