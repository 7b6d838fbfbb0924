import type { FlowferryError, Report } from '@flowferry/core'
import { attributeBytes, causeAttribute, deadLetterCause, encodeCause } from './cause.ts'
import { failureOf } from './failure.ts'
import { type QueueMessage, queueMessages, type SqsAttribute, type SqsEvent, type SqsMessage } from './messages.ts'
import { client, queueAddress, wholeNumber } from './options.ts'
import { maxMessageBytes, queueError, type Sqs, sendMessage } from './queue.ts'

export interface DeadLetterOptions {
  /** It needs sqs:SendMessage on the dead-letter queue. */
  readonly sqs: Sqs
  /** URL of the dead-letter queue. */
  readonly queueUrl: string
  /**
   * Receives after which a failed message is given up, 1 to 1,000. Choose one less than the `maxReceiveCount` of the
   * queue's RedrivePolicy: that policy then only catches what crashed, and the cause is not lost.
   */
  readonly maxAttempts: number
}

export interface DeadLetterReport extends Report {
  /** Ids of the messages that are in the dead-letter queue now; they count as done, and keep their errors. */
  readonly deadLettered: readonly string[]
  /** Messages that the dead-letter queue did not take; they stay failed. */
  readonly deadLetterErrors: readonly FlowferryError[]
}

/**
 * Sends messages that failed their last attempt to the dead-letter queue, body verbatim, with the cause in the
 * attribute `flowferry.cause`, and calls them done in the report, so that Lambda deletes them:
 *
 *     return batchResponse(await deadLetter(report, event, { sqs, queueUrl, maxAttempts: 4 }))
 *
 * What could not be sent stays failed and comes again. Rejects only for a wrong option.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 */
export async function deadLetter(
  report: Report,
  event: SqsEvent | readonly SqsMessage[],
  { sqs, queueUrl, maxAttempts }: DeadLetterOptions,
): Promise<DeadLetterReport> {
  client('sqs', sqs)
  queueAddress('queueUrl', queueUrl)
  wholeNumber('maxAttempts', maxAttempts, 1, 1000)

  const originals = new Map((queueMessages(event) ?? []).map((message) => [message.messageId, message]))
  const givenUp: Failed[] = []
  for (const message of report.messages) {
    const original = message.messageId === undefined ? undefined : originals.get(message.messageId)
    if (message.status === 'failed' && original && original.receiveCount >= maxAttempts)
      givenUp.push({ message: original, error: failureOf(message) })
  }
  const { sent, errors } = await sendDeadLetters(sqs, queueUrl, givenUp)
  const messages = report.messages.map((message) =>
    message.messageId !== undefined && sent.has(message.messageId) ? { ...message, status: 'done' as const } : message,
  )
  return {
    ...report,
    messages,
    ok: !report.incomplete && messages.every((message) => message.status === 'done'),
    deadLettered: [...sent],
    deadLetterErrors: errors,
  }
}

export interface Failed {
  readonly message: QueueMessage
  readonly error: FlowferryError
}

/** Sends failed messages as they are, ten at once; gives the ids of those that arrived. */
export async function sendDeadLetters(
  sqs: Sqs,
  queueUrl: string,
  failed: readonly Failed[],
): Promise<{ sent: ReadonlySet<string>; errors: FlowferryError[] }> {
  const sent = new Set<string>()
  const errors: FlowferryError[] = []
  for (let start = 0; start < failed.length; start += 10) await Promise.all(failed.slice(start, start + 10).map(send))
  return { sent, errors }

  async function send({ message, error }: Failed): Promise<void> {
    const { messageId, groupId, body } = message
    if (messageId === undefined || body === undefined) return
    try {
      await sendMessage(sqs, queueUrl, { body, attributes: withCause(message, error), groupId, messageId })
      sent.add(messageId)
    } catch (cause) {
      errors.push(queueError('The dead-letter queue did not take the message', messageId, cause))
    }
  }
}

const maxAttributes = 10
const maxCauseBytes = 4096

/** The original's attributes and the cause, as far as ten attributes and the size of a message allow. */
function withCause({ body = '', attributes, receiveCount }: QueueMessage, error: FlowferryError) {
  const kept = Object.entries(attributes).filter(([name]) => name !== causeAttribute)
  const [droppedAttribute] = kept.length === maxAttributes ? kept.pop()! : []
  const cause = { ...deadLetterCause(error, receiveCount), ...(droppedAttribute !== undefined && { droppedAttribute }) }
  const used = kept.reduce((bytes, [name, value]) => bytes + attributeBytes(name, value), Buffer.byteLength(body))
  const encoded = encodeCause(cause, Math.min(maxCauseBytes, maxMessageBytes - used))
  const result: Record<string, SqsAttribute> = Object.fromEntries(kept)
  if (encoded) result[causeAttribute] = encoded
  return result
}
