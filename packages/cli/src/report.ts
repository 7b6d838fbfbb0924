import type { Counts, ErrorCode, FlowferryError, ObjectReport, Report } from '@flowferry/core'
import { alike, withoutNumbers } from './alike.ts'
import { hintsFor } from './hints.ts'
import { type ExitCode, exitCodes, type Io, line } from './io.ts'
import { bytes, count, duration, plural, table } from './text.ts'

/** 1 when something failed, else 3 when something was malformed. */
export function exitCodeOf({ ok, counts, stopped }: Report): ExitCode {
  if (!ok || stopped) return exitCodes.failed
  return counts.malformed > 0 ? exitCodes.malformed : exitCodes.ok
}

interface Remark {
  readonly text: string
  /** Whether it is of no failure, so that `--quiet` has none of it. */
  readonly isNote?: true
}

/**
 * What is to be said of objects of which the same is to be said, beyond that they went well: a line each. `told` was said of
 * all of them already.
 */
export function objectRemarks(alike: readonly ObjectReport[], told?: string): Remark[] {
  const [object] = alike
  if (!object) return []
  const sum = (of: (one: ObjectReport) => number) => alike.reduce((total, one) => total + of(one), 0)
  const remarks: Remark[] = []
  const unknown = Object.keys(object.unknownFields)
  if (unknown.length > 0) {
    const named = unknown.map((name) => `${name} (${count(sum(({ unknownFields }) => unknownFields[name] ?? 0))})`)
    remarks.push({ text: `unknown fields, kept: ${named.join(', ')}`, isNote: true })
  }
  const untimed = sum((one) => one.untimed)
  if (untimed > 0) remarks.push({ text: `${plural(untimed, 'record')} without a time took the file's`, isNote: true })
  const [malformed] = object.malformed
  if (malformed) {
    const { ordinal, offset, reason } = malformed
    const first = `record ${count(ordinal)} at byte ${count(offset)}: ${reason}`
    const isOnly = sum(({ counts }) => counts.malformed) === 1
    remarks.push({ text: isOnly ? `malformed: ${first}` : `first malformed: ${first}` })
  }
  const [rejected] = object.rejected
  // The error of such an object has the same words.
  if (rejected && object.error?.code !== 'RECORDS_REJECTED')
    remarks.push({ text: `first rejected: record ${count(rejected.ordinal)}: ${rejected.reason}` })
  const [filtered] = object.filtered ?? []
  if (filtered)
    remarks.push({
      text: `first dropped by the store: record ${count(filtered.ordinal)}: ${filtered.reason}`,
      isNote: true,
    })
  if (object.error && object.error.message !== told) remarks.push({ text: `${object.status}: ${object.error.message}` })
  return remarks
}

/** What makes two objects the same to be spoken of: all remarks of theirs, but for numbers and the objects' own names. */
const wordsOf = (object: ObjectReport, told?: string): string =>
  objectRemarks([object], told)
    .map(({ text }) => text.replaceAll(object.key, ''))
    .join('\n')

/** An object that failed. */
export interface Failed {
  readonly object: { readonly bucket: string; readonly key: string }
  readonly error: FlowferryError
}

/** Failures of one cause, as `--json` has them. */
export interface FailureGroup {
  readonly code: ErrorCode
  /** Of the first. */
  readonly message: string
  readonly objects: number
  /** Its address, or its path. */
  readonly first: string
}

/** Failures by what they have in common. Only so many groups are kept apart; the others are counted. */
export interface Failures {
  readonly add: (failed: Failed) => void
  readonly count: () => number
  readonly groups: () => readonly FailureGroup[]
  /** The first error of each group. */
  readonly errors: () => readonly FlowferryError[]
}

export function collectFailures(): Failures {
  const groups = new Map<string, { readonly failed: Failed; objects: number }>()
  let all = 0
  return {
    add: (failed) => {
      all++
      const { error, object } = failed
      const words = withoutNumbers(`${error.code} ${error.message.replaceAll(object.key, '')}`)
      const known = groups.get(words)
      if (known) known.objects++
      else if (groups.size < shownGroups) groups.set(words, { failed, objects: 1 })
    },
    count: () => all,
    errors: () => [...groups.values()].map(({ failed }) => failed.error),
    groups: () =>
      [...groups.values()].map(({ failed: { error, object }, objects }) => ({
        code: error.code,
        message: error.message,
        objects,
        first: addressOf(object),
      })),
  }
}

/** Lines of failures: the first of each group, and how many more are like it. */
export function failureLines(failures: Failures, noun: string): string[] {
  const groups = failures.groups()
  const rest = failures.count() - groups.reduce((sum, { objects }) => sum + objects, 0)
  return [
    ...groups.flatMap(({ first, objects, message }) => [andMore(first, objects - 1, noun), `  failed: ${message}`]),
    ...(rest > 0 ? [`… and ${plural(rest, noun)} more, which failed otherwise`] : []),
  ]
}

const addressOf = ({ bucket, key }: { readonly bucket: string; readonly key: string }): string =>
  bucket === '' ? key : `s3://${bucket}/${key}`

const andMore = (first: string, more: number, noun: string): string =>
  more === 0 ? first : `${first} and ${count(more)} more ${noun}${more === 1 ? '' : 's'}`

/** `1,200 records: 1,198 written, 2 malformed`; what did not happen is not spoken of. */
export function countsLine(counts: ObjectReport['counts'], writtenWord: string): string {
  const parts = [`${count(counts.written)} ${writtenWord}`]
  for (const name of ['duplicate', 'rejected', 'filtered', 'malformed', 'unfinished'] as const)
    if (counts[name] > 0)
      parts.push(name === 'duplicate' ? plural(counts[name], name) : `${count(counts[name])} ${name}`)
  return `${plural(counts.read, 'record')}: ${parts.join(', ')}`
}

