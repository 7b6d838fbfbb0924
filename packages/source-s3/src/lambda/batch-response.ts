import { FlowferryError, type Report } from '@flowferry/core'
import { failureOf, messagesToRetry } from '../dead-messages/failure.ts'

/** Response of a function with `ReportBatchItemFailures`. Assignable to `SQSBatchResponse` of `@types/aws-lambda`. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[]
}

/**
 * The response of a Lambda function to an SQS event: it lists each failed message once, and Lambda deletes the others.
 * Of a FIFO queue it also lists the messages behind a failed one of their group, so that SQS keeps the order. Needs
 * `FunctionResponseTypes: [ReportBatchItemFailures]` on the event source mapping: without it Lambda deletes all.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 *
 * @throws the error of a failed message without `messageId`, since S3, SNS or EventBridge invoked the function, and
 *   Lambda tries their event again after an exception only
 * @throws the error that stopped a report that is `incomplete`, since Lambda would delete the messages missing from it
 * @example
 * export const handler = async (event: SQSEvent, context: Context) =>
 *   batchResponse(await ingest({ source: s3Objects(event, { s3 }), parser, sink, deadline: context }))
 */
export function batchResponse(report: Report): BatchResponse {
  requireWhole(report)
  const identifiers = new Set<string>()
  for (const message of messagesToRetry(report.messages)) {
    if (message.messageId === undefined) throw failureOf(message)
    identifiers.add(message.messageId)
  }
  return { batchItemFailures: [...identifiers].map((itemIdentifier) => ({ itemIdentifier })) }
}

/**
 * Returns where each message is done. For whoever answers with an exception: a function that S3, SNS, EventBridge or
 * CloudWatch Logs invokes, a batch utility that calls a handler for each message, a web server.
 *
 * @throws the error of the first failed message: its `retryable` says whether another try may help
 * @throws the error that stopped a report that is `incomplete`, since messages are missing from it
 * @example
 * requireDone(await ingest({ source: s3Objects([record], { s3 }), parser, sink }))
 */
export function requireDone(report: Report): void {
  requireWhole(report)
  const failed = report.messages.find(({ status }) => status === 'failed')
  if (failed) throw failureOf(failed)
}

function requireWhole({ incomplete, stopped }: Report): void {
  if (incomplete) throw stopped ?? new FlowferryError('ABORTED', 'The source was not read to its end')
}
