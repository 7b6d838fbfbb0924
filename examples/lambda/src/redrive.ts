import { SQSClient } from '@aws-sdk/client-sqs'
import { type Deadline, type ErrorCode, errorCodes } from '@flowferry/core'
import { type DeadLetter, redrive } from '@flowferry/source-s3'
import { required } from './required.ts'

const sqs = new SQSClient()
const { DEAD_LETTER_QUEUE_URL: from, QUEUE_URL: to } = required('DEAD_LETTER_QUEUE_URL', 'QUEUE_URL')
/** Time to send and delete what is in hand, and to show the rest again. */
const reserve = 20_000
/** Uploads of a longer time ago wait for somebody who looks: else what never succeeds would go round for ever. */
const days = 7

/** By a schedule: sends what an outage put into the dead-letter queue back to the queue. */
export const handler = async (_event: unknown, context: Deadline) => {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - reserve))
  const result = await redrive({ sqs, from, to, filter: isWorthwhile, messagesPerSecond: 100, signal })
  console.log(JSON.stringify(result))
  if (result.failures.length > 0)
    throw new Error(`${result.failures.length} of the dead letters: ${result.failures[0]}`)
}

/** Whether another try may help. A letter without a cause, of a function that crashed, is one to look at first. */
function isWorthwhile({ cause, body }: DeadLetter): boolean {
  const known = cause && Object.hasOwn(errorCodes, cause.code) ? errorCodes[cause.code as ErrorCode] : undefined
  const age = Date.now() - uploadedAt(body)
  return known?.retryable === true && age >= 0 && age < days * 86_400_000
}

/** The time of S3's or EventBridge's event, perhaps within SNS's: a letter's own is that of its last failure. */
function uploadedAt(body: string): number {
  return Date.parse(/\\*"(?:eventTime|time)\\*":\s*\\*"([^"\\]+)/.exec(body)?.[1] ?? '')
}
