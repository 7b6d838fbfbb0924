import type { ObjectReport, Report } from '@flowferry/core'
import { hintsFor } from './hints.ts'
import { type ExitCode, exitCodes, type Io, line } from './io.ts'
import { bytes, count, duration, plural, table } from './text.ts'

/** 1 when something failed, else 3 when something was malformed. */
export function exitCodeOf({ ok, counts, stopped }: Report): ExitCode {
  if (!ok || stopped) return exitCodes.failed
  return counts.malformed > 0 ? exitCodes.malformed : exitCodes.ok
}

/** What is to be said of one object, beyond that it went well: a line each. `told` was said of all of them already. */
export function objectRemarks(object: ObjectReport, told?: string): string[] {
  const remarks: string[] = []
  const unknown = Object.entries(object.unknownFields)
  if (unknown.length > 0)
    remarks.push(`unknown fields, kept: ${unknown.map(([name, records]) => `${name} (${count(records)})`).join(', ')}`)
  if (object.untimed > 0) remarks.push(`${plural(object.untimed, 'record')} without a time took the file's`)
  const [malformed] = object.malformed
  if (malformed) {
    const { ordinal, offset, reason } = malformed
    const first = `record ${count(ordinal)} at byte ${count(offset)}: ${reason}`
    remarks.push(object.counts.malformed === 1 ? `malformed: ${first}` : `first malformed: ${first}`)
  }
  const [rejected] = object.rejected
  // The error of such an object has the same words.
  if (rejected && object.error?.code !== 'RECORDS_REJECTED')
    remarks.push(`first rejected: record ${count(rejected.ordinal)}: ${rejected.reason}`)
  const [filtered] = object.filtered ?? []
  if (filtered) remarks.push(`first dropped by the store: record ${count(filtered.ordinal)}: ${filtered.reason}`)
  if (object.error && object.error.message !== told) remarks.push(`${object.status}: ${object.error.message}`)
  return remarks
}

/** `1,200 records: 1,198 written, 2 malformed`; what did not happen is not spoken of. */
export function countsLine(counts: ObjectReport['counts'], writtenWord: string): string {
  const parts = [`${count(counts.written)} ${writtenWord}`]
  for (const name of ['duplicate', 'rejected', 'filtered', 'malformed', 'unfinished'] as const)
    if (counts[name] > 0)
      parts.push(name === 'duplicate' ? plural(counts[name], name) : `${count(counts[name])} ${name}`)
  return `${plural(counts.read, 'record')}: ${parts.join(', ')}`
}

/** How many objects are spoken of one by one; a bucket with a wrong prefix would fill the terminal. */
const shownObjects = 20

/** The report of `ingest`: totals as a table on standard output, what went wrong on standard error. */
export function printReport(
  io: Io,
  report: Report,
  { format, names, remarks }: { format?: string | undefined; names: readonly string[]; remarks: boolean },
): void {
  const { counts, milliseconds } = report
  const objects = report.messages.flatMap((message) => message.objects)
  const number = (wanted: ObjectReport['status']) => objects.filter(({ status }) => status === wanted).length
  const rows: [string, number | string][] = [
    ['files', report.objects],
    ['files failed', number('failed')],
    ['files skipped', number('skipped')],
    ['stored bytes', bytes(report.bytes)],
    ['records read', counts.read],
    ['documents written', counts.written],
    ['duplicates', counts.duplicate],
    ['rejected', counts.rejected],
    ['malformed', counts.malformed],
    ['unfinished', counts.unfinished],
    ['time', duration(milliseconds)],
    ['records a second', Math.round((counts.read * 1000) / Math.max(1, milliseconds))],
  ]
  const always = new Set(['files', 'records read', 'documents written', 'stored bytes', 'time', 'records a second'])
  const shown = rows.filter(([name, value]) => always.has(name) || value !== 0)
  const width = Math.max(...shown.map(([, value]) => (typeof value === 'number' ? count(value) : value).length))
  for (const [name, value] of shown)
    line(io.stdout, `${name.padEnd(17)}  ${(typeof value === 'number' ? count(value) : value).padStart(width)}`)

  const remarkable = (remarks ? objects : [])
    .map((object) => [object, objectRemarks(object, report.stopped?.message)] as const)
    .filter(([, all]) => all.length > 0)
  for (const [{ bucket, key }, all] of remarkable.slice(0, shownObjects)) {
    line(io.stderr, bucket === '' ? key : `s3://${bucket}/${key}`)
    for (const remark of all) line(io.stderr, `  ${remark}`)
  }
  if (remarkable.length > shownObjects)
    line(io.stderr, `… and ${plural(remarkable.length - shownObjects, 'file')} more`)
  for (const { error } of report.messages) if (error) line(io.stderr, error.message)
  if (report.stopped) line(io.stderr, `stopped early: ${report.stopped.message}`)
  for (const hint of hintsFor([...objects.map(({ error }) => error), report.stopped], format, names))
    line(io.stderr, hint)
}

/** Number of messages for each cause, the most frequent first. */
export function causesTable(byCause: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(byCause).sort(([, a], [, b]) => b - a)
  return table(rows.map(([cause, messages]) => ({ cause, messages })))
}
