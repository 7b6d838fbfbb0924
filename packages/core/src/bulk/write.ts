import { setTimeout as sleep } from 'node:timers/promises'
import { longestTimer } from '../deadline.ts'
import { asFlowferryError, FlowferryError } from '../errors.ts'
import { requirePositive } from '../limits.ts'
import type { Format, Outcome, Rejection, Sink, Slice } from '../types.ts'
import { type BulkBody, type BulkItem, encodeBulk, selectItems } from './encode.ts'
import { type BulkAnswer, itemFates, type Refusal, reasonOf, requestFate } from './response.ts'

/** Sends one bulk body. Resolves with any answer; rejects where there was none. */
export type BulkSend = (body: Buffer, signal: AbortSignal | undefined) => Promise<BulkAnswer>

export interface BulkOptions {
  /** Where documents go. Default: their data stream, `logs-<dataset>-<namespace>`. */
  readonly index?: string | ((format: Format) => string)
  /** Bytes of a request's body, from 1,000. Default 5 MiB; a 413 halves it for the sink's lifetime. */
  readonly maxBodyBytes?: number
  /** Tries again after 429, 5xx and lost connections, 0 to 100. Default 8: about a minute with the default delays. */
  readonly maxRetries?: number
  /** Milliseconds before the first retry, doubled for each next one, with jitter. Default 250. */
  readonly retryDelay?: number
  /** Milliseconds that a delay reaches at most; `Retry-After` may ask for more. Default 30,000. */
  readonly maxRetryDelay?: number
}

/** How far a batch has come: the tally of each slice, and the reason when it goes no further. */
interface Progress {
  readonly slices: { written: number; duplicate: number; rejected: Rejection[]; unfinished: number }[]
  error: FlowferryError | undefined
  stop: boolean
}

/** The sink of both search engines: bulk `create`, item by item retried, and no id stored twice. */
export function bulkSink(send: BulkSend, options: BulkOptions = {}): Sink<unknown> {
  const { index, maxBodyBytes = 5 * 1024 * 1024, maxRetries = 8, retryDelay = 250, maxRetryDelay = 30_000 } = options
  requirePositive('maxBodyBytes', maxBodyBytes, 1000)
  requirePositive('maxRetries', maxRetries, 0)
  requirePositive('retryDelay', retryDelay, 0)
  requirePositive('maxRetryDelay', maxRetryDelay, 0)
  let bodyLimit = maxBodyBytes
  /** One for each write at a time; new ones would cost the kernel a fifth of the whole way. */
  const buffers: Buffer[] = []
  const indexOf = (slice: Slice<unknown>) =>
    index === undefined ? slice.dataStream : typeof index === 'string' ? index : index(slice.format)

  const deliver = async (first: BulkBody, progress: Progress, signal: AbortSignal | undefined): Promise<void> => {
    let body = first
    for (let attempt = 0; ; attempt++) {
      let answer: BulkAnswer | undefined
      let failure: FlowferryError
      let away = true
      try {
        signal?.throwIfAborted()
        answer = await send(body.bytes, signal)
        const fate = answer.status === 200 ? undefined : requestFate(answer)
        if (fate === 'split') return await split(body, progress, signal)
        if (fate instanceof FlowferryError) return giveUp(body, progress, fate, true)
        const tries = `${attempt + 1} tries, the last answered`
        if (fate === undefined) {
          const { left, why } = settle(body, answer, progress)
          if (!why) return
          body = selectItems(body, left)
          failure = new FlowferryError(why.code, `${tries} ${why.type}: ${why.reason}`)
          if (why.is === 'stop') return giveUp(body, progress, failure, true)
          // A document on which the store itself fails must not stop those behind it.
          away = why.code === 'TARGET_OVERLOADED'
        } else {
          failure = new FlowferryError('TARGET_OVERLOADED', `${tries} ${answer.status}${reasonOf(answer.body)}`)
        }
      } catch (error) {
        if (signal?.aborted)
          return giveUp(body, progress, asFlowferryError(signal.reason, 'ABORTED', 'Writing was stopped'), false)
        failure = asFlowferryError(error, 'TARGET_UNREACHABLE', `${attempt + 1} tries without an answer`)
      }
      if (attempt >= maxRetries || !failure.retryable) return giveUp(body, progress, failure, away)
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
    const longest = Math.min(maxRetryDelay, retryDelay * 2 ** attempt)
    const wanted = Math.max(longest * (0.5 + Math.random() / 2), (retryAfterSeconds ?? 0) * 1000)
    const delay = Math.min(wanted, longestTimer)
    // An abort ends the pause; the next try sees it.
    await sleep(delay, undefined, signal && { signal }).catch(() => undefined)
  }

  return {
    write: async (batch, signal): Promise<Outcome> => {
      const progress: Progress = {
        slices: batch.map(() => ({ written: 0, duplicate: 0, rejected: [], unfinished: 0 })),
        error: undefined,
        stop: false,
      }
      const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(maxBodyBytes)
      try {
        for (const body of encodeBulk(batch, indexOf, () => bodyLimit, buffer)) {
          if (progress.stop) giveUp(body, progress, progress.error!, true)
          else await deliver(body, progress, signal)
        }
      } finally {
        // A request that was cut off may still hold its bytes.
        if (!signal?.aborted) buffers.push(buffer)
      }
      return {
        slices: progress.slices,
        ...(progress.error && { error: progress.error }),
        ...(progress.stop && { stop: true }),
      }
    },
  }
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
