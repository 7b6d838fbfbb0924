import { asFlowferryError, type FlowferryError, type MessageReport, type Report } from '@flowferry/core'
import { isOfOneBucket } from '../aws-errors.ts'
import { failureDetails, isUnreadable, messagesToRetry, sourceOutageOf, wasNotBegun } from '../dead-messages/failure.ts'
import { type FailedMessage, sendDeadLetters } from '../dead-messages/send.ts'
import { queueMessages, type SqsMessage } from '../events/messages.ts'
import { changeVisibility, deleteMessages, type Sqs } from '../queue/queue.ts'
import { backoff, sleep, untilAborted } from '../queue/time.ts'
import { startHeartbeat } from './heartbeat.ts'

/** The settings, signals and callbacks that all batches of one `consume` share. */
export interface BatchContext {
  readonly sqs: Sqs
  readonly queueUrl: string
  readonly handler: (messages: readonly SqsMessage[], signal: AbortSignal) => Promise<Report>
  readonly visibilitySeconds: number
  readonly deadLetter?: { readonly queueUrl: string; readonly maxAttempts: number } | undefined
  readonly retrySeconds?: number | undefined
  /** Aborts when the worker is stopped: no more work is begun. */
  readonly stopping: AbortSignal
  /** Aborts after `drainMilliseconds`. The handler gets it. */
  readonly drained: AbortSignal
  /** Aborts the last requests to SQS. */
  readonly ended: AbortSignal
  readonly onReport: (report: Report) => void
  readonly onError: (error: FlowferryError) => void
  /** Pauses receiving, since this batch waits for the end of an outage. */
  readonly hold: () => Hold
}

/** A batch that waits for the end of an outage, and the pause of receiving meanwhile. */
export interface Hold {
  /** The outage may be that of one bucket or key alone: the worker goes on with others, and this batch waits beside. */
  readonly release: () => void
  /** The batch is over. */
  readonly end: () => void
}

/** Counts of a batch. The number of messages is `deleted + deadLettered + failed + released`. */
export interface BatchResult {
  readonly deleted: number
  readonly deadLettered: number
  readonly failed: number
  readonly released: number
  readonly reports: number
  /** The handler threw, or its source did. */
  readonly threw: boolean
}

/** Time for a handler to return once its signal has aborted. */
export const graceMilliseconds = 2000

/** Time after which an outage of one bucket or key no longer pauses receiving: mending it may take a day. */
const oneBucketMilliseconds = 60_000

/** Gives a batch to the handler, keeps it hidden meanwhile, and settles every message. Never rejects. */
export async function runBatch(messages: readonly SqsMessage[], context: BatchContext): Promise<BatchResult> {
  const { sqs, queueUrl, visibilitySeconds, stopping, ended, onError } = context
  let remaining = messages
  let reports = 0
  let deleted = 0
  const undeleted: SqsMessage[] = []
  let outcome: HandlerOutcome = {}
  let settled: Settled = { deleted: 0, deadLettered: 0, released: 0, failed: 0 }
  let hold: Hold | undefined
  let heldAt = 0
  let toldCode: string | undefined
  const pause = backoff()
  const inWork = { messages: () => remaining, onError, signal: ended }
  const heartbeat = startHeartbeat({ sqs, queueUrl, visibilitySeconds, ...inWork })

  for (;;) {
    outcome = await callHandler(remaining, context)
    const { report } = outcome
    if (report) {
      reports++
      context.onReport(report)
      const finished = remaining.filter(doneIn(report.messages))
      remaining = remaining.filter((message) => !finished.includes(message))
      for (const { message, error } of await deleteMessages(sqs, queueUrl, finished, ended)) {
        undeleted.push(message)
        onError(error)
      }
      deleted += finished.length
    }
    if (remaining.length === 0 || stopping.aborted || !report || heartbeat.expired()) break
    const source = isOutage(report) ? undefined : sourceOutage(report.messages)
    if (!isOutage(report) && !source) break
    if (source) {
      // What failed for a reason of its own does not wait.
      const own = remaining.filter((message) => !source.waits(message))
      remaining = remaining.filter(source.waits)
      settled = sum(settled, await settleRemaining(own, outcome, context, false))
      if (remaining.length === 0) break
      if (source.error.code !== toldCode) onError(source.error)
      toldCode = source.error.code
    }
    // In an outage the messages stay hidden and are tried again after a pause. Another receive would cost each of them an
    // attempt.
    if (!hold) heldAt = Date.now()
    hold ??= context.hold()
    if (source?.isOfOneBucket && Date.now() - heldAt >= oneBucketMilliseconds) hold.release()
    await sleep(pause.next(), stopping)
    if (stopping.aborted) break
  }
  await heartbeat.stop()
  hold?.end()

  settled = sum(settled, await settleRemaining(remaining, outcome, context, heartbeat.expired()))
  return {
    reports,
    threw: outcome.error !== undefined,
    deleted: deleted - undeleted.length + settled.deleted,
    deadLettered: settled.deadLettered,
    released: settled.released,
    failed: settled.failed + undeleted.length,
  }
}

