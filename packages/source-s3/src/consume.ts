import type { FlowferryError, Report } from '@flowferry/core'
import type { SqsMessage } from './messages.ts'
import { client, invalid, optionalFunction, queueAddress, roundTrip, wholeNumber } from './options.ts'
import {
  changeVisibility,
  isDenied,
  isPermanent,
  queueError,
  queueSettings,
  receive,
  type Sqs,
  visibilityCeilingSeconds,
} from './queue.ts'
import { type BatchContext, type BatchResult, graceMilliseconds, runBatch } from './run-batch.ts'
import { backoff, sleep, untilAborted } from './time.ts'

export interface ConsumeOptions {
  /**
   * It needs sqs:ReceiveMessage, DeleteMessage and ChangeMessageVisibility on the queue, GetQueueAttributes if it may,
   * and SendMessage on the dead-letter queue. A `requestTimeout` of its own must be longer than `waitSeconds`.
   */
  readonly sqs: Sqs
  /** Stops the worker: nothing more is received, what runs is finished, then the promise resolves. Default: runs on. */
  readonly signal?: AbortSignal
  /** Batches in work at once, 1 to 100. Default 2: one is read while the other is written. */
  readonly concurrency?: number
  /**
   * Messages a batch, 1 to 10, SQS's limit. Default 10: fewer requests to SQS, and small files share a bulk request.
   * What is done is deleted when the batch is over, so a large file keeps small ones in flight, and a worker that is
   * killed costs each of them an attempt. Where files are large, `batchSize: 1` with `concurrency: 10` deletes each
   * message when its own files are done; batches share memory, so it takes no more.
   */
  readonly batchSize?: number
  /** Seconds that a receive waits for messages, 1 to 20. Default 20: fewer requests to pay for. */
  readonly waitSeconds?: number
  /**
   * Seconds that messages stay hidden from other receivers, 1 to 43,200, extended at half of it while they are in
   * work. Default: the queue's own, or 30 where that may not be read.
   */
  readonly visibilitySeconds?: number
  /** Seconds after which a failed message comes again, 0 to 43,200. Default: when its visibility timeout ends. */
  readonly retrySeconds?: number
  /**
   * Milliseconds that running batches have to finish once `signal` aborts, from 0. Then the handler's signal aborts and
   * the messages that are left are made visible. Default 25,000: ECS and Kubernetes kill after 30 s.
   */
  readonly drainMilliseconds?: number
  /** Where messages go whose last attempt failed. Default: nowhere; the queue's own RedrivePolicy may catch them. */
  readonly deadLetter?: {
    /** URL of the dead-letter queue, which must be another than the main queue. */
    readonly queueUrl: string
    /**
     * Receives after which a failed message is given up, 1 to 1,000. Default: one less than the `maxReceiveCount` of
     * the queue's RedrivePolicy, at least 1; that policy then catches what crashed.
     */
    readonly maxAttempts?: number
  }
  /**
   * Gets each report as it comes, for logs and metrics. What it throws ends the worker, and so does a promise of it that
   * rejects; batches do not wait for that promise, the worker's end does.
   */
  readonly onReport?: (report: Report) => void
  /** Gets what went wrong around the reports: a receive, a delete, a heartbeat. What it throws ends the worker, too. */
  readonly onError?: (error: FlowferryError) => void
}

/** What SQS has for the last deletes and changes of visibility; what it did not do by then comes again. */
const lastRequestsMilliseconds = 2000

/** `received = deleted + deadLettered + failed + released`. */
export interface ConsumeTotals {
  /** Messages, redeliveries counted again. */
  readonly received: number
  /** Done, and deleted. */
  readonly deleted: number
  /** Given up, and in the dead-letter queue. */
  readonly deadLettered: number
  /** They come again: failed, or done but not deleted. */
  readonly failed: number
  /** Given back untouched or unfinished when the worker stopped. */
  readonly released: number
  /** Reports that the handler gave. */
  readonly reports: number
}

