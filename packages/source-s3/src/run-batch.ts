import { asFlowferryError, type FlowferryError, type MessageReport, type Report } from '@flowferry/core'
import { type Failed, sendDeadLetters } from './dead-letter.ts'
import { failedAt, returned, wasNotTried } from './failure.ts'
import { startHeartbeat } from './heartbeat.ts'
import { queueMessages, type SqsMessage } from './messages.ts'
import { changeVisibility, deleteMessages, type Sqs } from './queue.ts'
import { backoff, sleep, untilAborted } from './time.ts'

/** What the batches of one `consume` share. */
export interface BatchContext {
  readonly sqs: Sqs
  readonly queueUrl: string
  readonly handler: (messages: readonly SqsMessage[], signal: AbortSignal) => Promise<Report>
  readonly visibilitySeconds: number
  readonly deadLetter?: { readonly queueUrl: string; readonly maxAttempts: number } | undefined
  readonly retrySeconds?: number | undefined
  /** Aborts when no more work is to be begun. */
  readonly stopping: AbortSignal
  /** Aborts when the time to finish is over. The handler gets it. */
  readonly drained: AbortSignal
  /** Aborts when no request to SQS may take any longer. */
  readonly ended: AbortSignal
  readonly onReport: (report: Report) => void
  readonly onError: (error: FlowferryError) => void
  /** Called with true when the target goes away under this batch, with false when the batch is over. */
  readonly onOutage: (away: boolean) => void
}

/** What became of a batch; the four add up to its number of messages. */
export interface BatchResult {
  readonly deleted: number
  readonly deadLettered: number
  readonly failed: number
  readonly released: number
  readonly reports: number
  /** The handler threw, or its source did. */
  readonly threw: boolean
}

/** Time that a handler has to return once its signal has aborted. */
export const graceMilliseconds = 2000

/** Hands a batch to the handler, keeps it hidden meanwhile, and settles every message. Never rejects. */
export async function runBatch(messages: readonly SqsMessage[], context: BatchContext): Promise<BatchResult> {
  const { sqs, queueUrl, visibilitySeconds, stopping, ended, onError, onOutage } = context
  let left = messages
  let reports = 0
  let deleted = 0
  const undeleted: SqsMessage[] = []
  let outcome: HandlerOutcome = {}
  let away = false
  const pause = backoff()
  const beaten = { messages: () => left, onError, signal: ended }
  const heartbeat = startHeartbeat({ sqs, queueUrl, visibilitySeconds, ...beaten })

  for (;;) {
    outcome = await callHandler(left, context)
    const { report } = outcome
    if (report) {
      reports++
      context.onReport(report)
      const finished = left.filter(doneIn(report.messages))
      left = left.filter((message) => !finished.includes(message))
      for (const { message, error } of await deleteMessages(sqs, queueUrl, finished, ended)) {
        undeleted.push(message)
        onError(error)
      }
      deleted += finished.length
    }
    if (left.length === 0 || stopping.aborted || !report || !isOutage(report) || heartbeat.expired()) break
    // The target is away. These messages are kept and tried again after a pause: another receive would cost them,
    // and others, an attempt each.
    if (!away) onOutage(true)
    away = true
    await sleep(pause.next(), stopping)
    if (stopping.aborted) break
  }
  await heartbeat.stop()
  if (away) onOutage(false)

  const settled = await settle(left, outcome, context, heartbeat.expired())
  return {
    reports,
    threw: outcome.error !== undefined,
    deleted: deleted - undeleted.length + settled.deleted,
    deadLettered: settled.deadLettered,
    released: settled.released,
    failed: settled.failed + undeleted.length,
  }
}

/** Whether the target is away. What stopped a report whose source has more may also be that source, which broke. */
function isOutage({ stopped, incomplete }: Report): boolean {
  if (stopped === undefined || stopped.code === 'ABORTED' || stopped.code === 'DEADLINE') return false
  return !incomplete || stopped.code.startsWith('TARGET_')
}

/** A source that broke: the messages that it had not given are in no report, and fail as of a handler that throws. */
function sourceFailure(report: Report): FlowferryError | undefined {
  const { stopped, incomplete } = report
  const wasStopped = stopped?.code === 'ABORTED' || stopped?.code === 'DEADLINE'
  return incomplete && !wasStopped && !isOutage(report) ? stopped : undefined
}

