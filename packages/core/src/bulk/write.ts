import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip as gzipCallback } from 'node:zlib'
import { byteBudget } from '../budget.ts'
import { longestTimer, unlessAborted } from '../deadline.ts'
import { asFlowferryError, FlowferryError } from '../errors.ts'
import type { Format, Outcome, Rejection, Sink, Slice } from '../types.ts'
import { IndexDates } from './dates.ts'
import { type BulkBody, type BulkItem, type BulkTarget, encodeBulk, selectItems } from './encode.ts'
import { type BulkOptions, checkOptions } from './options.ts'
import { type BulkAnswer, itemFates, type Refusal, reasonOf, requestFate } from './response.ts'

/**
 * Sends one bulk body, compressed where `BulkOptions.gzip` asks for it. Resolves with any answer; rejects where there
 * was none.
 */
export type BulkSend = (body: Buffer, signal: AbortSignal) => Promise<BulkAnswer>

/** Makes sure that a target is what it should be, before the first document goes there; throws what is wrong with it. */
export type TargetCheck = (name: string, format: Format, signal: AbortSignal) => Promise<void>

/** One for all writes that want the same target; it ends when none of them waits any more. */
interface SharedCheck {
  readonly done: Promise<void>
  readonly stop: AbortController
  waiting: number
}

const gzipBytes = promisify(gzipCallback) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>

/** How far a batch has come: the tally of each slice, and the reason when it goes no further. */
interface Progress {
  readonly slices: { written: number; duplicate: number; rejected: Rejection[]; unfinished: number }[]
  error: FlowferryError | undefined
  stop: boolean
  /** A request was cut off: it may still hold its bytes. */
  cut: boolean
}

