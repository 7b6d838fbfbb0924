import { GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import type { FlowferryError, MessageReport, Report } from '@flowferry/core'
import { encodeContinuation, nextProgress, type Progress, positionAttribute, readContinuation } from './continuation.ts'
import { type Failed, fitting, sendDeadLetters } from './dead-letter.ts'
import { failedAt, wasNotTried } from './failure.ts'
import { type QueueMessage, queueMessages, type SqsEvent, type SqsMessage } from './messages.ts'
import { client, queueAddress, roundTrip, wholeNumber } from './options.ts'
import { isAddressOf, queueError, type Sqs, sendMessage } from './queue.ts'
import { answerWithin } from './time.ts'

export interface SettleOptions {
  /** It needs sqs:SendMessage on both queues, and sqs:GetQueueUrl on the main one unless `queueUrl` is given. */
  readonly sqs: Sqs
  /** URL of the queue that the event came from. Default: SQS is asked, by the event's `eventSourceARN`. */
  readonly queueUrl?: string
  /** Where messages go whose last attempt failed. Default: nowhere; the queue's own RedrivePolicy may catch them. */
  readonly deadLetter?: {
    /** URL of the dead-letter queue, which must be another than the one that the event came from. */
    readonly queueUrl: string
    /**
     * Receives after which a failed message is given up, 1 to 1,000. Choose one less than the `maxReceiveCount` of the
     * queue's RedrivePolicy: that policy then only catches what crashed, and the cause is not lost.
     */
    readonly maxAttempts: number
  }
}

export interface SettledReport extends Report {
  /** Ids of the messages that were sent to the main queue again, to go on where they are; they count as done. */
  readonly continued: readonly string[]
  /** Ids of the messages that are in the dead-letter queue now; they count as done, and keep their errors. */
  readonly deadLettered: readonly string[]
  /** What SQS refused: those messages stay failed, and come again. */
  readonly queueErrors: readonly FlowferryError[]
}

/**
 * Takes care of what a Lambda function could not finish, so that its answer is `batchResponse(await settle(…))`:
 *
 * - A message whose objects only ran out of time is sent to its queue again, body verbatim, with its position in the
 *   attribute `flowferry.position`, and counts as done. The next invocation skips what is stored. A FIFO queue puts it
 *   behind what waits in its group. An invocation that came no further than the last is a failed attempt.
 * - A message that failed its last attempt is sent to the dead-letter queue, body verbatim, with the cause in the
 *   attribute `flowferry.cause`, and counts as done. So is one that failed for an outage of the target: a function, other
 *   than a worker, cannot wait for its end, and the queue's RedrivePolicy would move it too, without the cause.
 * - A message of a FIFO queue that stands behind a failed one of its group stays as it is: `batchResponse` returns both.
 * - A message whose turn did not come before the deadline is not sent there, however often it was received: nobody tried
 *   it. It stays failed and comes again; only the queue's RedrivePolicy gives it up.
 *
 * Each is sent before it is called done, so a crash in between leads to work that is done twice, harmlessly. What could
 * not be sent stays failed and comes again, as does everything else that failed. Rejects only for a wrong option.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 */
export async function settle(
  report: Report,
  event: SqsEvent | readonly SqsMessage[],
  { sqs, queueUrl, deadLetter }: SettleOptions,
): Promise<SettledReport> {
  const received = queueMessages(event) ?? []
  client('sqs', sqs)
  if (queueUrl !== undefined) queueAddress('queueUrl', queueUrl)
  if (deadLetter) {
    queueAddress('deadLetter.queueUrl', deadLetter.queueUrl)
    wholeNumber('deadLetter.maxAttempts', deadLetter.maxAttempts, 1, 1000)
    const isMain = ({ queueArn }: QueueMessage) => queueArn !== undefined && isAddressOf(deadLetter.queueUrl, queueArn)
    if (deadLetter.queueUrl === queueUrl || received.some(isMain)) throw roundTrip('deadLetter.queueUrl')
  }

  // Lambda will try all of it again, so nothing goes on besides.
  if (report.incomplete) return { ...report, continued: [], deadLettered: [], queueErrors: [] }

  const originals = new Map(received.map((message) => [message.messageId, message]))
  const queueErrors: FlowferryError[] = []
  const continued = new Set<string>()
  const deadLettered = new Set<string>()
  const givenUp: Failed[] = []
  let address: Promise<string> | undefined
  const groups = new Map<string | MessageReport, MessageReport[]>()
  for (const message of report.messages) {
    const group = groups.get(message.group ?? message)
    if (group) group.push(message)
    else groups.set(message.group ?? message, [message])
  }
  await Promise.all([...groups.values()].map(settleInOrder))
  await giveUp(givenUp)

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

  /** What stands behind a failed message of its group comes again with it: sent from here, there would be two of it. */
  async function settleInOrder(group: readonly MessageReport[]): Promise<void> {
    for (const message of group) if (!(await settleOne(message))) return
  }

  /** Whether the message is out of the way. */
  async function settleOne(message: MessageReport): Promise<boolean> {
    const { messageId, group } = message
    if (message.status !== 'failed') return true
    const original = messageId === undefined ? undefined : originals.get(messageId)
    if (!original) return false
    const next = message.error ? undefined : nextProgress(readContinuation(original.attributes), message.objects)
    if (next && (await goOn(original, next))) {
      continued.add(messageId!)
      return true
    }
    if (!deadLetter || wasNotTried(message) || original.receiveCount < deadLetter.maxAttempts) return false
    const failed = { message: original, ...failedAt(message) }
    if (group === undefined) givenUp.push(failed)
    else await giveUp([failed])
    return deadLettered.has(messageId!)
  }

  async function giveUp(failed: readonly Failed[]): Promise<void> {
    const { sent, errors } = await sendDeadLetters(sqs, deadLetter?.queueUrl ?? '', failed)
    for (const messageId of sent) deadLettered.add(messageId)
    queueErrors.push(...errors)
  }

  async function goOn(message: QueueMessage, objects: readonly Progress[]): Promise<boolean> {
    const { messageId, groupId, body, queueArn, receiveCount, attributes } = message
    const before = readContinuation(attributes)?.attempts ?? 0
    const position = encodeContinuation({ attempts: before + receiveCount, objects })
    const kept = fitting(message, { [positionAttribute]: position })
    if (body === undefined || !kept || (queueUrl === undefined && queueArn === undefined)) return false
    try {
      address ??= queueUrl !== undefined ? Promise.resolve(queueUrl) : queueAt(sqs, queueArn!)
      await sendMessage(sqs, await address, { body, attributes: kept, groupId, messageId })
      return true
    } catch (cause) {
      queueErrors.push(queueError('The queue did not take the message to go on with it', messageId, cause))
      return false
    }
  }
}

/** `arn:aws:sqs:<region>:<account>:<name>`; asked of SQS, since the address depends on partition and endpoint. */
async function queueAt(sqs: Sqs, arn: string): Promise<string> {
  const [account, name] = arn.split(':').slice(4)
  const command = new GetQueueUrlCommand({ QueueName: name!, QueueOwnerAWSAccountId: account! })
  const { QueueUrl } = await answerWithin(15, undefined, (options) => sqs.send(command, options))
  return QueueUrl!
}
