import { FlowferryError, type MessageReport } from '@flowferry/core'

/** Why a message failed: its own error, else the first of its objects'. */
export function failureOf(message: MessageReport): FlowferryError {
  const error = message.error ?? message.objects.find((object) => object.status === 'failed')?.error
  return error ?? new FlowferryError('HANDLER_FAILED', 'The report calls the message failed and does not say why')
}
