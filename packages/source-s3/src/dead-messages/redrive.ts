import type { FlowferryError } from '@flowferry/core'
import type { EnvelopeHook } from '../events/envelope.ts'
import { withoutAttempts } from '../lambda/continuation.ts'
import { client, invalid, numberWithin, optionalFunction, queueAddress, wholeNumber } from '../queue/options.ts'
import { deleteMessages, isFifo, isRefusedForAll, queueError, type Sqs, sendMessage } from '../queue/queue.ts'
import { createPace } from '../queue/time.ts'
import { causeAttribute } from './cause.ts'
import { type DeadLetter, type ReceivedDeadLetter, type WalkOptions, walkDeadLetters } from './walk.ts'

export interface RedriveOptions {
  /**
   * An SQS client. Needs sqs:ReceiveMessage, sqs:ChangeMessageVisibility and sqs:DeleteMessage on `from`, and
   * sqs:SendMessage on `to`.
   */
  readonly sqs: Sqs
  /** URL of the dead-letter queue. */
  readonly from: string
  /** URL of the main queue. */
  readonly to: string
  /**
   * Whether the messages are only counted. All are visible again afterwards.
   * @default false
   */
  readonly dryRun?: boolean
  /**
   * Messages to redrive at most, from 1.
   * @default all
   */
  readonly limit?: number
  /**
   * Chooses the messages to redrive; the others stay in the queue. An error that it throws ends the redrive.
   * @default all messages are chosen
   */
  readonly filter?: (deadLetter: DeadLetter) => boolean
  /**
   * Messages sent per second at most, 0.1 to 10,000.
   * @default no limit: the main queue holds any number, and its workers take them as they can
   */
  readonly messagesPerSecond?: number
  /**
   * Reads bodies other than AWS's S3 events, for the `objects` that `filter` gets.
   * @default none
   */
  readonly envelope?: EnvelopeHook
  /**
   * Seconds for which messages are hidden, 10 to 43,200, extended until the redrive ends. After a crash, the remaining
   * messages are visible again after this time.
   * @default 300: enough for many missed extensions, and a killed redrive can be repeated five minutes later
   */
  readonly visibilitySeconds?: number
  /**
   * Ends the redrive early, with the counts so far.
   * @default none
   */
  readonly signal?: AbortSignal
}

/** What `redrive` did. */
export interface RedriveResult {
  /** Messages received: `redriven + skipped`, and those that SQS refused to take, listed in `failures`. */
  readonly seen: number
  /** Messages sent to the main queue; in a dry run, those that would be. */
  readonly redriven: number
  /** Messages left by the filter, the limit or the signal, or behind a failed one of their FIFO group. */
  readonly skipped: number
  /** Messages received by the code of their cause; `UNKNOWN` where SQS itself moved the message. */
  readonly byCause: Readonly<Record<string, number>>
  /** Errors of SQS, for messages not sent or not deleted. One that was sent may be redriven twice, harmlessly. */
  readonly failures: readonly FlowferryError[]
}

/**
 * Sends the messages of a dead-letter queue back to the main queue, bodies and attributes verbatim, without the cause. A
 * message with a position goes on there, and its attempts are counted anew.
 * Each is sent before it is deleted, so none is ever lost. A crash between the two leaves a message in both queues,
 * whose second delivery stores nothing twice; a FIFO queue drops the second copy within five minutes. Ends when the
 * queue is empty. The remaining messages are hidden until then, so that none is received twice, and visible afterwards.
 * StartMessageMoveTask does the same without a filter.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
 *
 * @throws FlowferryError INVALID_OPTION, QUEUE_FAILED when the dead-letter queue cannot be read; any error of `filter`
 * @example
 * const filter = ({ cause }: DeadLetter) => cause?.code === 'OBJECT_FORBIDDEN'
 * const { redriven, failures } = await redrive({ sqs, from: deadLetterQueueUrl, to: queueUrl, filter })
 */
