import type { Limits } from '@flowferry/core'
import type { Rows } from '@flowferry/core/internal'
import { AboveLimit } from './faults.ts'
import { type Column, type RowGroup, shown } from './footer.ts'
import { type Budget, type ChunkBytes, ColumnPages, type Page } from './pages.ts'
import type { Ranges } from './ranges.ts'
import { full, odd } from './values.ts'

/** A row group of so many stored bytes is read in one request; of a larger one each column comes in windows. */
const mostAtOnce = 8 * 1024 * 1024
const leastWindow = 64 * 1024
/** Bytes of lines in a batch. */
const blockBytes = 256 * 1024
const dash = 0x2d
const tab = 0x09
const lineEnd = 0x0a
const byteOrderMark = 0xef

/** What a row group's rows become, some thousand at a time: a line each, or their values. */
export async function* rowsOf(
  { rows, chunks }: RowGroup,
  columns: readonly Column[],
  ranges: Ranges,
  budget: Budget,
  { recordBytes }: Limits,
  first: number,
): AsyncGenerator<Rows> {
  if (rows === 0) return
  const bytesOf = await chunkBytes(chunks, ranges)
  const cursors = chunks.map((chunk, i) => {
    const column = columns[i]!
    return new Cursor(column.name, new ColumnPages(column, chunk, bytesOf(i), budget), budget, rows)
  })
  const offset = Math.min(...chunks.map(({ start }) => start))
  const block = new Block(first, offset, recordBytes)
  for (let done = 0; done < rows; ) {
    let ready = rows - done
    for (const cursor of cursors) {
      if (cursor.left === 0) await cursor.fill()
      ready = Math.min(ready, cursor.left)
    }
    for (let row = 0; row < ready; row++) {
      while (!block.add(cursors, first + done + row)) {
        const taken = block.take()
        if (taken) {
          budget.expandText(taken.taken)
          yield taken
        }
      }
    }
    done += ready
  }
  const taken = block.take()
  if (taken) {
    budget.expandText(taken.taken)
    yield taken
  }
  for (const cursor of cursors) cursor.end()
}

/** How the chunks of a row group are read. */
async function chunkBytes(chunks: RowGroup['chunks'], ranges: Ranges): Promise<(column: number) => ChunkBytes> {
  const start = Math.min(...chunks.map((chunk) => chunk.start))
  const end = Math.max(...chunks.map((chunk) => chunk.end))
  if (end - start <= mostAtOnce) {
    const bytes = await ranges.read(start, end)
    return (column) => {
      const chunk = chunks[column]!
      return windowOf(async (from, to) => bytes.subarray(from - start, to - start), chunk.start, chunk.end, mostAtOnce)
    }
  }
  const window = Math.max(leastWindow, Math.floor(mostAtOnce / chunks.length))
  return (column) => windowOf(ranges.read, chunks[column]!.start, chunks[column]!.end, window)
}

function windowOf(read: Ranges['read'], start: number, end: number, size: number): ChunkBytes {
  let held: Buffer = Buffer.alloc(0)
  let at = start
  return {
    left: () => end - at,
    skip: (count) => {
      held = held.subarray(count)
      at += count
    },
    peek: async (count) => {
      const wanted = Math.min(count, end - at)
      if (held.length < wanted) {
        const from = at + held.length
        const more = await read(from, Math.min(end, Math.max(at + wanted, from + size)))
        held = held.length === 0 ? more : Buffer.concat([held, more])
      }
      return held.subarray(0, wanted)
    },
  }
}

/** Where a column is, row by row. */
class Cursor {
  readonly #name: string
  readonly #pages: ColumnPages
  readonly #budget: Budget
  #page: Page | undefined
  #row = 0
  #value = 0
  #rest: number
  constructor(name: string, pages: ColumnPages, budget: Budget, rows: number) {
    this.#name = name
    this.#pages = pages
    this.#budget = budget
    this.#rest = rows
  }

