import { accepted, onceByFlow, portOfServers, rejected } from '../questions/daily.ts'
import { blocked } from '../questions/rejected-now.ts'
import { type Dashboard, panelsOf } from './panel.ts'

const { number, timeline, bars, table } = panelsOf('aws.vpcflow')

const records = { heading: 'records', of: { count: true } } as const
const bytes = { heading: 'bytes', unit: 'bytes', of: { sum: 'network.bytes' } } as const
const last = { heading: 'last', unit: 'time', of: { max: '@timestamp' } } as const
const blockedOnly =
  'Of TCP, SYNs count: a reject without one is a late packet of a closed connection. Version 2 has no flags, and all its rejects count.'
const once =
  'Accepted traffic. A flow whose two ends are logged counts once, where it leaves; records without a direction all count.'

/** VPC Flow Logs. */
export const network: Dashboard = {
  name: 'network',
  title: 'Network: VPC Flow Logs',
  panels: [
    number({
      name: 'flow-records',
      title: 'Flow records',
      know: 'All records, NODATA and SKIPDATA, too.',
      measures: {
        records,
        interfaces: { heading: 'interfaces', of: { cardinality: 'aws.vpcflow.interface_id' } },
        accounts: { heading: 'accounts', of: { cardinality: 'cloud.account.id' } },
      },
    }),
    timeline({
      name: 'flows-by-action',
      title: 'Flow records by action',
      know: 'A reject is no blocked connection by itself: packets behind a closed one are rejected, too.',
      filters: [{ field: 'event.action', exists: true }],
      groups: { 'event.action': { heading: 'action' } },
      measures: { records },
    }),
    timeline({
      name: 'bytes-over-time',
      title: 'Bytes',
      know: once,
      filters: ({ own }) => [accepted, onceByFlow(own)],
      measures: { bytes },
    }),
    bars({
      name: 'blocked-ports',
      title: 'Blocked connections by port',
      know: blockedOnly,
      filters: blocked,
      groups: { 'destination.port': { heading: 'port', unit: 'code' } },
      measures: { records },
    }),
    bars({
      name: 'blocked-interfaces',
      title: 'Blocked connections by interface',
      know: blockedOnly,
      filters: blocked,
      groups: { 'aws.vpcflow.interface_id': { heading: 'interface' } },
      measures: { records },
    }),
    table({
      name: 'blocked-sources',
      title: 'Whose connections are blocked',
      know: `${blockedOnly} Many ports or many targets of one source look like a scan.`,
      filters: blocked,
      groups: { 'source.ip': { heading: 'source' } },
      measures: {
        records,
        ports: { heading: 'ports', of: { cardinality: 'destination.port' } },
        targets: { heading: 'targets', of: { cardinality: 'destination.ip' } },
        last,
      },
    }),
    table({
      name: 'reject-reasons',
      title: 'Rejects that name their reason',
      know: 'BPA: VPC Block Public Access; EC: encryption controls. Security groups and network ACLs are not named.',
      filters: [rejected, { field: 'aws.vpcflow.reject_reason', exists: true }],
      groups: {
        'aws.vpcflow.reject_reason': { heading: 'reason' },
        'aws.vpcflow.interface_id': { heading: 'interface' },
      },
      measures: { records, last },
    }),
    table({
      name: 'bytes-by-pair',
      title: 'Who sends the most bytes to whom',
      know: once,
      filters: ({ own }) => [accepted, onceByFlow(own)],
      groups: { 'source.ip': { heading: 'source' }, 'destination.ip': { heading: 'destination' } },
      measures: { bytes, records },
    }),
    table({
      name: 'callers',
      title: 'Who calls which port of whom',
      know: `${once} Ports below 32,768: above are those of clients, to which replies go.`,
      filters: ({ own }) => [accepted, onceByFlow(own), portOfServers('destination.port')],
      groups: {
        'source.ip': { heading: 'source' },
        'destination.ip': { heading: 'destination' },
        'destination.port': { heading: 'port', unit: 'code' },
      },
      measures: { bytes, records, last },
    }),
    bars({
      name: 'bytes-by-interface',
      title: 'Bytes that leave, by interface',
      know: 'Accepted records of the direction egress: version 2 has none.',
      filters: [accepted, { field: 'network.direction', equals: 'egress' }],
      groups: { 'aws.vpcflow.interface_id': { heading: 'interface' } },
      measures: { bytes },
    }),
    bars({
      name: 'bytes-by-path',
      title: 'Bytes that leave, by the way they take',
      know: 'AWS writes traffic-path for egress alone: 1 inside the VPC, 2 gateway, 3 VPN, 4 and 5 peering, 6 local, 7 gateway endpoint, 8 internet.',
      filters: [accepted, { field: 'aws.vpcflow.traffic_path', exists: true }],
      groups: { 'aws.vpcflow.traffic_path': { heading: 'traffic-path', unit: 'code' } },
      measures: { bytes },
    }),
    table({
      name: 'skipped-records',
      title: 'Records that AWS skipped',
      know: 'One SKIPDATA stands for any number of flows.',
      filters: [{ field: 'aws.vpcflow.log_status', equals: 'SKIPDATA' }],
      groups: { 'aws.vpcflow.interface_id': { heading: 'interface' } },
      measures: { records, last },
    }),
  ],
  recordFields: [
    'aws.vpcflow.interface_id',
    'network.direction',
    'source.ip',
    'source.port',
    'destination.ip',
    'destination.port',
    'network.transport',
    'event.action',
    'aws.vpcflow.tcp_flags_array',
    'network.packets',
    'network.bytes',
  ],
}
