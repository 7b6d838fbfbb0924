import { asFlowferryError, type ErrorPlace, FlowferryError } from '../errors.ts'
import type { Outcome, Sink, Slice, SliceOutcome } from '../types.ts'
import type { ByteBudget } from './budget.ts'
import { longestTimer } from './deadline.ts'
import type { ObjectProgress } from './progress.ts'

interface Pending<T> {
  readonly slice: Slice<T>
  readonly progress: ObjectProgress
}

export interface WriterOptions {
  readonly budget: ByteBudget
  readonly batchBytes: number
  readonly batchSeconds: number
  readonly signal: AbortSignal
  /** Called when the sink says that no later write can succeed. */
  readonly onStop: (error: FlowferryError) => void
}

/** The slices of one object on their way to the sink. Those of a small object are held until it was read whole. */
interface ObjectBuffer<T> {
  /** Resolves when the budget has room for the slice: a slow sink slows the reading. */
  readonly add: (slice: Slice<T>) => Promise<void>
  /** Reading has ended, or was stopped: slices that are held go to the sink. */
  readonly flush: () => void
  /** The object is damaged: slices that are held are not stored. */
  readonly discard: () => void
}

/** Gathers slices of several objects into batches for the sink, within the byte budget. */
export interface Writer<T> {
  readonly bufferFor: (progress: ObjectProgress) => ObjectBuffer<T>
  /** Sends the slices that are gathered, though the batch is not full. */
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

  /**
   * Bytes of gathered slices come free when the slices are written. While no write is on its way, a reader that waits for
   * bytes would wait for ever.
   */
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
      // JavaScript's users may give any error.
      if (outcome.error) outcome = { ...outcome, error: sinkError(outcome.error, 'The sink failed') }
      // A sink may end quietly when it is aborted.
      if (signal.aborted && !outcome.error) outcome = { ...outcome, error: abortReason(signal) }
    } catch (error) {
      // One bad record must not fail the other objects of its batch: each is written again by itself.
      const objects = new Set(batch.map(({ progress }) => progress))
      if (objects.size > 1) {
        for (const object of objects) await write(batch.filter(({ progress }) => progress === object))
        return
      }
      outcome = unfinished(slices, sinkError(error, 'The sink threw', batch[0]!.progress.place))
    }
    if (outcome.stop) {
      stopped = outcome.error ?? new FlowferryError('TARGET_FAILED', 'The sink stopped without a reason')
      onStop(stopped)
    }
    await Promise.all(
      batch.map(({ slice, progress }, index) => progress.addOutcome(slice, outcome.slices[index]!, outcome.error)),
    )
  }

  const gather = (slice: Slice<T>, progress: ObjectProgress) => {
    gathered.push({ slice, progress })
    gatheredBytes += slice.bytes
    if (gatheredBytes >= batchBytes) flush()
    else flushIfAwaited()
    // An object that stalls must not keep the last records of others.
    if (gathered.length > 0) timer ??= setTimeout(flush, Math.min(batchSeconds * 1000, longestTimer)).unref()
  }

  /** A damaged file of less than a batch stores nothing: its repair is another object, and would store it twice. */
  const bufferFor = (progress: ObjectProgress): ObjectBuffer<T> => {
    let held: Slice<T>[] | undefined = []
    let heldBytes = 0
    const flushHeld = () => {
      const slices = held ?? []
      held = undefined
      for (const slice of slices) gather(slice, progress)
    }
    /** Resolves when the budget has room. Where it gives none, the slice ends here, unfinished. */
    const makeRoom = async (slice: Slice<T>) => {
      try {
        if (budget.tryTake(slice.bytes)) return
        // A slice that is held while its object waits for bytes would keep them from coming free.
        flushHeld()
        waiting++
        try {
          const taken = budget.take(slice.bytes, signal)
          flushIfAwaited()
          await taken
        } finally {
          waiting--
        }
      } catch (error) {
        const cause = signal.aborted ? abortReason(signal) : asFlowferryError(error, 'STEP_FAILED', 'The budget threw')
        progress.addOutcome(slice, unfinishedSlice(slice), cause)
        throw cause
      }
    }
    return {
      flush: flushHeld,
      add: async (slice) => {
        progress.sendSlice(slice)
        await makeRoom(slice)
        if (!held) return gather(slice, progress)
        held.push(slice)
        heldBytes += slice.bytes
        if (heldBytes >= batchBytes) flushHeld()
      },
      discard: () => {
        for (const slice of held ?? []) {
          progress.addOutcome(slice, unfinishedSlice(slice), undefined)
          budget.give(slice.bytes)
        }
        held = undefined
      },
    }
  }

  return { bufferFor, flush }
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

/** A sink that counts wrongly would break the report's promise to add up, so its outcome is not believed. */
function checkOutcome(slices: readonly Slice<unknown>[], outcome: Outcome): void {
  const counted = outcome?.slices?.length
  if (counted !== slices.length) throw badOutcome(`told of ${counted} slices and got ${slices.length}`)
  slices.forEach(({ length }, slice) => {
    const { written, duplicate, rejected, filtered = [], unfinished } = outcome.slices[slice] ?? noOutcome
    if (!(Array.isArray(rejected) && Array.isArray(filtered) && [written, duplicate, unfinished].every(isCount)))
      throw badOutcome(`counted ${written} written, ${duplicate} duplicate and ${unfinished} unfinished of ${length}`)
    const named = [...rejected, ...filtered]
    if (!named.every(({ index }) => isCount(index) && index < length))
      throw badOutcome(`rejected a record that is not in its slice of ${length}`)
    if (new Set(named.map(({ index }) => index)).size < named.length) throw badOutcome('rejected a record twice')
    const sum = written + duplicate + named.length + unfinished
    if (sum !== length) throw badOutcome(`told of ${sum} records in a slice of ${length}`)
  })
}

/** Of a slice that the outcome leaves out. */
const noOutcome: SliceOutcome = { written: 0, duplicate: 0, rejected: [], unfinished: 0 }

/** An error of the sink's own. One that says whether another try may help is believed. */
function sinkError(error: unknown, what: string, place?: ErrorPlace): FlowferryError {
  if (FlowferryError.isInstance(error)) return error
  const { retryable } = (error ?? {}) as { retryable?: unknown }
  const detail = error instanceof Error ? error.message : String(error)
  return new FlowferryError('SINK_FAILED', `${what}: ${detail}`, {
    cause: error,
    ...(place && { place }),
    ...(typeof retryable === 'boolean' && { retryable }),
  })
}

const isCount = (value: number) => Number.isInteger(value) && value >= 0

function badOutcome(what: string): FlowferryError {
  return new FlowferryError('SINK_OUTCOME', `The sink ${what}`)
}
