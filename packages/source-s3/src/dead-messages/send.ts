import type { ErrorPlace, FlowferryError } from '@flowferry/core'
import type { QueueMessage, SqsAttribute } from '../events/messages.ts'
import { readContinuation } from '../lambda/continuation.ts'
import { maxMessageBytes, queueError, type Sqs, sendMessage } from '../queue/queue.ts'
import { attributeBytes, causeAttribute, deadLetterCause, encodeCause } from './cause.ts'

export interface FailedMessage {
  readonly message: QueueMessage
  readonly error: FlowferryError
  /** Place of the failure. The error's own place names no object where many objects share the error. */
  readonly place: ErrorPlace
  /** Leading records of the failed object that need no other try. */
  readonly position?: number
}

/**
 * Sends failed messages to the dead-letter queue, bodies verbatim, ten at once. Returns the ids of those that SQS took,
 * and the errors of the others.
 */
export async function sendDeadLetters(
  sqs: Sqs,
  queueUrl: string,
  failed: readonly FailedMessage[],
  signal?: AbortSignal,
): Promise<{ sent: ReadonlySet<string>; errors: FlowferryError[] }> {
  const sent = new Set<string>()
  const errors: FlowferryError[] = []
  for (let start = 0; start < failed.length; start += 10) await Promise.all(failed.slice(start, start + 10).map(send))
  return { sent, errors }

  async function send(failure: FailedMessage): Promise<void> {
    const { messageId, groupId, body } = failure.message
    if (messageId === undefined || body === undefined) return
    try {
      await sendMessage(sqs, queueUrl, { body, attributes: withCause(failure), groupId, messageId }, signal)
      sent.add(messageId)
    } catch (cause) {
      errors.push(queueError('The dead-letter queue did not take the message', messageId, cause))
    }
  }
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const maxAttributes = 10
/** Enough for the longest object key and an error in words. */
const maxCauseBytes = 4096

/** The message's attributes and the cause, as far as SQS's limits of number and size allow. */
function withCause({ message, error, place, position }: FailedMessage) {
  const { body = '', attributes, receiveCount } = message
  const kept = Object.entries(attributes).filter(([name]) => name !== causeAttribute)
  const [droppedAttribute] = kept.length === maxAttributes ? kept.pop()! : []
  const attempts = receiveCount + (readContinuation(attributes)?.attempts ?? 0)
  const cause = {
    ...deadLetterCause(error, attempts, place),
    ...(position !== undefined && { position }),
    ...(droppedAttribute !== undefined && { droppedAttribute }),
  }
  const used = bytesOf(body, kept)
  const encoded = encodeCause(cause, Math.min(maxCauseBytes, maxMessageBytes - used))
  const result: Record<string, SqsAttribute> = Object.fromEntries(kept)
  if (encoded) result[causeAttribute] = encoded
  return result
}

/** A message's attributes and the added ones; undefined where SQS's limits leave no room for them. */
export function withAttributes(
  { body = '', attributes }: QueueMessage,
  added: Readonly<Record<string, SqsAttribute>>,
): Record<string, SqsAttribute> | undefined {
  const all = { ...attributes, ...added }
  const entries = Object.entries(all)
  return entries.length <= maxAttributes && bytesOf(body, entries) <= maxMessageBytes ? all : undefined
}

function bytesOf(body: string, attributes: readonly (readonly [string, SqsAttribute])[]): number {
  return attributes.reduce((bytes, [name, value]) => bytes + attributeBytes(name, value), Buffer.byteLength(body))
}
