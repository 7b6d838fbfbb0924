import { blockOf } from '../filters.ts'
import type { Filter } from '../question.ts'
import { refused } from '../refuse.ts'
import type { PlainQuestion } from './daily.ts'

/** Which flow records. All that is named has to fit. */
export interface FlowsOptions {
  /** An address or a block, `10.0.3.7`, `10.0.0.0/8`, on either side: that of the record or that of the packet. @default any */
  readonly a?: string
  /** The other side, likewise; with `a` alone. @default any */
  readonly b?: string
  /** On either side, 0 to 65,535. @default any */
  readonly port?: number
  /** @default both */
  readonly action?: 'accept' | 'reject'
  /** The interface that wrote them: `eni-0a1b…`. @default any */
  readonly interface?: string
  /** Which come first. @default 'newest' */
  readonly first?: 'newest' | 'oldest'
}

const columns: PlainQuestion['columns'] = {
  '@timestamp': { heading: 'end', unit: 'time' },
  'event.start': { heading: 'start', unit: 'time' },
  'aws.vpcflow.interface_id': { heading: 'interface' },
  'network.direction': { heading: 'direction' },
  'source.ip': { heading: 'source' },
  'source.port': { heading: 'source port', unit: 'code' },
  'destination.ip': { heading: 'destination' },
  'destination.port': { heading: 'destination port', unit: 'code' },
  'network.transport': { heading: 'protocol' },
  'aws.vpcflow.tcp_flags_array': { heading: 'flags' },
  'network.packets': { heading: 'packets' },
  'network.bytes': { heading: 'bytes', unit: 'bytes' },
  'event.action': { heading: 'action' },
  'aws.vpcflow.reject_reason': { heading: 'reason' },
  'aws.vpcflow.pkt_srcaddr': { heading: 'packet from' },
  'aws.vpcflow.pkt_dstaddr': { heading: 'packet to' },
}

/**
 * The flow records of one address or block, of what goes between two of them, both ways, or of all.
 *
 * @throws FlowferryError INVALID_OPTION for what is no address or block, and for `b` without `a`
 * @example
 * const question = flows({ a: '10.0.3.7', b: '10.0.9.0/24', port: 5432, action: 'reject' })
 * const { rows } = await askDaily(store, question, { from, to }, { limit: 50 })
 */
export function flows(options: FlowsOptions = {}): PlainQuestion {
  const { a, b, port, action, interface: id, first = 'newest' } = options
  if (a !== undefined) blockOf(a, 'a')
  if (b !== undefined) blockOf(b, 'b')
  if (b !== undefined && a === undefined) throw refused('b', 'is the other side of a, which is not there')
  const filters: Filter[] = [
    ...(a === undefined
      ? []
      : [b === undefined ? { field: 'related.ip', cidr: a } : { any: [between(a, b), between(b, a)] }]),
    ...(port === undefined ? [] : [{ any: [is('source.port', port), is('destination.port', port)] }]),
    ...(action === undefined ? [] : [is('event.action', action)]),
    ...(id === undefined ? [] : [is('aws.vpcflow.interface_id', id)]),
  ]
  return {
    name: 'flows',
    title: `Flow records${a === undefined ? '' : b === undefined ? ` of ${a}` : ` between ${a} and ${b}`}`,
    formats: ['aws.vpcflow'],
    columns,
    know: 'A record is one direction of one connection at one interface, over a window of up to ten minutes; a flow whose two ends are logged stands at both. Flags are those of the whole window, and ACK is logged with SYN alone: `syn ack` is a SYN-ACK.',
    over: (span) => ({
      kind: 'documents',
      formats: ['aws.vpcflow'],
      span,
      filters,
      fields: Object.keys(columns),
      order: [{ by: '@timestamp', direction: first === 'newest' ? 'desc' : 'asc' }],
    }),
  }
}

const is = (field: string, equals: string | number): Filter => ({ field, equals })

/** From one side to the other, by the record's addresses or, behind a NAT or transit gateway, by the packet's. */
const between = (from: string, to: string): Filter => ({
  all: [
    anyOf(['source.ip', 'aws.vpcflow.pkt_srcaddr'], from),
    anyOf(['destination.ip', 'aws.vpcflow.pkt_dstaddr'], to),
  ],
})
const anyOf = (fields: readonly string[], cidr: string): Filter => ({ any: fields.map((field) => ({ field, cidr })) })
