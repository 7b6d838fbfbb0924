import { isObject } from '@flowferry/core/internal'
import { type Answer, partialBy, type Row, type Value } from '../answer.ts'
import type { Filter } from '../question.ts'
import { defineAlert } from './alert.ts'
import { countedBy, succeeded } from './audit.ts'

/** Every address, in one block or in halves; of IPv6, also all that is routed on the internet. */
const world = new Set(['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '::/0', '::/1', '8000::/1', '2000::/3'])
/** Ports that are there to be open. */
const allowed = [80, 443]
const request = 'aws.cloudtrail.flattened.request_parameters'
const response = 'aws.cloudtrail.flattened.response_elements'
const mostEvents = 10_000

const opening: readonly Filter[] = [
  succeeded,
  { field: 'event.provider', equals: 'ec2.amazonaws.com' },
  { field: 'event.action', oneOf: ['AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules'] },
]

export const openToWorld = defineAlert({
  name: 'open-to-world',
  title: 'A security group is opened to the world',
  severity: 'high',
  formats: ['aws.cloudtrail'],
  window: '5m',
  every: '5m',
  by: {
    'cloud.account.id': { heading: 'account' },
    group: { heading: 'group' },
    ports: { heading: 'ports' },
    block: { heading: 'block' },
    'aws.cloudtrail.user_identity.arn': { heading: 'principal' },
  },
  numbers: { rules: { heading: 'rules' } },
  counts: ['rules'],
  threshold: 1,
  ask: 'network-changes',
  because: 'which port goes with which block of one event is told by its objects, and a query knows their leaves alone',
  know: 'Ports 80 and 443 are open to the world on purpose, at load balancers, and do not count; nor does ICMP. 0.0.0.0/0 and ::/0 count, and their halves; so does a rule changed later. Leave a group out by { field: "aws.cloudtrail.flattened.request_parameters.groupId", equals: "sg-…" }.',
  steps: async (ask, { span }, { threshold }) => {
    const { rows, partial } = await ask({
      kind: 'documents',
      formats: ['aws.cloudtrail'],
      span,
      filters: opening,
      fields: ['@timestamp', 'cloud.account.id', 'aws.cloudtrail.user_identity.arn', request, response],
      order: [{ by: '@timestamp' }],
      limit: mostEvents,
    })
    const counted = countedBy(
      'rules',
      rows.flatMap((row) => {
        const [account, principal] = [row['cloud.account.id'] ?? null, row['aws.cloudtrail.user_identity.arn'] ?? null]
        const who = { 'cloud.account.id': account, 'aws.cloudtrail.user_identity.arn': principal }
        return rulesOf(row).map((rule) => [{ ...who, ...rule }, row['@timestamp']!] as const)
      }),
    )
    const reasons = [
      ...(partial ? [partial.why] : []),
      ...(rows.length === mostEvents ? [`there are more than ${mostEvents} changes of security groups`] : []),
    ]
    const answer: Answer = { rows: counted.filter(({ rules }) => Number(rules) >= threshold), approximate: [] }
    return { ...answer, ...partialBy(reasons, partial?.absent) }
  },
})

interface Rule {
  readonly group: string | null
  readonly ports: string
  readonly block: string
}

/** The rules of an event that let in the world, each once: the answer repeats what was asked for. */
function rulesOf(row: Row): Rule[] {
  const found = new Map<string, Rule>()
  for (const name of [request, response])
    collect(row[name] ?? null, { group: null }, (rule) => {
      const known = found.get(`${rule.ports} ${rule.block}`)
      if (!known || known.group === null) found.set(`${rule.ports} ${rule.block}`, rule)
    })
  return [...found.values()]
}

interface Around {
  readonly group: string | null
  readonly from?: Value
  readonly to?: Value
  readonly protocol?: Value
}

/**
 * Looks into what AWS writes in several forms: `ipPermissions.items[].ipRanges.items[].cidrIp` below its ports, `cidrIp`
 * beside them, and `SecurityGroupRule.CidrIpv4`, with large letters.
 */
function collect(value: unknown, around: Around, found: (rule: Rule) => void): void {
  if (Array.isArray(value)) for (const one of value) collect(one, around, found)
  if (!isObject(value) || Array.isArray(value)) return
  const named = new Map(Object.entries(value).map(([name, one]) => [name.toLowerCase(), one as Value]))
  // A rule that lets out is none that lets in.
  if (String(named.get('isegress')) === 'true') return
  const group = named.get('groupid')
  const isRule = ['fromport', 'toport', 'ipprotocol'].some((name) => named.has(name))
  const inner: Around = {
    ...around,
    ...(typeof group === 'string' && { group }),
    ...(isRule && {
      from: named.get('fromport') ?? null,
      to: named.get('toport') ?? null,
      protocol: named.get('ipprotocol') ?? null,
    }),
  }
  for (const name of ['cidrip', 'cidripv4', 'cidripv6']) {
    const block = named.get(name)
    const ports = portsOf(inner)
    if (typeof block === 'string' && world.has(block) && ports !== undefined)
      found({ group: inner.group, ports, block })
  }
  for (const one of Object.values(value)) collect(one, inner, found)
}

/** `22`, `1024-65535`, `all`; undefined where they may be open. */
function portsOf({ from, to, protocol }: Around): string | undefined {
  const name = String(protocol ?? '-1').toLowerCase()
  if (['icmp', 'icmpv6', '1', '58'].includes(name)) return undefined
  const [least, most] = [from, to].map((port) => (port === null || port === undefined ? Number.NaN : Number(port)))
  if (!(least! >= 0 && most! >= least!)) return 'all'
  if (allowed.includes(least!) && least === most) return undefined
  return least === most ? String(least) : `${least}-${most}`
}
