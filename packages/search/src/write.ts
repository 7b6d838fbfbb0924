import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip as gzipCallback } from 'node:zlib'
import type { Format, Outcome, Rejection, Sink, Slice } from '@flowferry/core'
import { asFlowferryError, byteBudget, FlowferryError } from '@flowferry/core'
import { longestTimer, unlessAborted } from '@flowferry/core/internal'
import { DatedIndices } from './dates.ts'
import { type BulkBody, type BulkItem, type BulkTarget, encodeBulk, selectItems } from './encode.ts'
import type { ItemResult, Refusal, UnclearRefusal } from './items.ts'
import { type BulkOptions, checkOptions, requireIndexName } from './options.ts'
import { type BulkResponse, itemResults, reasonOf, requestResult } from './response.ts'

/** Sends a bulk body, compressed where `BulkOptions.gzip` says so. Resolves with any response; rejects without one. */
export type BulkSend = (body: Buffer, signal: AbortSignal) => Promise<BulkResponse>

/**
 * Makes sure that the index or data stream `name` is right for the format, before the first document goes there. Throws
 * the reason where it is not.
 */
export type TargetCheck = (name: string, format: Format, signal: AbortSignal) => Promise<void>

/**
 * A check that all writes to the same index or data stream share. It is aborted when the last of them stops waiting.
 */
interface SharedCheck {
  readonly done: Promise<void>
  readonly stop: AbortController
  /** Writes that wait for it. */
  waiting: number
}

const gzipBytes = promisify(gzipCallback) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>

/** The counts of one `write`, which becomes its outcome. */
interface WriteProgress {
  readonly slices: {
    written: number
    duplicate: number
    rejected: Rejection[]
    filtered: Rejection[]
    unfinished: number
  }[]
  /** The first reason for which documents stayed unfinished. */
  error: FlowferryError | undefined
  /** Whether the sink sends no more: every other document would fail for the same reason. */
  stop: boolean
  /** Whether a request was cut off. The client may still read that request's buffer. */
  cut: boolean
}

