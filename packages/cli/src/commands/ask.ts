import type { DailyOptions, DailyQuestion, Span } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import type { AskArchiveOptions } from '../archive/ask.ts'
import type { OpenArchive } from '../archive/open.ts'
import type { ArchivePlaces } from '../archive/selection.ts'
import { type Settings, withFrom } from '../config/settings.ts'
import { logFormatNames, parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import { type FromOptions, isArchive, type OpenedStore, openStore } from '../open-store.ts'
import { spanOf } from '../times.ts'

export interface AskCommandOptions extends Partial<FromOptions>, ArchivePlaces {
  readonly since?: string
  readonly until?: string
  readonly limit?: number
  readonly own?: readonly string[]
  readonly json?: boolean
}

const day = 24 * 3_600_000

/** `flowferry ask`: a question of every day, or the list of them. Writes nothing into the store. */
export async function askCommand(
  name: string | undefined,
  options: AskCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const { askDaily, dailyQuestions, dashboards, tellAnswer } = await import('@flowferry/answers')
  if (name === undefined) return list(dailyQuestions, options, io)
  // Panels are questions, too: the dashboard copies them as commands.
  const question = await named([...dailyQuestions, ...dashboards.flatMap(({ panels }) => panels)], name)
  const { limit, own, json, since: _, until: __, ...places } = withFrom(options, settings)
  const span = spanOf(options, day)
  const { formats } = await parserFor(logFormatNames(settings), 'small', settings)
  const store = await openFor(question, span, formats, places, io, settings)
  try {
    const { cost: archive } = store
    const given: DailyOptions = {
      formats,
      ...(limit !== undefined && { limit }),
      ...(own && { own }),
      ...(io.signal && { signal: io.signal }),
    }
    const answer = await askDaily(store, question, span, given)
    const { rows, approximate, partial = null } = answer
    const columns = Object.entries(question.columns).map(([column, about]) => ({ name: column, ...about }))
    const told = { question: name, span, columns, rows, approximate, partial, ...(archive && { archive }) }
    if (json) line(io.stdout, JSON.stringify(told))
    else for (const text of tellAnswer(question, span, answer).trimEnd().split('\n')) line(io.stdout, text)
    if (rows.length === 0 && options.since === undefined && options.until === undefined && !partial)
      note(io, 'note: asked of the last 24 hours; --since and --until say other times, as --since 2026-11-01')
    return partial ? exitCodes.unknown : exitCodes.ok
  } finally {
    await store.close()
  }
}

async function openFor(
  question: DailyQuestion,
  span: Span,
  formats: readonly Format[],
  options: FromOptions & AskArchiveOptions,
  io: Io,
  settings: Settings,
): Promise<OpenedStore & Partial<Pick<OpenArchive, 'cost'>>> {
  if (!isArchive(options)) return openStore(options, io, formats)
  const { openForAsk } = await import('../archive/ask.ts')
  return openForAsk(question, span, formats, options, io, settings)
}

async function named(questions: readonly DailyQuestion[], name: string): Promise<DailyQuestion> {
  const found = questions.find((one) => one.name === name)
  if (found) return found
  const { isIt } = await import('@flowferry/core/internal')
  const names = questions.map((one) => one.name)
  throw new UsageError(`there is no question "${name}"${isIt(name, names)} (flowferry ask lists them all)`)
}

async function list(questions: readonly DailyQuestion[], { from, json }: AskCommandOptions, io: Io): Promise<ExitCode> {
  if (from !== undefined) throw new UsageError('--from needs a question; flowferry ask lists them all')
  const rows = questions.map(({ name, title, formats }) => ({ name, title, formats }))
  if (json) {
    line(io.stdout, JSON.stringify({ questions: rows }))
    return exitCodes.ok
  }
  const { table } = await import('@flowferry/core/internal')
  const cells = rows.map(({ name, title, formats }) => ({
    question: name,
    'what it tells': title,
    'of the logs': formats.join(' ') || 'all',
  }))
  for (const text of table(cells, '')) line(io.stdout, text)
  return exitCodes.ok
}
