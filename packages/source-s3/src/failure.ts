import { FlowferryError, type MessageReport, type ObjectReport } from '@flowferry/core'

/** Why a message failed: its own error, else the first of its objects'. */
export function failureOf(message: MessageReport): FlowferryError {
  const error = message.error ?? message.objects.find(isFailed)?.error
  return error ?? new FlowferryError('HANDLER_FAILED', 'The report calls the message failed and does not say why')
}

/** The same, and how far the object had come that failed. */
export function failedAt(message: MessageReport): { error: FlowferryError; position?: number } {
  const position = message.error ? undefined : message.objects.find(isFailed)?.position?.records
  return { error: failureOf(message), ...(position !== undefined && { position }) }
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
