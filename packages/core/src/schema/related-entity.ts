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

/** Members of a request that name what it is about. */
// biome-ignore format: by their subject
const namingMembers = [
  'userName', 'groupName', 'roleName', 'roleArn', 'policyArn', 'accessKeyId', 'serialNumber',
  'instanceId', 'imageId', 'snapshotId', 'volumeId', 'networkInterfaceId', 'groupId', 'networkAclId', 'routeTableId',
  'subnetId', 'vpcId', 'dBInstanceIdentifier', 'dBClusterIdentifier', 'fileSystemId', 'mountTargetId',
  'bucketName', 'functionName', 'keyId', 'secretId', 'topicArn', 'queueUrl', 'detectorId', 'logGroupName', 'logStreamName',
  'configurationRecorderName', 'clusterName', 'tableName', 'modelId', 'target', 'sessionId', 'name',
] as const

/**
 * `related.entity`: the ids that a CloudTrail event touches, so that what changed a security group, a route table or an
 * interface is found by its id, wherever the event has it. They are texts of their own anywhere in the request, the answer,
 * the resources or a service event's details: ids of EC2 and its network (`sg-0a1b…`, `eni-…`, `rtb-…`) and ARNs of printable
 * ASCII. Each stands there once, in the event's order, at most 100 of them. ARNs within a policy that is kept as text are
 * none.
 *
 * And what the request names as that which it is about, of which Kibana draws who did what to whom: users and roles in
 * `user.target.entity.id`, instances in `host.target.entity.id`, what else has an ARN or an id as above in
 * `service.target.entity.id`, and names and other ids in `entity.target.id`, at most 100 in each. They are direct members of
 * the request: instances that TerminateInstances has in a list of objects are in `related.entity` alone. Elastic's integration has a table of
 * events for it; here the member's name tells, so that an event which AWS adds has its target as well.
 *
 * @example
 * const parser = cloudTrail.with(relatedEntity)
 */
export const relatedEntity: Enrichment = {
  name: 'relatedEntity',
  derived: (_, { kind }) =>
    kind === 'cloudtrail'
      ? [
          derive('related.entity[]', places.map(optional), entities, 'relatedEntity'),
          derive(
            targets.map((target) => `${target}[]` as const),
            namingMembers.map((name) => optional(`requestParameters.${name}`)),
            targetsOf,
            'relatedEntity',
          ),
        ]
      : [],
}

const targets = [
  'user.target.entity.id',
  'host.target.entity.id',
  'service.target.entity.id',
  'entity.target.id',
] as const

/** A member may be a list of ids; what else it is names nothing. */
function targetsOf(...values: unknown[]) {
  const ids = values.flat().filter((value): value is string => typeof value === 'string' && value.trim() !== '')
  return Object.fromEntries(
    targets.map((target) => [target, ids.filter((id) => targetOf(id) === target).slice(0, mostEntities)]),
  )
}

/** Elastic's distinction. A role that is linked to a service is that service's. */
function targetOf(id: string): (typeof targets)[number] {
  if (/^i-[0-9a-f]+$/.test(id)) return 'host.target.entity.id'
  if (/^A[KS]IA[A-Z0-9]{16}$/.test(id)) return 'user.target.entity.id'
  if (!isEntity(id)) return 'entity.target.id'
  const [, resource] = /^arn:[^:]*:[^:]*:[^:]*:[^:]*:([^/:]*)/.exec(id) ?? []
  if (resource === 'instance') return 'host.target.entity.id'
  const isUser = resource !== undefined && userResources.has(resource) && !id.includes('/aws-service-role/')
  return isUser ? 'user.target.entity.id' : 'service.target.entity.id'
}

/** What ARNs of IAM and STS begin their resource with, of users and of what stands for one. */
const userResources: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...['user', 'role', 'assumed-role', 'federated-user', 'instance-profile', 'mfa'],
])

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
