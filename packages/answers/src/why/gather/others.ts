import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Store } from '../../answer.ts'
import type { Filter, Span } from '../../question.ts'
import { mayHave } from '../../tcp-flags.ts'
import type { OtherCalls, Pair } from '../evidence.ts'
import { is, mostOthers, text } from './ask.ts'

/** Who else calls B's port, and got an answer. */
export async function clientsOf(
  ask: Store['ask'],
  { a, b }: Pair,
  port: number,
  span: Span,
): Promise<readonly OtherCalls[]> {
  const calls = await newest(ask, span, 'source.ip', [is('destination.ip', b), is('destination.port', port), isCall])
  const answers = await newest(ask, span, 'destination.ip', [is('source.ip', b), is('source.port', port), ...isAnswer])
  return othersOf(calls, answers, a)
}

/** What else A calls on ports of services, and who answered. */
export async function targetsOf(ask: Store['ask'], { a, b }: Pair, span: Span): Promise<readonly OtherCalls[]> {
  const service = (field: string): Filter => ({ field, range: { lt: 32_768 } })
  const calls = await newest(ask, span, 'destination.ip', [is('source.ip', a), service('destination.port'), isCall])
  const answers = await newest(ask, span, 'source.ip', [is('destination.ip', a), service('source.port'), ...isAnswer])
  return othersOf(calls, answers, b)
}

/** Of TCP what opens a connection: established ones outlive a fault, and a refusal is RST alone. */
const isCall = mayHave('syn')
const isAnswer = [is('event.action', 'accept'), mayHave('ack')]

/** When the newest record of each address began. */
async function newest(
  ask: Store['ask'],
  span: Span,
  field: string,
  filters: readonly Filter[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters,
    groups: [field],
    measures: { start: { max: 'event.start' } },
    limit: mostOthers,
  })
  return new Map(
    rows.flatMap((row) => {
      const [address, start] = [text(row[field]), text(row.start)]
      return address === undefined || start === undefined ? [] : [[address, start] as const]
    }),
  )
}

function othersOf(
  calls: ReadonlyMap<string, string>,
  answers: ReadonlyMap<string, string>,
  self: string,
): readonly OtherCalls[] {
  return [...calls].flatMap(([address, called]) => {
    const answered = answers.get(address)
    return address === self ? [] : [{ address, called, ...(answered !== undefined && { answered }) }]
  })
}
