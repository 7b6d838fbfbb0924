/** Which flow logs an interface's records are of, and whether those keep rejects. */
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Store } from '../../answer.ts'
import type { GroupsQuestion, Span } from '../../question.ts'
import { groupedBy, isoDate } from '../../values.ts'
import type { FlowLogSeen } from '../evidence.ts'
import { about, is, mostOthers, text } from './ask.ts'

const flowLog = 'aws.vpcflow.flow_log_id'

/**
 * By interface: the flow logs of its records from `since` on, or where it has none, those of its earlier ones: a flow log
 * that was deleted before says nothing of the time that is asked about.
 *
 * @returns nothing of an interface of which some records do not tell it
 */
export async function flowLogsOf(
  ask: Store['ask'],
  span: Span,
  ids: readonly string[],
  since: string,
): Promise<Map<string, FlowLogSeen[]>> {
  const question: GroupsQuestion = {
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: about.id, oneOf: ids }],
    groups: [about.id, flowLog],
    measures: { newest: { max: '@timestamp' } },
    limit: mostOthers,
  }
  const found = (await ask(question)).rows.map((row) => ({
    at: text(row[about.id]) ?? '',
    id: text(row[flowLog]),
    newest: isoDate(row.newest),
  }))
  const current = new Map(
    [...groupedBy(found, ({ at }) => at)].flatMap(([at, all]) => {
      const inSpan = all.filter(({ newest }) => newest >= isoDate(since))
      const counting = (inSpan.length > 0 ? inSpan : all).map(({ id }) => id)
      return counting.every((id) => id !== undefined) ? [[at, counting] as const] : []
    }),
  )
  const named = [...new Set([...current.values()].flat())]
  if (named.length === 0) return new Map()
  const rejects = await ask({
    ...question,
    filters: [{ field: flowLog, oneOf: named }, is('event.action', 'reject')],
    groups: [flowLog],
    measures: { ofOthers: { count: true, where: [{ not: { field: about.id, oneOf: ids } }] } },
  })
  const seen = new Map(
    named.map((id): [string, FlowLogSeen] => {
      const row = rejects.rows.find((row) => row[flowLog] === id)
      const isOfSeveral = found.filter((one) => one.id === id).length > 1
      return [id, { id, rejects: row !== undefined, isShared: isOfSeveral || Number(row?.ofOthers) > 0 }]
    }),
  )
  return new Map([...current].map(([at, flowLogs]) => [at, flowLogs.map((id) => seen.get(id)!)]))
}
