import { FlowferryError, type Report } from '@flowferry/core'
import { failureOf } from './failure.ts'

/** What Lambda expects of a function with `ReportBatchItemFailures`; `SQSBatchResponse` of `@types/aws-lambda` fits. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[]
}

export interface BatchResponseOptions {
  /**
   * Whether the queue is FIFO. Then the first failed message and all after it are returned, done or not, so that SQS
   * keeps the order within message groups. Default false.
   */
  readonly fifo?: boolean
}

/**
 * The answer of a Lambda function to SQS: each failed message once, the others are deleted. Needs
 * `FunctionResponseTypes: [ReportBatchItemFailures]` on the event source mapping: without it Lambda deletes all.
 * Throws the failure of a message without `messageId` (S3, SNS or EventBridge invoked the function): Lambda then
 * tries the event again, as only an exception makes it do. So it does for a report that is `incomplete`, since messages
 * that are not in it would be deleted.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function batchResponse(report: Report, { fifo = false }: BatchResponseOptions = {}): BatchResponse {
  if (report.incomplete) throw report.stopped ?? new FlowferryError('ABORTED', 'The source was not read to its end')
  const first = report.messages.findIndex((message) => message.status === 'failed')
  const returned = new Set<string>()
  for (const [position, message] of report.messages.entries()) {
    const failed = message.status === 'failed'
    if (failed && message.messageId === undefined) throw failureOf(message)
    if (message.messageId !== undefined && (failed || (fifo && first >= 0 && position > first)))
      returned.add(message.messageId)
  }
  return { batchItemFailures: [...returned].map((itemIdentifier) => ({ itemIdentifier })) }
}
