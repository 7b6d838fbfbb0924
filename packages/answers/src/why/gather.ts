import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { isPrivate } from '../addresses.ts'
import { endedBy, type Store } from '../answer.ts'
import type { DocumentsQuestion, Filter, Span } from '../question.ts'
import { caseOf, type Side } from './case.ts'
import type { Evidence, Pair } from './evidence.ts'
import { type Flow, flowsOf } from './flow.ts'
import { about, documentsOf, flowQuestion, is, mostFlows, mostOthers, touches } from './gather/ask.ts'
import { interfacesOf } from './gather/interfaces.ts'
import type { GatherOptions } from './gather/options.ts'
import { clientsOf, targetsOf } from './gather/others.ts'
import { changesOf, deletedOf } from './gather/trail.ts'
import { around, margin } from './spans.ts'

/**
 * Asks a store for what `diagnose` needs: some ten questions, of the span and ten minutes around it; of the interfaces
 * alone, a day before it, too.
 *
 * @throws FlowferryError as `ask` does
 * @example
 * const evidence = await gather(store.ask, { a: '10.0.3.7', b: '10.0.9.12', port: 5432, since, until })
 */
export async function gather(store: Store['ask'], pair: Pair, options: GatherOptions = {}): Promise<Evidence> {
  const { known: ofSnapshot = [], twins = [], alsoB = [], fields, archive, signal } = options
  const ask = without(twins, endedBy(signal, store))
  const span = around(pair, margin, margin)
  const found = await ask(flowQuestion(span, [touches(pair.a), touches(pair.b)]))
  const flows = found.rows.map((row) => ({ ...row }))
  const partial = [
    ...(archive ? archive.leftOut : found.partial ? [found.partial.why] : []),
    ...(flows.length === mostFlows
      ? [`the span has more than ${mostFlows} records of the pair: a shorter one has all`]
      : []),
  ]
  const interfaces = await interfacesOf(ask, pair, flowsOf(flows), options)
  const transit = await documentsOf(ask, {
    ...flowQuestion(span, [touches(pair.a), touches(pair.b)]),
    formats: transitGateway.formats,
  })
  const changes = await changesOf(ask, pair)
  const deletedFlowLogs = changes && (await deletedOf(ask, pair, options))
  const known = {
    pair,
    flows,
    interfaces,
    transit,
    ...(changes && { changes }),
    ...(deletedFlowLogs && { deletedFlowLogs }),
    ...(partial.length > 0 && { partial }),
    ...(ofSnapshot.length > 0 && { known: ofSnapshot }),
    ...(fields && { fields }),
    ...(archive && { readFrom: archive.from }),
  }
  const { port, a } = caseOf(known)
  if (port === undefined) return known
  const outer = await outerOf(ask, pair, port, span, flowsOf(flows))
  const translated = await translatedOf(ask, pair, port, span, flowsOf(outer))
  const elsewhere = a.log ? await documentsOf(ask, elsewhereQuestion(span, pair, port, a, alsoB)) : []
  const ofPair = new Set(flowsOf(flows).flatMap(({ source, destination }) => [source, destination]))
  const targets = (await targetsOf(ask, pair, span)).filter(({ address }) => !ofPair.has(address))
  const others = { clients: await clientsOf(ask, pair, port, span), targets }
  return { ...known, flows: [...flows, ...outer, ...translated], elsewhere, others }
}

/** The store, as if it had no flow records of these interfaces. */
export function without(twins: readonly string[], ask: Store['ask']): Store['ask'] {
  if (twins.length === 0) return ask
  const filter: Filter = { not: { field: 'aws.vpcflow.interface_id', oneOf: twins } }
  return (question) =>
    ask(
      question.formats === vpcFlow.formats ? { ...question, filters: [...(question.filters ?? []), filter] } : question,
    )
}

const elsewhereQuestion = (
  span: Span,
  { b }: Pair,
  port: number,
  { ids, log }: Side,
  alsoB: readonly string[],
): DocumentsQuestion => ({
  ...flowQuestion(span, [
    { field: 'aws.vpcflow.interface_id', oneOf: ids },
    { field: 'source.ip', oneOf: log!.holds },
    is('destination.port', port),
    { not: { field: 'destination.ip', oneOf: [b, ...alsoB] } },
  ]),
  limit: mostOthers,
})

/** What NAT gateways sent on: records in which the client's address is not. */
async function outerOf(ask: Store['ask'], { b }: Pair, port: number, span: Span, flows: readonly Flow[]) {
  const gateways = flows.filter(
    ({ interfaceType, direction, destination, packetDestination }) =>
      interfaceType?.endsWith('nat_gateway') || (direction === 'ingress' && destination !== packetDestination),
  )
  const ids = [...new Set(gateways.flatMap(({ at }) => at ?? []))]
  if (ids.length === 0) return []
  const outer = await documentsOf(
    ask,
    flowQuestion(span, [
      { field: 'aws.vpcflow.interface_id', oneOf: ids },
      touches(b),
      { any: [is('destination.port', port), is('source.port', port)] },
    ]),
  )
  const seen = new Set(flows.map(({ document }) => JSON.stringify(document)))
  return outer.filter((document) => !seen.has(JSON.stringify(document)))
}

/** What others saw of what NAT gateways sent on to a private address: it has the gateway's address. */
async function translatedOf(ask: Store['ask'], { b }: Pair, port: number, span: Span, outer: readonly Flow[]) {
  const leaving = outer.filter(
    ({ direction, source, packetSource, destination }) =>
      direction === 'egress' && source === packetSource && destination === b,
  )
  const gateways = new Map(leaving.map(({ at, source }) => [source, at]))
  if (gateways.size === 0 || !isPrivate(b)) return []
  return documentsOf(
    ask,
    flowQuestion(span, [
      { field: 'related.ip', oneOf: [...gateways.keys()] },
      touches(b),
      { any: [is('destination.port', port), is('source.port', port)] },
      { not: { field: about.id, oneOf: [...gateways.values()].flatMap((id) => id ?? []) } },
    ]),
  )
}
