import { setMaxListeners } from 'node:events'
import type { FlowferryError, Report } from '@flowferry/core'
import type { SqsMessage } from '../events/messages.ts'
import { client, invalid, optionalFunction, queueAddress, sameQueue, wholeNumber } from '../queue/options.ts'
import {
  changeVisibility,
  isDenied,
  isPermanent,
  isRefusedForAll,
  maxVisibilitySeconds,
  queueError,
  queueSettings,
  receive,
  type Sqs,
} from '../queue/queue.ts'
import { backoff, sleep, untilAborted } from '../queue/time.ts'
import { checkEndpoint, type Endpoint, type EndpointOptions, serveEndpoint, type WorkerState } from './endpoint.ts'
import { type BatchContext, type BatchResult, graceMilliseconds, type Hold, runBatch } from './run-batch.ts'

export interface ConsumeOptions {
  /**
   * An SQS client. Needs sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on the queue, and
   * sqs:SendMessage on the dead-letter queue. With sqs:GetQueueAttributes the queue's own settings are the defaults.
   * The client's `requestTimeout`, if it has one, must be longer than `waitSeconds`.
   */
  readonly sqs: Sqs
  /**
   * Stops the worker: it receives nothing more, finishes the running batches, and resolves.
   * @default none: it runs until an error ends it
   */
  readonly signal?: AbortSignal
  /**
   * Batches in work at once, 1 to 100.
   * @default 2: one is read while the other is written
   */
  readonly concurrency?: number
  /**
   * Messages of a batch, 1 to 10, SQS's limit. A batch's messages are deleted when the whole batch is over, so a large
   * file keeps small ones in flight, and a killed worker costs each of them an attempt. For large files set
   * `batchSize: 1` and `concurrency: 10`: each message is deleted when its own files are done. It takes no more memory,
   * which batches share.
   * @default 10: fewer requests to SQS, and small files share a bulk request
   */
  readonly batchSize?: number
  /**
   * Seconds that a receive waits for messages, 1 to 20.
   * @default 20: the fewest requests to pay for
   */
  readonly waitSeconds?: number
  /**
   * Seconds for which messages are hidden from other receivers, 1 to 43,200, extended after each half of them while the
   * messages are in work.
   * @default the queue's own, or 30, SQS's default, where its settings may not be read
   */
  readonly visibilitySeconds?: number
  /**
   * Seconds after which a failed message is visible again, 0 to 43,200.
   * @default none: when its visibility timeout ends, so that a short outage passes first
   */
  readonly retrySeconds?: number
  /**
   * Milliseconds for running batches to finish once `signal` has aborted, 0 to 86,400,000. Then the handler's signal
   * aborts, and the remaining messages are made visible.
   * @default 25_000: ECS and Kubernetes kill a container after 30 seconds
   */
  readonly drainMilliseconds?: number
  /**
   * The dead-letter queue for messages whose last attempt failed.
   * @default none: the queue's own RedrivePolicy moves them, without a cause
   */
  readonly deadLetter?: {
    /** URL of the dead-letter queue, which must be another than the main queue. */
    readonly queueUrl: string
    /**
     * Receives after which a failed message goes to the dead-letter queue, 1 to 1,000.
     * @default one less than the `maxReceiveCount` of the queue's RedrivePolicy, at least 1: the policy then moves only
     *   messages of crashed workers
     */
    readonly maxAttempts?: number
  }
  /**
   * Called with each report, for logs and metrics. An error that it throws, or a rejection of a promise that it
   * returns, ends the worker. Batches do not wait for the promise, but the worker's end does.
   * @default none
   */
  readonly onReport?: (report: Report) => void
  /**
   * Called with errors outside of reports: of a receive, a delete, a heartbeat, the handler. An error that it throws
   * ends the worker.
   * @default none
   */
  readonly onError?: (error: FlowferryError) => void
  /**
   * Serves over HTTP what the worker does, from before its first request until its messages are settled: `/healthz`
   * (200, or 503 where a restart is due), `/readyz` (200 while it takes messages) and `/metrics`, for Prometheus.
   * @default none: nothing listens
   */
  readonly http?: EndpointOptions
}

