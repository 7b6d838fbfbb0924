import { ingest } from '@flowferry/core'
import { requireDone, s3Objects, settle } from '@flowferry/source-s3'
import type { Context, SQSRecord } from 'aws-lambda'
import { aws, deadLetter, parser, sink } from './pipeline.ts'

/** One message, for batch utilities that call a handler for each: it throws why the message is not done. */
export async function carry(record: SQSRecord, context: Context): Promise<void> {
  const report = await ingest({ source: s3Objects([record], aws), parser, sink, deadline: context })
  requireDone(await settle(report, [record], { ...aws, deadLetter }))
}
