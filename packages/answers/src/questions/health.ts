import { datasets, deadRecordFormat, type Format } from '@flowferry/core'
import { type Answer, partialBy, type Row, type Store } from '../answer.ts'
import type { Span } from '../question.ts'
import { refused } from '../refuse.ts'
import { isoDate } from '../values.ts'
import type { SteppedQuestion } from './daily.ts'

const minute = 60_000
/** How long before the span a format's newest record is looked for. */
const lookback = 30 * 24 * 60 * minute
/** Steps in which a format's lateness is looked at. */
const mostSteps = 1440

export const health: SteppedQuestion = {
  name: 'health',
  title: 'How new the logs are by format, how late they come, and what was refused',
  formats: [],
  columns: {
    dataset: { heading: 'logs' },
    newest: { heading: 'newest record', unit: 'time' },
    behind: { heading: 'behind', unit: 'age' },
    records: { heading: 'records' },
    ingested: { heading: 'last stored', unit: 'time' },
    late: { heading: 'late', unit: 'age' },
    latest: { heading: 'latest', unit: 'age' },
    dead: { heading: 'dead records' },
  },
  know: 'Behind is the newest record against the end of the span. Late is how long after a minute began its records were all stored: half of the minutes by then, and latest the slowest; it takes event.ingested in the documents, which the enrichment `ingested` fills, and a backfill counts as late. Dead records are counted where the store has them as documents, as `deadIndex` writes them. Formats without a record in the span or the 30 days before it have no line.',
  steps: async (ask, span, { formats = [], limit = 100 } = {}) => {
    if (formats.length === 0) throw refused('formats', 'is empty, and health asks each of them: parser.formats')
    const reasons: string[] = []
    const dead = await deadRecords(ask, span, reasons)
    const found: Row[] = []
    let absent = true
    for (const format of datasets(formats)) {
      const { row, partial } = await stateOf(ask, format, span)
      if (partial?.absent) continue
      absent = false
      if (partial) reasons.push(partial.why)
      const kinds = new Set(formats.filter(({ dataset }) => dataset === format.dataset).map(({ kind }) => kind))
      const ofKinds = [...kinds].reduce((sum, kind) => sum + (dead?.get(kind) ?? 0), 0)
      if (row.newest !== null) found.push({ ...row, dead: dead ? ofKinds : null })
      for (const kind of kinds) dead?.delete(kind)
    }
    if (absent)
      reasons.push(
        `the store has no logs of ${datasets(formats)
          .map(({ dataset }) => dataset)
          .join(', ')}`,
      )
    const others = [...(dead ?? [])].map(([kind, count]) => ({ ...nothing, dataset: kind, dead: count }))
    return { rows: [...found, ...others].slice(0, limit), approximate: [], ...partialBy(reasons, absent) }
  },
}

const nothing = { newest: null, behind: null, records: 0, ingested: null, late: null, latest: null }

/** Dead records of the span by the kind of their format; undefined where the store has no place for them. */
async function deadRecords(ask: Store['ask'], span: Span, reasons: string[]): Promise<Map<string, number> | undefined> {
  const { rows, partial } = await ask({
    kind: 'groups',
    formats: [deadRecordFormat],
    span,
    groups: ['flowferry.kind'],
    measures: { records: { count: true } },
    limit: 1000,
  })
  if (partial?.absent) return undefined
  if (partial) reasons.push(partial.why)
  return new Map(rows.map((row) => [String(row['flowferry.kind'] ?? 'unknown'), Number(row.records)]))
}

async function stateOf(
  ask: Store['ask'],
  format: Format,
  { from, to }: Span,
): Promise<{ row: Row } & Pick<Answer, 'partial'>> {
  const [begin, end] = [Date.parse(from), Date.parse(to)]
  const stored: Format = { ...format, mapping: { ...format.mapping, 'event.ingested': { type: 'date' } } }
  const every = Math.ceil((end - begin) / minute / mostSteps)
  const now = { field: '@timestamp', range: { gte: from } } as const
  const whole = await ask({
    kind: 'groups',
    formats: [stored],
    span: { from: isoDate(begin - lookback), to },
    measures: {
      newest: { max: '@timestamp' },
      records: { count: true, where: [now] },
      ingested: { max: 'event.ingested', where: [now] },
    },
  })
  const { newest = null, records = 0, ingested = null } = whole.rows[0] ?? {}
  const steps: Pick<Answer, 'rows' | 'partial'> =
    ingested === null
      ? { rows: [] }
      : await ask({
          kind: 'groups',
          formats: [stored],
          span: { from, to },
          filters: [{ field: 'event.ingested', exists: true }],
          groups: [{ field: '@timestamp', every: `${every}m` }],
          measures: { stored: { max: 'event.ingested' } },
          limit: mostSteps + 1,
        })
  const lateness = steps.rows
    .map((row) => (Date.parse(String(row.stored)) - Date.parse(String(row['@timestamp']))) / 1000)
    .sort((one, other) => one - other)
  const seconds = (value: number | undefined) => (value === undefined ? null : Math.max(0, Math.round(value)))
  const behind = typeof newest === 'string' ? seconds((end - Date.parse(newest)) / 1000) : null
  const late = seconds(lateness[Math.floor(lateness.length / 2)])
  const row = { dataset: format.dataset, newest, behind, records, ingested, late, latest: seconds(lateness.at(-1)) }
  const partial = whole.partial ?? steps.partial
  return { row, ...(partial && { partial }) }
}
