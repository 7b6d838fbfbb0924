import { type ObjectReport, objectEvent } from '@flowferry/core'
import type { Logger } from 'pino'

/** A line for each object, beside what the logger has bound: `log.child({ awsRequestId })`. */
export const pinoLines = (log: Logger) => (report: ObjectReport) => {
  const { time, message, ...object } = objectEvent(report)
  if (report.status === 'failed') log.error({ object }, message)
  else log.info({ object }, `${object.written} of ${object.read} records written`)
}
