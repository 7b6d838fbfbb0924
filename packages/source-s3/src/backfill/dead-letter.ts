import { createHash } from 'node:crypto'
import type { FlowferryError } from '@flowferry/core'
import { causeAttribute, deadLetterCause, encodeCause } from '../cause.ts'
import { placeOf } from '../failure.ts'
import { client, queueAddress } from '../options.ts'
import { queueError, type Sqs, sendMessage } from '../queue.ts'
import { type EventObject, s3EventBody } from './s3-event.ts'

/** The cause's share of a message, whose body is a kilobyte or two. */
const causeBytes = 64 * 1024

/**
 * Sends an object that failed to a dead-letter queue, as the S3 event that its upload was, with its cause: as if its
 * message had failed, so that `redrive` groups it and sends it to the main queue.
 *
 * @throws FlowferryError QUEUE_FAILED
 */
export async function deadLetterObject(
  object: EventObject,
  error: FlowferryError,
  { sqs, queueUrl, region }: { readonly sqs: Sqs; readonly queueUrl: string; readonly region: string },
): Promise<void> {
  client('sqs', sqs)
  queueAddress('queueUrl', queueUrl)
  const body = s3EventBody([object], region)
  const cause = encodeCause(deadLetterCause(error, 1, placeOf(error, object)), causeBytes)
  const messageId = createHash('sha256').update(body).digest('hex')
  try {
    const attributes = cause ? { [causeAttribute]: cause } : {}
    await sendMessage(sqs, queueUrl, { body, attributes, groupId: messageId, messageId })
  } catch (cause) {
    throw queueError('The dead-letter queue did not take an object', undefined, cause)
  }
}
