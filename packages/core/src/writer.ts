import type { Books } from './books.ts'
import type { ByteBudget } from './budget.ts'
import { longestTimer } from './deadline.ts'
import { asFlowferryError, FlowferryError } from './errors.ts'
import type { Outcome, Sink, Slice, SliceOutcome } from './types.ts'

interface Pending<T> {
  readonly slice: Slice<T>
  readonly books: Books
}

export interface WriterOptions {
  readonly budget: ByteBudget
  readonly batchBytes: number
  readonly batchSeconds: number
  readonly signal: AbortSignal
  /** Told when the sink says that no later write can succeed. */
  readonly onStop: (error: FlowferryError) => void
}

/** The slices of one object on their way: held back while the object is small enough to be read whole first. */
interface Stage<T> {
  /** Resolves when there was room: a slow sink slows the reading. */
  readonly add: (slice: Slice<T>) => Promise<void>
  /** The object was read to its end, or reading was stopped: what is held goes to the sink. */
  readonly release: () => void
  /** The object is damaged: nothing that is still held gets stored. */
  readonly drop: () => void
}

/** Gathers slices of several objects into batches for the sink, within the byte budget. */
export interface Writer<T> {
  readonly stage: (books: Books) => Stage<T>
  /** Sends what is gathered, full or not. */
  readonly flush: () => void
}

export function createWriter<T>(sink: Sink<T>, options: WriterOptions): Writer<T> {
  const { budget, batchBytes, batchSeconds, signal, onStop } = options
  let gathered: Pending<T>[] = []
  let gatheredBytes = 0
  let timer: NodeJS.Timeout | undefined
  let stopped: FlowferryError | undefined
  let writing = 0
  let waiting = 0

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (gathered.length === 0) return
    const batch = gathered
    gathered = []
    gatheredBytes = 0
    writing++
    void write(batch).finally(() => {
      writing--
      budget.give(batch.reduce((bytes, { slice }) => bytes + slice.bytes, 0))
      flushIfAwaited()
    })
  }

  /** Whoever waits for bytes would wait for ever for those that are gathered while nothing is written. */
  const flushIfAwaited = () => {
    if (waiting > 0 && writing === 0) flush()
  }

  const write = async (batch: readonly Pending<T>[]): Promise<void> => {
    const slices = batch.map(({ slice }) => slice)
    let outcome: Outcome
    try {
      outcome =
        stopped || signal.aborted
          ? unfinished(slices, stopped ?? abortReason(signal))
          : await sink.write(slices, signal)
      checkOutcome(slices, outcome)
      // A sink may end quietly when it is aborted.
      if (signal.aborted && !outcome.error) outcome = { ...outcome, error: abortReason(signal) }
    } catch (error) {
      // One bad record must not fail the other objects of its batch: each is written again by itself.
      const objects = new Set(batch.map(({ books }) => books))
      if (objects.size > 1) {
        for (const books of objects) await write(batch.filter((pending) => pending.books === books))
        return
      }
      outcome = unfinished(slices, asFlowferryError(error, 'STEP_FAILED', 'The sink threw', batch[0]!.books.place))
    }
    if (outcome.stop) {
      stopped = outcome.error ?? new FlowferryError('TARGET_FAILED', 'The sink stopped without a reason')
      onStop(stopped)
    }
    await Promise.all(
      batch.map(({ slice, books }, index) => books.closeSlice(slice, outcome.slices[index]!, outcome.error)),
    )
  }

  const gather = (slice: Slice<T>, books: Books) => {
    gathered.push({ slice, books })
    gatheredBytes += slice.bytes
    if (gatheredBytes >= batchBytes) flush()
    else flushIfAwaited()
    // An object that stalls must not keep the last records of others.
    if (gathered.length > 0) timer ??= setTimeout(flush, Math.min(batchSeconds * 1000, longestTimer)).unref()
  }

  /** A damaged file of less than a batch leaves nothing behind, so that its repair, a new object, doubles nothing. */
  const stage = (books: Books): Stage<T> => {
    let held: Slice<T>[] | undefined = []
    let heldBytes = 0
    const release = () => {
      const slices = held ?? []
      held = undefined
      for (const slice of slices) gather(slice, books)
    }
    /** Resolves when there was room. Where there is none to be had, the slice ends here. */
    const makeRoom = async (slice: Slice<T>) => {
      try {
        if (budget.tryTake(slice.bytes)) return
        // Whoever waits holds nothing back, so that waiting always ends.
        release()
        flush()
        waiting++
        try {
          await budget.take(slice.bytes, signal)
        } finally {
          waiting--
        }
      } catch (error) {
        const cause = signal.aborted ? abortReason(signal) : asFlowferryError(error, 'STEP_FAILED', 'The budget threw')
        books.closeSlice(slice, unfinishedSlice(slice), cause)
        throw cause
      }
    }
    return {
      release,
      add: async (slice) => {
        books.openSlice(slice)
        await makeRoom(slice)
        if (!held) return gather(slice, books)
        held.push(slice)
        heldBytes += slice.bytes
        if (heldBytes >= batchBytes) release()
      },
      drop: () => {
        for (const slice of held ?? []) {
          books.closeSlice(slice, unfinishedSlice(slice), undefined)
          budget.give(slice.bytes)
        }
        held = undefined
      },
    }
  }

  return { stage, flush }
}

function unfinished(slices: readonly Slice<unknown>[], error: FlowferryError): Outcome {
  return { slices: slices.map(unfinishedSlice), error }
}

function unfinishedSlice({ length }: Slice<unknown>): SliceOutcome {
  return { written: 0, duplicate: 0, rejected: [], unfinished: length }
}

function abortReason(signal: AbortSignal): FlowferryError {
  return asFlowferryError(signal.reason, 'ABORTED', 'Writing was stopped')
}

/** A sink that loses count would break the report's promise, so it is caught where it happens. */
function checkOutcome(slices: readonly Slice<unknown>[], outcome: Outcome): void {
  const told = outcome?.slices?.length
  if (told !== slices.length) throw badOutcome(`told of ${told} slices and got ${slices.length}`)
  slices.forEach(({ length }, position) => {
    const { written, duplicate, rejected, unfinished } = outcome.slices[position]!
    if (!(Array.isArray(rejected) && [written, duplicate, unfinished].every((count) => isBelow(count, length + 1))))
      throw badOutcome(`counted ${written} written, ${duplicate} duplicate and ${unfinished} unfinished of ${length}`)
    if (!rejected.every(({ index }) => isBelow(index, length)))
      throw badOutcome(`rejected a record that is not in its slice of ${length}`)
    if (new Set(rejected.map(({ index }) => index)).size < rejected.length) throw badOutcome('rejected a record twice')
    const sum = written + duplicate + rejected.length + unfinished
    if (sum !== length) throw badOutcome(`told of ${sum} records in a slice of ${length}`)
  })
}

const isBelow = (value: number, end: number) => Number.isInteger(value) && value >= 0 && value < end

function badOutcome(what: string): FlowferryError {
  return new FlowferryError('SINK_OUTCOME', `The sink ${what}`)
}
