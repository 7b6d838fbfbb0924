import type { LogDocument } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import type { Store } from '../../answer.ts'
import { networkServices } from '../../network-services.ts'
import type { DocumentsQuestion, Span } from '../../question.ts'
import { isoDate } from '../../values.ts'
import type { Pair } from '../evidence.ts'
import type { KnownInterface } from '../known.ts'
import { changesSpan, margin, minutes } from '../spans.ts'
import { is, mostFlows, mostOthers } from './ask.ts'
import type { GatherOptions } from './options.ts'

/** None where a store has no table or index of CloudTrail: nothing is known of changes then. */
export async function changesOf(ask: Store['ask'], pair: Pair): Promise<LogDocument[] | undefined> {
  const { rows, partial } = await ask(changesQuestion(pair))
  return rows.length > 0 || !partial ? rows.map((row) => ({ ...row })) : undefined
}

function changesQuestion(pair: Pair): DocumentsQuestion {
  return {
    kind: 'documents',
    formats: cloudTrail.formats,
    span: changesSpan(pair),
    filters: [
      is('event.outcome', 'success'),
      { field: 'event.provider', oneOf: networkServices },
      { not: { field: 'aws.cloudtrail.read_only', equals: true } },
    ],
    limit: mostOthers,
  }
}

/** None where nobody needs them, an archive was not read for so long, or CloudTrail may lack some. */
export async function deletedOf(ask: Store['ask'], pair: Pair, { known = [], archive }: GatherOptions) {
  const logged = known.filter(({ flowLogs, asOf }) => flowLogs && asOf !== undefined)
  const [asOf] = logged
    .map((one) => one.asOf!)
    .sort()
    .reverse()
  if (asOf === undefined) return undefined
  const span = { from: isoDate(Date.parse(pair.since) - margin), to: asOf }
  if (span.to <= span.from || (archive && span.to > changesSpan(pair).to)) return undefined
  const { rows, partial } = await ask({
    ...changesQuestion(pair),
    span,
    filters: [is('event.outcome', 'success'), is('event.action', 'DeleteFlowLogs')],
  })
  // What an answer lacks may be the very event.
  if (partial || !(await hasTrail(ask, span, logged))) return undefined
  return rows.map((row) => ({ ...row }))
}

/** Where instances and interfaces come and go by themselves there are changes each hour; by night there may be a pause. */
const longestPause = 6 * 60 * minutes

/**
 * Whether the store has EC2's changes in these interfaces' accounts and regions throughout, as DeleteFlowLogs is one. Events
 * of global services prove nothing: those of us-east-1 are in trails of other regions, too, and reads in trails of reads alone.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
 */
async function hasTrail(ask: Store['ask'], span: Span, known: readonly KnownInterface[]): Promise<boolean> {
  const places = new Map(known.map(({ account = '', region = '' }) => [`${account} ${region}`, { account, region }]))
  for (const { account, region } of places.values()) {
    const { rows, partial } = await ask({
      kind: 'groups',
      formats: cloudTrail.formats,
      span,
      filters: [
        is('aws.cloudtrail.recipient_account_id', account),
        is('cloud.region', region),
        is('event.provider', 'ec2.amazonaws.com'),
        { not: { field: 'aws.cloudtrail.read_only', equals: true } },
      ],
      groups: [{ field: '@timestamp', every: '1h' }],
      measures: { oldest: { min: '@timestamp' }, newest: { max: '@timestamp' } },
      limit: mostFlows,
    })
    const times = rows.flatMap(({ oldest, newest }) => [oldest, newest].map((time) => Date.parse(String(time))))
    const all = [Date.parse(span.from), ...times.sort((one, other) => one - other), Date.parse(span.to)]
    if (partial || times.length === 0 || all.some((time, n) => n > 0 && time - all[n - 1]! > longestPause)) return false
  }
  return true
}