/**
 * A worker: receives messages, hands them to the handler in batches, deletes what its report calls done, and leaves
 * the rest to come again. Resolves with totals once `signal` has aborted and all is settled. The long poll on its way is
 * waited for, since SQS would hide the messages of an aborted one. At the latest it resolves after the longer of
 * `waitSeconds` and `drainMilliseconds`, and four seconds, 29 s by default: two for a handler that does not heed its
 * signal, or a poll that SQS does not answer, and two for the last requests to SQS. Rejects when the queue refuses for good (credentials, permission, no such
 * queue); other errors are tried again after 1 to 60 seconds.
 *
 * When a report's `stopped` says that the target is away, receiving pauses, and the messages at hand stay hidden and are
 * tried again, so that an outage costs no message an attempt. A source that breaks is no outage: what it had not given
 * fails as of a handler that throws, `onError` gets the error, and the next receive waits for 1 to 60 seconds.
 *
 * A file that the stop interrupts begins anew with the next receiver, and what is stored counts as duplicate: a worker
 * sends no positions, and goes on from those that a Lambda function's `settle` sent.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/working-with-messages.html
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

  const totals = { received: 0, deleted: 0, deadLettered: 0, failed: 0, released: 0, reports: 0 }
  const stop = new AbortController()
  const polled = new AbortController()
  const drained = new AbortController()
  const ended = new AbortController()
  const stopBySignal = () => stop.abort()
  let timers: NodeJS.Timeout[] = []
  stop.signal.addEventListener('abort', () => {
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

  const running = new Set<Promise<void>>()
  const hooks = new Set<Promise<void>>()
  const receiveBackoff = backoff()
  const throwBackoff = backoff()
  let outages = 0
  let throwPause = 0
  let fatal: { readonly error: unknown } | undefined
  const fail = (error: unknown) => {
    fatal ??= { error }
    stop.abort()
  }

  const onReport = guarded(options.onReport)
  const onError = guarded(options.onError)

  try {
    const context = await prepare()
    while (context && !stop.signal.aborted) {
      if (running.size >= concurrency || outages > 0) {
        await Promise.race(running)
        continue
      }
      if (throwPause > 0) {
        await sleep(throwPause, stop.signal)
        throwPause = 0
        continue
      }
      await receiveBatch(context)
    }
    await Promise.all(running)
    await Promise.race([Promise.all(hooks), untilAborted(ended.signal)])
  } finally {
    for (const timer of timers) clearTimeout(timer)
    signal?.removeEventListener('abort', stopBySignal)
  }
  if (fatal) throw fatal.error
  return totals

  /** A user's hook must not break a batch in its middle: what it throws stops the worker, and the batch is settled. */
  function guarded<T>(hook: ((value: T) => void) | undefined): (value: T) => void {
    return (value) => {
      const call = async () => hook?.(value)
      const called = call().catch(fail)
      const tracked = called.finally(() => hooks.delete(tracked))
      hooks.add(tracked)
    }
  }

  /** Reads what the queue says of itself, as often as it takes. */
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
      onReport,
      onError,
      onOutage: (away) => {
        outages += away ? 1 : -1
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
    } catch (error) {
      return afterError('ReceiveMessage', error)
    }
    totals.received += messages.length
    if (messages.length === 0) return
    const batch = (stop.signal.aborted ? release(messages) : runBatch(messages, context)).then(add).catch(fail)
    const tracked = batch.finally(() => running.delete(tracked))
    running.add(tracked)
  }

  /** Messages of the poll that was on its way when the worker was stopped. */
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
    if (isPermanent(cause)) return fail(error)
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
  if (visibilitySeconds !== undefined) wholeNumber('visibilitySeconds', visibilitySeconds, 1, visibilityCeilingSeconds)
  if (retrySeconds !== undefined) wholeNumber('retrySeconds', retrySeconds, 0, visibilityCeilingSeconds)
  if (drainMilliseconds !== undefined) wholeNumber('drainMilliseconds', drainMilliseconds, 0, 86_400_000)
  if (deadLetter) {
    queueAddress('deadLetter.queueUrl', deadLetter.queueUrl)
    if (deadLetter.queueUrl === queueUrl) throw roundTrip('deadLetter.queueUrl')
  }
  if (deadLetter?.maxAttempts !== undefined) wholeNumber('deadLetter.maxAttempts', deadLetter.maxAttempts, 1, 1000)
  optionalFunction('onReport', options.onReport)
  optionalFunction('onError', options.onError)
  return options
}
