import { createHash } from 'node:crypto'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { DeadRecord, DeadRecords } from '@flowferry/core'
import { client, queueAddress, wholeNumber } from '../queue/options.ts'
import { isFifo, maxMessageBytes, queueError, type Sqs } from '../queue/queue.ts'
import { answerWithin, sleep } from '../queue/time.ts'

export interface SqsDeadRecordsOptions {
  /** An SQS client. Needs sqs:SendMessage on the queue. */
  readonly sqs: Sqs
  /** URL of the queue, which must be another than the one that S3 events come through. */
  readonly queueUrl: string
  /**
   * Bytes of a message, 1,024 to 1,048,576: the queue's `MaximumMessageSize`.
   * @default 1_048_576: SQS's limit, and the setting of a new queue
   */
  readonly messageBytes?: number
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const batchEntries = 10

/**
 * Dead records as messages of a queue, one `DeadRecord` as JSON each. Of a record above `messageBytes` the end of
 * `document` or `text` is left out, and `omitted` counts its characters; bucket, key, etag and ordinal say where the
 * whole record is. A FIFO queue, with an object's records as a group, takes each record once in five minutes. A
 * standard queue gets it again with each redelivery.
 *
 * @throws FlowferryError INVALID_OPTION; a write rejects with QUEUE_FAILED or the client's own error
 * @example
 * const deadRecords = sqsDeadRecords({ sqs, queueUrl: deadRecordsUrl })
 * await ingest({ source, parser, sink, deadRecords })
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
    let remaining = batch
    let refused: { readonly Code?: string | undefined; readonly Message?: string | undefined } | undefined
    for (const pause of [0, 200, 1000]) {
      await sleep(pause, signal)
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...remaining] })
      const { Failed = [] } = await answerWithin(30, signal, (options) => sqs.send(command, options))
      if (Failed.length === 0) return
      refused = Failed[0]
      const failed = new Set(Failed.map(({ Id }) => Id))
      remaining = remaining.filter(({ Id }) => failed.has(Id))
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
      batch.push({ Id: String(batch.length), MessageBody: body, ...(isFifo(queueUrl) && fifoIds(record)) })
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

/** Ids of an object's group and of a record in it. Hashed, since SQS takes 128 characters, and only some of ASCII. */
function fifoIds({ bucket, key, etag, ordinal, fate }: DeadRecord) {
  const group = createHash('sha256').update(`${bucket}\0${key}\0${etag}`).digest('hex')
  return { MessageGroupId: group, MessageDeduplicationId: `${group}-${ordinal}-${fate}` }
}

/** The record as JSON that SQS takes, cut to `maxBytes`. */
function messageBody(record: DeadRecord, maxBytes: number): string {
  const body = toJson(record)
  const over = Buffer.byteLength(body) - maxBytes
  if (over <= 0) return body
  const name = record.document === undefined ? 'text' : 'document'
  const whole = record[name] ?? ''
  // In proportion first. A character may take six bytes in JSON, so then by half until the rest fits.
  let keep = Math.floor((whole.length * maxBytes) / (over + maxBytes)) - 100
  for (;;) {
    keep = Math.max(0, keep)
    const cut = { ...record, [name]: whole.slice(0, keep), omitted: (record.omitted ?? 0) + whole.length - keep }
    const text = toJson(cut)
    if (keep === 0 || Buffer.byteLength(text) <= maxBytes) return text
    keep = Math.floor(keep / 2)
  }
}

/** SQS takes XML's characters only. JSON escapes all others but these two. */
function toJson(record: DeadRecord): string {
  return JSON.stringify(record).replace(/[\uFFFE\uFFFF]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)
}
