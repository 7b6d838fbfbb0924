import type { DailyQuestion, Span } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import type { Settings } from '../config/settings.ts'
import type { Io } from '../io.ts'
import { type OpenArchive, openArchive } from './open.ts'
import type { ArchivePlaces } from './selection.ts'

export interface AskArchiveOptions extends ArchivePlaces {
  readonly from: string
}

/** What a question of every day needs of an archive, in memory. `formats` are those that the archive may hold. */
export async function openForAsk(
  question: DailyQuestion,
  asked: Span,
  formats: readonly Format[],
  { from, ...places }: AskArchiveOptions,
  io: Io,
  settings: Settings,
): Promise<OpenArchive> {
  const { dailyNeeds } = await import('@flowferry/answers')
  const { formats: datasets, span } = dailyNeeds(question, asked)
  const part = {
    formats: formats.filter(({ dataset }) => datasets.includes(dataset)),
    from: new Date(span.from),
    to: new Date(span.to),
  }
  return openArchive(from, { ...places, parts: [part], settings }, io)
}
