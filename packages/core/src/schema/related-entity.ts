import { derive, operating, optional } from './derive.ts'
import type { Enrichment } from './enrichment.ts'

/**
 * Kinds of ids that EC2 and its network give, before the dash and the hexadecimal digits.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
 */
// biome-ignore format: by their subject
export const entityKinds = [
  'i', 'ami', 'lt', 'snap', 'vol', 'eni', 'eni-attach', 'eipalloc', 'eipassoc',
  'vpc', 'vpc-cidr-assoc', 'subnet', 'sg', 'sgr', 'acl', 'aclassoc', 'rtb', 'rtbassoc', 'pl', 'fl', 'dopt',
  'igw', 'eigw', 'nat', 'pcx', 'vpce', 'vpce-svc', 'cagw', 'cgw', 'vgw', 'vpn', 'lgw', 'lgw-rtb',
  'tgw', 'tgw-attach', 'tgw-rtb',
] as const

/** Ids that one document holds at most: the first ones. */
export const mostEntities = 100

/** Where they stand in an event. */
const places = ['requestParameters', 'responseElements', 'resources', 'serviceEventDetails'] as const

/**
 * `related.entity`: the ids that a CloudTrail event touches, so that what changed a security group, a route table or an
 * interface is found by its id, wherever the event has it. They are texts of their own anywhere in the request, the answer,
 * the resources or a service event's details: ids of EC2 and its network (`sg-0a1b…`, `eni-…`, `rtb-…`) and ARNs of printable
 * ASCII. Each stands there once, in the event's order, at most 100 of them. ARNs within a policy that is kept as text are
 * none.
 *
 * @example
 * const parser = cloudTrail.with(relatedEntity)
 */
export const relatedEntity: Enrichment = {
  name: 'relatedEntity',
  derived: (_, { kind }) =>
    kind === 'cloudtrail' ? [derive('related.entity[]', places.map(optional), entities, 'relatedEntity')] : [],
}

/** The engine's `entities.ts` gives the same from bytes. */
const entities = /* @__PURE__ */ operating({ is: 'entities' }, (...values: unknown[]): string[] => {
  const found = new Set<string>()
  for (const value of values) find(value, found)
  return [...found]
})

function find(value: unknown, found: Set<string>): void {
  if (found.size === mostEntities) return
  if (typeof value === 'string') {
    if (isEntity(value)) found.add(value)
  } else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) find(inner, found)
}

const idOf = /^([a-z-]+)-[0-9a-f]+$/
const isArn = /^arn:aws[a-z-]*:[!#-[\]-~]*$/
const kinds: ReadonlySet<string> = /* @__PURE__ */ new Set(entityKinds)

function isEntity(text: string): boolean {
  const [, kind] = idOf.exec(text) ?? []
  if (kind !== undefined) return kinds.has(kind)
  // Partition, service, region, account, resource.
  return isArn.test(text) && text.split(':').length > 5
}
