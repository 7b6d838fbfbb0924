import { ingest, type ObjectReport } from '@flowferry/core'
import { batchResponse, s3Objects, settle } from '@flowferry/source-s3'
import type { Context, SQSEvent } from 'aws-lambda'
import { pino } from 'pino'
import { pinoLines } from './pino.ts'
import { aws, deadLetter, parser, sink } from './pipeline.ts'
import { objectMetrics, objectSpan } from './telemetry.ts'

const log = pino({ level: process.env.LOG_LEVEL ?? 'info' })
const line = pinoLines(log)

const onObject = (report: ObjectReport) => {
  line(report)
  objectMetrics(report)
  objectSpan(report)
}

export const handler = async (event: SQSEvent, context: Context) => {
  const report = await ingest({ source: s3Objects(event, aws), parser, sink, deadline: context, onObject })
  const settled = await settle(report, event, { ...aws, deadLetter })
  // A message that names no object has no line: one that nobody can read, or that the queue did not take.
  if (!settled.ok || settled.deadLettered.length > 0) log.error({ settled }, 'Not all messages are done')
  return batchResponse(settled)
}