/** The sink of both search engines: bulk `create`, item by item retried, and no id stored twice. */
export function bulkSink(send: BulkSend, options: BulkOptions = {}, check?: TargetCheck): Sink<unknown> {
  const {
    index,
    indexPer,
    op = 'create',
    maxRetries,
    retryMilliseconds,
    maxRetryMilliseconds,
    ...checked
  } = checkOptions(options)
  const { maxBodyBytes, answerTimeout } = checked
  let bodyLimit = maxBodyBytes
  const longestPause = (attempt: number) => Math.min(maxRetryMilliseconds, retryMilliseconds * 2 ** attempt)
  const buffers = createBuffers(maxBodyBytes, Math.floor(checked.maxBytesInFlight / maxBodyBytes))
  const compress = compressor(options.gzip ?? false)
  const indexOf = (slice: Slice<unknown>) =>
    index === undefined ? slice.dataStream : typeof index === 'string' ? index : index(slice.format)
  const known = new Map<string, SharedCheck>()
  const pauses = Array.from({ length: maxRetries }, (_, attempt) => longestPause(attempt))
  const patience = Math.max(
    10_000,
    pauses.reduce((sum, longest) => sum + longest, 0),
  )
  let silentSince: number | undefined

  /**
   * How often the store is asked again after a failure. Silence is one for all bodies: where it has lasted as long as all
   * retries of one body take, others that come, or waited for a buffer, have one more try, and not all of theirs.
   */
  const retriesAfter = ({ code }: FlowferryError): number => {
    silentSince = code === 'TARGET_UNREACHABLE' ? (silentSince ?? performance.now()) : undefined
    return silentSince !== undefined && performance.now() - silentSince > patience
      ? Math.min(1, maxRetries)
      : maxRetries
  }

  const deliver = async (first: BulkBody, progress: Progress, signal: AbortSignal | undefined): Promise<void> => {
    let body = first
    let payload: Buffer | undefined
    for (let attempt = 0; ; attempt++) {
      let answer: BulkAnswer | undefined
      let failure: FlowferryError
      let away = true
      try {
        signal?.throwIfAborted()
        payload ??= await compress(body.bytes)
        answer = await within(answerTimeout, signal, (until) => send(payload!, until), progress)
        silentSince = undefined
        const fate = answer.status === 200 ? undefined : requestFate(answer)
        if (fate === 'split') return await split(body, progress, signal)
        if (fate instanceof FlowferryError) return giveUp(body, progress, fate, true)
        const tries = `${attempt + 1} tries, the last answered`
        if (fate === undefined) {
          const { left, why } = settle(body, answer, progress)
          if (!why) return
          body = selectItems(body, left)
          payload = undefined
          failure = new FlowferryError(why.code, `${tries} ${why.type}: ${why.reason}`)
          if (why.is === 'stop') return giveUp(body, progress, failure, true)
          // A document on which the store itself fails must not stop those behind it.
          away = why.code === 'TARGET_OVERLOADED'
        } else {
          failure = new FlowferryError('TARGET_OVERLOADED', `${tries} ${answer.status}${reasonOf(answer.body)}`)
        }
      } catch (error) {
        if (signal?.aborted) return giveUp(body, progress, abortedBy(signal), false)
        failure = asFlowferryError(error, 'TARGET_UNREACHABLE', `${attempt + 1} tries without an answer`)
      }
      if (attempt >= retriesAfter(failure) || !failure.retryable) return giveUp(body, progress, failure, away)
      await pause(attempt, answer?.retryAfterSeconds, signal)
    }
  }

  /** Counts what is settled; gives the items that are not, and the weightiest reason. */
  const settle = (body: BulkBody, answer: BulkAnswer, progress: Progress) => {
    const left: BulkItem[] = []
    let why: Refusal | undefined
    const fates = itemFates(answer, body.length)
    if (!fates) for (const { slice, count } of body.runs) progress.slices[slice]!.written += count
    fates?.forEach((fate, position) => {
      const item = body.items[position]!
      const tally = progress.slices[item.slice]!
      if (fate.is === 'rejected') tally.rejected.push({ index: item.index, type: fate.type, reason: fate.reason })
      else if ('code' in fate) {
        left.push(item)
        if (!why || weightOf(fate) > weightOf(why)) why = fate
      } else tally[fate.is]++
    })
    return { left, why }
  }

  const split = async (body: BulkBody, progress: Progress, signal: AbortSignal | undefined): Promise<void> => {
    if (body.items.length === 1) {
      const { slice, index } = body.items[0]!
      const reason = new FlowferryError('DOCUMENT_TOO_LARGE', `The store refused a body of ${body.bytes.length} bytes`)
        .message
      progress.slices[slice]!.rejected.push({ index, type: 'content_too_large', reason })
      return
    }
    bodyLimit = Math.max(1000, Math.min(bodyLimit, Math.ceil(body.bytes.length / 2)))
    const half = Math.ceil(body.items.length / 2)
    for (const items of [body.items.slice(0, half), body.items.slice(half)]) {
      const part = selectItems(body, items)
      if (progress.stop) giveUp(part, progress, progress.error!, true)
      else await deliver(part, progress, signal)
    }
  }

  const pause = async (
    attempt: number,
    retryAfterSeconds: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const longest = longestPause(attempt)
    const wanted = Math.max(longest * (0.5 + Math.random() / 2), (retryAfterSeconds ?? 0) * 1000)
    const delay = Math.min(wanted, longestTimer)
    // An abort ends the pause; the next try sees it.
    await sleep(delay, undefined, signal && { signal }).catch(() => undefined)
  }

  const checkOnce = async (check: TargetCheck, name: string, format: Format, signal: AbortSignal | undefined) => {
    let shared = known.get(name)
    if (!shared) {
      const stop = new AbortController()
      const done = within(answerTimeout, stop.signal, (until) => check(name, format, until))
      done.catch(() => known.delete(name))
      shared = { done, stop, waiting: 0 }
      known.set(name, shared)
    }
    const { done, stop } = shared
    shared.waiting++
    try {
      await unlessAborted(() => done, signal)
    } finally {
      if (--shared.waiting === 0) stop.abort()
    }
  }

  /** Resolves when the targets are as they should be, `progress` says why not, or the signal has aborted. */
  const ready = async (
    targets: ReadonlyMap<string, Format>,
    progress: Progress,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    for (const [name, format] of targets)
      for (let attempt = 0; check && !progress.stop && !signal?.aborted; attempt++) {
        try {
          await checkOnce(check, name, format, signal)
          break
        } catch (error) {
          if (signal?.aborted) return
          const failure = asFlowferryError(error, 'TARGET_UNREACHABLE', `${name} could not be checked`)
          const passing = failure.code === 'TARGET_UNREACHABLE' || failure.code === 'TARGET_OVERLOADED'
          if (passing && attempt < retriesAfter(failure)) await pause(attempt, undefined, signal)
          else {
            progress.error ??= failure
            progress.stop = true
          }
        }
      }
  }

  return {
    write: async (batch, signal): Promise<Outcome> => {
      const progress: Progress = {
        slices: batch.map(() => ({ written: 0, duplicate: 0, rejected: [], unfinished: 0 })),
        error: undefined,
        stop: false,
        cut: false,
      }
      const indices = indexPer && new IndexDates(indexPer, Date.now())
      const target: BulkTarget = {
        op,
        indexOf,
        ...(indices && { dates: { per: indexPer, indices } }),
        refuse: (slice, rejection) => progress.slices[slice]!.rejected.push(rejection),
      }
      const buffer = await buffers.take(signal)
      if (!buffer) {
        batch.forEach(({ length }, slice) => {
          progress.slices[slice]!.unfinished = length
        })
        return { slices: progress.slices, error: abortedBy(signal!) }
      }
      try {
        if (!indices) await ready(new Map(batch.map((slice) => [indexOf(slice), slice.format])), progress, signal)
        for (const body of encodeBulk(batch, target, () => bodyLimit, buffer)) {
          if (indices) await ready(indices.used, progress, signal)
          indices?.used.clear()
          if (progress.stop) giveUp(body, progress, progress.error!, true)
          else await deliver(body, progress, signal)
        }
      } finally {
        buffers.give(progress.cut || signal?.aborted ? undefined : buffer)
      }
      return {
        slices: progress.slices,
        ...(progress.error && { error: progress.error }),
        ...(progress.stop && { stop: true }),
      }
    },
  }
}

