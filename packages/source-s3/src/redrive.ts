import type { FlowferryError } from '@flowferry/core'
import { causeAttribute } from './cause.ts'
import { type DeadLetter, type HeldLetter, walkDeadLetters } from './dead-letters.ts'
import type { EnvelopeHook } from './envelope.ts'
import { client, invalid, numberWithin, optionalFunction, queueAddress, wholeNumber } from './options.ts'
import { deleteMessages, isFifo, isPermanent, queueError, type Sqs, sendMessage } from './queue.ts'
import { createPace } from './time.ts'

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
  /** Messages sent in a second at most, 0.1 to 10,000: the main queue's workers must bear them. Default: no limit. */
  readonly messagesPerSecond?: number
  /** Reads bodies that are not S3 events as AWS sends them, for the filter's `objects`. Default: none. */
  readonly envelope?: EnvelopeHook
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
  /** Left by the filter, the limit or the signal, or behind one of their FIFO group that was not taken. */
  readonly skipped: number
  /** Number seen for each cause's code; `UNKNOWN` where SQS itself moved the message. */
  readonly byCause: Readonly<Record<string, number>>
  /** What SQS refused. A message that was sent but not deleted is in here too: it may be redriven twice, harmlessly. */
  readonly failures: readonly FlowferryError[]
}

/**
 * Sends the messages of a dead-letter queue back to the main queue, bodies and attributes verbatim, without the cause.
 * Each is sent before it is deleted, so none is ever lost: what is killed between the two sends a message twice, which
 * stores nothing twice. A FIFO queue even takes it once, in five minutes. Ends when the queue is empty; messages that
 * stay are kept hidden until then, so that none is looked at twice, and are released. It does what StartMessageMoveTask does, with a filter.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
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

  const byCause: Record<string, number> = {}
  const failures: FlowferryError[] = []
  let seen = 0
  let redriven = 0
  let skipped = 0
  let gaveUp = false
  /** Groups of a FIFO queue of which a message was not taken. */
  const broken = new Set<string | undefined>()
  const pace = createPace(messagesPerSecond, signal)
  const most = Math.max(1, Math.min(10, Math.floor(messagesPerSecond ?? 10)))

  const visit = async (letters: readonly HeldLetter[], forget: (letter: HeldLetter) => void): Promise<boolean> => {
    seen += letters.length
    for (const { cause } of letters) {
      const code = cause?.code ?? 'UNKNOWN'
      byCause[code] = (byCause[code] ?? 0) + 1
    }
    const chosen = letters.filter(({ message: _, ...letter }) => !filter || filter(letter)).slice(0, limit - redriven)
    skipped += letters.length - chosen.length
    if (dryRun) redriven += chosen.length
    else
      for (let start = 0; start < chosen.length; start += most) {
        const next = chosen.slice(start, start + most)
        await pace(next.length)
        // What is still hidden then is released.
        if (signal?.aborted && messagesPerSecond !== undefined) {
          skipped += chosen.length - start
          break
        }
        await move(next, forget)
      }
    return gaveUp || redriven >= limit
  }
  const refused = await walkDeadLetters({ sqs, queueUrl: from, visibilitySeconds, envelope, signal, visit })
  return { seen, redriven, skipped, byCause, failures: [...failures, ...refused] }

  async function move(letters: readonly HeldLetter[], forget: (letter: HeldLetter) => void): Promise<void> {
    const sent: HeldLetter[] = []
    const send = async (letter: HeldLetter) => {
      if (await sendBack(letter)) sent.push(letter)
    }
    if (isFifo(to)) await sendInOrder(letters, send)
    else await Promise.all(letters.map(send))
    redriven += sent.length
    for (const letter of sent) forget(letter)
    const receipts = sent.map(({ message: { messageId, receiptHandle } }) => ({
      MessageId: messageId,
      ReceiptHandle: receiptHandle,
    }))
    failures.push(...(await deleteMessages(sqs, from, receipts)).map(({ error }) => error))
  }

  /** Where one fails, the next of its group must not overtake it. */
  async function sendInOrder(letters: readonly HeldLetter[], send: (letter: HeldLetter) => Promise<void>) {
    for (const letter of letters) {
      const { groupId } = letter.message
      const failed = failures.length
      if (broken.has(groupId)) skipped++
      else await send(letter)
      if (failures.length > failed) broken.add(groupId)
    }
  }

  async function sendBack({ messageId, body, message: { groupId, attributes } }: HeldLetter): Promise<boolean> {
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