interface HandlerOutcome {
  readonly report?: Report
  /** Why messages failed of which no report speaks. */
  readonly error?: FlowferryError
}

async function callHandler(messages: readonly SqsMessage[], context: BatchContext): Promise<HandlerOutcome> {
  const finished = new AbortController()
  const work = async (): Promise<HandlerOutcome> => {
    try {
      const report = await context.handler(messages, context.drained)
      // A handler that forgets its `return`: without a word, every message would come again for ever.
      if (!Array.isArray(report?.messages)) throw new TypeError('it gave no report')
      const error = sourceFailure(report)
      if (error) context.onError(error)
      return { report, ...(error && { error }) }
    } catch (thrown) {
      const error = asFlowferryError(thrown, 'HANDLER_FAILED', 'The handler threw')
      // After the signal, an exception is a handler's way to say that it has stopped.
      if (!context.drained.aborted) context.onError(error)
      return { error }
    } finally {
      finished.abort()
    }
  }
  return Promise.race([work(), abandoned(context.drained, finished.signal)])
}

/** Resolves some time after the signal, for a handler that does not heed it. */
async function abandoned(signal: AbortSignal, finished: AbortSignal): Promise<HandlerOutcome> {
  await untilAborted(signal, finished)
  await sleep(graceMilliseconds, finished)
  return {}
}

/** Decides about the messages that are not done: given back, given up, or left to come again. */
async function settle(
  left: readonly SqsMessage[],
  { report, error }: HandlerOutcome,
  context: BatchContext,
  expired: boolean,
): Promise<Omit<BatchResult, 'reports' | 'threw'>> {
  const { sqs, queueUrl, deadLetter, retrySeconds, stopping, drained, ended, onError } = context
  const interrupted = drained.aborted || (stopping.aborted && report?.stopped !== undefined)
  if (interrupted) {
    const failures = await changeVisibility(sqs, queueUrl, left, 0, ended)
    for (const failure of failures) onError(failure.error)
    return { deleted: 0, deadLettered: 0, released: left.length - failures.length, failed: failures.length }
  }

  // A message in a target's outage did nothing wrong; one that is visible again is another receiver's.
  const reports = report?.messages ?? []
  let sent: ReadonlySet<string> = new Set()
  if (deadLetter && !expired) {
    const reasons = new Map(reports.map((message) => [message.messageId, message]))
    const lastAttempts = left.flatMap((message): Failed[] => {
      const [normal] = queueMessages([message])!
      const reason = reasons.get(message.MessageId) ?? { ...unreported, ...(error && { error }) }
      if (normal!.receiveCount < deadLetter.maxAttempts || reason.status === 'done' || wasNotTried(reason)) return []
      return [{ message: normal!, ...failedAt(reason) }]
    })
    const result = await sendDeadLetters(sqs, deadLetter.queueUrl, lastAttempts, ended)
    for (const failure of result.errors) onError(failure)
    sent = result.sent
  }
  // With what held up a FIFO queue's group out of the way, those behind it are done.
  const isDone = doneIn(
    reports.map((message) => (sent.has(message.messageId ?? '') ? { ...message, status: 'done' as const } : message)),
  )
  const given = left.filter(({ MessageId }) => sent.has(MessageId ?? ''))
  const freed = left.filter((message) => isDone(message) && !given.includes(message))
  const undeleted = new Set<SqsMessage>()
  for (const { message, error } of await deleteMessages(sqs, queueUrl, [...given, ...freed], ended)) {
    undeleted.add(message)
    onError(error)
  }
  const rest = left.filter((message) => !given.includes(message) && !freed.includes(message))
  if (retrySeconds !== undefined && !expired)
    for (const failure of await changeVisibility(sqs, queueUrl, rest, retrySeconds, ended)) onError(failure.error)
  const deleted = freed.filter((message) => !undeleted.has(message)).length
  return { deleted, deadLettered: given.length, released: 0, failed: left.length - given.length - deleted }
}

/** A message that the handler's report does not speak of: it cannot be called done. */
const unreported = { status: 'failed', objects: [], ignored: [] } as const

/** Whether a message is done, and no failed one of its group stands before it. */
function doneIn(reports: readonly MessageReport[]): (message: SqsMessage) => boolean {
  const back = new Set(returned(reports))
  const done = new Set(reports.filter((report) => !back.has(report)).map(({ messageId }) => messageId))
  return ({ MessageId }) => MessageId !== undefined && done.has(MessageId)
}