/** So many buffers at a time, used again: for a new one the kernel clears every page. */
function createBuffers(bytes: number, count: number) {
  const free: Buffer[] = []
  const room = byteBudget(count)
  return {
    /** None when the signal aborts before its turn comes. */
    take: async (signal: AbortSignal | undefined): Promise<Buffer | undefined> => {
      if (signal?.aborted) return undefined
      try {
        await room.take(1, signal)
      } catch {
        return undefined
      }
      return free.pop() ?? Buffer.allocUnsafeSlow(bytes)
    },
    give: (buffer: Buffer | undefined): void => {
      if (buffer) free.push(buffer)
      room.give(1)
    },
  }
}

/**
 * Off the main thread. Level 1 takes more than twice the CPU of all the rest, level 6 more than six times (`gzip` in
 * bench/RESULTS.md).
 */
function compressor(gzip: boolean | number): (bytes: Buffer) => Promise<Buffer> {
  if (gzip === false) return async (bytes) => bytes
  const level = gzip === true ? 1 : gzip
  return (bytes) => gzipBytes(bytes, { level })
}

/** Ends what takes longer than its time, whether or not it listens to its signal. */
async function within<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  run: (until: AbortSignal) => Promise<T>,
  progress?: Progress,
): Promise<T> {
  signal?.throwIfAborted()
  const ended = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let abort: (() => void) | undefined
  const end = new Promise<never>((_, reject) => {
    const stop = (reason: unknown) => {
      if (progress) progress.cut = true
      reject(reason)
      ended.abort(reason)
    }
    abort = () => stop(signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    timer = setTimeout(
      () => stop(new FlowferryError('TARGET_UNREACHABLE', `No answer within ${milliseconds} ms`)),
      Math.min(milliseconds, longestTimer),
    )
  })
  try {
    return await Promise.race([run(ended.signal), end])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort!)
  }
}

function abortedBy(signal: AbortSignal): FlowferryError {
  return asFlowferryError(signal.reason, 'ABORTED', 'Writing was stopped')
}

/** The store's refusal of everything weighs more than its load, and load more than a failure of its own. */
function weightOf({ is, code }: Refusal): number {
  return is === 'stop' ? 2 : code === 'TARGET_OVERLOADED' ? 1 : 0
}

function giveUp(body: BulkBody, progress: Progress, error: FlowferryError, stop: boolean): void {
  for (const { slice } of body.items) progress.slices[slice]!.unfinished++
  progress.error ??= error
  progress.stop ||= stop
}