/** Time for the last deletes and changes of visibility. Messages for which it is too short are received again. */
const lastRequestsMilliseconds = 2000

/** `received = deleted + deadLettered + failed + released`. */
export interface ConsumeTotals {
  /** Messages received, each redelivery counted. */
  readonly received: number
  /** Messages that were done and deleted. */
  readonly deleted: number
  /** Messages that were sent to the dead-letter queue. */
  readonly deadLettered: number
  /** Messages that SQS delivers again: they failed, or could not be deleted. */
  readonly failed: number
  /** Messages made visible again, untouched or unfinished, when the worker stopped. */
  readonly released: number
  /** Reports of the handler. */
  readonly reports: number
}

/**
 * A worker: receives messages, gives them to the handler in batches, and deletes those that the report calls done. SQS
 * delivers the others again. Resolves with totals once `signal` has aborted and all messages are settled. A long poll
 * on its way is waited for, since SQS would hide the messages of an aborted one. The latest end is four seconds after
 * the longer of `waitSeconds` and `drainMilliseconds`, 29 s by default: two seconds for a handler that does not heed
 * its signal or a poll without a response, and two for the last requests to SQS. Transient errors of SQS are tried
 * again after 1 to 60 seconds, and so are expired credentials once a receive has succeeded.
 *
 * While a report's `stopped` names an outage of the target, receiving pauses, and the batch's messages stay hidden and
 * are tried again: an outage costs no message an attempt. So it is where messages fail by an outage of the source, a code
 * that begins with `SOURCE_` (credentials, clock, region, key, account, load, no way there): `onError` gets it. One that
 * may be a single bucket's or key's (SOURCE_REGION, SOURCE_KEY) pauses receiving for a minute; then the batch waits
 * beside the others. A failed source is no outage. Its remaining messages fail as
 * after a handler that throws, `onError` gets the error, and the next receive waits for 1 to 60 seconds.
 *
 * A file that the stop interrupts is read from the beginning by the next receiver, and its stored records count as
 * duplicates. A worker sends no positions, but continues from those that a Lambda function's `settle` sent.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/working-with-messages.html
 *
 * @throws FlowferryError INVALID_OPTION, QUEUE_FAILED when SQS refuses for good (permission, no such queue); a code that
 *   begins with SOURCE_ when the first receive is refused for credentials, clock, region or key; any error of `onReport` and `onError`
 * @example
 * const handler = (messages: readonly SqsMessage[], signal: AbortSignal) =>
 *   ingest({ source: s3Objects(messages, { s3 }), parser, sink, signal })
 * await consume(queueUrl, handler, { sqs, signal: stop.signal })
 */