/** How many groups of objects are spoken of; a bucket with a wrong prefix would fill the terminal. */
const shownGroups = 20

/** Outcomes of all objects that were read or skipped. */
export interface Totals {
  readonly objects: number
  readonly failed: number
  readonly skipped: number
  /** Stored bytes read. */
  readonly bytes: number
  readonly counts: Readonly<Counts>
  readonly milliseconds: number
  readonly stopped?: FlowferryError | undefined
}

/** What `--json` prints of `ingest`, and of `backfill` into a store. */
export function totalsAsJson(totals: Totals, failures: Failures) {
  const { objects, failed, skipped, bytes, counts, milliseconds, stopped } = totals
  return {
    objects,
    failed,
    skipped,
    bytes,
    counts,
    seconds: Math.round(milliseconds / 100) / 10,
    failures: failures.groups(),
    ...(stopped && { stopped: stopped.toJSON() }),
  }
}

/** The same as a table. `noun` is what objects are called, `written` what documents are. */
export function totalsTable(
  { objects, failed, skipped, bytes: stored, counts, milliseconds }: Totals,
  { noun = 'files', written = 'documents written' } = {},
): string[] {
  const rows: [string, number | string][] = [
    [noun, objects],
    [`${noun} failed`, failed],
    [`${noun} skipped`, skipped],
    ['stored bytes', bytes(stored)],
    ['records read', counts.read],
    [written, counts.written],
    ['duplicates', counts.duplicate],
    ['rejected', counts.rejected],
    ['filtered', counts.filtered],
    ['malformed', counts.malformed],
    ['unfinished', counts.unfinished],
    ['time', duration(milliseconds)],
    ['records a second', Math.round((counts.read * 1000) / Math.max(1, milliseconds))],
  ]
  const always = new Set([noun, 'records read', written, 'stored bytes', 'time', 'records a second'])
  const shown = rows.filter(([name, value]) => always.has(name) || value !== 0)
  const width = Math.max(...shown.map(([, value]) => (typeof value === 'number' ? count(value) : value).length))
  return shown.map(
    ([name, value]) => `${name.padEnd(17)}  ${(typeof value === 'number' ? count(value) : value).padStart(width)}`,
  )
}

/** The report of `ingest`: totals on standard output, what went wrong on standard error. */
export function printReport(
  io: Io,
  report: Report,
  {
    format,
    names,
    remarks,
    json,
    counted,
  }: {
    format?: string | undefined
    names: readonly string[]
    remarks: boolean
    json: boolean
    /** Of a dry run: the documents that each data stream would get. @default they were written */
    counted?: Readonly<Record<string, number>>
  },
): void {
  const { counts, bytes, milliseconds, stopped, objects: number, statuses } = report
  const objects = report.messages.flatMap((message) => message.objects)
  const { failed, skipped } = statuses
  const totals = { objects: number, failed, skipped, bytes, counts, milliseconds, stopped }
  const failures = collectFailures()
  for (const { error, status, ...object } of objects) if (error && status === 'failed') failures.add({ object, error })
  const told = counted && { dryRun: true, documents: counted }
  if (json) line(io.stdout, JSON.stringify({ ...told, ...totalsAsJson(totals, failures) }))
  else {
    for (const text of totalsTable(totals, told && { written: 'would be written' })) line(io.stdout, text)
    const rows = Object.entries(counted ?? {}).map(([stream, documents]) => ({ 'data stream': stream, documents }))
    for (const text of table(rows)) line(io.stdout, text)
  }

  if (remarks) for (const text of remarkLines(io, objects, stopped?.message)) line(io.stderr, text)
  for (const { error } of report.messages) if (error) line(io.stderr, error.message)
  if (stopped) line(io.stderr, `stopped early: ${stopped.message}`)
  for (const hint of hintsFor([...objects.map(({ error }) => error), stopped], format, names)) line(io.stderr, hint)
}

/** What is to be said of objects, each thing once. */
function remarkLines({ quiet }: Io, objects: readonly ObjectReport[], told: string | undefined): string[] {
  const toSay = (all: readonly ObjectReport[]) => objectRemarks(all, told).filter(({ isNote }) => !quiet || !isNote)
  const groups = alike(
    objects.filter((object) => toSay([object]).length > 0),
    (object) => wordsOf(object, told),
  )
  const rest = groups.slice(shownGroups).reduce((sum, { all }) => sum + all.length, 0)
  return [
    ...groups
      .slice(0, shownGroups)
      .flatMap(({ first, all }) => [
        andMore(addressOf(first), all.length - 1, 'file'),
        ...toSay(all).map(({ text }) => `  ${text}`),
      ]),
    ...(rest > 0 ? [`… and ${plural(rest, 'file')} more, of which other things are to be said`] : []),
  ]
}

/** Number of messages for each cause, the most frequent first. */
export function causesTable(byCause: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(byCause).sort(([, a], [, b]) => b - a)
  return table(rows.map(([cause, messages]) => ({ cause, messages })))
}

/** A failure of a queue, as `--json` has it. */
export const asJson = ({ code, message }: FlowferryError) => ({ code, message })

/** Tells what a queue refused, each thing once. */
export function endOf(failures: readonly FlowferryError[], io: Io): ExitCode {
  for (const { first, all } of alike(failures, ({ message }) => message))
    line(io.stderr, all.length === 1 ? first.message : `${first.message} (and ${count(all.length - 1)} more like it)`)
  return failures.length > 0 ? exitCodes.failed : exitCodes.ok
}
