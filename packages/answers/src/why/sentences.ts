/** What is wrong, in one sentence each. */
import type { Case, Side } from './case.ts'
import { connectsBehind } from './certainty.ts'
import type { Flow } from './flow.ts'
import { rejected, type Try } from './tries.ts'

type Say = (tries: readonly Try[], all: Case) => string

export const nameOf = ({ address, log, known }: Side): string => {
  const id = log?.id ?? known?.id
  if (known?.name === undefined) return id === undefined ? address : `${address} (${id})`
  return `${known.name} (${address}, ${id})`
}

export const target = ({ b, port }: Case): string => (port === undefined ? nameOf(b) : `${nameOf(b)} port ${port}`)

/** `payments (10.0.3.7, eni-…) to orders (10.0.9.12, eni-…) port 5432` */
export const fromAToB = (all: Case): string => `${nameOf(all.a)} to ${target(all)}`

const subnet = ({ log, known }: Side, whose: string) => {
  const id = log?.subnet ?? known?.subnet
  return id === undefined ? `${whose} subnet` : `${whose} subnet (${id})`
}

/** `the network ACL acl-… of B's subnet (subnet-…)`, where the snapshot knows it. */
const aclOf = (side: Side, whose: string) =>
  `network ACL ${side.known?.networkAcl === undefined ? '' : `${side.known.networkAcl} `}of ${subnet(side, whose)}`

const groupsOf = ({ known }: Side, whose: string) => {
  const groups = known?.groups ?? []
  return `${whose} security group${groups.length > 1 ? 's' : ''}${groups.length > 0 ? ` (${groups.join(', ')})` : ''}`
}

/** Network ACLs apply only where traffic enters or leaves a subnet. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html */
const isOneSubnet = ({ a, b }: Case) => a.log?.subnet !== undefined && a.log.subnet === b.log?.subnet

const ruleOf = (side: Side, all: Case, whose: string) =>
  isOneSubnet(all)
    ? `${groupsOf(side, whose)}: both are in one subnet, where network ACLs do not apply`
    : `${groupsOf(side, whose)}, or the ${aclOf(side, whose)}`

export const publicAccessBlocked: Say = (_, all) =>
  `VPC Block Public Access rejects the traffic between ${nameOf(all.a)} and ${target(all)}.`

export const encryptionControl: Say = (_, all) =>
  `VPC encryption controls reject the traffic between ${nameOf(all.a)} and ${target(all)}: it is not encrypted in transit.`

const reasons: Readonly<Record<string, string>> = {
  no_route: 'it has no route',
  blackhole: 'its route is a blackhole',
  mtu_exceeded: 'packets are larger than its MTU',
  ttl_expired: 'their time to live is over, as in a routing loop',
}

export const droppedByTransitGateway: Say = (tries, all) => {
  const lost = new Set(
    tries.flatMap(({ transit }) => [...transit.request, ...transit.reply].flatMap(({ lost }) => lost)),
  )
  const why = [...lost].map((loss) => reasons[loss]).join(', and ')
  return `The transit gateway drops packets between ${nameOf(all.a)} and ${target(all)}: ${why}.`
}

export const blockedAtTarget: Say = (_, all) =>
  `B's side refuses it: connections of ${nameOf(all.a)} reach ${target(all)} and are rejected there, by ${ruleOf(all.b, all, "B's")}.`

export const blockedAtSource: Say = (_, all) =>
  `A's side refuses it: connections of ${fromAToB(all)} are rejected as they leave, by ${ruleOf(all.a, all, "A's")}.`

const unseenAtB = ({ b }: Case) => (b.log ? "records of B's side are missing" : "B's side is not logged")

const rejecting = (flows: readonly Flow[]) => [...new Set(rejected(flows).flatMap(({ at }) => at ?? []))].join(', ')

export const blockedSomewhere: Say = (tries, all) =>
  `Connections of ${fromAToB(all)} are rejected at ${rejecting(tries.flatMap(({ between }) => between.request))}, by a security group or network ACL; whose interface that is, the records do not tell.`

export const replyBlockedSomewhere: Say = (tries, all) =>
  `Replies of ${target(all)} to ${nameOf(all.a)} are rejected at ${rejecting(tries.flatMap(({ between }) => between.reply))}, by a network ACL; whose interface that is, the records do not tell.`

