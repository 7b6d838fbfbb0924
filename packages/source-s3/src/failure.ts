import { type ErrorPlace, FlowferryError, type MessageReport, type ObjectReport } from '@flowferry/core'
import type { Failed } from './dead-letter.ts'

/** Why a message failed: its own error, else the first of its objects'. */
export function failureOf(message: MessageReport): FlowferryError {
  const error = message.error ?? message.objects.find(isFailed)?.error
  return error ?? new FlowferryError('HANDLER_FAILED', 'The report calls the message failed and does not say why')
}

/** The same, where, and how far the object had come that failed. */
export function failedAt(message: MessageReport): Omit<Failed, 'message'> {
  const error = failureOf(message)
  const object = message.error ? undefined : message.objects.find(isFailed)
  if (!object) return { error, place: error.place }
  const { position } = object
  return { error, place: placeOf(error, object), ...(position && { position: position.records }) }
}

/** Where an object failed: an error that objects share, the store's or the deadline's, names none of them. */
export function placeOf(
  { place }: FlowferryError,
  object: Pick<ObjectReport, 'bucket' | 'key' | 'versionId'>,
): ErrorPlace {
  if (place.key !== undefined) return place
  const { bucket, key, versionId } = object
  return { ...place, bucket, key, ...(versionId !== undefined && { versionId }) }
}

/** Whether time was over before it was the turn of any of its objects: the attempt was lost, not used. */
export function wasNotTried({ error, objects }: MessageReport): boolean {
  return !error && objects.length > 0 && objects.every((object) => object.notBegun && object.error?.code === 'DEADLINE')
}

const isFailed = ({ status }: ObjectReport) => status === 'failed'

/**
 * The messages that must come again: those that failed, and of a FIFO queue's group those behind one that failed, done or
 * not, so that the order is kept. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function returned(messages: readonly MessageReport[]): MessageReport[] {
  const held = new Set<string>()
  return messages.filter(({ status, group }) => {
    if (status === 'failed' && group !== undefined) held.add(group)
    return status === 'failed' || (group !== undefined && held.has(group))
  })
}
