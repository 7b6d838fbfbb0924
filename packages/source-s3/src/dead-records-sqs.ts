import { createHash } from 'node:crypto'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { DeadRecord, DeadRecords } from '@flowferry/core'
import { client, queueAddress, wholeNumber } from './options.ts'
import { isFifo, maxMessageBytes, queueError, type Sqs } from './queue.ts'
import { answerWithin, sleep } from './time.ts'

export interface SqsDeadRecordsOptions {
  /** It needs sqs:SendMessage on the queue. */
  readonly sqs: Sqs
  /** URL of the queue. It must not be the one that S3 events come through. */
  readonly queueUrl: string
  /** Bytes of a message, 1,024 to 1,048,576: the queue's `MaximumMessageSize`. Default 1,048,576, which SQS gives new queues. */
  readonly messageBytes?: number
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const batchEntries = 10

/**
 * Dead records as messages of a queue, one `DeadRecord` as JSON each. A message holds 1 MiB: of a larger record the end
 * of `document` or `text` is left out and `omitted` says how much; bucket, key, etag and ordinal say where all of it
 * is. A FIFO queue takes each record once in five minutes, the objects being its groups; a standard queue gets it again
 * with each redelivery.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function sqsDeadRecords(options: SqsDeadRecordsOptions): DeadRecords {
  const { sqs, queueUrl, messageBytes = maxMessageBytes } = options
  client('sqs', sqs)
  queueAddress('queueUrl', queueUrl)
  wholeNumber('messageBytes', messageBytes, 1024, maxMessageBytes)
  return {
    write: async (records, signal) => {
      for (const batch of batches(records)) await send(batch, signal)
    },
  }

  async function send(batch: readonly Entry[], signal: AbortSignal): Promise<void> {
    let left = batch
    let refused: { readonly Code?: string | undefined; readonly Message?: string | undefined } | undefined
    for (const pause of [0, 200, 1000]) {
      await sleep(pause, signal)
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...left] })
      const { Failed = [] } = await answerWithin(30, signal, (options) => sqs.send(command, options))
      if (Failed.length === 0) return
      refused = Failed[0]
      const failed = new Set(Failed.map(({ Id }) => Id))
      left = left.filter(({ Id }) => failed.has(Id))
    }
    throw queueError(`SendMessageBatch: ${refused?.Code}, ${refused?.Message}`)
  }

  function* batches(records: readonly DeadRecord[]): Generator<Entry[]> {
    let batch: Entry[] = []
    let bytes = 0
    for (const record of records) {
      const body = messageBody(record, messageBytes)
      const size = Buffer.byteLength(body)
      if (batch.length === batchEntries || bytes + size > maxMessageBytes) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push({ Id: String(batch.length), MessageBody: body, ...(isFifo(queueUrl) && order(record)) })
      bytes += size
    }
    if (batch.length > 0) yield batch
  }
}

interface Entry {
  readonly Id: string
  readonly MessageBody: string
  readonly MessageGroupId?: string
  readonly MessageDeduplicationId?: string
}

/** The object is the group, its record the message. Both take 128 characters, and not all of them. */
function order({ bucket, key, etag, ordinal, fate }: DeadRecord) {
  const group = createHash('sha256').update(`${bucket}\0${key}\0${etag}`).digest('hex')
  return { MessageGroupId: group, MessageDeduplicationId: `${group}-${ordinal}-${fate}` }
}

/** The record as JSON that SQS takes, cut to so many bytes. */
function messageBody(record: DeadRecord, most: number): string {
  const body = toJson(record)
  const over = Buffer.byteLength(body) - most
  if (over <= 0) return body
  const name = record.document === undefined ? 'text' : 'document'
  const whole = record[name] ?? ''
  // A character may take six bytes in JSON: cut in proportion, then by half until it fits.
  let keep = Math.floor((whole.length * most) / (over + most)) - 100
  for (;;) {
    keep = Math.max(0, keep)
    const cut = { ...record, [name]: whole.slice(0, keep), omitted: (record.omitted ?? 0) + whole.length - keep }
    const text = toJson(cut)
    if (keep === 0 || Buffer.byteLength(text) <= most) return text
    keep = Math.floor(keep / 2)
  }
}

/** SQS takes XML's characters: JSON escapes all others but these two. */
function toJson(record: DeadRecord): string {
  return JSON.stringify(record).replace(/[\uFFFE\uFFFF]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)
}
