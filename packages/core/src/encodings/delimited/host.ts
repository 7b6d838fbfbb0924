import { LF } from '../../read/ascii.ts'
import type { Closing } from '../../types/encoder.ts'
import { closingBytes } from '../engine/closings.ts'
import { startEngine } from '../engine/load.ts'
import { buffer, setCompute } from '../engine/memory.ts'
import * as engine from './engine/documents.ts'
import { setHost } from './engine/host-calls.ts'
import * as map from './engine/map.ts'
import { wasm } from './engine/wasm.ts'
import { imageOf, stepsImage } from './image.ts'
import { type Group, longestFragment, type Program } from './program.ts'
import { type Scan, scanLines } from './scan.ts'
import { stepsOf } from './steps.ts'

let opened: ReturnType<typeof open> | undefined
/** The programs in the engine's memory, and where the next one goes. */
const installed = new Map<Program, number>()
const programsAt = new Map<number, { readonly program: Program; readonly groupsAt: readonly number[] }>()
let top: number = map.programs
let groups: Group[] = []
/** Whose lines are in the engine's memory. */
let loaded: Scan | undefined

/** The engine with its memory, started when it is needed first: one for the process, since what is in it may be lost. */
export function openEngine() {
  opened ??= open()
  return opened
}

function open() {
  const { is, exports, bytes, words } = startEngine(
    wasm,
    { exports: engine, buffer, setHost: setHosts },
    { compute, settle },
  )
  const { scan, encodeRun, clearMemo, openMemo } = exports
  const memory = words.buffer
  bytes.set(Buffer.from('"}}\n'), map.behindId)
  openMemo(map.memo, map.slots, map.slotCount, map.entries, map.entriesEnd, map.mailbox)
  return {
    is,
    bytes,
    words,
    starts: new Uint32Array(memory, map.starts, map.mostLines),
    stops: new Uint32Array(memory, map.stops, map.mostLines),
    ends: new Uint16Array(memory, map.ends, map.mostEnds / 2),
    absences: new Int32Array(memory, map.absences, map.mostLines * 2),
    scan,
    encodeRun,
    clearEntries: () => clearMemo(map.memo),
  }
}

function setHosts(host: { readonly compute: typeof compute; readonly settle: typeof settle }): void {
  setHost(host)
  setCompute(map.memo, host.compute)
}

/** What the engine asks for when it does not recall it: the texts' ends and the texts, behind `mailbox`. */
function compute(group: number, key: number, length: number): number {
  const { bytes, words } = opened!
  let texts: readonly string[]
  try {
    texts = groups[group]!.textsOf(bytes.toString('latin1', key, key + length))
  } catch {
    // The plain path meets the same error, and says which record it was.
    return -1
  }
  const room = map.mostMail - texts.length * 4
  const first = map.mailbox + texts.length * 4
  let size = 0
  for (const [target, text] of texts.entries()) {
    const length = Buffer.byteLength(text)
    if (length > longestFragment || size + length > room) return -1
    size += bytes.write(text, first + size)
    words[map.mailbox / 4 + target] = size
  }
  return first + size - map.mailbox
}

/** Programs may fill this share of their room, the steps of their shapes the rest. */
const programShare = 0.5

/** The program's address. When there is no room for it, all others are forgotten: they come again when they are used. */
function addressOf(program: Program): number {
  const known = installed.get(program)
  if (known !== undefined) return known
  let { image, groupsAt } = imageOf(program, top, groups.length)
  if (top + image.length > map.programsEnd) {
    installed.clear()
    programsAt.clear()
    groups = []
    top = map.programs
    openEngine().clearEntries()
    ;({ image, groupsAt } = imageOf(program, top, 0))
  }
  groups.push(...program.groups)
  const address = place(image)
  installed.set(program, address)
  programsAt.set(address, { program, groupsAt })
  return address
}

/** Whether the engine has room for the program. */
export function fits(program: Program): boolean {
  return imageOf(program, 0, 0).image.length <= (map.programsEnd - map.programs) * programShare
}

/** Puts an image behind the last one, and gives its address. */
function place(image: Buffer): number {
  openEngine().bytes.set(image, top)
  top += image.length
  return top - image.length
}

/** What the engine asks for at the first line with just these columns absent: the steps for such lines. */
function settle(address: number, low: number, high: number): number {
  const { program, groupsAt } = programsAt.get(address)!
  const isAbsent = (column: number) =>
    column < 64 ? (((column < 32 ? low : high) >>> (column & 31)) & 1) === 1 : undefined
  const image = stepsImage(stepsOf(program.nodes, isAbsent), top, groupsAt)
  if (top + image.length > map.programsEnd) return openEngine().words[(address + map.stepsWord) / 4]!
  return place(image)
}

/** Finds the values of as many whole lines of the block as the engine has room for; a longer line is not regular. */
export function scan(program: Program, block: Buffer): Scan {
  const { bytes, words, starts, stops, ends, absences, scan } = openEngine()
  const most = map.mostInput - 1
  let length = block.length <= most ? block.length : block.lastIndexOf(LF, most - 1) + 1
  if (length === 0) return scanLines(block.subarray(0, block.indexOf(LF) + 1 || block.length))
  const address = addressOf(program)
  bytes.set(block.length === length ? block : block.subarray(0, length), map.input)
  // The last line of an object may lack its end.
  if (block[length - 1] !== LF) bytes[map.input + length++] = LF
  const lines = scan(address, length)
  const columns = program.kinds.length
  loaded = {
    bytes: block.subarray(0, words[map.status / 4]),
    lines,
    starts: starts.slice(0, lines),
    stops: stops.slice(0, lines),
    regular: new Uint8Array(bytes.subarray(map.regular, map.regular + lines)),
    ends: ends.slice(0, lines * columns),
    absences: absences.slice(0, lines * 2),
    columns,
    wraps: program.wraps,
  }
  return loaded
}

function load(scan: Scan): void {
  if (loaded === scan) return
  const { bytes, starts, ends, absences } = openEngine()
  bytes.set(scan.bytes, map.input)
  starts.set(scan.starts)
  ends.set(scan.ends)
  absences.set(scan.absences)
  loaded = scan
}

/** What a run's documents have before and behind their members, and the members that their batch has for all of them. */
interface Frame {
  readonly lead: Uint8Array
  readonly tail: Uint8Array
  readonly added: boolean
  readonly ofBatch: readonly Uint8Array[]
  readonly closing: Closing
}

/**
 * Runs the program over the lines that stand in the engine's memory for this call: its numbers are those of
 * `engine.encodeRun`. Gives how many records were written, and whether the next one has to take the plain path.
 */
export function encodeLines(
  program: Program,
  scan: Scan,
  count: number,
  limit: number,
  { lead, tail, added, ofBatch, closing }: Frame,
): { readonly written: number; readonly odd: boolean } {
  const { bytes, words, encodeRun } = openEngine()
  load(scan)
  bytes.set(lead, map.lead)
  bytes.set(tail, map.tail)
  for (const [i, text] of ofBatch.entries()) {
    words[map.batchLengths / 4 + i] = text.length
    bytes.set(text, map.batchTexts + i * map.batchTextBytes)
  }
  for (const [i, text] of [closing.aws, closing.cloud].entries()) {
    words[map.closingLengths / 4 + i] = text.length
    if (text.length > 0) bytes.set(text, map.closings + i * closingBytes)
  }
  const written = encodeRun(addressOf(program), count, limit, lead.length, tail.length, added ? 1 : 0)
  return { written, odd: words[map.status / 4] === 1 }
}