export async function consume(
  queueUrl: string,
  handler: (messages: readonly SqsMessage[], signal: AbortSignal) => Promise<Report>,
  options: ConsumeOptions,
): Promise<ConsumeTotals> {
  const {
    signal,
    concurrency = 2,
    batchSize = 10,
    waitSeconds = 20,
    drainMilliseconds = 25_000,
  } = checked(queueUrl, handler, options)
  const { sqs, retrySeconds } = options

  let wake = () => {}
  /** Resolves when a batch ends or no longer holds, or the worker is stopped: not a race, which each batch would remember. */
  const untilChange = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })

  const totals = { received: 0, deleted: 0, deadLettered: 0, failed: 0, released: 0, reports: 0 }
  const stop = new AbortController()
  const polled = new AbortController()
  const drained = new AbortController()
  const ended = new AbortController()
  const stopBySignal = () => stop.abort()
  let timers: NodeJS.Timeout[] = []
  // Each batch and each request listens, and there are as many as `concurrency` allows.
  setMaxListeners(0, stop.signal, polled.signal, drained.signal, ended.signal)
  stop.signal.addEventListener('abort', () => {
    wake()
    const waitMilliseconds = waitSeconds * 1000
    const endMilliseconds = Math.max(waitMilliseconds, drainMilliseconds) + graceMilliseconds + lastRequestsMilliseconds
    timers = [
      setTimeout(() => polled.abort(), waitMilliseconds + graceMilliseconds),
      setTimeout(() => drained.abort(), drainMilliseconds),
      setTimeout(() => ended.abort(), endMilliseconds),
    ]
  })
  signal?.addEventListener('abort', stopBySignal, { once: true })
  if (signal?.aborted) stop.abort()

  /** Batches in work, and when each was begun. */
  const running = new Map<Promise<void>, number>()
  const hooks = new Set<Promise<void>>()
  const receiveBackoff = backoff()
  const throwBackoff = backoff()
  /** Batches that wait for the end of an outage: those that pause receiving, and those that wait beside it. */
  let holding = 0
  let beside = 0
  let receivedAt: number | undefined
  let turnedAt = Date.now()
  let full = false
  let throwPause = 0
  let fatal: { readonly error: unknown } | undefined
  const fail = (error: unknown) => {
    fatal ??= { error }
    stop.abort()
  }

  const onReport = guarded(options.onReport)
  const onError = guarded(options.onError)
  // A handler in JavaScript may return a report of which members are missing.
  const countReport = guarded((report: Report) => endpoint?.onReport(report))

  let endpoint: Endpoint | undefined
  try {
    if (options.http) endpoint = await serveEndpoint(options.http, state, onError)
    const context = await prepare()
    while (context && !stop.signal.aborted) {
      turnedAt = Date.now()
      full = running.size - beside >= concurrency || holding > 0
      if (full) {
        await untilChange()
        continue
      }
      if (throwPause > 0) {
        await sleep(throwPause, stop.signal)
        throwPause = 0
        continue
      }
      await receiveBatch(context)
    }
    await Promise.all(running.keys())
    const over = new AbortController()
    await Promise.race([Promise.all(hooks), untilAborted(ended.signal, over.signal)])
    over.abort()
  } finally {
    for (const timer of timers) clearTimeout(timer)
    signal?.removeEventListener('abort', stopBySignal)
    await endpoint?.close()
  }
  if (fatal) throw fatal.error
  return totals

  function state(): WorkerState {
    const begunAt = [...running.values()]
    return { totals, receivedAt, turnedAt, full, begunAt, paused: holding > 0, stopping: stop.signal.aborted }
  }

  /** A hook whose error stops the worker, but not the batch that called it: its messages are still settled. */
  function guarded<T>(hook: ((value: T) => void) | undefined): (value: T) => void {
    return (value) => {
      const call = async () => hook?.(value)
      const called = call().catch(fail)
      const tracked = called.finally(() => hooks.delete(tracked))
      hooks.add(tracked)
    }
  }

  /** Reads the queue's settings, again after each transient error. */
  async function prepare(): Promise<BatchContext | undefined> {
    let settings: Awaited<ReturnType<typeof queueSettings>> | undefined
    while (!settings && !stop.signal.aborted) {
      try {
        settings = await queueSettings(sqs, queueUrl, stop.signal)
      } catch (error) {
        if (stop.signal.aborted) return undefined
        if (isDenied(error)) settings = {}
        else await afterError('GetQueueAttributes', error)
      }
    }
    if (!settings) return undefined
    receiveBackoff.reset()
    const { deadLetter, visibilitySeconds = settings.visibilitySeconds ?? 30 } = options
    const maxAttempts = deadLetter?.maxAttempts ?? (settings.maxReceives && Math.max(1, settings.maxReceives - 1))
    if (deadLetter && maxAttempts === undefined)
      throw invalid('`deadLetter.maxAttempts` is needed: the queue has no RedrivePolicy, or it may not be read')
    return {
      sqs,
      queueUrl,
      handler,
      visibilitySeconds,
      deadLetter: deadLetter && { queueUrl: deadLetter.queueUrl, maxAttempts: maxAttempts! },
      retrySeconds,
      stopping: stop.signal,
      drained: drained.signal,
      ended: ended.signal,
      onReport: (report) => {
        countReport(report)
        onReport(report)
      },
      onError,
      hold,
    }
  }

  function hold(): Hold {
    let place: 'holding' | 'beside' | undefined = 'holding'
    holding++
    return {
      release: () => {
        // As many again as work at once: more, and the outage is the queue's, though it is one bucket's.
        if (place !== 'holding' || beside >= concurrency) return
        place = 'beside'
        holding--
        beside++
        wake()
      },
      end: () => {
        if (place === 'holding') holding--
        else if (place === 'beside') beside--
        place = undefined
      },
    }
  }

  async function receiveBatch(context: BatchContext): Promise<void> {
    let messages: SqsMessage[]
    try {
      const { visibilitySeconds } = context
      const poll = { messages: batchSize, waitSeconds, visibilitySeconds }
      messages = await receive(sqs, queueUrl, poll, polled.signal)
      receiveBackoff.reset()
      receivedAt = Date.now()
    } catch (error) {
      return afterError('ReceiveMessage', error)
    }
    totals.received += messages.length
    if (messages.length === 0) return
    const batch = (stop.signal.aborted ? release(messages) : runBatch(messages, context)).then(add).catch(fail)
    const tracked = batch.finally(() => {
      running.delete(tracked)
      wake()
    })
    running.set(tracked, receivedAt)
  }

  /** Makes messages visible again that a poll brought after the worker was stopped. */
  async function release(messages: readonly SqsMessage[]): Promise<BatchResult> {
    const failures = await changeVisibility(sqs, queueUrl, messages, 0, ended.signal)
    for (const { error } of failures) onError(error)
    const released = messages.length - failures.length
    return { deleted: 0, deadLettered: 0, failed: failures.length, released, reports: 0, threw: false }
  }

  function add(result: BatchResult): void {
    totals.deleted += result.deleted
    totals.deadLettered += result.deadLettered
    totals.failed += result.failed
    totals.released += result.released
    totals.reports += result.reports
    if (result.threw) throwPause = throwBackoff.next()
    else throwBackoff.reset()
  }

  async function afterError(action: string, cause: unknown): Promise<void> {
    const error = queueError(action, undefined, cause)
    // Credentials that never worked are a mistake; those that worked before are an outage, and it ends.
    if (isPermanent(cause) || (receivedAt === undefined && isRefusedForAll(cause))) return fail(error)
    turnedAt = Date.now()
    onError(error)
    await sleep(receiveBackoff.next(), stop.signal)
  }
}

