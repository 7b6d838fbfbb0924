import type { FlowferryError } from '@flowferry/core'
import { causeAttribute, type DeadLetterCause, readCause } from './cause.ts'
import { startHeartbeat } from './heartbeat.ts'
import { type QueueMessage, queueMessages } from './messages.ts'
import { client, invalid, optionalFunction, queueAddress, wholeNumber } from './options.ts'
import {
  changeVisibility,
  deleteMessages,
  isFifo,
  isPermanent,
  queueError,
  receive,
  type Sqs,
  sendMessage,
} from './queue.ts'

/** A message of the dead-letter queue, as a filter sees it. */
export interface DeadLetter {
  readonly messageId: string
  /** The original body, verbatim. */
  readonly body: string
  /** None when SQS itself moved the message, by its RedrivePolicy. */
  readonly cause?: DeadLetterCause
}

export interface RedriveOptions {
  /** It needs ReceiveMessage, ChangeMessageVisibility and DeleteMessage on `from`, SendMessage on `to`. */
  readonly sqs: Sqs
  /** URL of the dead-letter queue. */
  readonly from: string
  /** URL of the main queue. */
  readonly to: string
  /** Only counts and groups; every message is visible again afterwards. Default false. */
  readonly dryRun?: boolean
  /** Messages to redrive at most, 1 and more. Default: all. */
  readonly limit?: number
  /** Which to redrive; the others stay. Default: all. A throw ends the redrive. */
  readonly filter?: (deadLetter: DeadLetter) => boolean
  /**
   * Seconds for which messages are hidden, 10 to 43,200, extended while the redrive runs. After a crash, what was not
   * redriven shows up again after this time. Default 300.
   */
  readonly visibilitySeconds?: number
  /** Ends the redrive early; what was counted until then is the result. */
  readonly signal?: AbortSignal
}

export interface RedriveResult {
  /** Messages that were received: `redriven + skipped`, and those in `failures` that were not sent. */
  readonly seen: number
  /** Sent to the main queue; in a dry run, those that would be. */
  readonly redriven: number
  /** Left by the filter or the limit. */
  readonly skipped: number
  /** Number seen for each cause's code; `UNKNOWN` where SQS itself moved the message. */
  readonly byCause: Readonly<Record<string, number>>
  /** What SQS refused. A message that was sent but not deleted is in here too: it may be redriven twice, harmlessly. */
  readonly failures: readonly FlowferryError[]
}

/**
 * Sends the messages of a dead-letter queue back to the main queue, bodies verbatim, without the cause. Each is sent
 * before it is deleted, so none is ever lost. Ends when the queue is empty; messages that stay are kept hidden until
 * then, so that none is looked at twice, and are released. It does what StartMessageMoveTask does, with a filter.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
 */
export async function redrive(options: RedriveOptions): Promise<RedriveResult> {
  const {
    sqs,
    from,
    to,
    dryRun = false,
    limit = Number.POSITIVE_INFINITY,
    filter,
    visibilitySeconds = 300,
    signal,
  } = options
  client('sqs', sqs)
  queueAddress('from', from)
  queueAddress('to', to)
  if (from === to) throw invalid('`from` and `to` are the same queue')
  if (limit !== Number.POSITIVE_INFINITY) wholeNumber('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  optionalFunction('filter', filter)
  wholeNumber('visibilitySeconds', visibilitySeconds, 10, 43_200)

  const seen = new Set<string>()
  // By message id: SQS may hand a message out twice, and then only its newest receipt can release it.
  const held = new Map<string, Held>()
  const byCause: Record<string, number> = {}
  const failures: FlowferryError[] = []
  let redriven = 0
  let skipped = 0
  let gaveUp = false

  const heartbeat = startHeartbeat({
    sqs,
    queueUrl: from,
    visibilitySeconds,
    messages: () => [...held.values()],
    onError: (error) => failures.push(error),
  })
  try {
    for (let empty = 0; empty < 2 && redriven < limit && !gaveUp && !signal?.aborted; ) {
      const fresh = await receiveNew()
      empty = fresh.length === 0 ? empty + 1 : 0
      await move(fresh.filter(wanted))
    }
  } finally {
    await heartbeat.stop()
    failures.push(...(await changeVisibility(sqs, from, [...held.values()], 0)).map(({ error }) => error))
  }
  return { seen: seen.size, redriven, skipped, byCause, failures }

  async function receiveNew(): Promise<Held[]> {
    let received: QueueMessage[]
    try {
      received = queueMessages(await receive(sqs, from, { messages: 10, waitSeconds: 2, visibilitySeconds })) ?? []
    } catch (cause) {
      const error = queueError('ReceiveMessage on the dead-letter queue', undefined, cause)
      if (seen.size === 0) throw error
      failures.push(error)
      gaveUp = true
      return []
    }
    const fresh: Held[] = []
    for (const message of received) {
      const { messageId, receiptHandle, body } = message
      if (messageId === undefined || body === undefined) continue
      const one = { ...message, body, MessageId: messageId, ReceiptHandle: receiptHandle }
      held.set(messageId, one)
      if (seen.has(messageId)) continue
      seen.add(messageId)
      const code = readCause(message.attributes)?.code ?? 'UNKNOWN'
      byCause[code] = (byCause[code] ?? 0) + 1
      fresh.push(one)
    }
    return fresh
  }

  function wanted({ MessageId: messageId, body, attributes }: Held): boolean {
    const cause = readCause(attributes)
    const keep = !filter || filter({ messageId, body, ...(cause && { cause }) })
    if (!keep) skipped++
    return keep
  }

  async function move(chosen: readonly Held[]): Promise<void> {
    const within = chosen.slice(0, limit - redriven)
    skipped += chosen.length - within.length
    if (dryRun) {
      redriven += within.length
      return
    }
    const sent: Held[] = []
    const send = async (message: Held) => {
      if (await sendBack(message)) sent.push(message)
    }
    if (isFifo(to)) for (const message of within) await send(message)
    else await Promise.all(within.map(send))
    redriven += sent.length
    for (const { MessageId } of sent) held.delete(MessageId)
    failures.push(...(await deleteMessages(sqs, from, sent)).map(({ error }) => error))
  }

  async function sendBack({ MessageId: messageId, body, groupId, attributes }: Held): Promise<boolean> {
    const { [causeAttribute]: _, ...original } = attributes
    try {
      await sendMessage(sqs, to, { body, attributes: original, groupId, messageId })
      return true
    } catch (cause) {
      failures.push(queueError('The main queue did not take the message', messageId, cause))
      gaveUp ||= isPermanent(cause)
      return false
    }
  }
}

interface Held extends QueueMessage {
  readonly body: string
  readonly MessageId: string
  readonly ReceiptHandle: string | undefined
}
