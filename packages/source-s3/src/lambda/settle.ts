import { GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { FlowferryError, type MessageReport, type Report } from '@flowferry/core'
import { failureDetails, isUnreadable, sourceOutageOf, wasNotBegun } from '../dead-messages/failure.ts'
import { type FailedMessage, sendDeadLetters, withAttributes } from '../dead-messages/send.ts'
import { type QueueMessage, queueMessages, type SqsEvent, type SqsMessage, type SqsRecord } from '../events/messages.ts'
import { client, queueAddress, sameQueue, wholeNumber } from '../queue/options.ts'
import { isUrlOfArn, queueError, type Sqs, sendMessage } from '../queue/queue.ts'
import { answerWithin } from '../queue/time.ts'
import {
  encodeContinuation,
  nextPositions,
  type ObjectPosition,
  positionAttribute,
  readContinuation,
} from './continuation.ts'

export interface SettleOptions {
  /** An SQS client. Needs sqs:SendMessage on both queues, and sqs:GetQueueUrl on the main queue without `queueUrl`. */
  readonly sqs: Sqs
  /**
   * URL of the queue that the event came from.
   * @default asked of SQS, by the event's `eventSourceARN`: one request an invocation that needs it
   */
  readonly queueUrl?: string
  /**
   * Receives that one message may take, those of its continuations included, 1 to 10,000. Then it is continued no
   * more, though it came further each time, and goes to the dead-letter queue. A bound of the library's own, since
   * AWS's detection of loops has to be off for files that take more than 16 invocations.
   * @default 100: an object as large as `limits.objectBytes` allows takes some tens of two minutes each
   */
  readonly maxContinuations?: number
  /**
   * The dead-letter queue for messages whose last attempt failed.
   * @default none: the queue's own RedrivePolicy moves them, without a cause
   */
  readonly deadLetter?: {
    /** URL of the dead-letter queue, which must be another than the one that the event came from. */
    readonly queueUrl: string
    /**
     * Receives after which a failed message goes to the dead-letter queue, 1 to 1,000. Choose fewer than the
     * `maxReceiveCount` of the queue's RedrivePolicy: the policy then moves only messages of crashed functions, and those
     * whose receives were no attempts for as long as the difference lasts.
     */
    readonly maxAttempts: number
  }
}

export interface SettledReport extends Report {
  /** Ids of the messages that were sent to the main queue again, with their positions. They count as done. */
  readonly continued: readonly string[]
  /** Ids of the messages that were sent to the dead-letter queue. They count as done, and keep their errors. */
  readonly deadLettered: readonly string[]
  /** Errors of SQS. Their messages stay failed, so SQS delivers them again. */
  readonly queueErrors: readonly FlowferryError[]
}

/**
 * Settles the messages that a Lambda function could not finish, before `batchResponse`:
 *
 * - A message whose objects only ran out of time is sent to its queue again, body verbatim, with its position in the
 *   attribute `flowferry.position`, and counts as done. The next invocation skips the stored records. A FIFO queue puts
 *   the message at the end of its group. An invocation that came no further than the one before it is a failed attempt,
 *   and after `maxContinuations` receives the message is given up.
 * - A message that failed its last attempt is sent to the dead-letter queue, body verbatim, with the cause in the
 *   attribute `flowferry.cause`, and counts as done. An outage of the target is such a failure, too: a function cannot
 *   wait for its end as a worker does, and the queue's RedrivePolicy would move the message without the cause.
 * - A message that no try can read (no known format, damaged JSON, above a limit) goes there at its first attempt.
 * - A message that an outage of the source failed (credentials, clock, region, key, load: codes that begin with `SOURCE_`)
 *   stays failed, however often it was received: nothing of it was read. Only the RedrivePolicy counts such a receive.
 * - A message of a FIFO queue behind a failed one of its group stays as it is: `batchResponse` returns both.
 * - A message that was not begun before the deadline stays failed, however often it was received, since nothing was
 *   tried. Only the queue's RedrivePolicy counts such a receive.
 *
 * Each message is sent before it counts as done, so a crash in between repeats work, harmlessly. A message that could
 * not be sent stays failed, as does every other failed message, and SQS delivers it again.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const report = await ingest({ source: s3Objects(event, { s3 }), parser, sink, deadline: context })
 * const deadLetter = { queueUrl: deadLetterQueueUrl, maxAttempts: 4 }
 * return batchResponse(await settle(report, event, { sqs, deadLetter }))
 */
export async function settle(
  report: Report,
  event: SqsEvent | readonly (SqsMessage | SqsRecord)[],
  { sqs, queueUrl, maxContinuations = 100, deadLetter }: SettleOptions,
): Promise<SettledReport> {
  const received = queueMessages(event) ?? []
  client('sqs', sqs)
  if (queueUrl !== undefined) queueAddress('queueUrl', queueUrl)
  wholeNumber('maxContinuations', maxContinuations, 1, 10_000)
  if (deadLetter) {
    queueAddress('deadLetter.queueUrl', deadLetter.queueUrl)
    wholeNumber('deadLetter.maxAttempts', deadLetter.maxAttempts, 1, 1000)
    const isFromIt = ({ queueArn }: QueueMessage) => queueArn !== undefined && isUrlOfArn(deadLetter.queueUrl, queueArn)
    if (deadLetter.queueUrl === queueUrl || received.some(isFromIt)) throw sameQueue('deadLetter.queueUrl')
  }

  // Lambda tries all of an incomplete report again, so a message that is sent from here would be there twice.
  if (report.incomplete) return { ...report, continued: [], deadLettered: [], queueErrors: [] }

  const originals = new Map(received.map((message) => [message.messageId, message]))
  const queueErrors: FlowferryError[] = []
  const continued = new Set<string>()
  const deadLettered = new Set<string>()
  const lastAttempts: FailedMessage[] = []
  let mainQueueUrl: Promise<string> | undefined
  const groups = new Map<string | MessageReport, MessageReport[]>()
  for (const message of report.messages) {
    const group = groups.get(message.group ?? message)
    if (group) group.push(message)
    else groups.set(message.group ?? message, [message])
  }
  await Promise.all([...groups.values()].map(settleInOrder))
  await deadLetterAll(lastAttempts)

  const messages = report.messages.map((message) =>
    message.messageId !== undefined && (continued.has(message.messageId) || deadLettered.has(message.messageId))
      ? { ...message, status: 'done' as const }
      : message,
  )
  return {
    ...report,
    messages,
    ok: messages.every((message) => message.status === 'done'),
    continued: [...continued],
    deadLettered: [...deadLettered],
    queueErrors,
  }

  /** Stops at a failed message: SQS delivers those behind it in its group again, so none of them may be sent. */
  async function settleInOrder(group: readonly MessageReport[]): Promise<void> {
    for (const message of group) if (!(await settleOne(message))) return
  }

  /** Whether the message is done, so that the next one of its group may be settled. */
  async function settleOne(message: MessageReport): Promise<boolean> {
    const { messageId, group } = message
    if (message.status !== 'failed') return true
    const original = messageId === undefined ? undefined : originals.get(messageId)
    if (!original) return false
    const before = readContinuation(original.attributes)
    const next = message.error ? undefined : nextPositions(before, message.objects)
    const receives = (before?.attempts ?? 0) + original.receiveCount
    if (next && receives >= maxContinuations)
      return giveUp({ ...failedOf(message, original), error: endless(receives) }, group)
    if (next && (await continueLater(original, next))) {
      continued.add(messageId!)
      return true
    }
    if (!deadLetter || wasNotBegun(message) || sourceOutageOf(message)) return false
    if (original.receiveCount < deadLetter.maxAttempts && !isUnreadable(message)) return false
    return giveUp(failedOf(message, original), group)
  }

  /** Whether the dead-letter queue took the message. Those of no group are sent together, after the others. */
  async function giveUp(failed: FailedMessage, group?: string): Promise<boolean> {
    if (!deadLetter) return false
    if (group === undefined) lastAttempts.push(failed)
    else await deadLetterAll([failed])
    return deadLettered.has(failed.message.messageId!)
  }

  function failedOf(message: MessageReport, original: QueueMessage): FailedMessage {
    return { message: original, ...failureDetails(message) }
  }

  function endless(receives: number): FlowferryError {
    const what = `The message took ${receives} receives and is not done; \`maxContinuations\` is ${maxContinuations}`
    return new FlowferryError('DEADLINE', what)
  }

  async function deadLetterAll(failed: readonly FailedMessage[]): Promise<void> {
    const { sent, errors } = await sendDeadLetters(sqs, deadLetter?.queueUrl ?? '', failed)
    for (const messageId of sent) deadLettered.add(messageId)
    queueErrors.push(...errors)
  }

  async function continueLater(message: QueueMessage, objects: readonly ObjectPosition[]): Promise<boolean> {
    const { messageId, groupId, body, queueArn, receiveCount, attributes } = message
    const before = readContinuation(attributes)?.attempts ?? 0
    const position = encodeContinuation({ attempts: before + receiveCount, objects })
    const withPosition = withAttributes(message, { [positionAttribute]: position })
    if (body === undefined || !withPosition || (queueUrl === undefined && queueArn === undefined)) return false
    try {
      mainQueueUrl ??= queueUrl !== undefined ? Promise.resolve(queueUrl) : queueUrlOf(sqs, queueArn!)
      await sendMessage(sqs, await mainQueueUrl, { body, attributes: withPosition, groupId, messageId })
      return true
    } catch (cause) {
      queueErrors.push(queueError('The main queue did not take the message with its position', messageId, cause))
      return false
    }
  }
}

/** The URL of `arn:aws:sqs:<region>:<account>:<name>`. Asked of SQS, since it depends on partition and endpoint. */
async function queueUrlOf(sqs: Sqs, arn: string): Promise<string> {
  const [account, name] = arn.split(':').slice(4)
  const command = new GetQueueUrlCommand({ QueueName: name!, QueueOwnerAWSAccountId: account! })
  const { QueueUrl } = await answerWithin(15, undefined, (options) => sqs.send(command, options))
  return QueueUrl!
}