/**
 * The sink of both search engines: bulk requests, retried item by item, and no id stored twice. `send` is the client's
 * part; `check`, where there is one, runs once before the first document of each index or data stream.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const send: BulkSend = (body, signal) => post('/_bulk', body, signal)
 * const sink = bulkSink(send, { index: 'flow-logs', maxRetries: 3 })
 * await ingest({ source, parser: vpcFlow, sink })
 */
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
  const { maxBodyBytes, requestTimeoutMilliseconds } = checked
  let bodyLimit = maxBodyBytes
  const maxDelay = (attempt: number) => Math.min(maxRetryMilliseconds, retryMilliseconds * 2 ** attempt)
  const buffers = createBuffers(maxBodyBytes, Math.floor(checked.maxBytesInFlight / maxBodyBytes))
  const compress = compressor(options.gzip ?? false)
  const indexOf = (slice: Slice<unknown>) =>
    index === undefined ? slice.dataStream : typeof index === 'string' ? index : requireIndexName(index(slice.format))
  const checks = new Map<string, SharedCheck>()
  const delays = Array.from({ length: maxRetries }, (_, attempt) => maxDelay(attempt))
  const outageMilliseconds = Math.max(
    10_000,
    delays.reduce((sum, delay) => sum + delay, 0),
  )
  let unreachableSince: number | undefined

  /**
   * The number of retries after a failure. An engine that cannot be reached fails all bodies alike. Once that has
   * lasted as long as all retries of one body take, a further body is retried once only.
   */
  const retriesAfter = ({ code }: FlowferryError): number => {
    unreachableSince = code === 'TARGET_UNREACHABLE' ? (unreachableSince ?? performance.now()) : undefined
    return unreachableSince !== undefined && performance.now() - unreachableSince > outageMilliseconds
      ? Math.min(1, maxRetries)
      : maxRetries
  }

  /** `targets` are the indices and data streams of the body's documents, and their formats. */
  const deliver = async (
    first: BulkBody,
    targets: ReadonlyMap<string, Format>,
    progress: WriteProgress,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    let body = first
    let payload: Buffer | undefined
    let isRechecked = check === undefined
    for (let attempt = 0; ; attempt++) {
      let response: BulkResponse | undefined
      let failure: FlowferryError
      let stop = true
      try {
        payload ??= await compress(body.bytes)
        response = await withTimeout(requestTimeoutMilliseconds, signal, (until) => send(payload!, until), progress)
        unreachableSince = undefined
        const result = response.status === 200 ? undefined : requestResult(response)
        if (result === 'split') return split(body, targets, progress, signal)
        if (result instanceof FlowferryError) return leaveUnfinished(body, progress, result, true)
        const tries = `${attempt + 1} tries, the last answered`
        if (result === undefined) {
          const { remaining, refusal, isAll } = countResults(body, response, progress, body.length === first.length)
          if (!refusal) return
          body = selectItems(body, remaining)
          payload = undefined
          failure = new FlowferryError(refusal.code, `${tries} ${refusal.type}: ${refusal.reason}`)
          if (refusal.code === 'TARGET_NOT_FOUND' && !isRechecked) {
            // Retention may delete an index under a running sink.
            isRechecked = true
            for (const name of targets.keys()) checks.delete(name)
            await checkAll(targets, progress, signal)
            if (progress.stop) return leaveUnfinished(body, progress)
            continue
          }
          if (refusal.is === 'stop') return leaveUnfinished(body, progress, failure, true)
          // An engine that fails on one document must not stop the sink for the others.
          stop = refusal.code === 'TARGET_OVERLOADED' || isAll
        } else {
          failure = new FlowferryError('TARGET_OVERLOADED', `${tries} ${response.status}${reasonOf(response.body)}`)
        }
      } catch (error) {
        if (signal?.aborted) return leaveUnfinished(body, progress, abortedBy(signal))
        failure = asFlowferryError(error, 'TARGET_UNREACHABLE', `${attempt + 1} tries without an answer`)
      }
      if (attempt >= retriesAfter(failure) || !failure.retryable) return leaveUnfinished(body, progress, failure, stop)
      await delay(attempt, response?.retryAfterSeconds, signal)
    }
  }

  /**
   * Counts the items that have their result. Returns the remaining ones, the most severe of their refusals, and whether
   * it is the one refusal of all items of the body. `isWhole` is false where a part of the body has its result already.
   */
  const countResults = (body: BulkBody, response: BulkResponse, progress: WriteProgress, isWhole: boolean) => {
    const remaining: BulkItem[] = []
    let refusal: Refusal | undefined
    const results = itemResults(response, body.length)
    const isAll = isWhole && results !== undefined && shareRefusal(results)
    if (!results) for (const { slice, count } of body.runs) progress.slices[slice]!.written += count
    results?.forEach((found, position) => {
      const result = found.is === 'unclear' ? settleUnclear(found, isAll) : found
      const item = body.items[position]!
      const counts = progress.slices[item.slice]!
      if (result.is === 'rejected' || result.is === 'filtered')
        counts[result.is].push({ index: item.index, type: result.type, reason: result.reason })
      else if ('code' in result) {
        remaining.push(item)
        if (!refusal || severityOf(result) > severityOf(refusal)) refusal = result
      } else counts[result.is]++
    })
    return { remaining, refusal, isAll }
  }

  const split = async (
    body: BulkBody,
    targets: ReadonlyMap<string, Format>,
    progress: WriteProgress,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
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
      if (progress.stop) leaveUnfinished(part, progress)
      else await deliver(part, targets, progress, signal)
    }
  }

  const delay = async (
    attempt: number,
    retryAfterSeconds: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const jittered = maxDelay(attempt) * (0.5 + Math.random() / 2)
    const milliseconds = Math.min(Math.max(jittered, (retryAfterSeconds ?? 0) * 1000), longestTimer)
    // An abort only ends the delay: the next try looks at the signal.
    await sleep(milliseconds, undefined, signal && { signal }).catch(() => undefined)
  }

  const checkOnce = async (check: TargetCheck, name: string, format: Format, signal: AbortSignal | undefined) => {
    let shared = checks.get(name)
    if (!shared) {
      const stop = new AbortController()
      const done = withTimeout(requestTimeoutMilliseconds, stop.signal, (until) => check(name, format, until))
      const begun: SharedCheck = { done, stop, waiting: 0 }
      done.catch(() => checks.get(name) === begun && checks.delete(name))
      shared = begun
      checks.set(name, begun)
    }
    const { done, stop } = shared
    shared.waiting++
    try {
      await unlessAborted(() => done, signal)
    } finally {
      if (--shared.waiting === 0) stop.abort()
    }
  }

  /** Resolves when all checks have passed, one has failed, with its error in `progress`, or the signal has aborted. */
  const checkAll = async (
    targets: ReadonlyMap<string, Format>,
    progress: WriteProgress,
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
          const transient = failure.code === 'TARGET_UNREACHABLE' || failure.code === 'TARGET_OVERLOADED'
          if (transient && attempt < retriesAfter(failure)) await delay(attempt, undefined, signal)
          else {
            progress.error ??= failure
            progress.stop = true
          }
        }
      }
  }

  return {
    write: async (batch, signal): Promise<Outcome> => {
      const progress: WriteProgress = {
        slices: batch.map(() => ({ written: 0, duplicate: 0, rejected: [], filtered: [], unfinished: 0 })),
        error: undefined,
        stop: false,
        cut: false,
      }
      const indices = indexPer && new DatedIndices(indexPer, Date.now())
      const target: BulkTarget = {
        op,
        indexOf,
        ...(indices && { dates: { per: indexPer, indices } }),
        refuse: (slice, rejection) => progress.slices[slice]!.rejected.push(rejection),
      }
      const buffer = await buffers.take(signal)
      if (!buffer) {
        const slices = batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length }))
        return { slices, error: abortedBy(signal!) }
      }
      try {
        const plain = new Map(indices ? [] : batch.map((slice) => [indexOf(slice), slice.format]))
        for await (const body of encodeBulk(batch, target, () => bodyLimit, buffer)) {
          const targets = indices ? new Map(indices.used) : plain
          await checkAll(targets, progress, signal)
          indices?.used.clear()
          if (progress.stop) leaveUnfinished(body, progress)
          else await deliver(body, targets, progress, signal)
        }
      } finally {
        buffers.give(progress.cut || signal?.aborted ? undefined : buffer)
      }
      return {
        slices: progress.slices.map(({ filtered, ...counts }) => ({
          ...counts,
          ...(filtered.length > 0 && { filtered }),
        })),
        ...(progress.error && { error: progress.error }),
        ...(progress.stop && { stop: true }),
      }
    },
  }
}

