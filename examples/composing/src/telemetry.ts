import { type ObjectReport, objectEvent, openTelemetry } from '@flowferry/core'
import { metrics, SpanStatusCode, trace } from '@opentelemetry/api'

const tracer = trace.getTracer('flowferry')

/** A span for each object, from the beginning of its reading, below the span that is active: the invocation's. */
export function objectSpan(report: ObjectReport): void {
  const { time, milliseconds, bucket, key, read, written, code, message } = objectEvent(report)
  const end = new Date(time)
  const attributes = {
    'aws.s3.bucket': bucket,
    'aws.s3.key': key,
    'flowferry.read': read,
    'flowferry.written': written,
  }
  const span = tracer.startSpan('flowferry.object', { startTime: new Date(end.getTime() - milliseconds), attributes })
  if (code) span.setAttribute('error.type', code)
  if (report.status === 'failed') span.setStatus({ code: SpanStatusCode.ERROR, message: message ?? '' })
  span.end(end)
}

/** The metrics, of the meter that the SDK was set up with. */
export const objectMetrics = openTelemetry(metrics.getMeter('flowferry'))
