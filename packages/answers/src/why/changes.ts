import type { LogDocument } from '@flowferry/core'
import { valueAt } from '../documents.ts'
import { networkServices } from '../network-services.ts'
import type { Case } from './case.ts'
import type { Cause, Change } from './diagnosis.ts'
import { minutes } from './spans.ts'

/** Ids of what a network is made of. */
const ids =
  /\b(?:eni|i|sg|sgr|acl|aclassoc|subnet|vpc|vpcec|rtb|rtbassoc|pcx|tgw|tgw-attach|tgw-rtb|vpce|nat|igw|eigw|eipalloc|pl|fl)-[0-9a-f]{8,}\b|\barn:aws[\w-]*:(?:elasticloadbalancing|network-firewall):[^"\s,}]+/g

const accountWide = /BlockPublicAccess|EncryptionControl/
/** Events that change what reaches what; tags and descriptions do not. */
const ofNetworks =
  /SecurityGroup|NetworkInterface|InstanceAttribute|Instances$|NetworkAcl|Route|Peering|Gateway|VpcEndpoint|BlockPublicAccess|EncryptionControl|Targets|TargetGroup|Subnets|Listener|LoadBalancer|ResourceRecordSets|HostedZone|RuleGroup|FirewallPolicy|FlowLogs/

/**
 * Which events are of the kind that may bring a cause about, for where no snapshot tells whose group or ACL it is. Rules of
 * a group only allow: one that is added blocks nothing.
 * https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
 */
const groupOrAcl = (direction: string) =>
  new RegExp(`RevokeSecurityGroup${direction}|ModifySecurityGroupRules|NetworkAcl|ModifyNetworkInterfaceAttribute`)
const ways = /Route|Peering|TransitGateway|Gateway|RuleGroup|FirewallPolicy/
const kinds: Readonly<Partial<Record<Cause, RegExp>>> = {
  'blocked-at-target': groupOrAcl('Ingress'),
  'blocked-at-source': groupOrAcl('Egress'),
  'reply-blocked-at-target': /NetworkAcl/,
  'reply-blocked-at-source': /NetworkAcl/,
  'public-access-blocked': accountWide,
  'encryption-control': accountWide,
  'lost-on-the-way': ways,
  'dropped-by-transit-gateway': ways,
  'reply-lost': ways,
  asymmetric: /NetworkInterface|Route/,
  mtu: ways,
  'reset-by-middlebox': /RuleGroup|FirewallPolicy|LoadBalancerAttributes/,
  refused: /Targets|Instances|Listener/,
  'no-answer': /Instances/,
  'calls-elsewhere': /ResourceRecordSets|HostedZone/,
}

/** Whether an event is of the kind that may bring a cause about. */
export const bringsAbout = (event: string, cause: Cause): boolean => kinds[cause]?.test(event) ?? false

/**
 * Successful changes from an hour before the onset to two minutes after it, those that touch A, B or their subnets first,
 * then by nearness. AWS's times may be a minute off.
 */
export function changesBefore(onset: number, cause: Cause, causes: readonly Cause[], all: Case): Change[] {
  const touched = touchedIds(all)
  return (all.evidence.changes ?? [])
    .flatMap((document) => {
      const time = Date.parse(String(valueAt(document, '@timestamp')))
      if (!hasEffect(document) || time < onset - 60 * minutes || time > onset + 2 * minutes) return []
      const found = idsOf(document)
      const own = found.filter((id) => touched.has(id))
      const event = String(valueAt(document, 'event.action'))
      if (!ofNetworks.test(event)) return []
      const isOfKind = [cause, ...causes].some((one) => bringsAbout(event, one))
      if (own.length === 0 && !(isOfKind && hasPort(document, all.port))) return []
      const rank =
        own.length > 0 ? Math.min(...own.map(nearness)) + (isOfKind ? 0 : 2) : accountWide.test(event) ? 3 : 2
      return [{ rank, change: changeOf(document, event, own[0] ?? found[0], onset - time) }]
    })
    .sort(
      (one, other) =>
        one.rank - other.rank || Math.abs(one.change.secondsBefore) - Math.abs(other.change.secondsBefore),
    )
    .map(({ change }) => change)
}

function hasEffect(document: LogDocument): boolean {
  const readOnly = String(valueAt(document, 'aws.cloudtrail.read_only') ?? 'false')
  const provider = String(valueAt(document, 'event.provider') ?? '').split('.')[0]!
  return (
    valueAt(document, 'event.outcome') !== 'failure' &&
    valueAt(document, 'aws.cloudtrail.error_code') === undefined &&
    readOnly === 'false' &&
    networkServices.includes(`${provider}.amazonaws.com`)
  )
}

function idsOf(document: LogDocument): string[] {
  const entities = valueAt(document, 'related.entity')
  const text = JSON.stringify(entities ?? valueAt(document, 'aws.cloudtrail') ?? {})
  return [...new Set(text.match(ids))]
}

function touchedIds({ a, b }: Case): Set<string> {
  const sides = [a.log, b.log, a.known, b.known]
  const ofInterfaces = sides.flatMap((one) => (one ? [one.id, one.subnet, one.vpc, one.instance] : []))
  const ofRules = [a.known, b.known].flatMap((one) => [...(one?.groups ?? []), one?.networkAcl, one?.routeTable])
  return new Set([...a.ids, ...b.ids, ...ofInterfaces, ...ofRules].filter((id) => id !== undefined))
}

/** An interface or its groups are nearer than its subnet, and that nearer than its VPC. */
function nearness(id: string): number {
  if (/^(eni|i|sg|sgr)-/.test(id)) return 0
  return /^(subnet|acl|rtb)-/.test(id) ? 1 : 2
}

/** Whether a rule that an event names is of the port; an event that names none may be of any. */
function hasPort(document: LogDocument, port: number | undefined): boolean {
  const text = JSON.stringify(valueAt(document, 'aws.cloudtrail.flattened') ?? {})
  const named = [...text.matchAll(/"(from|to)(?:Port)?":"?(\d+)/gi)].map(([, , value]) => Number(value))
  if (port === undefined || named.length < 2) return true
  const isOfReplies = Math.max(...named) >= 32_768
  return isOfReplies || (Math.min(...named) <= port && port <= Math.max(...named))
}

function changeOf(document: LogDocument, event: string, resource: string | undefined, before: number): Change {
  const text = (name: string) => {
    const value = valueAt(document, name)
    return value === undefined ? undefined : String(value)
  }
  return {
    time: text('@timestamp')!,
    event,
    eventId: text('event.id') ?? '',
    by: text('user.name') ?? text('aws.cloudtrail.user_identity.arn') ?? text('source.address') ?? 'unknown',
    resource: resource ?? text('cloud.account.id') ?? 'unknown',
    secondsBefore: Math.round(before / 1000),
  }
}
