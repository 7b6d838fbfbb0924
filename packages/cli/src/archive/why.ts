import type { ArchiveReading, WhyQuestion } from '@flowferry/answers/why'
import type { Snapshot } from '@flowferry/enrich/interfaces'
import type { Settings } from '../config/settings.ts'
import { type Io, note, UsageError } from '../io.ts'
import { parseDuration } from '../times.ts'
import { type OpenArchive, openArchive } from './open.ts'
import type { ArchivePlaces } from './selection.ts'

export interface WhyArchiveOptions extends ArchivePlaces {
  readonly from: string
  readonly lookback?: string
}

export interface WhyArchive extends OpenArchive {
  readonly reading: ArchiveReading
}

const day = 24 * 3_600_000

/** What `why` needs of an archive for one question, in memory. */
export async function openForWhy(
  question: WhyQuestion,
  snapshot: Snapshot | undefined,
  options: WhyArchiveOptions,
  io: Io,
  { filter, ...settings }: Settings,
): Promise<WhyArchive> {
  const { from, lookback, ...places } = options
  const before = lookback === undefined ? undefined : parseDuration('--lookback', lookback)
  if (before !== undefined && before > day) throw new UsageError('--lookback is a day (1d) at most')
  const { archiveNeeds, archiveQuestion } = await import('@flowferry/answers/why')
  const needs = archiveNeeds(await archiveQuestion(question, snapshot), {
    ...(before !== undefined && { lookback: before }),
  })
  const parts = needs.map(({ span, ...need }) => ({ ...need, from: new Date(span.from), to: new Date(span.to) }))
  // Silence is evidence, and what a filter drops would be silence.
  if (filter) note(io, "note: why reads what the config's filter would drop, too")
  const archive = await openArchive(from, { ...places, parts, settings }, io)
  const unread = archive.unread.flatMap(({ formats, from, to }) =>
    formats.some(({ kind }) => kind === 'vpcflow') ? [{ start: from.toISOString(), end: to.toISOString() }] : [],
  )
  return { ...archive, reading: { from: needs[0]!.span.from, unread, leftOut: archive.leftOut } }
}
