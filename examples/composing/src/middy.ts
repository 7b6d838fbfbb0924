import middy from '@middy/core'
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure'
import type { Context, SQSEvent } from 'aws-lambda'
import { carry } from './carry.ts'

const each = (event: SQSEvent, context: Context) =>
  Promise.allSettled(event.Records.map((record) => carry(record, context)))

// `carry` has logged why.
export const handler = middy(each).use(sqsPartialBatchFailure({ logger: () => {} }))
