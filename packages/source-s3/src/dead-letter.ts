import type { ErrorPlace, FlowferryError } from '@flowferry/core'
import { attributeBytes, causeAttribute, deadLetterCause, encodeCause } from './cause.ts'
import { readContinuation } from './continuation.ts'
import type { QueueMessage, SqsAttribute } from './messages.ts'
import { maxMessageBytes, queueError, type Sqs, sendMessage } from './queue.ts'

export interface Failed {
  readonly message: QueueMessage
  readonly error: FlowferryError
  /** Where it failed; the error itself may be one that many share. */
  readonly place: ErrorPlace
  /** Records of the failed object that were done with. */
  readonly position?: number
}

/** Sends failed messages as they are, ten at once; gives the ids of those that arrived. */
export async function sendDeadLetters(
  sqs: Sqs,
  queueUrl: string,
  failed: readonly Failed[],
  signal?: AbortSignal,
): Promise<{ sent: ReadonlySet<string>; errors: FlowferryError[] }> {
  const sent = new Set<string>()
  const errors: FlowferryError[] = []
  for (let start = 0; start < failed.length; start += 10) await Promise.all(failed.slice(start, start + 10).map(send))
  return { sent, errors }

  async function send(failure: Failed): Promise<void> {
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

const maxAttributes = 10
const maxCauseBytes = 4096

/** The original's attributes and the cause, as far as ten attributes and the size of a message allow. */
function withCause({ message, error, place, position }: Failed) {
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

/** A message's attributes with others of ours, or undefined where SQS's limits leave no room for them. */
export function fitting(
  { body = '', attributes }: QueueMessage,
  ours: Readonly<Record<string, SqsAttribute>>,
): Record<string, SqsAttribute> | undefined {
  const all = { ...attributes, ...ours }
  const entries = Object.entries(all)
  return entries.length <= maxAttributes && bytesOf(body, entries) <= maxMessageBytes ? all : undefined
}

function bytesOf(body: string, attributes: readonly (readonly [string, SqsAttribute])[]): number {
  return attributes.reduce((bytes, [name, value]) => bytes + attributeBytes(name, value), Buffer.byteLength(body))
}