function checked(queueUrl: string, handler: unknown, options: ConsumeOptions): ConsumeOptions {
  queueAddress('queueUrl', queueUrl)
  if (typeof handler !== 'function') throw invalid('The second argument must be a function from messages to a report')
  const { sqs, concurrency, batchSize, waitSeconds, visibilitySeconds, retrySeconds, drainMilliseconds, deadLetter } =
    options
  client('sqs', sqs)
  if (concurrency !== undefined) wholeNumber('concurrency', concurrency, 1, 100)
  if (batchSize !== undefined) wholeNumber('batchSize', batchSize, 1, 10)
  if (waitSeconds !== undefined) wholeNumber('waitSeconds', waitSeconds, 1, 20)
  if (visibilitySeconds !== undefined) wholeNumber('visibilitySeconds', visibilitySeconds, 1, maxVisibilitySeconds)
  if (retrySeconds !== undefined) wholeNumber('retrySeconds', retrySeconds, 0, maxVisibilitySeconds)
  if (drainMilliseconds !== undefined) wholeNumber('drainMilliseconds', drainMilliseconds, 0, 86_400_000)
  if (deadLetter) {
    queueAddress('deadLetter.queueUrl', deadLetter.queueUrl)
    if (deadLetter.queueUrl === queueUrl) throw sameQueue('deadLetter.queueUrl')
  }
  if (deadLetter?.maxAttempts !== undefined) wholeNumber('deadLetter.maxAttempts', deadLetter.maxAttempts, 1, 1000)
  optionalFunction('onReport', options.onReport)
  optionalFunction('onError', options.onError)
  if (options.http) checkEndpoint(options.http)
  return options
}