  /** Rows of the page that are still to come. */
  get left(): number {
    return (this.#page?.rows ?? 0) - this.#row
  }

  async fill(): Promise<void> {
    if (this.#page) this.#budget.release(this.#page.held)
    this.#page = undefined
    try {
      this.#page = await this.#pages.next(this.#rest)
    } catch (error) {
      // Which column it was is what somebody can look up.
      if (error instanceof Error) error.message = `the column ${shown(this.#name)}: ${error.message}`
      throw error
    }
    this.#rest -= this.#page.rows
    this.#row = 0
    this.#value = 0
  }

  end(): void {
    if (this.#page) this.#budget.release(this.#page.held)
    this.#pages.end()
  }

  #isPresent(row: number): boolean {
    const { present } = this.#page!
    return present === undefined || present[row] === 1
  }

  /** Writes the row's value, and goes on to the next row; below 0 it stays. */
  write(out: Buffer, at: number): number {
    const { present, indices, values } = this.#page!
    if (present !== undefined && present[this.#row] !== 1) {
      if (at + 1 >= out.length) return full
      this.#row++
      out[at] = dash
      return at + 1
    }
    const end = values.write(indices === undefined ? this.#value : indices[this.#value]!, out, at)
    if (end < 0) return end
    this.#row++
    this.#value++
    return end
  }

  /** Back to the row before. */
  back(): void {
    this.#row--
    if (this.#isPresent(this.#row)) this.#value--
  }

  /** The row's value as a string; goes on to the next row. */
  take(): string | undefined {
    const { indices, values } = this.#page!
    if (!this.#isPresent(this.#row++)) return undefined
    const value = this.#value++
    return values.text(indices ? indices[value]! : value)
  }
}

/** Lines that are being written. A batch keeps its bytes, so that each has its own. */
class Block {
  readonly #offset: number
  readonly #most: number
  #ordinal: number
  #out = Buffer.allocUnsafeSlow(blockBytes)
  #at = 0
  #lines = 0
  #odd = new Map<number, readonly (string | undefined)[]>()
  #oddSize = 0
  constructor(ordinal: number, offset: number, most: number) {
    this.#ordinal = ordinal
    this.#offset = offset
    this.#most = most
  }

  /** False where the row has no room: it is to come again, when the lines were taken. */
  add(cursors: readonly Cursor[], ordinal: number): boolean {
    const out = this.#out
    const start = this.#at
    let at = start
    for (let column = 0; column < cursors.length; column++) {
      const end = cursors[column]!.write(out, at)
      if (end < 0) {
        for (let i = 0; i < column; i++) cursors[i]!.back()
        if (end === odd) return this.#addOdd(cursors, ordinal)
        if (start === 0) this.#grow(ordinal)
        return false
      }
      out[end] = tab
      at = end + 1
    }
    out[at - 1] = lineEnd
    if (at - start > this.#most) throw tooLong(ordinal, this.#most)
    // A file's first three bytes would be taken for no part of the value.
    if (ordinal === 0 && out[start] === byteOrderMark) {
      for (const cursor of cursors) cursor.back()
      return this.#addOdd(cursors, ordinal)
    }
    this.#at = at
    this.#lines++
    return true
  }

  #addOdd(cursors: readonly Cursor[], ordinal: number): boolean {
    if (this.#at + 2 > this.#out.length || this.#oddSize > blockBytes) return false
    const values = cursors.map((cursor) => cursor.take())
    const size = values.reduce((sum, value) => sum + (value?.length ?? 0), 0)
    if (size > this.#most) throw tooLong(ordinal, this.#most)
    this.#oddSize += size
    this.#odd.set(this.#lines++, values)
    this.#out[this.#at++] = dash
    this.#out[this.#at++] = lineEnd
    return true
  }

  #grow(ordinal: number): void {
    if (this.#out.length > this.#most) throw tooLong(ordinal, this.#most)
    this.#out = Buffer.allocUnsafeSlow(this.#out.length * 4)
  }

  take(): Rows | undefined {
    if (this.#lines === 0) return undefined
    const taken = this.#at + this.#oddSize
    const rows = {
      bytes: this.#out.subarray(0, this.#at),
      odd: this.#odd,
      ordinal: this.#ordinal,
      taken,
      offset: this.#offset,
    }
    this.#ordinal += this.#lines
    this.#out = Buffer.allocUnsafeSlow(blockBytes)
    this.#at = 0
    this.#lines = 0
    this.#odd = new Map()
    this.#oddSize = 0
    return rows
  }
}

const tooLong = (ordinal: number, most: number) =>
  new AboveLimit(`row ${ordinal} has more text than limits.recordBytes, ${most}`)
