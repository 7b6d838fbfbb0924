import type { Filter } from '../question.ts'
import { accepted, rejected } from '../questions/daily.ts'
import { blocked } from '../questions/rejected-now.ts'
import { flag, noFlags } from '../tcp-flags.ts'
import { defineAlert } from './alert.ts'

const flows = ['aws.vpcflow'] as const
/** Version 2 has no direction: then the address tells. */
const comesTo = (own: readonly string[]): Filter => ({
  any: [
    { field: 'network.direction', equals: 'ingress' },
    { all: [{ not: { field: 'network.direction', exists: true } }, { field: 'destination.ip', cidr: own }] },
  ],
})

export const ownRejects = defineAlert({
  name: 'own-rejects',
  title: 'Rejects between own services are rising',
  severity: 'high',
  formats: flows,
  window: '15m',
  every: '5m',
  filters: (own) => [...blocked, { field: 'source.ip', cidr: own }, comesTo(own)],
  by: {
    'aws.vpcflow.interface_id': { heading: 'interface' },
    'destination.ip': { heading: 'service' },
    'destination.port': { heading: 'port', unit: 'code' },
  },
  measures: {
    rejected: { heading: 'rejected', of: { count: true } },
    sources: { heading: 'sources', of: { cardinality: 'source.ip' } },
  },
  counts: ['rejected'],
  threshold: 50,
  before: { length: '1d', times: 5 },
  ask: 'rejected-now',
  pair: { filters: blocked },
  know: 'A deploy that takes a rule away and gives it back, and your own scanners. What is rejected all day fires no more, since it is compared with the day before; leave a scanner out by its address: { field: "source.ip", cidr: "10.0.99.7" }.',
})

export const replyRejected = defineAlert({
  name: 'reply-rejected',
  title: 'Replies are rejected: a network ACL lets the request pass, and not its answer',
  severity: 'high',
  formats: flows,
  window: '15m',
  every: '5m',
  filters: [rejected, flag('syn'), flag('ack')],
  by: {
    'aws.vpcflow.interface_id': { heading: 'interface' },
    'source.ip': { heading: 'service' },
    'source.port': { heading: 'port', unit: 'code' },
  },
  measures: {
    rejected: { heading: 'rejected', of: { count: true } },
    clients: { heading: 'clients', of: { cardinality: 'destination.ip' } },
  },
  counts: ['rejected'],
  threshold: 1,
  ask: 'rejected-now',
  pair: { filters: [rejected, flag('syn'), flag('ack')], areReplies: true },
  know: 'An appliance that sees one way of a connection alone rejects its SYN-ACKs: leave its interface out by { field: "aws.vpcflow.interface_id", equals: "eni-…" }. Late packets of a closed connection are none, since they have no SYN. Version 2 has no flags, and never fires.',
})

export const portScan = defineAlert({
  name: 'port-scan',
  title: 'An own address tries many ports or many addresses, and is rejected',
  severity: 'high',
  formats: flows,
  window: '15m',
  every: '5m',
  filters: (own) => [...blocked, { field: 'source.ip', cidr: own }],
  by: { 'source.ip': { heading: 'source' } },
  measures: {
    ports: { heading: 'ports', of: { cardinality: 'destination.port' } },
    targets: { heading: 'addresses', of: { cardinality: 'destination.ip' } },
    rejected: { heading: 'rejected', of: { count: true } },
  },
  counts: ['ports', 'targets'],
  threshold: 100,
  ask: 'rejected-now',
  know: 'Health checks and retries try few ports of few addresses, however often. Inventory and vulnerability scanners are scans: leave theirs out by { field: "source.ip", cidr: "10.0.99.0/24" }.',
})

export const vpcControls = defineAlert({
  name: 'vpc-control-rejects',
  title: 'VPC Block Public Access or encryption controls reject own traffic',
  severity: 'high',
  formats: flows,
  window: '15m',
  every: '5m',
  filters: (own) => [
    { field: 'aws.vpcflow.reject_reason', exists: true },
    // What comes from outside is noise, and to keep it out is what these controls are for.
    {
      any: [
        { field: 'network.direction', equals: 'egress' },
        { field: 'source.ip', cidr: own },
      ],
    },
  ],
  by: {
    'aws.vpcflow.interface_id': { heading: 'interface' },
    'aws.vpcflow.reject_reason': { heading: 'reason' },
  },
  measures: {
    rejected: { heading: 'rejected', of: { count: true } },
    targets: { heading: 'addresses', of: { cardinality: 'destination.ip' } },
  },
  counts: ['rejected'],
  threshold: 1,
  ask: 'rejected-now',
  pair: { filters: [{ field: 'aws.vpcflow.reject_reason', exists: true }] },
  know: 'Connections from the internet that the controls keep out do not count: only those of own addresses, and those that leave an interface. It takes the field reject-reason in the flow log.',
})

/** What a try looks like, of which `service-unanswered` names one. */
export const tried: readonly Filter[] = [
  accepted,
  { field: 'network.iana_number', equals: '6' },
  {
    any: [{ field: 'aws.vpcflow.tcp_flags', equals: '2' }, noFlags],
  },
]
