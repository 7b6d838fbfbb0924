import { ingest } from '@flowferry/core'
import { requireDone, s3Objects, settle } from '@flowferry/source-s3'
import type { Context, SQSRecord } from 'aws-lambda'
import { aws, deadLetter, parser, sink } from './pipeline.ts'

/**
 * One message, for batch utilities that call a handler for each: it throws why the message is not done. What went to the
 * dead-letter queue, and lines that are malformed, are done: the log alone tells of them.
 */
export async function carry(record: SQSRecord, context: Context): Promise<void> {
  const report = await ingest({ source: s3Objects([record], aws), parser, sink, deadline: context })
  const settled = await settle(report, [record], { ...aws, deadLetter })
  if (!settled.ok || settled.deadLettered.length + settled.counts.malformed > 0) console.error(JSON.stringify(settled))
  requireDone(settled)
}
