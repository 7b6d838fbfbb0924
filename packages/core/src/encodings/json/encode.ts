import type { JsonScanner, ValueBlock } from '../../read/json.ts'
import { mostClosing, noClosing, takesClosing } from '../../schema/around.ts'
import { kindOf } from '../../schema/fields.ts'
import { ingestedMember, isIngested } from '../../schema/ingested.ts'
import type { Schema } from '../../schema/schema.ts'
import type { Closing } from '../../types/encoder.ts'
import { closingBytes } from '../engine/closings.ts'
import { full } from '../engine/memo.ts'
import { timeBytes } from '../engine/times.ts'
import type { CompiledFormat } from './compile.ts'
import { createEmitter } from './emits.ts'
import {
  classBits,
  closingLengthsAt,
  closingsAt,
  entryBytes,
  ingestedText,
  inputAt,
  kindFlat,
  kindRecall,
  kindTime,
  longestResult,
  maxBlock,
  maxRecord,
  outputAt,
  outputBytes,
  tapeAt,
  tapeEntries,
  tapeId,
  tapeIdEnd,
  wholeAt,
} from './engine/map.ts'
import { derivedGroups } from './groups.ts'
import { type HostOptions, startHost } from './host.ts'
import { isPlace, type Place, type Places } from './places.ts'
import { shapeCompiler } from './shape.ts'
import type { Node } from './tree.ts'

/** A way from a record's bytes to its document's that makes no object of it. */
export interface ByteFormat {
  readonly places: Places
  readonly scanner: () => JsonScanner
  /** Each of these takes a record that the scanner found regular. `encode` and `room` are as DocumentEncoder has them. */
  readonly encode: (
    block: ValueBlock,
    index: number,
    target: Uint8Array,
    offset: number,
    closing: Closing | undefined,
  ) => number
  readonly takesClosing: boolean
  readonly room: (block: ValueBlock, index: number) => number
  /** Whether a record has a value that some field can read for sure. */
  readonly knows: (block: ValueBlock, index: number) => boolean
  /** Says when the block's documents set out for the store. */
  readonly ingest: (block: ValueBlock, time: string) => void
  /** Writes the record's own id. */
  readonly putId: (block: ValueBlock, index: number, target: Uint8Array, offset: number) => number
  readonly members: ReadonlySet<string>
}

/** The tape's place in words. */
const tapeWord = tapeAt >> 2

