import { FlowferryError, type MessageReport } from '@flowferry/core'

/** Why a message failed, its own error or the first of its objects', and how far that object had come. */
export function failedOf(message: MessageReport): { error: FlowferryError; position?: number } {
  const object = message.error ? undefined : message.objects.find(({ status }) => status === 'failed')
  const error = message.error ?? object?.error
  return {
    error: error ?? new FlowferryError('HANDLER_FAILED', 'The report calls the message failed and does not say why'),
    ...(object?.position && { position: object.position.records }),
  }
}

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
