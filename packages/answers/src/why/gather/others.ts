import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Store } from '../../answer.ts'
import type { Filter, Span } from '../../question.ts'
import type { Others } from '../diagnosis.ts'
import type { Pair } from '../evidence.ts'
import { is, mostOthers, text } from './ask.ts'

/** Who else calls B's port, and got an answer. */
export async function clientsOf(ask: Store['ask'], { a, b }: Pair, port: number, span: Span): Promise<Others> {
  const calls = await peers(ask, span, 'source.ip', [is('destination.ip', b), is('destination.port', port)])
  const answers = await peers(ask, span, 'destination.ip', [
    is('source.ip', b),
    is('source.port', port),
    is('event.action', 'accept'),
  ])
  return othersOf(calls, answers, a)
}

/** What else A calls on ports of services, and who answered. */
export async function targetsOf(ask: Store['ask'], { a, b }: Pair, span: Span): Promise<Others> {
  const service = (field: string): Filter => ({ field, range: { lt: 32_768 } })
  const calls = await peers(ask, span, 'destination.ip', [is('source.ip', a), service('destination.port')])
  const answers = await peers(ask, span, 'source.ip', [
    is('destination.ip', a),
    service('source.port'),
    is('event.action', 'accept'),
  ])
  return othersOf(calls, answers, b)
}

async function peers(ask: Store['ask'], span: Span, field: string, filters: readonly Filter[]): Promise<string[]> {
  const measures = { records: { count: true } } as const
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters,
    groups: [field],
    measures,
    limit: mostOthers,
  })
  return rows.flatMap((row) => text(row[field]) ?? [])
}

function othersOf(calls: readonly string[], answers: readonly string[], self: string): Others {
  const others = calls.filter((address) => address !== self)
  return { seen: others.length, answered: others.filter((address) => answers.includes(address)).length }
}