/** The engine's, started when it is needed. */
export function createEncoder({ schema, root, layout, places, checksOf, needsId }: CompiledFormat): ByteFormat {
  const emitter = createEmitter(nodesOf(root), (name) => fieldFor(schema, name), derivedGroups(schema.derived))
  const options: HostOptions = {
    places,
    checksOf,
    compile: shapeCompiler(layout, places, emitter),
    groups: emitter.groups,
    forgetGroups: emitter.forget,
    needsId,
  }
  const { fixed, copies } = roomOf(places, schema)
  let started: ReturnType<typeof startHost> | undefined
  /** Whose bytes and tape are in the engine's memory. Its records are written one after the other. */
  let loaded: ValueBlock | undefined
  /** What stood around the last record. */
  let closed: Closing | undefined
  /** Tapes that the engine still can read. */
  let readable = new WeakSet<Int32Array>()
  const ingestedAt = new WeakMap<ValueBlock, string>()
  const start = () => {
    started ??= startHost(options)
    if (!started.use()) loaded = closed = undefined
    return started
  }
  const load = (block: ValueBlock) => {
    const { memory, words } = start()
    memory.set(block.chunk.subarray(0, maxBlock), inputAt)
    if (block.whole && block.whole.length <= maxRecord) memory.set(block.whole, wholeAt)
    words.set(block.tape, tapeWord)
    const ingested = ingestedAt.get(block)
    if (ingested !== undefined) memory.write(ingestedMember(ingested), ingestedText, 'latin1')
    loaded = block
  }

  const close = (closing: Closing) => {
    const { memory, words } = start()
    for (const [i, text] of [closing.aws, closing.cloud].entries()) {
      words[(closingLengthsAt >> 2) + i] = text.length
      memory.set(text, closingsAt + i * closingBytes)
    }
    closed = closing
  }

  return {
    places,
    members: new Set(layout.keys()),
    scanner: () =>
      createScanner(start, {
        begins: () => {
          loaded = undefined
          if (start().forgetLearned()) readable = new WeakSet()
        },
        gives: (tape) => {
          readable.add(tape)
        },
      }),
    takesClosing: takesClosing(layout),
    encode: (block, index, target, offset, closing = noClosing) => {
      const { engine, memory, makeRoom, clearMemo } = start()
      if (closing !== closed) close(closing)
      if (block !== loaded) {
        if (!readable.has(block.tape)) return -1
        load(block)
      }
      makeRoom()
      const { places } = block
      const begin = places[index * 3]!
      const length = places[index * 3 + 1]! - begin
      if (fixed + length * copies + 2 * mostClosing > outputBytes) return -1
      const at = begin < 0 ? wholeAt : inputAt + begin
      const tape = tapeAt + places[index * 3 + 2]! * 4
      let behind = engine.encode(at, tape, outputAt)
      if (behind === full) {
        clearMemo()
        behind = engine.encode(at, tape, outputAt)
      }
      if (behind < 0) return -1
      target.set(memory.subarray(outputAt, behind), offset)
      return offset + behind - outputAt
    },
    ingest: (block, time) => ingestedAt.set(block, time),
    knows: (block, index) => {
      const mark = block.places[index * 3 + 2]!
      const end = mark + block.tape[mark]!
      for (let at = mark + (tapeEntries >> 2); at < end; at += entryBytes >> 2) {
        const place = places.all[block.tape[at]! >> classBits]
        if (place && isPlace(place) && isSure(place.kind)) return true
      }
      return false
    },
    room: ({ places }, index) => fixed + (places[index * 3 + 1]! - places[index * 3]!) * copies,
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

/** Whether a value of the kind that the engine put on the tape can be read: of a time, for one, it saw no more than a text. */
function isSure(kind: number): boolean {
  return kind <= kindFlat && kind !== kindRecall && kind !== kindTime
}

/** The table's places by their paths, which are the names of fields. */
function nodesOf(root: Node): Map<string, Node> {
  const found = new Map<string, Node>()
  const add = (node: Node) => {
    found.set(node.path, node)
    for (const { name } of node.uses) found.set(name, node)
    for (const member of node.members.values()) add(member)
  }
  add(root)
  return found
}

function fieldFor({ fields, cases }: Schema, name: string) {
  if (Object.hasOwn(fields, name)) return fields[name]
  return cases.find((one) => Object.hasOwn(one.fields, name))?.fields[name]
}

/** Bytes that a document needs at most: so many, and a record's length so many times. */
function roomOf({ all }: Places, { derived, constants, cases }: Schema) {
  const places = all.filter(isPlace)
  const recalled = places.reduce((sum, { node }) => sum + (node.uses[0]?.field.targets.length ?? 0), 0)
  const texts = JSON.stringify([constants, cases.map((one) => one.constants)]).length
  const targets = derived.reduce((sum, one) => sum + one.targets.length, 0)
  // A key of the document, a time in place of few digits, and what is recalled.
  const copied = derived.filter((one) => one.operation && !isIngested(one)).length
  const names = places.reduce((sum, { node }) => sum + namesLength(node), 0)
  return {
    fixed: 4096 + texts + names + recalled * timeBytes + targets * longestResult + recalledBytes(places),
    copies: places
      .filter(({ path }) => !path.includes('.'))
      .reduce((most, place) => Math.max(most, copiesOf(place) + copied), 2),
  }
}

function namesLength({ uses }: Node): number {
  return uses.reduce(
    (sum, { field }) =>
      sum + field.targets.reduce((all, one) => all + (typeof one === 'string' ? one : one.target).length * 2 + 16, 0),
    64,
  )
}

/** Of fields whose values are recalled: a result each. */
function recalledBytes(places: readonly Place[]): number {
  return places.reduce((sum, { node }) => {
    const [use] = node.uses
    const kind = use && kindOf(use.field)
    return use && (kind === undefined || kind === 'encoded') ? sum + use.field.targets.length * longestResult : sum
  }, 0)
}

/** How often a byte of the value is in the document at most; as text, where a space follows a comma, twice. */
function copiesOf({ node, members }: Place): number {
  const own = node.uses.reduce(
    (most, { field }) => Math.max(most, field.targets.length + (kindOf(field) === 'freeForm' ? 1 : 0)),
    0,
  )
  return own + members.reduce((most, place) => Math.max(most, copiesOf(place)), 0)
}

/** Scans in the engine's memory, which holds no other block any more when it begins. */
function createScanner(
  start: () => ReturnType<typeof startHost>,
  { begins, gives }: { readonly begins: () => void; readonly gives: (tape: Int32Array) => void },
): JsonScanner {
  const { engine, memory, words, countLearned } = start()
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
