/** Times of which an interface's records are not there. */
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Store } from '../../answer.ts'
import type { Span } from '../../question.ts'
import { isoDate } from '../../values.ts'
import { minutes } from '../spans.ts'
import { about, is, mostFlows, text } from './ask.ts'

/** AWS says itself that it skipped them. */
export async function skippedOf(ask: Store['ask'], span: Span, ids: readonly string[]) {
  const { rows } = await ask({
    kind: 'documents',
    formats: vpcFlow.formats,
    span,
    fields: [about.id, 'event.start', 'event.end'],
    filters: [is('aws.vpcflow.log_status', 'SKIPDATA'), { field: about.id, oneOf: ids }],
    limit: mostFlows,
  })
  return rows.map((row) => ({
    id: text(row[about.id])!,
    start: String(row['event.start']),
    end: String(row['event.end']),
  }))
}

/**
 * Times without any record: AWS writes one of each window, NODATA where there was no traffic, so files are missing. How far
 * apart records are as a rule tells how long windows are; a flow's record may be at either end of one.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */
export async function gapsOf(ask: Store['ask'], span: Span, ids: readonly string[]) {
  if (ids.length === 0) return []
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: about.id, oneOf: ids }],
    groups: [about.id, { field: '@timestamp', every: '1m' }],
    measures: { records: { count: true } },
    limit: mostFlows,
  })
  return ids.flatMap((id) => {
    const times = rows
      .flatMap((row) => (row[about.id] === id ? Date.parse(String(row['@timestamp'])) : []))
      .sort((one, other) => one - other)
    const steps = times.slice(1).map((time, n) => ({ from: times[n]!, to: time, length: time - times[n]! }))
    const usual =
      steps.map(({ length }) => length).sort((one, other) => one - other)[Math.floor(steps.length * 0.9)] ?? 0
    return steps
      .filter(({ length }) => length > 2 * usual + minutes)
      .map(({ from, to }) => ({ id, start: isoDate(from + minutes), end: isoDate(to), gap: true as const }))
  })
}
