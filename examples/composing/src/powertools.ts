import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import type { Context, SQSEvent } from 'aws-lambda'
import { carry } from './carry.ts'

const processor = new BatchProcessor(EventType.SQS)

export const handler = (event: SQSEvent, context: Context) =>
  processPartialResponse(event, carry, processor, { context, throwOnFullBatchFailure: false })
