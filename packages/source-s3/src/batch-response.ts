import { FlowferryError, type Report } from '@flowferry/core'
import { failureOf, returned } from './failure.ts'

/** What Lambda expects of a function with `ReportBatchItemFailures`; `SQSBatchResponse` of `@types/aws-lambda` fits. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[]
}

/**
 * The answer of a Lambda function to SQS: each failed message once, the others are deleted. Of a FIFO queue, what stands
 * behind a failed message in its group is returned with it, so that SQS keeps the group's order. Needs
 * `FunctionResponseTypes: [ReportBatchItemFailures]` on the event source mapping: without it Lambda deletes all.
 * Throws the failure of a message without `messageId` (S3, SNS or EventBridge invoked the function): Lambda then
 * tries the event again, as only an exception makes it do. So it does for a report that is `incomplete`, since messages
 * that are not in it would be deleted.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function batchResponse(report: Report): BatchResponse {
  if (report.incomplete) throw report.stopped ?? new FlowferryError('ABORTED', 'The source was not read to its end')
  const identifiers = new Set<string>()
  for (const message of returned(report.messages)) {
    if (message.messageId === undefined) throw failureOf(message)
    identifiers.add(message.messageId)
  }
  return { batchItemFailures: [...identifiers].map((itemIdentifier) => ({ itemIdentifier })) }
}
