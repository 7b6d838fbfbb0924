/** What to do next, a command where there is one. */
import { isIPv6 } from 'node:net'
import { hostPort } from '@flowferry/core/internal'
import { neverLogged } from '../addresses.ts'
import { type Case, mayBeOwn, type Side } from './case.ts'
import type { KnownFlowLog } from './known.ts'

type Steps = (all: Case) => string[]

/** Somebody pastes these commands: what has not the form of an id of AWS is no part of one, whoever wrote it into a log. */
const word = (id: string | undefined) => (id !== undefined && /^[\w-]+$/.test(id) ? id : undefined)

const onHost = (whose: string, command: string) => `on the host of ${whose}: ${command}`
const interfaceOf = ({ log, known }: Side, whose: string) => word(log?.id ?? known?.id) ?? `<interface of ${whose}>`
const subnetOf = ({ log, known }: Side, whose: string) => word(log?.subnet ?? known?.subnet) ?? `<subnet of ${whose}>`
const ec2 = ({ known }: Side, command: string) => {
  const region = word(known?.region)
  return `aws ec2 ${command}${region === undefined ? '' : ` --region ${region}`}`
}

const groups = (side: Side, whose: string) => {
  const groups = (side.known?.groups ?? []).filter(word)
  return groups.length > 0
    ? ec2(side, `describe-security-group-rules --filters Name=group-id,Values=${groups.join(',')}`)
    : ec2(
        side,
        `describe-network-interfaces --network-interface-ids ${interfaceOf(side, whose)} --query 'NetworkInterfaces[].Groups'`,
      )
}
/** What a subnet has one of: by its id, where that is known, or by the subnet. */
const ofSubnet = (side: Side, whose: string, command: string, option: string, known: string | undefined) => {
  const id = word(known)
  const bySubnet = `--filters Name=association.subnet-id,Values=${subnetOf(side, whose)}`
  return ec2(side, `${command} ${id === undefined ? bySubnet : `${option} ${id}`}`)
}
const acl = (side: Side, whose: string) =>
  ofSubnet(side, whose, 'describe-network-acls', '--network-acl-ids', side.known?.networkAcl)
const routes = (side: Side, whose: string) =>
  ofSubnet(side, whose, 'describe-route-tables', '--route-table-ids', side.known?.routeTable)
const path = ({ a, b, port }: Case) =>
  `aws ec2 create-network-insights-path --source ${interfaceOf(a, 'A')} --destination ${interfaceOf(b, 'B')} --protocol tcp${port === undefined ? '' : ` --destination-port ${port}`}`

const clientPorts =
  "allow the client's ephemeral ports: Linux 32768-61000, Windows 49152-65535, NAT gateways, load balancers and Lambda 1024-65535"

export const publicAccess: Steps = () => [
  'aws ec2 describe-vpc-block-public-access-options',
  'aws ec2 describe-vpc-block-public-access-exclusions',
]
export const encryption: Steps = ({ b }) => [
  `aws ec2 describe-vpc-encryption-controls --vpc-ids ${word(b.log?.vpc ?? b.known?.vpc) ?? '<VPC of B>'}`,
]
export const transitGateway: Steps = ({ b }) => [
  `aws ec2 search-transit-gateway-routes --transit-gateway-route-table-id <table of A's attachment> --filters Name=route-search.longest-prefix-match,Values=${b.address}/${isIPv6(b.address) ? 128 : 32}`,
]
const allow = (way: 'inbound' | 'outbound', { a, b, port }: Case) =>
  `allow ${way} TCP ${port ?? ''} from ${a.address} to ${b.address}`
export const inboundOfB: Steps = (all) => [
  groups(all.b, 'B'),
  ...(all.a.log?.subnet && all.a.log.subnet === all.b.log?.subnet ? [] : [acl(all.b, 'B')]),
  allow('inbound', all),
]
export const outboundOfA: Steps = (all) => [groups(all.a, 'A'), acl(all.a, 'A'), allow('outbound', all)]
export const repliesOfB: Steps = ({ b, a }) => [acl(b, 'B'), `outbound to ${a.address}, ${clientPorts}`]
export const repliesToA: Steps = ({ a, b }) => [acl(a, 'A'), `inbound from ${b.address}, ${clientPorts}`]
export const secondInterface: Steps = ({ b }) => [
  onHost('B', `ip rule; ip route get <address of A> from ${b.address}`),
  routes(b, 'B'),
]
const listening = ({ port }: Case) => onHost('B', `ss -ltn 'sport = :${port ?? ''}'`)
export const listener: Steps = (all) => [
  listening(all),
  'behind a load balancer: aws elbv2 describe-target-health --target-group-arn <target group>',
]
export const serverLog: Steps = () => ["look into the log of B's service at the times of the evidence"]
export const keepalive: Steps = () => [
  'let the client send keepalives more often than every 350 s, or close idle connections earlier',
]
export const wayBack: Steps = ({ a, b }) => [
  routes(b, 'B'),
  `B's route table needs a way to ${a.address}, and appliances on it appliance mode`,
]
export const wayThere: Steps = (all) => [routes(all.a, 'A'), path(all)]
export const hostOfB: Steps = (all) => [
  listening(all),
  onHost('B', 'ethtool -S <device> | grep conntrack_allowance_exceeded'),
]
export const natGateway: Steps = () => [
  'aws cloudwatch get-metric-statistics --namespace AWS/NATGateway --metric-name ErrorPortAllocation --dimensions Name=NatGatewayId,Value=<NAT gateway> --statistics Sum --period 60 --start-time <since> --end-time <until>',
]
/** AWS's default fields, and those that `why` reads beside them. */
export const defaultFields =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'.split(
    ' ',
  )
