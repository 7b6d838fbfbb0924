import type { Counts, ErrorCode, FlowferryError, ObjectReport, Report } from '@flowferry/core'
import { alike, withoutNumbers } from './alike.ts'
import { hintsFor, wordsOf } from './hints.ts'
import { type ExitCode, exitCodes, type Io, line, note } from './io.ts'
import { bytes, count, duration, plural, table } from './text.ts'

/** 1 when something failed, else 3 when something was malformed. */
export function exitCodeOf({ ok, counts, stopped }: Report): ExitCode {
  if (!ok || stopped) return exitCodes.failed
  return counts.malformed > 0 ? exitCodes.malformed : exitCodes.ok
}

/** A kind of thing to be said of objects, beyond that they went well. */
interface Remark {
  /** What two objects of which the same is to be said have in common; undefined where nothing is to be said. */
  readonly of: (object: ObjectReport, told: string | undefined) => string | undefined
  /** What is said of such objects. */
  readonly text: (alike: readonly ObjectReport[]) => string
  /** Whether it is of no failure, so that `--quiet` has none of it. */
  readonly isNote?: true
}

/** Names of unknown fields that are told. */
const shownFields = 20

/** The error of an object: of one that was passed over it is no failure. */
const errorRemark = (isOfSkipped: boolean): Remark => ({
  of: (object, told) => {
    const { error, status } = object
    if (!error || error.message === told || (status === 'skipped') !== isOfSkipped) return undefined
    return `${status} ${causeOf(object, error)}`
  },
  text: ([object]) => `${object!.status}: ${wordsOf(object!.error!)}`,
})

const remarks: readonly Remark[] = [
  {
    // A format's fields are told once, whichever file has which.
    of: ({ unknownFields, kinds }) => (Object.keys(unknownFields).length > 0 ? kinds.join() : undefined),
    text: (alike) => {
      const known = new Map<string, number>()
      for (const [name, records] of alike.flatMap(({ unknownFields }) => Object.entries(unknownFields)))
        known.set(name, (known.get(name) ?? 0) + records)
      const named = [...known].slice(0, shownFields).map(([name, records]) => `${name} (${count(records)})`)
      const more = known.size - named.length
      return `unknown fields, kept: ${named.join(', ')}${more > 0 ? `, and ${count(more)} more` : ''}`
    },
    isNote: true,
  },
  {
    of: ({ untimed }) => (untimed > 0 ? '' : undefined),
    text: (alike) =>
      `${plural(
        sumOf(alike, ({ untimed }) => untimed),
        'record',
      )} without a time took the file's`,
    isNote: true,
  },
  {
    // The error of such an object has the same words.
    of: ({ malformed: [first], error }) => (error?.code === 'TOO_MANY_MALFORMED' ? undefined : first?.reason),
    text: (alike) => {
      const { ordinal, offset, reason } = alike[0]!.malformed[0]!
      const isOnly = sumOf(alike, ({ counts }) => counts.malformed) === 1
      return `${isOnly ? 'malformed' : 'first malformed'}: record ${count(ordinal)} at byte ${count(offset)}: ${reason}`
    },
  },
  {
    // The error of such an object has the same words.
    of: ({ rejected: [first], error }) => (error?.code === 'RECORDS_REJECTED' ? undefined : first?.reason),
    text: ([object]) => {
      const { ordinal, reason } = object!.rejected[0]!
      return `first rejected: record ${count(ordinal)}: ${reason}`
    },
  },
  {
    of: ({ filtered: [first] = [] }) => first?.reason,
    text: ([object]) => {
      const { ordinal, reason } = object!.filtered![0]!
      return `first dropped by the store: record ${count(ordinal)}: ${reason}`
    },
    isNote: true,
  },
  errorRemark(false),
  { ...errorRemark(true), isNote: true },
]

const sumOf = <T>(all: readonly T[], of: (one: T) => number) => all.reduce((sum, one) => sum + of(one), 0)

interface Said {
  /** Objects of which it is said. */
  readonly all: readonly ObjectReport[]
  readonly texts: readonly string[]
}

/**
 * What is to be said of objects, each thing once, whatever its numbers; `--quiet` leaves out what is no failure. `told` was
 * said of all of them already.
 */
export function remarksOn(objects: readonly ObjectReport[], { quiet }: Pick<Io, 'quiet'>, told?: string): Said[] {
  const said = remarks
    .filter(({ isNote }) => !quiet || !isNote)
    .flatMap(({ of, text }) => {
      const some = objects.filter((object) => of(object, told) !== undefined)
      return alike(some, (object) => of(object, told)!).map(({ all }) => ({ all, texts: [text(all)] }))
    })
  // What is said of the very same objects is said under one name.
  const groups: Said[] = []
  for (const one of said) {
    const same = groups.findIndex(
      ({ all }) => all.length === one.all.length && all.every((object, n) => object === one.all[n]),
    )
    if (same === -1) groups.push(one)
    else groups[same] = { all: one.all, texts: [...groups[same]!.texts, ...one.texts] }
  }
  return groups
}

/** An object that failed. */
interface Failed {
  readonly object: { readonly bucket: string; readonly key: string }
  readonly error: FlowferryError
}

/** Failures of one cause, as `--json` has them. */
interface FailureGroup {
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
      const words = withoutNumbers(causeOf(object, error))
      const known = groups.get(words)
      if (known) known.objects++
      else if (groups.size < shownGroups) groups.set(words, { failed, objects: 1 })
    },
    count: () => all,
    errors: () => [...groups.values()].map(({ failed }) => failed.error),
    groups: () =>
      [...groups.values()].map(({ failed: { error, object }, objects }) => ({
        code: error.code,
        message: wordsOf(error),
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

/** An error's words, without the name of the object that it is of. */
const causeOf = (object: Failed['object'], { message }: FlowferryError): string =>
  message.replaceAll(`(${addressOf(object)}`, '(')

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
    if (rows.length > 0) for (const text of table(rows)) line(io.stdout, text)
  }

  if (remarks) {
    for (const text of remarkLines(io, objects, stopped?.message)) line(io.stderr, text)
    if (failed > failures.groups().length) note(io, 'note: --log json names each file that failed, and why')
  }
  for (const { error } of report.messages) if (error) line(io.stderr, error.message)
  if (stopped) line(io.stderr, `stopped early: ${wordsOf(stopped)}`)
  // What is passed over was asked to be.
  const errors = objects.flatMap(({ error, status }) => (error && status !== 'skipped' ? error : []))
  for (const hint of hintsFor([...errors, stopped], format, names)) line(io.stderr, hint)
}

function remarkLines(io: Io, objects: readonly ObjectReport[], told: string | undefined): string[] {
  const groups = remarksOn(objects, io, told)
  const lines = groups
    .slice(0, shownGroups)
    .flatMap(({ all, texts }) => [
      andMore(addressOf(all[0]!), all.length - 1, 'file'),
      ...texts.map((text) => `  ${text}`),
    ])
  const rest = groups.length - shownGroups
  return rest > 0 ? [...lines, `… and ${plural(rest, 'other thing')} of other files`] : lines
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
