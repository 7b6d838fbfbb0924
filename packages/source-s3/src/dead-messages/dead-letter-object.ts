import { createHash } from 'node:crypto'
import type { FlowferryError } from '@flowferry/core'
import { type EventObject, s3EventBody } from '../backfill/s3-event.ts'
import { client, queueAddress } from '../queue/options.ts'
import { queueError, type Sqs, sendMessage } from '../queue/queue.ts'
import { causeAttribute, deadLetterCause, encodeCause } from './cause.ts'
import { errorPlace } from './failure.ts'

/** The event of one object leaves this much room, and more; any cause fits, shortened. */
const maxCauseBytes = 64 * 1024

/**
 * Sends a failed object of an archive to a dead-letter queue: the body is the S3 event of an upload, and the cause is
 * the error. `inspectDeadLetters` and `redrive` treat it as any other dead letter.
 *
 * @throws FlowferryError INVALID_OPTION, QUEUE_FAILED
 * @example
 * const queue = { sqs, queueUrl: deadLetterQueueUrl, region: 'eu-central-1' }
 * await deadLetterObject(object, error, queue)
 */
export async function deadLetterObject(
  object: EventObject,
  error: FlowferryError,
  { sqs, queueUrl, region }: { readonly sqs: Sqs; readonly queueUrl: string; readonly region: string },
): Promise<void> {
  client('sqs', sqs)
  queueAddress('queueUrl', queueUrl)
  const body = s3EventBody([object], region)
  const cause = encodeCause(deadLetterCause(error, 1, errorPlace(error, object)), maxCauseBytes)!
  const messageId = createHash('sha256').update(body).digest('hex')
  try {
    await sendMessage(sqs, queueUrl, { body, attributes: { [causeAttribute]: cause }, groupId: messageId, messageId })
  } catch (cause) {
    throw queueError('The dead-letter queue did not take an object', undefined, cause)
  }
}
