import { entityKinds } from '../../schema/related-entity.ts'
import { isAddress as isAddressValue } from '../../schema/values.ts'
import { startEngine } from '../engine/load.ts'
import { buffer, setCompute } from '../engine/memory.ts'
import type { ListTable } from './emits.ts'
import * as interpreted from './engine/engine.ts'
import { type Host, setHost } from './engine/host-calls.ts'
import {
  arenaAt,
  entityKindsAt,
  entryBytes,
  longestResult,
  mailboxAt,
  mailboxBytes,
  maxUnknown,
  maxUnknownName,
  memoAt,
  memoEntriesAt,
  memoEntriesEnd,
  memoryEnd,
  memoSlots,
  memoSlotsAt,
  placeBytes,
  placeCount,
  shapeSlots,
  shapesAt,
  tapeEntries,
  tapeHash,
} from './engine/map.ts'
import { wasm } from './engine/wasm.ts'
import type { Group } from './groups.ts'
import {
  type Arena,
  type Check,
  putCasePlace,
  putMember,
  putPlace,
  putShape,
  reserve,
  reserveMembers,
} from './image.ts'
import { type CasePlace, isPlace, type Place, type Places } from './places.ts'
import type { Shape } from './shape.ts'

/** Half of the slots: so that a free one is near. */
const maxShapes = shapeSlots / 2
/** The least that is left of the arena before a record: what one shape adds is far less. */
const arenaMargin = 512 * 1024
/** Each behind its length. */
const kindsOfEntities = Buffer.from(`${entityKinds.map((kind) => String.fromCharCode(kind.length) + kind).join('')}\0`)
/** A place that is learned, and its key. */
const learnedBytes = placeBytes + maxUnknownName + 24

/** What the engine needs of a format. */
export interface HostOptions {
  readonly places: Places
  readonly checksOf: (place: Place) => readonly Check[]
  readonly compile: (codes: Int32Array) => Shape
  /** By the numbers that shapes have; forgotten with them. */
  readonly groups: readonly Group[]
  readonly forgetGroups: () => void
  readonly needsId: boolean
}

type Functions = Host & { readonly compute: (group: number, at: number, length: number) => number }

/** The engine: a memory of its own for each format where it is a wasm module, one for the process where it is JavaScript. */
export function openEngine(host: Functions) {
  return startEngine(wasm, { exports: interpreted, buffer, setHost: setHosts }, host)
}

function setHosts(host: Functions): void {
  setHost(host)
  setCompute(memoAt, host.compute)
}

/** Which format has the engine's memory where there is one for the process. */
let owner: object | undefined

