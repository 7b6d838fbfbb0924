import { createHash } from 'node:crypto'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { asFlowferryError, FlowferryError } from '@flowferry/core'
import { client, invalid, numberWithin, optionalFunction, queueAddress, wholeNumber } from '../queue/options.ts'
import { isFifo, queueError, type Sqs } from '../queue/queue.ts'
import { answerWithin, backoff, createPace, ownSignal, sleep } from '../queue/time.ts'
import { type EventObject, s3EventBody } from './s3-event.ts'

export interface EnqueueOptions<O extends EventObject> {
  /** It needs sqs:SendMessage. */
  readonly sqs: Sqs
  /** The queue that the S3 notifications go to. */
  readonly queueUrl: string
  /** Region of the bucket, for the events: a consumer may choose its client by it. */
  readonly region: string
  /**
   * Objects in one message, 1 to 100. Default 1: a message fails as a whole, so a bad object takes no other with it
   * into the dead-letter queue.
   */
  readonly recordsPerMessage?: number
  /** Messages a second at most, 0.1 to 10,000. Default: no limit; about a thousand a second are sent. */
  readonly messagesPerSecond?: number
  /** Requests at the same time, 1 to 32. Default 4. */
  readonly concurrency?: number
  /** Called when the queue has taken a message, with its objects: for progress and a checkpoint. */
  readonly onSent?: (objects: readonly O[]) => void
  /** Ends the sending; what was begun is finished. */
  readonly signal?: AbortSignal
}

/** What `enqueue` sent. */
export interface EnqueueResult {
  readonly objects: number
  readonly messages: number
  /** SendMessageBatch requests, tries included: what SQS counts, and may be billed more than once above 64 KiB. */
  readonly requests: number
}

/** SQS's limits for a batch; the bytes are those of the older, smaller limit, which holds in every region. */
const batchEntries = 10
const batchBytes = 256 * 1024
const tries = 8

/**
 * Sends each object to a queue as the S3 event that its upload was, so that the consumers of the queue do the work.
 * They need not know of it: `s3Objects` reads the bodies. Sending one twice is harmless, as a redelivery is.
 *
 * Entries that SQS refuses for load are sent again, with growing pauses. FIFO queues get each message in a group of its
 * own, and take the same one once in five minutes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 *
 * @throws FlowferryError QUEUE_FAILED when SQS refuses for good; ABORTED. What was sent, `onSent` has told.
 */
export async function enqueue<O extends EventObject>(
  objects: AsyncIterable<O> | Iterable<O>,
  options: EnqueueOptions<O>,
): Promise<EnqueueResult> {
  const { sqs, queueUrl, region, recordsPerMessage = 1, messagesPerSecond, concurrency = 4, onSent } = options
  client('sqs', sqs)
  queueAddress('queueUrl', queueUrl)
  if (typeof region !== 'string' || region === '') throw invalid('`region` must be the region of the bucket')
  wholeNumber('recordsPerMessage', recordsPerMessage, 1, 100)
  if (messagesPerSecond !== undefined) numberWithin('messagesPerSecond', messagesPerSecond, 0.1, 10_000)
  wholeNumber('concurrency', concurrency, 1, 32)
  optionalFunction('onSent', onSent)

  const { signal, end } = ownSignal(options.signal)
  const sent = { objects: 0, messages: 0, requests: 0 }
  const batches = batchesOf(objects, recordsPerMessage, region)
  const pace = createPace(messagesPerSecond, signal)
  let failure: FlowferryError | undefined
  const work = async (): Promise<void> => {
    try {
      while (!failure && !signal.aborted) {
        const { value: batch, done } = await batches.next()
        if (done) return
        await pace(batch.length)
        if (!signal.aborted) await send(batch)
      }
    } catch (error) {
      failure ??= asFlowferryError(error, 'QUEUE_FAILED', 'The objects could not be sent')
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  await batches.return(undefined)
  end()
  if (failure) throw failure
  if (signal.aborted) throw new FlowferryError('ABORTED', 'Sending to the queue was stopped')
  return sent

  async function send(batch: readonly Message<O>[]): Promise<void> {
    const pauses = backoff(200, 20_000)
    let left = batch
    for (let attempt = 1; ; attempt++) {
      sent.requests++
      const { failed, error } = await trySend(left)
      const taken = left.filter((message) => !failed.includes(message))
      for (const message of taken) {
        sent.messages++
        sent.objects += message.objects.length
        onSent?.(message.objects)
      }
      if (!error) return
      if (!error.retryable || attempt === tries || signal.aborted) throw error
      left = failed
      await sleep(pauses.next(), signal)
    }
  }

  async function trySend(
    batch: readonly Message<O>[],
  ): Promise<{ failed: readonly Message<O>[]; error?: FlowferryError }> {
    const Entries = batch.map(({ body, id }, index) => ({
      Id: String(index),
      MessageBody: body,
      ...(isFifo(queueUrl) && { MessageGroupId: id, MessageDeduplicationId: id }),
    }))
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries })
      const { Failed = [] } = await answerWithin(30, undefined, (options) => sqs.send(command, options))
      const [first] = Failed
      if (!first) return { failed: [] }
      const what = `SendMessageBatch: ${first.Code}, ${first.Message}`
      const permanent = Failed.some(({ SenderFault, Code }) => SenderFault && !/throttl/i.test(Code ?? ''))
      const error = new FlowferryError('QUEUE_FAILED', what, { retryable: !permanent })
      return { failed: Failed.flatMap(({ Id }) => batch[Number(Id)] ?? []), error }
    } catch (cause) {
      return { failed: batch, error: queueError('SendMessageBatch', undefined, cause) }
    }
  }
}

interface Message<O> {
  readonly objects: readonly O[]
  readonly body: string
  /** The same for the same objects: what a FIFO queue knows it by. */
  readonly id: string
}

async function* batchesOf<O extends EventObject>(
  objects: AsyncIterable<O> | Iterable<O>,
  recordsPerMessage: number,
  region: string,
): AsyncGenerator<readonly Message<O>[]> {
  let group: O[] = []
  let batch: Message<O>[] = []
  let bytes = 0
  for await (const object of objects) {
    group.push(object)
    if (group.length === recordsPerMessage) yield* close()
  }
  if (group.length > 0) yield* close()
  if (batch.length > 0) yield batch

  function* close(): Generator<readonly Message<O>[]> {
    const body = s3EventBody(group, region)
    const id = createHash('sha256').update(body).digest('hex')
    const length = Buffer.byteLength(body)
    if (batch.length > 0 && bytes + length > batchBytes) yield* flush()
    batch.push({ objects: group, body, id })
    bytes += length
    group = []
    if (batch.length === batchEntries) yield* flush()
  }

  function* flush(): Generator<readonly Message<O>[]> {
    const full = batch
    batch = []
    bytes = 0
    yield full
  }
}