export const advised =
  'vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction traffic-path reject-reason interface-type next-hop-interface-id next-hop-interface-type'.split(
    ' ',
  )

const resourceTypes: Readonly<Record<string, string>> = { eni: 'NetworkInterface', subnet: 'Subnet', vpc: 'VPC' }

/** `--log-format` of a flow log that has these fields, then those that are advised. */
export function advisedFormat(fields: readonly string[]): string {
  const names = [...new Set([...fields, ...advised])].filter((name) => /^[\w:-]+$/.test(name))
  return names.map((name) => `\${${name}}`).join(' ')
}

function createFlowLog(side: Side, resource: string, fields: readonly string[], destination?: string): string {
  const type = resourceTypes[resource.split('-')[0]!] ?? resourceTypes.eni
  const bucket = destination !== undefined && /^arn:aws[\w-]*:s3:::[\w./*-]+$/.test(destination)
  return ec2(
    side,
    `create-flow-logs --resource-type ${type} --resource-ids ${resource} --traffic-type ALL --max-aggregation-interval 60 --log-destination-type s3 --log-destination ${bucket ? destination : 'arn:aws:s3:::<bucket>'} --log-format '${advisedFormat(fields)}'`,
  )
}

const flowLog = (side: Side, whose: string): string => {
  const [there] = side.known?.flowLogs ?? []
  const id = word(there?.id)
  return id === undefined
    ? createFlowLog(side, interfaceOf(side, whose), defaultFields)
    : `read the records of ${id} as well${there?.destination === undefined ? '' : `, from ${there.destination}`}`
}

const lacks = ({ trafficType, fields = [] }: KnownFlowLog, names: readonly string[]) =>
  trafficType !== 'ALL' || names.some((name) => !fields.includes(name))

/** Flow logs that do not keep what the diagnosis wants: they cannot be changed, so others take their place. */
export const betterLogs: Steps = ({ a, b, hasFlags, hasPacketAddresses }) => {
  const wanted = [
    'reject-reason',
    ...(hasFlags ? [] : ['tcp-flags']),
    ...(hasPacketAddresses ? [] : ['pkt-srcaddr', 'pkt-dstaddr', 'flow-direction']),
  ]
  const commands = [a, b].flatMap((side) =>
    (side.log ? (side.known?.flowLogs ?? []) : []).flatMap((one) => {
      const [id, resource] = [word(one.id), word(one.resource)]
      if (id === undefined || resource === undefined || !lacks(one, wanted)) return []
      return [
        createFlowLog(side, resource, one.fields ?? defaultFields, one.destination),
        `once it delivers, in place of ${id}, which cannot be changed: ${ec2(side, `delete-flow-logs --flow-log-ids ${id}`)}`,
      ]
    }),
  )
  return [...new Set(commands)]
}
export const logTarget: Steps = (all) => [flowLog(all.b, 'B'), path(all)]
export const logSource: Steps = ({ a }) => [flowLog(a, 'A')]
/** No flow log shows the interface of a host outside. */
export const logUnseen: Steps = (all) => (mayBeOwn(all.a) ? logSource(all) : inboundOfB(all))
/** Where no record of either is there, most often the span or an address is another one. */
export const anotherSpan: Steps = (all) => [
  'flowferry ask health --from <store>, which tells of when the newest records are',
  ...logBoth(all),
]
/** What AWS's own services do, flow logs do not show. */
export const atTheHost: Steps = ({ a, b, port }) => {
  const [host, other] = neverLogged(b.address, port) ? ['A', b] : ['B', a]
  return [onHost(host, `tcpdump -ni any host ${other.address}`)]
}
const question = (from: Side, to: Side, port: number | undefined) =>
  `flowferry why ${from.address} ${port === undefined ? to.address : hostPort(to.address, port)} --from <store>`
export const otherWayRound = ({ a, b }: Case, port: number) => [question(b, a, port)]
export const logBoth: Steps = ({ a, b }) => [flowLog(a, 'A'), flowLog(b, 'B')]
export const mtu: Steps = ({ b }) => [onHost('A', `tracepath ${b.address}`)]
export const names: Steps = ({ b }) => [onHost('A', `resolve the name that A uses, and compare with ${b.address}`)]
export const latency: Steps = () => [
  'flow logs hold no latency and no retransmissions: agents of Network Flow Monitor measure them',
]
export const verifying = ({ a, b, port }: Case): string[] => [
  ...(port === undefined ? [] : [onHost('A', `nc -vz -w 5 ${b.address} ${port}`)]),
  `${question(a, b, port)} --since <time of the change>`,
]