/** Starts the engine and fills its memory with the table; then answers what the engine asks. */
export function startHost({ places, checksOf, compile, groups, forgetGroups, needsId }: HostOptions) {
  const functions: Functions = { compileShape, compute, isAddress, learn }
  const { is, exports: engine, bytes: memory, words } = openEngine(functions)
  const self = {}
  const arena: Arena = { memory, words, used: arenaAt, end: memoryEnd }
  const tables = new Map<ListTable, number>()

  const placeAt = new Map<Place | CasePlace, number>()
  const byAddress = new Map<number, Place>()
  if (is !== 'wasm') memory.fill(0, arenaAt, memoryEnd)
  for (const place of places.all) {
    const at = reserve(arena, placeBytes)
    placeAt.set(place, at)
    if (isPlace(place)) byAddress.set(at, place)
  }
  for (const [place, at] of placeAt)
    if (isPlace(place)) putPlace(arena, at, place, checksOf(place), placeAt as ReadonlyMap<CasePlace, number>)
    else putCasePlace(arena, at, place)
  for (const [at, place] of byAddress) reserveMembers(arena, at, place)
  for (const [at, { members }] of byAddress)
    for (const member of members) putMember(arena, at, placeAt.get(member)!, engine.nameHash)
  const learnedAt = reserve(arena, maxUnknown * learnedBytes)
  const image = Buffer.from(memory.subarray(arenaAt, arena.used))
  const permanent = arena.used
  let shapes = 0
  begin()

  function begin(): void {
    owner = self
    engine.openMemo(memoAt, memoSlotsAt, memoSlots, memoEntriesAt, memoEntriesEnd, mailboxAt)
    engine.setRoot(placeAt.get(places.root)!, needsId ? 1 : 0)
    memory.set(kindsOfEntities, entityKindsAt)
    dropShapes()
  }

  /** Before the engine is asked: false where another format had its memory, so that nothing from before is in it. */
  function use(): boolean {
    if (is === 'wasm' || owner === self) return true
    setHosts(functions)
    memory.set(image, arenaAt)
    begin()
    for (const [i, place] of places.learned().entries()) {
      const parent = [...byAddress].find(([, one]) => isParent(one, place))!
      placeLearned(place, i, parent[0])
    }
    return false
  }

  /** Before a record: drops all shapes when they fill their place. */
  function makeRoom(): void {
    if (arena.used >= memoryEnd - arenaMargin || shapes >= maxShapes) dropShapes()
  }

  function dropShapes(): void {
    memory.fill(0, shapesAt, shapesAt + shapeSlots * 4)
    arena.used = permanent
    shapes = 0
    tables.clear()
    forgetGroups()
    engine.clearMemo(memoAt)
  }

  function learn(parentAt: number, at: number, length: number): number {
    const place = places.learn(byAddress.get(parentAt)!, memory.toString('latin1', at, at + length))
    return place ? placeLearned(place, places.learned().length - 1, parentAt) : 0
  }

  function placeLearned(place: Place, index: number, parentAt: number): number {
    const placed = learnedAt + index * learnedBytes
    const room = { ...arena, used: placed + placeBytes }
    memory.fill(0, placed, placed + learnedBytes)
    putPlace(room, placed, place, [], new Map())
    putMember(arena, parentAt, placed, engine.nameHash)
    return placed
  }

  /** How many records had each member that was learned, since this was asked last. */
  function countLearned(): ReadonlyMap<string, number> | undefined {
    let counts: Map<string, number> | undefined
    for (const [i, { path }] of places.learned().entries()) {
      const at = (learnedAt + i * learnedBytes + placeCount) >> 2
      if (words[at] === 0) continue
      counts ??= new Map()
      counts.set(path, words[at]!)
      words[at] = 0
    }
    return counts
  }

  /** Makes room for other members, when no more can be learned: no tape from before can be read any more. */
  function forgetLearned(): boolean {
    if (places.learned().length < maxUnknown) return false
    places.forget()
    memory.set(image, arenaAt)
    dropShapes()
    return true
  }

  function compileShape(tape: number): number {
    const count = (words[tape >> 2]! - (tapeEntries >> 2)) / (entryBytes >> 2)
    const codes = new Int32Array(count)
    for (let i = 0; i < count; i++) codes[i] = words[(tape + tapeEntries + i * entryBytes) >> 2]!
    shapes++
    return putShape(arena, compile(codes), words[(tape + tapeHash) >> 2]!, tables)
  }

  /** What a group's functions give for a key: the texts' ends and the texts, behind the mailbox. */
  function compute(group: number, at: number, length: number): number {
    let texts: readonly string[]
    try {
      texts = groups[group]!.textsOf(memory.toString('utf8', at, at + length).split('\0'))
    } catch {
      // The plain path keeps the value with what is unknown, or meets the same error and says which record it was.
      return -1
    }
    const first = mailboxAt + texts.length * 4
    let size = 0
    for (const [i, text] of texts.entries()) {
      const bytes = Buffer.byteLength(text)
      if (bytes > longestResult || first + size + bytes > mailboxAt + mailboxBytes) return -1
      size += memory.write(text, first + size)
      words[(mailboxAt >> 2) + i] = size
    }
    return first + size - mailboxAt
  }

  function isAddress(at: number, length: number): number {
    return isAddressValue(memory.toString('utf8', at, at + length)) ? 1 : 0
  }

  return {
    is,
    engine,
    memory,
    words,
    use,
    makeRoom,
    countLearned,
    forgetLearned,
    clearMemo: () => engine.clearMemo(memoAt),
  }
}

function isParent({ node, path }: Place, learned: Place): boolean {
  const end = learned.path.lastIndexOf('.')
  return node.uses.length === 0 && path === learned.path.slice(0, Math.max(0, end))
}
