import {
  type ErrorPlace,
  type ErrorStage,
  FlowferryError,
  type MessageReport,
  type ObjectReport,
} from '@flowferry/core'
import { isSourceOutage } from '../aws-errors.ts'
import type { FailedMessage } from './send.ts'

/** The error of a failed message: its own, else that of its first failed object. */
export function failureOf(message: MessageReport): FlowferryError {
  const error = message.error ?? message.objects.find(isFailed)?.error
  return error ?? new FlowferryError('HANDLER_FAILED', 'The report calls the message failed and does not say why')
}

/** The error of a failed message, with the place and the position of the object that failed. */
export function failureDetails(message: MessageReport): Omit<FailedMessage, 'message'> {
  const error = failureOf(message)
  const object = message.error ? undefined : message.objects.find(isFailed)
  if (!object) return { error, place: error.place }
  const { position } = object
  return { error, place: errorPlace(error, object), ...(position && { position: position.records }) }
}

/** The place of an object's error. An error that objects share, as the target's or the deadline's, names no object. */
export function errorPlace(
  { place }: FlowferryError,
  object: Pick<ObjectReport, 'bucket' | 'key' | 'versionId'>,
): ErrorPlace {
  if (place.key !== undefined) return place
  const { bucket, key, versionId } = object
  return { ...place, bucket, key, ...(versionId !== undefined && { versionId }) }
}

/** Whether the deadline came before any of the message's objects was begun, so that the attempt is not to count. */
export function wasNotBegun({ error, objects }: MessageReport): boolean {
  return !error && objects.length > 0 && objects.every((object) => object.notBegun && object.error?.code === 'DEADLINE')
}

/**
 * Whether another try would read the same bytes and fail in the same way, so that the message may go to the dead-letter
 * queue at once: all that failed is of no known format, damaged for good, or above a limit.
 */
export function isUnreadable(message: MessageReport): boolean {
  const errors = errorsOf(message)
  return errors.length > 0 && errors.every(({ retryable, stage }) => !retryable && unreadableStages.has(stage))
}

const unreadableStages: ReadonlySet<ErrorStage> = new Set(['envelope', 'decompress', 'records'])

/** The outage of the source by which a message failed: no attempt of its own. */
export function sourceOutageOf(message: MessageReport): FlowferryError | undefined {
  return errorsOf(message).find(isSourceOutage)
}

function errorsOf(message: MessageReport): FlowferryError[] {
  if (message.status !== 'failed') return []
  if (message.error) return [message.error]
  return message.objects.filter(isFailed).flatMap(({ error }) => error ?? [])
}

const isFailed = ({ status }: ObjectReport) => status === 'failed'

/**
 * The failed messages, and of a FIFO queue's group also each message behind a failed one, done or not, so that SQS
 * keeps the order. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function messagesToRetry(messages: readonly MessageReport[]): MessageReport[] {
  const failedGroups = new Set<string>()
  return messages.filter(({ status, group }) => {
    if (status === 'failed' && group !== undefined) failedGroups.add(group)
    return status === 'failed' || (group !== undefined && failedGroups.has(group))
  })
}