type Settled = Omit<BatchResult, 'reports' | 'threw'>

function sum(a: Settled, b: Settled): Settled {
  return {
    deleted: a.deleted + b.deleted,
    deadLettered: a.deadLettered + b.deadLettered,
    released: a.released + b.released,
    failed: a.failed + b.failed,
  }
}

/**
 * Whether an outage of the target stopped the report. A report that is `incomplete` may have a failed source instead.
 */
function isOutage({ stopped, incomplete }: Report): boolean {
  if (stopped === undefined || stopped.code === 'ABORTED' || stopped.code === 'DEADLINE') return false
  return !incomplete || stopped.code.startsWith('TARGET_')
}

/**
 * The outage of the source by which messages failed, and which of them wait for its end: theirs, and of a FIFO queue the
 * others of their groups, so that the order is kept.
 */
function sourceOutage(reports: readonly MessageReport[]) {
  const failed = reports.filter((report) => sourceOutageOf(report) !== undefined)
  const errors = failed.map((report) => sourceOutageOf(report)!)
  const [error] = errors
  if (!error) return undefined
  const groups = new Set(failed.map(({ group }) => group))
  groups.delete(undefined)
  const ids = new Set(
    reports.filter((report) => failed.includes(report) || groups.has(report.group)).map(({ messageId }) => messageId),
  )
  return {
    error,
    isOfOneBucket: errors.every(isOfOneBucket),
    waits: ({ MessageId }: SqsMessage) => MessageId !== undefined && ids.has(MessageId),
  }
}

/** The error of a failed source. The messages that it did not give are in no report: they fail as if it threw. */
function sourceFailure(report: Report): FlowferryError | undefined {
  const { stopped, incomplete } = report
  const wasStopped = stopped?.code === 'ABORTED' || stopped?.code === 'DEADLINE'
  return incomplete && !wasStopped && !isOutage(report) ? stopped : undefined
}

interface HandlerOutcome {
  readonly report?: Report
  /** Error of the messages that are in no report. */
  readonly error?: FlowferryError
}

async function callHandler(messages: readonly SqsMessage[], context: BatchContext): Promise<HandlerOutcome> {
  const finished = new AbortController()
  const work = async (): Promise<HandlerOutcome> => {
    try {
      const report = await context.handler(messages, context.drained)
      // A handler that forgets its `return` is told so: else every message would come again for ever, without an error.
      if (!Array.isArray(report?.messages)) throw new TypeError('it gave no report')
      const error = sourceFailure(report)
      if (error) context.onError(error)
      return { report, ...(error && { error }) }
    } catch (thrown) {
      const error = asFlowferryError(thrown, 'HANDLER_FAILED', 'The handler threw')
      // After its signal, a handler may throw to say that it has stopped: that is no error.
      if (!context.drained.aborted) context.onError(error)
      return { error }
    } finally {
      finished.abort()
    }
  }
  return Promise.race([work(), abandoned(context.drained, finished.signal)])
}

/** Resolves `graceMilliseconds` after the signal, for a handler that does not heed it. */
async function abandoned(signal: AbortSignal, finished: AbortSignal): Promise<HandlerOutcome> {
  await untilAborted(signal, finished)
  await sleep(graceMilliseconds, finished)
  return {}
}