/** Up to `count` buffers at a time, used again: the kernel clears every page of a new one. */
function createBuffers(bytes: number, count: number) {
  const free: (Buffer | undefined)[] = []
  const room = byteBudget(count)
  return {
    /** Waits for a buffer; undefined when the signal aborts first. */
    take: async (signal: AbortSignal | undefined): Promise<Buffer | undefined> => {
      if (signal?.aborted) return undefined
      try {
        await room.take(1, signal)
      } catch {
        return undefined
      }
      return free.pop() ?? Buffer.allocUnsafeSlow(bytes)
    },
    /** Ends the use of a buffer. Undefined stands for one that a request may still read: a new one replaces it. */
    give: (buffer: Buffer | undefined): void => {
      free.push(buffer)
      room.give(1)
    },
  }
}

/**
 * Compresses in libuv's threads: level 1 takes more than twice the CPU of all the rest, level 6 more than six times
 * (`gzip` in bench/RESULTS.md).
 */
function compressor(gzip: boolean | number): (bytes: Buffer) => Promise<Buffer> {
  if (gzip === false) return async (bytes) => bytes
  const level = gzip === true ? 1 : gzip
  return (bytes) => gzipBytes(bytes, { level })
}

/** The result of `run`, which fails at the timeout or the signal, even where `run` does not heed its own signal. */
async function withTimeout<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  run: (until: AbortSignal) => Promise<T>,
  progress?: WriteProgress,
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
    signal?.addEventListener('abort', abort)
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

/** Whether the items of a body, at least two, are all refused with the same type and reason. */
function shareRefusal(results: readonly ItemResult[]): boolean {
  const [first] = results
  if (results.length < 2 || !first || !('reason' in first)) return false
  return results.every(
    (other) => 'reason' in other && other.is === first.is && other.type === first.type && other.reason === first.reason,
  )
}

/** An unclear refusal is the target's where all items of the body share it, and otherwise the document's. */
function settleUnclear({ type, reason }: UnclearRefusal, isAll: boolean): Exclude<ItemResult, UnclearRefusal> {
  return isAll ? { is: 'stop', code: 'TARGET_REFUSED', type, reason } : { is: 'rejected', type, reason }
}

/** A refusal that stops the sink is reported before load, and load before an engine's failure on one document. */
function severityOf({ is, code }: Refusal): number {
  return is === 'stop' ? 2 : code === 'TARGET_OVERLOADED' ? 1 : 0
}

/** Counts the items of a body as unfinished. An error or a stop that is there already stays. */
function leaveUnfinished(body: BulkBody, progress: WriteProgress, error?: FlowferryError, stop = false): void {
  for (const { slice } of body.items) progress.slices[slice]!.unfinished++
  progress.error ??= error
  progress.stop ||= stop
}
