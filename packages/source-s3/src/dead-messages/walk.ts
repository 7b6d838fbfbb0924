import type { FlowferryError } from '@flowferry/core'
import { type EnvelopeHook, readEnvelope, type S3ObjectRef } from '../events/envelope.ts'
import { type QueueMessage, queueMessages } from '../events/messages.ts'
import { changeVisibility, queueError, type Receipt, receive, type Sqs } from '../queue/queue.ts'
import { startHeartbeat } from '../worker/heartbeat.ts'
import { type DeadLetterCause, readCause } from './cause.ts'

/** A message of a dead-letter queue, as a filter gets it. */
export interface DeadLetter {
  readonly messageId: string
  /** The original body, verbatim. */
  readonly body: string
  /** Absent when SQS itself moved the message, by the main queue's RedrivePolicy. */
  readonly cause?: DeadLetterCause
  /** Time when the message was sent to this queue. A message that SQS itself moved keeps the time of the main queue. */
  readonly sentAt?: Date
  /** Objects that the body names; none where the body cannot be read. */
  readonly objects: readonly S3ObjectRef[]
}

/** A dead letter with the message to send and to delete. */
export interface ReceivedDeadLetter extends DeadLetter {
  readonly message: QueueMessage
}

export interface WalkOptions {
  readonly sqs: Sqs
  readonly queueUrl: string
  /** Seconds for which messages are hidden, extended until the walk ends. */
  readonly visibilitySeconds: number
  readonly envelope?: EnvelopeHook | undefined
  readonly signal?: AbortSignal | undefined
  /**
   * Called once with each message, up to ten at a time. Returns whether the walk ends. A message passed to `keepHidden`
   * is not made visible again.
   */
  readonly visit: (
    deadLetters: readonly ReceivedDeadLetter[],
    keepHidden: (deadLetter: ReceivedDeadLetter) => void,
  ) => Promise<boolean>
}

/**
 * Visits the messages of a dead-letter queue. Each stays hidden until the end, so that none is visited twice, and is
 * then made visible again. Returns the errors of SQS on the way. A FIFO queue shows the first ten messages of a group
 * only.
 *
 * @throws FlowferryError QUEUE_FAILED when not even the first receive succeeds; any error that `visit` throws
 */
export async function walkDeadLetters(walk: WalkOptions): Promise<FlowferryError[]> {
  const { sqs, queueUrl, visibilitySeconds, signal, visit } = walk
  const seen = new Set<string>()
  // By message id: SQS may deliver a message twice, and then only the newest receipt makes it visible.
  const inFlight = new Map<string, Receipt>()
  const failures: FlowferryError[] = []
  const heartbeat = startHeartbeat({
    sqs,
    queueUrl,
    visibilitySeconds,
    messages: () => [...inFlight.values()],
    onError: (error) => failures.push(error),
  })
  try {
    for (let empty = 0, ended = false; empty < 2 && !ended && !signal?.aborted; ) {
      const fresh = await receiveNew()
      if (!fresh) break
      empty = fresh.length === 0 ? empty + 1 : 0
      if (fresh.length > 0) ended = await visit(fresh, ({ messageId }) => inFlight.delete(messageId))
    }
  } finally {
    await heartbeat.stop()
    failures.push(...(await changeVisibility(sqs, queueUrl, [...inFlight.values()], 0)).map(({ error }) => error))
  }
  return failures

  async function receiveNew(): Promise<ReceivedDeadLetter[] | undefined> {
    let received: QueueMessage[]
    try {
      // With any wait, SQS asks all of its servers: an empty response then means an empty queue.
      const options = { messages: 10, waitSeconds: 1, visibilitySeconds }
      received = queueMessages(await receive(sqs, queueUrl, options)) ?? []
    } catch (cause) {
      const error = queueError('ReceiveMessage on the dead-letter queue', undefined, cause)
      if (seen.size === 0) throw error
      failures.push(error)
      return undefined
    }
    const fresh: ReceivedDeadLetter[] = []
    for (const message of received) {
      const { messageId, receiptHandle, body } = message
      if (messageId === undefined || body === undefined) continue
      inFlight.set(messageId, { MessageId: messageId, ReceiptHandle: receiptHandle })
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
  } catch {
    return []
  }
}