/** Settles the messages that are not deleted: makes them visible, dead-letters them, or leaves them hidden. */
async function settleRemaining(
  remaining: readonly SqsMessage[],
  outcome: HandlerOutcome,
  context: BatchContext,
  expired: boolean,
): Promise<Settled> {
  const { stopping, drained } = context
  const { report } = outcome
  if (drained.aborted || (stopping.aborted && report?.stopped !== undefined)) return giveBack(remaining, context)
  const waits = stopping.aborted ? sourceOutage(report?.messages ?? [])?.waits : undefined
  const waiting = remaining.filter((message) => waits?.(message))
  const others = remaining.filter((message) => !waiting.includes(message))
  return sum(await giveBack(waiting, context), await settleFailed(others, outcome, context, expired))
}

/** Makes messages visible again, for another worker. */
async function giveBack(messages: readonly SqsMessage[], context: BatchContext): Promise<Settled> {
  const { sqs, queueUrl, ended, onError } = context
  const failures = await changeVisibility(sqs, queueUrl, messages, 0, ended)
  for (const failure of failures) onError(failure.error)
  return { deleted: 0, deadLettered: 0, released: messages.length - failures.length, failed: failures.length }
}

async function settleFailed(
  remaining: readonly SqsMessage[],
  { report, error }: HandlerOutcome,
  context: BatchContext,
  expired: boolean,
): Promise<Settled> {
  const { sqs, queueUrl, deadLetter, retrySeconds, ended, onError } = context
  const reports = report?.messages ?? []
  let sent: ReadonlySet<string> = new Set()
  // An expired message is visible, and may be another receiver's by now.
  if (deadLetter && !expired) {
    const reportOf = new Map(reports.map((message) => [message.messageId, message]))
    const lastAttempts = remaining.flatMap((received): FailedMessage[] => {
      const message = queueMessages([received])![0]!
      const ownReport = reportOf.get(received.MessageId) ?? { ...unreported, ...(error && { error }) }
      if (ownReport.status === 'done' || wasNotBegun(ownReport) || sourceOutageOf(ownReport)) return []
      if (message.receiveCount < deadLetter.maxAttempts && !isUnreadable(ownReport)) return []
      return [{ message, ...failureDetails(ownReport) }]
    })
    const result = await sendDeadLetters(sqs, deadLetter.queueUrl, lastAttempts, ended)
    for (const failure of result.errors) onError(failure)
    sent = result.sent
  }
  // A dead-lettered message counts as done, so those done behind it in its FIFO group need not be received again.
  const isDone = doneIn(
    reports.map((message) => (sent.has(message.messageId ?? '') ? { ...message, status: 'done' as const } : message)),
  )
  const deadLettered = remaining.filter(({ MessageId }) => sent.has(MessageId ?? ''))
  const unblocked = remaining.filter((message) => isDone(message) && !deadLettered.includes(message))
  const undeleted = new Set<SqsMessage>()
  for (const { message, error } of await deleteMessages(sqs, queueUrl, [...deadLettered, ...unblocked], ended)) {
    undeleted.add(message)
    onError(error)
  }
  const toRetry = remaining.filter((message) => !deadLettered.includes(message) && !unblocked.includes(message))
  if (retrySeconds !== undefined && !expired)
    for (const failure of await changeVisibility(sqs, queueUrl, toRetry, retrySeconds, ended)) onError(failure.error)
  const deleted = unblocked.filter((message) => !undeleted.has(message)).length
  const failed = remaining.length - deadLettered.length - deleted
  return { deleted, deadLettered: deadLettered.length, released: 0, failed }
}

/** A message that is missing from the handler's report counts as failed. */
const unreported = { status: 'failed', objects: [], ignored: [] } as const

/** Whether a message is done, without a failed one before it in its FIFO group. */
function doneIn(reports: readonly MessageReport[]): (message: SqsMessage) => boolean {
  const toRetry = new Set(messagesToRetry(reports))
  const done = new Set(reports.filter((report) => !toRetry.has(report)).map(({ messageId }) => messageId))
  return ({ MessageId }) => MessageId !== undefined && done.has(MessageId)
}
