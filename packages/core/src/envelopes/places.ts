import type { Batch } from '../types.ts'
import type { Piece } from './pieces.ts'

type Around = Piece['around']

/** What is kept of a piece, whose text is the parser's, with where it begins in the run's text. */
interface Placed extends Pick<Piece, 'starts' | 'offsets' | 'around'> {
  readonly start: number
  /** Its first message among all of the run. */
  readonly first: number
}

/** Where a run's messages stood, and what stood around them: of those that no batch had yet. */
export class Places {
  #pieces: Placed[] = []
  #bytes = 0
  #messages = 0
  /** Bytes of the run's text that batches took. */
  #taken = 0

  add({ text, starts, offsets, around }: Piece): void {
    this.#pieces.push({ start: this.#bytes, first: this.#messages, starts, offsets, around })
    this.#bytes += text.length
    this.#messages += starts.length
  }

  /** The offset in the object of the event whose message has this offset in the run's text. */
  offsetAt(offset: number): number {
    return offsetIn(this.#pieces, offset)
  }

  /**
   * What stood around each record of the next batch, one for all or a list, and where each stood. Pieces that end within the
   * batch are forgotten: `offsetAt` comes before.
   */
  of(batch: Batch<unknown>): { around: Around | Around[]; offsetOf?: (index: number) => number } {
    const { length, bytes, offsetOf } = batch
    const pieces = this.#pieces
    const first = length === 0 ? 0 : pieceOf(pieces, batch, 0)
    const last = length === 0 ? 0 : pieceOf(pieces, batch, length - 1, first)
    this.#taken += bytes
    let done = last
    // A batch may be of lines alone that are no records.
    while (done + 1 < pieces.length && pieces[done + 1]!.start <= this.#taken) done++
    if (done > 0) this.#pieces = pieces.slice(done)
    if (length === 0) return { around: undefined }
    const own = pieces.slice(first, last + 1)
    const where = offsetOf && { offsetOf: (index: number) => offsetIn(own, offsetOf(index)) }
    const { around } = own[0]!
    if (own.every((piece) => piece.around === around)) return { around, ...where }
    const arounds: Around[] = []
    for (let index = 0, at = 0; index < length; index++) {
      at = pieceOf(own, batch, index, at)
      arounds.push(own[at]!.around)
    }
    return { around: arounds, ...where }
  }
}

/** The piece of a record, of a list; `from` is one that it does not come before. */
function pieceOf(pieces: readonly Placed[], { ordinals, offsetOf }: Batch<unknown>, index: number, from = 0): number {
  const at = offsetOf?.(index)
  let found = from
  for (let next = pieces[found + 1]; next; next = pieces[found + 1]) {
    // Of a parser that does not tell places, each message is a record.
    if (at === undefined ? next.first > ordinals[index]! : next.start > at) break
    found++
  }
  return found
}

function offsetIn(pieces: readonly Placed[], offset: number): number {
  const { start, starts, offsets } = pieces[lastUpTo(offset, pieces.length, (index) => pieces[index]!.start)]!
  return offsets[lastUpTo(offset - start, starts.length, (index) => starts[index]!)]!
}

/** The last index whose value, of ascending ones, is not above; 0 where all are. */
function lastUpTo(value: number, length: number, valueAt: (index: number) => number): number {
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (valueAt(middle) <= value) low = middle
    else high = middle - 1
  }
  return low
}
