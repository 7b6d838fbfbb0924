import { LF } from '../../read/ascii.ts'
import { noClosing } from '../../schema/around.ts'
import type { BatchValues } from '../../schema/derive.ts'
import type { Added, Closing, Completion, DocumentRun } from '../../types/encoder.ts'
import type { Batch } from '../../types.ts'
import * as map from './engine/map.ts'
import { encodeLines, openEngine } from './host.ts'
import { longestFragment, type Program } from './program.ts'
import type { Scan } from './scan.ts'

const nothing = new Uint8Array(0)
/** With what `enrich` adds, so that few records ask it twice when the body is full. */
const mostAddedTo = 64

/** The members that a batch has for all its records, each with a comma behind it; none where the engine has no room for one. */
export function batchTexts({ ofBatch }: Program, values: BatchValues): readonly Buffer[] | undefined {
  const texts = ofBatch.map(({ derived, key }) => {
    const value = values.get(derived)
    return Buffer.from(value === undefined ? '' : `${key}${JSON.stringify(value)},`)
  })
  return texts.every(({ length }) => length <= Math.min(longestFragment, map.batchTextBytes)) ? texts : undefined
}

/** The encoder of a batch: a class, since closures of each batch would be optimized for one batch and thrown away. */
export class RunEncoder implements NonNullable<Batch<unknown>['encoder']> {
  readonly members: ReadonlySet<string>
  readonly #program: Program
  readonly #scan: Scan
  readonly #lines: Uint32Array
  readonly #ordinals: Float64Array
  readonly #ofBatch: readonly Buffer[]
  readonly #alone: Parameters<typeof encodeLines>[4]
  readonly takesClosing: boolean
  /** What goes into the documents of the records that the engine was told of. */
  #joins: Added['join'][] = []
  /** How many records to add to at once: few behind one that the plain path had to take. */
  #addTo = mostAddedTo
  constructor(
    members: ReadonlySet<string>,
    program: Program,
    scan: Scan,
    lines: Uint32Array,
    ordinals: Float64Array,
    ofBatch: readonly Buffer[],
  ) {
    this.members = members
    this.#program = program
    this.#scan = scan
    this.#lines = lines
    this.#ordinals = ordinals
    this.#ofBatch = ofBatch
    this.#alone = { ...alone, ofBatch }
    this.takesClosing = program.takesClosing
  }

  room(index: number): number {
    const { starts, stops } = this.#scan
    const line = this.#lines[index]!
    return this.#program.room + (stops[line]! - starts[line]!) * this.#program.copies
  }

  encode(index: number, target: Uint8Array, _: DataView, offset: number, closing = noClosing): number {
    const line = this.#lines[index]!
    if (this.#scan.regular[line] !== 1) return -1
    const { bytes, words } = openEngine()
    words[map.lines / 4] = line
    const { written } = encodeLines(this.#program, this.#scan, 1, target.length - offset, { ...this.#alone, closing })
    if (written === 0) return -1
    const length = words[map.writtenEnds / 4]!
    target.set(bytes.subarray(map.output, map.output + length), offset)
    return offset + length
  }

  encodeRun(
    index: number,
    count: number,
    run: DocumentRun,
    { kept, tail, added, closing }: Completion,
  ): 'done' | 'full' | 'odd' {
    const { lead } = run
    if (lead.length > map.mostText || tail.length > map.mostText) return 'odd'
    const frame = { lead, tail, added: added !== undefined, ofBatch: this.#ofBatch, closing: noClosing }
    const stop = index + count
    let last: Closing | undefined
    for (let at = index; at < stop; ) {
      const around = closing?.(kept ? kept[at]! : at)
      if (closing && !around) return 'odd'
      if (around && around !== last) {
        frame.closing = around
        frame.tail = Buffer.concat([tail, around.end])
        if (frame.tail.length > map.mostText) return 'odd'
        last = around
      }
      const ready = this.#prepare(at, stop, { kept, added, closing }, around)
      if (ready === 0) return 'odd'
      const { written, odd } = encodeLines(this.#program, this.#scan, ready, run.limit - run.size, frame)
      const before = run.length
      const copied = this.#joins.length > 0 ? this.#join(written, run) : this.#copy(written, run)
      at += run.length - before
      if (copied !== 'done') return copied
      if (odd) return 'odd'
      if (written === 0) return 'full'
    }
    return 'done'
  }

  /** Adds the engine's records to the body. */
  #copy(written: number, run: DocumentRun): 'done' {
    const { words } = openEngine()
    const firstEnd = map.writtenEnds / 4
    for (let i = 0; i < written; i++) run.ends[run.length++] = run.size + words[firstEnd + i]!
    if (written > 0) run.size = this.#put(words[firstEnd + written - 1]!, run, run.size)
    return 'done'
  }

  /** The same where something goes into the documents: they are put as far behind as they grow, and moved one by one. */
  #join(written: number, run: DocumentRun): 'done' | 'full' | 'odd' {
    const { words } = openEngine()
    const endOf = (record: number) => words[map.writtenEnds / 4 + record]!
    const begin = run.size
    let growth = 0
    let fitting = 0
    for (; fitting < written; fitting++) {
      const most = this.#joins[fitting]?.most ?? 0
      if (begin + endOf(fitting) + growth + most > run.limit) break
      growth += most
    }
    if (fitting > 0) this.#put(endOf(fitting - 1), run, begin + growth)
    let from = begin + growth
    for (let i = 0; i < fitting; i++) {
      const stop = begin + growth + endOf(i)
      let open = from + run.lead.length
      while (run.buffer[open] !== LF) open++
      const join = this.#joins[i]
      let end = run.size + stop - from
      if (join) end = join.write(run.buffer, from, open + 1, stop - 2, stop, run.size)
      else run.buffer.copyWithin(run.size, from, stop)
      this.#addTo = end === -1 ? 1 : Math.min(this.#addTo * 2, mostAddedTo)
      if (end === -1) return 'odd'
      run.size = end
      run.ends[run.length++] = end
      from = stop
    }
    return fitting === written ? 'done' : run.length > 0 ? 'full' : 'odd'
  }

  #put(length: number, run: DocumentRun, offset: number): number {
    const { bytes } = openEngine()
    run.buffer.set(bytes.subarray(map.output, map.output + length), offset)
    return offset + length
  }

  /** Tells the engine of the next records, up to one for the plain path, or with others around it; gives how many. */
  #prepare(
    first: number,
    stop: number,
    { kept, added, closing }: Omit<Completion, 'tail'>,
    around: Closing | undefined,
  ): number {
    const { bytes, words } = openEngine()
    const { regular } = this.#scan
    const most = Math.min(stop - first, added ? this.#addTo : map.mostRecords)
    let addedEnd = 0
    this.#joins.length = 0
    for (let i = 0; i < most; i++) {
      const source = kept ? kept[first + i]! : first + i
      const line = this.#lines[source]!
      const ordinal = this.#ordinals[source]!
      if (regular[line] !== 1 || ordinal > 0x7fffffff || (closing && closing(source) !== around)) return i
      if (added) {
        const more = added(source)
        if (more === undefined || addedEnd + more.end.length > map.mostAdded) return i
        bytes.set(more.end, map.added + addedEnd)
        addedEnd += more.end.length
        if (more.join || this.#joins.length > 0) this.#joins[i] = more.join
        words[map.addedEnds / 4 + i] = addedEnd
      }
      words[map.lines / 4 + i] = line
      words[map.ordinals / 4 + i] = ordinal
    }
    return most
  }
}

/** A document without an action line, and nothing behind it. */
const alone = { lead: nothing, tail: nothing, added: false, closing: noClosing }
