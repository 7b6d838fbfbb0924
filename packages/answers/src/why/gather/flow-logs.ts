/** Which flow logs an interface's records are of, and what those keep of it and of others. */
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Store } from '../../answer.ts'
import type { GroupsQuestion, Span } from '../../question.ts'
import { groupedBy } from '../../values.ts'
import type { FlowLogSeen, Pair } from '../evidence.ts'
import { margin } from '../spans.ts'
import { clockSkew } from '../tries.ts'
import { about, flowQuestion, is, mostOthers, text } from './ask.ts'

const flowLog = 'aws.vpcflow.flow_log_id'

interface Seen {
  readonly at: string
  readonly id: string | undefined
  readonly oldest: number
  readonly newest: number
}

/**
 * By interface, the flow logs that its records are of.
 *
 * @returns nothing of an interface of which some records do not tell it
 */
export async function flowLogsOf(
  ask: Store['ask'],
  span: Span,
  ids: readonly string[],
  pair: Pair,
): Promise<Map<string, FlowLogSeen[]>> {
  const question: GroupsQuestion = {
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: about.id, oneOf: ids }],
    groups: [about.id, flowLog],
    measures: { oldest: { min: '@timestamp' }, newest: { max: '@timestamp' } },
    limit: mostOthers,
  }
  const { rows } = await ask(question)
  // Rows without an id come last, and may be left out.
  if (rows.length === mostOthers) return new Map()
  const seen = rows.map(
    (row): Seen => ({
      at: text(row[about.id]) ?? '',
      id: text(row[flowLog]),
      oldest: Date.parse(String(row.oldest)),
      newest: Date.parse(String(row.newest)),
    }),
  )
  const told = [...groupedBy(seen, ({ at }) => at)].filter(([, all]) => all.every(({ id }) => id !== undefined))
  const named = [...new Set(told.flatMap(([, all]) => all.map(({ id }) => id!)))]
  if (named.length === 0) return new Map()
  const rejecting = await ask({
    ...question,
    filters: [{ field: flowLog, oneOf: named }, is('event.action', 'reject')],
    groups: [flowLog],
    measures: { records: { count: true } },
  })
  const rejects = new Set(rejecting.rows.map((row) => text(row[flowLog])))
  const shared = new Set<string>()
  for (const id of named)
    if (seen.filter((one) => one.id === id).length > 1 || (await hasOthers(ask, span, id, ids))) shared.add(id)
  return new Map(
    told.map(([at, all]) => [
      at,
      all.map((one) => ({
        id: one.id!,
        covers: covers(one, all, pair),
        rejects: rejects.has(one.id),
        isShared: shared.has(one.id!),
      })),
    ]),
  )
}

async function hasOthers(ask: Store['ask'], span: Span, id: string, ids: readonly string[]): Promise<boolean> {
  const { rows } = await ask({
    ...flowQuestion(span, [is(flowLog, id), { not: { field: about.id, oneOf: ids } }]),
    fields: [about.id],
    limit: 1,
  })
  return rows.length > 0
}

/** Its last window may be longer than that of another flow log. */
function covers(one: Seen, all: readonly Seen[], { since, until }: Pair): boolean {
  const oldest = Math.min(...all.map((other) => other.oldest))
  const newest = Math.max(...all.map((other) => other.newest))
  return (
    one.oldest <= Math.max(Date.parse(since), oldest) + clockSkew &&
    one.newest >= Math.min(Date.parse(until), newest) - margin
  )
}