export const replyBlockedAtTarget: Say = (_, all) =>
  `The ${aclOf(all.b, "B's")} drops the replies of ${target(all)}: a security group never blocks a reply that it tracks.`

export const replyBlockedAtSource: Say = (_, all) =>
  `The ${aclOf(all.a, "A's")} drops the replies that reach ${nameOf(all.a)} from ${target(all)}.`

export const asymmetric: Say = (tries, all) => {
  const by = new Set(tries.flatMap(({ between }) => between.reply.flatMap(({ at }) => at ?? [])))
  return `B answers through another interface: requests reach ${target(all)}, replies leave by ${[...by].join(', ')}.`
}

export const refused: Say = (_, all) =>
  all.b.log?.type === 'network_load_balancer'
    ? `The load balancer ${target(all)} refuses connections: none of its targets is healthy.`
    : `B refuses it: ${target(all)} answers SYN with RST, so nothing listens there.`

export const refusalSeenAtA: Say = (_, all) =>
  `A's SYN is answered by RST: nothing listens on ${target(all)}, or something between refuses it; ${unseenAtB(all)}.`

export const resetByTarget: Say = (_, all) => `${target(all)} resets connections that it had accepted.`

export const resetByMiddlebox: Say = (tries, all) => {
  const box = all.outer.request.length > 0 ? 'the NAT gateway' : 'something between them'
  return `Connections of ${fromAToB(all)} are reset by ${box}, not by B: A got RST, and B sent none${idleText(tries)}.`
}

const idleLimit = 350_000

/** How long NAT gateways and network load balancers keep a silent connection. */
const idleText = (tries: readonly Try[]) =>
  tries.some((one) => silenceBeforeReset(one) >= idleLimit) ? '; it had been silent for 350 s or longer before' : ''

function silenceBeforeReset({ atA }: Try): number {
  const reset = atA.reply.find(({ flags }) => flags?.rst)
  const before = [...atA.request, ...atA.reply].filter(({ end }) => reset && end < reset.start)
  return reset && before.length > 0 ? reset.start - Math.max(...before.map(({ end }) => end)) : 0
}

export const resetSeenAtA: Say = (_, all) =>
  `Connections of ${fromAToB(all)} are reset, by B or by something between; ${unseenAtB(all)}.`

export const replyLost: Say = (_, all) =>
  `B answers, and A never sees it: replies of ${target(all)} leave its interface and do not reach ${nameOf(all.a)}; B's way back is broken, or asymmetric through an appliance.`

export const noAnswer: Say = (_, all) =>
  `AWS delivers it, and B is silent: SYNs reach ${target(all)}, and its host sends no answer (host firewall, full backlog, hung process, or the limit of tracked connections).`

export const lostOnTheWay: Say = (_, all) =>
  `It leaves A and never reaches B: SYNs of ${nameOf(all.a)} leave, and ${target(all)} sees none (route, peering, transit gateway, firewall or appliance).`

export const natPorts: Say = (_, all) =>
  `The NAT gateway takes connections of ${fromAToB(all)} and sends none on: its ports to that target may be exhausted.`

export const unansweredAtA: Say = (_, all) =>
  `SYNs of ${fromAToB(all)} leave A and have no answer; ${unseenAtB(all)}, so where they are lost is not told.`

export const halfOpenAtB: Say = (_, all) =>
  `${target(all)} answers, and ${nameOf(all.a)} never completes the connection; A's side is not logged.`

export const largePacketsLost: Say = (_, all) =>
  `Large packets between ${nameOf(all.a)} and ${target(all)} are lost while small ones pass, as where an MTU on the way is smaller.`

export const latePackets: Say = (tries, all) => {
  const count = tries.reduce(
    (sum, { atA, atB }) => sum + [atA, atB].flatMap((legs) => rejected([...legs.request, ...legs.reply])).length,
    0,
  )
  if (!connectsBehind(tries, all))
    return `${count} rejected records of ${fromAToB(all)} are of packets behind the beginning of their connection; no new one got an answer since, so what rejects them may block those, too.`
  return `No rule blocks new connections of ${fromAToB(all)}: ${count} rejected records are of packets behind a closed or expired connection.`
}
