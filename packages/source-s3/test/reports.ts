import { FlowferryError, type MessageReport, type ObjectReport, type Report } from '@flowferry/core'

const counts = { read: 0, written: 0, duplicate: 0, rejected: 0, filtered: 0, malformed: 0, unfinished: 0 }

/** A report as `ingest` would give it, of messages that are done or failed. */
export function report(messages: readonly MessageReport[], stopped?: FlowferryError): Report {
  return {
    ok: messages.every(({ status }) => status === 'done'),
    messages,
    counts,
    objects: 0,
    statuses: { done: 0, failed: 0, skipped: 0, superseded: 0 },
    bytes: 0,
    milliseconds: 0,
    ...(stopped && { stopped }),
  }
}

export function done(messageId?: string): MessageReport {
  return { ...(messageId !== undefined && { messageId }), status: 'done', objects: [], ignored: [] }
}

export function failed(messageId?: string, error = notFound()): MessageReport {
  return { ...(messageId !== undefined && { messageId }), status: 'failed', objects: [], ignored: [], error }
}

export const objectReport = (more: Partial<ObjectReport>): ObjectReport => ({
  bucket: 'logs',
  key: 'a',
  kinds: [],
  status: 'failed',
  counts,
  bytes: 0,
  milliseconds: 0,
  finishedAt: '2026-11-22T00:00:00.000Z',
  untimed: 0,
  unknownFields: {},
  malformed: [],
  rejected: [],
  ...more,
})

export function notFound(key = 'a.log.gz'): FlowferryError {
  return new FlowferryError('OBJECT_NOT_FOUND', 'The object does not exist', { place: { bucket: 'logs', key } })
}
