/** What the log of each interface has, by its counts. */
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { privateBlocks } from '@flowferry/core/internal'
import type { Row, Store } from '../../answer.ts'
import type { Filter, GroupsQuestion, Span } from '../../question.ts'
import { isoDate } from '../../values.ts'
import type { InterfaceLog, Pair } from '../evidence.ts'
import type { Flow } from '../flow.ts'
import { minutes } from '../spans.ts'
import { about, is, mostOthers, text, touches } from './ask.ts'

/** From the first to the last time that what A and B send each other was rejected, and what others did meanwhile. */
export function whileRejected({ a, b }: Pair, flows: readonly Flow[]) {
  const starts = flows.filter(({ rejected }) => rejected).map(({ start }) => start)
  // Times may be off by a minute.
  const [first, last] = [Math.min(...starts) + minutes, Math.max(...starts) - minutes]
  if (!(first < last)) return undefined
  const meanwhile: Filter[] = [
    is('event.action', 'accept'),
    { field: 'event.start', range: { gte: isoDate(first), lte: isoDate(last) } },
    { field: 'source.ip', cidr: privateBlocks },
    { field: 'destination.ip', cidr: privateBlocks },
  ]
  return {
    plain: [...meanwhile, is('aws.vpcflow.encryption_status', '0')],
    passes: [...meanwhile, { not: { all: [touches(a), touches(b)] } }],
  }
}

export async function logsOf(
  ask: Store['ask'],
  span: Span,
  filter: Filter,
  others?: ReturnType<typeof whileRejected>,
): Promise<InterfaceLog[]> {
  const question: GroupsQuestion = {
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [filter],
    groups: Object.values(about),
    measures: {
      records: { count: true, where: [{ field: 'source.ip', exists: true }] },
      rejects: { count: true, where: [is('event.action', 'reject')] },
      reasons: { count: true, where: [{ field: 'aws.vpcflow.reject_reason', exists: true }] },
      accepts: { count: true, where: [is('event.action', 'accept')] },
      ...(others && {
        plain: { count: true, where: others.plain },
        passes: { count: true, where: others.passes },
      }),
      oldest: { min: '@timestamp' },
      newest: { max: '@timestamp' },
    },
    limit: mostOthers,
  }
  const logs = new Map<string, InterfaceLog>()
  for (const row of (await ask(question)).rows) {
    const log = logOf(row)
    const other = logs.get(log.id)
    logs.set(log.id, other ? merged(other, log) : log)
  }
  return [...logs.values()]
}

function logOf(row: Row): InterfaceLog {
  const known = Object.fromEntries(
    Object.entries(about).flatMap(([name, field]) =>
      text(row[field]) === undefined ? [] : [[name, text(row[field])]],
    ),
  )
  return {
    ...known,
    id: text(row[about.id]) ?? '',
    holds: [],
    records: Number(row.records),
    rejects: Number(row.rejects) > 0,
    accepts: Number(row.accepts) > 0,
    reasons: Number(row.reasons) > 0,
    ...(row.passes !== undefined && { passes: Number(row.passes) > 0, plain: Number(row.plain) > 0 }),
    skipped: [],
    oldest: String(row.oldest),
    newest: String(row.newest),
  }
}

/** Records without traffic may not name the subnet. */
function merged(one: InterfaceLog, other: InterfaceLog): InterfaceLog {
  return {
    ...one,
    ...other,
    records: one.records + other.records,
    rejects: one.rejects || other.rejects,
    accepts: one.accepts || other.accepts,
    reasons: one.reasons === true || other.reasons === true,
    ...(one.passes !== undefined && {
      passes: one.passes || other.passes === true,
      plain: one.plain === true || other.plain === true,
    }),
    oldest: [one.oldest, other.oldest].sort()[0]!,
    newest: [one.newest, other.newest].sort()[1]!,
  }
}
