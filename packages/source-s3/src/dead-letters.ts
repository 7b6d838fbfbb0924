import { FlowferryError } from '@flowferry/core'
import { type DeadLetterCause, readCause } from './cause.ts'
import { type EnvelopeHook, readEnvelope, type S3ObjectRef } from './envelope.ts'
import { startHeartbeat } from './heartbeat.ts'
import { type QueueMessage, queueMessages } from './messages.ts'
import { changeVisibility, queueError, type Receipt, receive, type Sqs } from './queue.ts'

/** A message of the dead-letter queue, as a filter sees it. */
export interface DeadLetter {
  readonly messageId: string
  /** The original body, verbatim. */
  readonly body: string
  /** None when SQS itself moved the message, by its RedrivePolicy. */
  readonly cause?: DeadLetterCause
  /** When it was put into this queue; where SQS itself moved it, into the first one. */
  readonly sentAt?: Date
  /** What the body names; empty where it cannot be read. */
  readonly objects: readonly S3ObjectRef[]
}

/** A message in hand, and what may be sent of it. */
export interface HeldLetter extends DeadLetter {
  readonly message: QueueMessage
}

export interface Walk {
  readonly sqs: Sqs
  readonly queueUrl: string
  /** Seconds for which messages are hidden, extended while the walk goes on. */
  readonly visibilitySeconds: number
  readonly envelope?: EnvelopeHook | undefined
  readonly signal?: AbortSignal | undefined
  /** Gets each message once, up to ten at a time. Those for which it calls `forget` stay hidden; it ends the walk by `true`. */
  readonly visit: (letters: readonly HeldLetter[], forget: (letter: HeldLetter) => void) => Promise<boolean>
}

/**
 * Goes through the messages of a dead-letter queue, each kept hidden until the end so that none is looked at twice, and
 * makes them visible again. Gives what SQS refused on the way. A FIFO queue shows the first ten of a group at most.
 *
 * @throws FlowferryError QUEUE_FAILED when not even the first receive succeeds; what `visit` throws
 */
export async function walkDeadLetters(walk: Walk): Promise<FlowferryError[]> {
  const { sqs, queueUrl, visibilitySeconds, signal, visit } = walk
  const seen = new Set<string>()
  // By message id: SQS may hand a message out twice, and then only its newest receipt can release it.
  const held = new Map<string, Receipt>()
  const failures: FlowferryError[] = []
  const heartbeat = startHeartbeat({
    sqs,
    queueUrl,
    visibilitySeconds,
    messages: () => [...held.values()],
    onError: (error) => failures.push(error),
  })
  try {
    for (let empty = 0, ended = false; empty < 2 && !ended && !signal?.aborted; ) {
      const fresh = await receiveNew()
      if (!fresh) break
      empty = fresh.length === 0 ? empty + 1 : 0
      if (fresh.length > 0) ended = await visit(fresh, ({ messageId }) => held.delete(messageId))
    }
  } finally {
    await heartbeat.stop()
    failures.push(...(await changeVisibility(sqs, queueUrl, [...held.values()], 0)).map(({ error }) => error))
  }
  return failures

  async function receiveNew(): Promise<HeldLetter[] | undefined> {
    let received: QueueMessage[]
    try {
      // Any wait makes SQS ask all of its servers.
      const options = { messages: 10, waitSeconds: 1, visibilitySeconds }
      received = queueMessages(await receive(sqs, queueUrl, options)) ?? []
    } catch (cause) {
      const error = queueError('ReceiveMessage on the dead-letter queue', undefined, cause)
      if (seen.size === 0) throw error
      failures.push(error)
      return undefined
    }
    const fresh: HeldLetter[] = []
    for (const message of received) {
      const { messageId, receiptHandle, body } = message
      if (messageId === undefined || body === undefined) continue
      held.set(messageId, { MessageId: messageId, ReceiptHandle: receiptHandle })
      if (seen.has(messageId)) continue
      seen.add(messageId)
      const cause = readCause(message.attributes)
      fresh.push({
        messageId,
        body,
        ...(cause && { cause }),
        ...(message.sentAt && { sentAt: message.sentAt }),
        objects: objectsOf(body, walk.envelope),
        message,
      })
    }
    return fresh
  }
}

function objectsOf(body: string, envelope: EnvelopeHook | undefined): readonly S3ObjectRef[] {
  try {
    return readEnvelope(body, { envelope }).objects
  } catch (error) {
    if (FlowferryError.isInstance(error)) return []
    throw error
  }
}