export async function redrive(options: RedriveOptions): Promise<RedriveResult> {
  const { sqs, from, to, dryRun = false, limit = Number.MAX_SAFE_INTEGER, filter, messagesPerSecond } = options
  const { visibilitySeconds = 300, envelope, signal } = options
  client('sqs', sqs)
  queueAddress('from', from)
  queueAddress('to', to)
  if (from === to) throw invalid('`from` and `to` are the same queue')
  wholeNumber('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  optionalFunction('filter', filter)
  optionalFunction('envelope', envelope)
  if (messagesPerSecond !== undefined) numberWithin('messagesPerSecond', messagesPerSecond, 0.1, 10_000)
  wholeNumber('visibilitySeconds', visibilitySeconds, 10, 43_200)

  const byCause = new Map<string, number>()
  const failures: FlowferryError[] = []
  let seen = 0
  let redriven = 0
  let skipped = 0
  /** Whether the main queue refuses for a reason that every further message would meet. */
  let refused = false
  /** Groups of a FIFO queue with a message that was not sent. */
  const failedGroups = new Set<string | undefined>()
  const pace = createPace(messagesPerSecond, signal)
  const batchSize = Math.max(1, Math.min(10, Math.floor(messagesPerSecond ?? 10)))

  const visit: WalkOptions['visit'] = async (deadLetters, keepHidden) => {
    seen += deadLetters.length
    for (const { cause } of deadLetters) {
      const code = cause?.code ?? 'UNKNOWN'
      byCause.set(code, (byCause.get(code) ?? 0) + 1)
    }
    const chosen = deadLetters
      .filter(({ message: _, ...deadLetter }) => !filter || filter(deadLetter))
      .slice(0, limit - redriven)
    skipped += deadLetters.length - chosen.length
    if (dryRun) redriven += chosen.length
    else
      for (let start = 0; start < chosen.length; start += batchSize) {
        const next = chosen.slice(start, start + batchSize)
        await pace(next.length)
        // The walk makes the rest visible.
        if (signal?.aborted && messagesPerSecond !== undefined) {
          skipped += chosen.length - start
          break
        }
        await sendAndDelete(next, keepHidden)
      }
    return refused || redriven >= limit
  }
  const walkFailures = await walkDeadLetters({ sqs, queueUrl: from, visibilitySeconds, envelope, signal, visit })
  return { seen, redriven, skipped, byCause: Object.fromEntries(byCause), failures: [...failures, ...walkFailures] }

  async function sendAndDelete(...[deadLetters, keepHidden]: Parameters<WalkOptions['visit']>): Promise<void> {
    const sent: ReceivedDeadLetter[] = []
    const send = async (deadLetter: ReceivedDeadLetter) => {
      if (await sendBack(deadLetter)) sent.push(deadLetter)
    }
    if (isFifo(to)) await sendInOrder(deadLetters, send)
    else await Promise.all(deadLetters.map(send))
    redriven += sent.length
    for (const deadLetter of sent) keepHidden(deadLetter)
    const receipts = sent.map(({ message: { messageId, receiptHandle } }) => ({
      MessageId: messageId,
      ReceiptHandle: receiptHandle,
    }))
    failures.push(...(await deleteMessages(sqs, from, receipts)).map(({ error }) => error))
  }

  /** Sends one after the other. Behind a failed message, its group's others wait, so that the order is kept. */
  async function sendInOrder(
    deadLetters: readonly ReceivedDeadLetter[],
    send: (deadLetter: ReceivedDeadLetter) => Promise<void>,
  ) {
    for (const deadLetter of deadLetters) {
      const { groupId } = deadLetter.message
      const failed = failures.length
      if (failedGroups.has(groupId)) skipped++
      else await send(deadLetter)
      if (failures.length > failed) failedGroups.add(groupId)
    }
  }

  async function sendBack({ messageId, body, message: { groupId, attributes } }: ReceivedDeadLetter): Promise<boolean> {
    const { [causeAttribute]: _, ...original } = attributes
    try {
      await sendMessage(sqs, to, { body, attributes: withoutAttempts(original), groupId, messageId })
      return true
    } catch (cause) {
      failures.push(queueError('The main queue did not take the message', messageId, cause))
      refused ||= isRefusedForAll(cause)
      return false
    }
  }
}
