import { json } from '../encodings/json/json.ts'
import { hours } from '../schema/archive.ts'
import { boolean, double, iso8601, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { isObject, type JsonObject } from '../schema/free-form.ts'
import { transport } from '../schema/network.ts'
import { flat } from '../schema/objects.ts'
import { isAddress } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'

/** What a finding's action says of the ends of a connection or call, and of the network between them. */
const ofAction = [
  'source.address',
  'source.ip',
  'source.port',
  'source.as.number',
  'source.as.organization.name',
  'source.geo.city_name',
  'source.geo.country_iso_code',
  'source.geo.country_name',
  'source.geo.location',
  'destination.address',
  'destination.ip',
  'destination.port',
  'destination.as.number',
  'destination.as.organization.name',
  'destination.geo.city_name',
  'destination.geo.country_iso_code',
  'destination.geo.country_name',
  'destination.geo.location',
  'network.direction',
  'network.iana_number',
  'network.protocol',
  'network.transport',
  'network.type',
  'related.ip[]',
] as const

/**
 * GuardDuty's findings, as it exports them to S3. What is looked for most has fields of its own, with Elastic's names; all
 * of a resource and an action is found by AWS's, below `aws.guardduty.flattened`: they differ by type, and grow.
 *
 * A finding that goes on is exported again, with its `id`, a later time and a higher count. Each of them is a document: by
 * its `id` alone the later ones would be taken for duplicates.
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
 * https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html
 */
export const guardDuty = awsFormat({
  kind: 'guardduty',
  title: 'GuardDuty findings',
  dataset: 'aws.guardduty',
  view: 'findings',
  root: 'aws.guardduty',
  constants: {
    ...aws('guardduty', { 'event.category': ['intrusion_detection'], 'event.type': ['info'] }),
    'event.kind': 'alert',
  },
  first: ['user.id', 'user.name', 'user_agent.original'],
  // biome-ignore format: one line a field
  fields: {
    'schemaVersion': keyword(['aws.guardduty.schema_version'], 'Version of the format: 2.0.'),
    'accountId': keyword(['cloud.account.id'], 'Account of the resource.'),
    'region': keyword(['cloud.region'], 'Region of the finding.'),
    'partition': keyword(['aws.guardduty.partition'], 'aws, aws-cn or aws-us-gov.'),
    'id': keyword(['event.id'], 'Finding; the same each time that it is exported.'),
    'arn': keyword(['aws.guardduty.arn'], 'ARN of the finding.'),
    'type': keyword(['rule.name'], '`Recon:EC2/PortProbeUnprotectedPort`: purpose of the threat, kind of resource, family of the threat.'),
    'severity': double(['aws.guardduty.severity.code'], '1 to 10; below 4 Low, below 7 Medium, below 9 High, else Critical.'),
    'confidence': double(['aws.guardduty.confidence'], 'Confidence in the finding.'),
    'updatedAt': iso8601(['@timestamp'], 'When the finding was made or last changed.'),
    'createdAt': iso8601(['event.created'], 'When it was made.'),
    'title': keyword(['aws.guardduty.title'], 'What was found, in short.'),
    'description': keyword(['message'], 'What was found.'),
    'associatedAttackSequenceArn': keyword(['aws.guardduty.associated_attack_sequence_arn'], 'Attack sequence that it belongs to.'),
    'resource': flat('aws.guardduty.flattened.resource', 'The resource, whole.'),
    'resource.resourceType': keyword(['aws.guardduty.resource.type'], 'Instance, AccessKey, S3Bucket, EKSCluster, ECSCluster, Container, RDSDBInstance, Lambda, AttackSequence, ….'),
    'resource.accessKeyDetails.accessKeyId': keyword(['aws.guardduty.resource.access_key_details.accesskey_id'], 'Access key.'),
    'resource.accessKeyDetails.principalId': keyword(['user.id', 'related.user[]'], 'Its principal.'),
    'resource.accessKeyDetails.userName': keyword(['user.name', 'related.user[]'], 'Its user or role.'),
    'resource.accessKeyDetails.userType': keyword(['aws.guardduty.resource.access_key_details.user.type'], 'Root, IAMUser, AssumedRole, …'),
    'resource.instanceDetails.instanceId': keyword(['cloud.instance.id', 'host.id'], 'Instance.'),
    'resource.instanceDetails.instanceType': keyword(['cloud.machine.type'], 'Its type.'),
    'resource.instanceDetails.availabilityZone': keyword(['cloud.availability_zone'], 'Its zone.'),
    'resource.instanceDetails.imageId': keyword(['aws.guardduty.resource.instance_details.image.id'], 'Its image.'),
    'resource.instanceDetails.launchTime': iso8601(['aws.guardduty.resource.instance_details.launch_time'], 'When it was started.'),
    'resource.containerDetails.id': keyword(['container.id'], 'Container.'),
    'resource.containerDetails.name': keyword(['aws.guardduty.resource.container_details.name'], 'Its name.'),
    'resource.containerDetails.image': keyword(['aws.guardduty.resource.container_details.image.value'], 'Its image.'),
    'resource.ecsClusterDetails.name': keyword(['aws.guardduty.resource.ecs_cluster_details.name'], 'Cluster of ECS.'),
    'resource.ecsClusterDetails.arn': keyword(['aws.guardduty.resource.ecs_cluster_details.arn'], 'Its ARN.'),
    'resource.eksClusterDetails.name': keyword(['aws.guardduty.resource.eks_cluster_details.name'], 'Cluster of EKS.'),
    'resource.eksClusterDetails.arn': keyword(['aws.guardduty.resource.eks_cluster_details.arn'], 'Its ARN.'),
    'resource.eksClusterDetails.vpcId': keyword(['aws.guardduty.resource.eks_cluster_details.vpcid'], 'Its VPC.'),
    'resource.kubernetesDetails.kubernetesUserDetails.uid': keyword(['user.id', 'related.user[]'], 'Who called Kubernetes.'),
    'resource.kubernetesDetails.kubernetesUserDetails.username': keyword(['user.name', 'related.user[]'], 'The name: `system:anonymous`.'),
    'resource.kubernetesDetails.kubernetesUserDetails.groups': keyword(['user.roles[]'], 'The groups.'),
    'resource.kubernetesDetails.kubernetesWorkloadDetails.name': keyword(['aws.guardduty.resource.kubernetes_details.kubernetes_workload_details.name'], 'Workload of Kubernetes.'),
    'resource.kubernetesDetails.kubernetesWorkloadDetails.namespace': keyword(['aws.guardduty.resource.kubernetes_details.kubernetes_workload_details.name_space'], 'Its namespace.'),
    'resource.kubernetesDetails.kubernetesWorkloadDetails.type': keyword(['aws.guardduty.resource.kubernetes_details.kubernetes_workload_details.type'], 'pods, deployments, …'),
    'resource.lambdaDetails.functionName': keyword(['aws.guardduty.resource.lambda_details.function_name'], 'Function of Lambda.'),
    'resource.lambdaDetails.functionArn': keyword(['aws.guardduty.resource.lambda_details.function_arn'], 'Its ARN.'),
    'resource.rdsDbInstanceDetails.dbInstanceIdentifier': keyword(['aws.guardduty.resource.rdsdb_instance_details.instance_identifier'], 'Database instance.'),
    'resource.rdsDbInstanceDetails.dbClusterIdentifier': keyword(['aws.guardduty.resource.rdsdb_instance_details.cluster_identifier'], 'Its cluster.'),
    'resource.rdsDbInstanceDetails.dbInstanceArn': keyword(['aws.guardduty.resource.rdsdb_instance_details.instance_arn'], 'Its ARN.'),
    'resource.rdsDbUserDetails.user': keyword(['user.name', 'related.user[]'], 'Who signed in to it.'),
    'resource.rdsDbUserDetails.database': keyword(['aws.guardduty.resource.rdsdb_user_details.database'], 'The database.'),
    'service.serviceName': keyword(['cloud.service.name'], 'guardduty.'),
    'service.detectorId': keyword(['aws.guardduty.service.detector_id'], 'Detector.'),
    'service.action': flat('aws.guardduty.flattened.action', 'What was done, whole.'),
    'service.action.actionType': keyword(['event.action'], 'NETWORK_CONNECTION, PORT_PROBE, DNS_REQUEST, AWS_API_CALL, KUBERNETES_API_CALL or RDS_LOGIN_ATTEMPT.'),
    'service.action.awsApiCallAction.api': keyword(['aws.guardduty.service.action.aws_api_call_action.api'], 'API that was called.'),
    'service.action.awsApiCallAction.serviceName': keyword(['aws.guardduty.service.action.aws_api_call_action.service_name'], 'Its service.'),
    'service.action.awsApiCallAction.callerType': keyword(['aws.guardduty.service.action.aws_api_call_action.caller_type'], 'Remote IP or Domain.'),
    'service.action.awsApiCallAction.errorCode': keyword(['aws.guardduty.service.action.aws_api_call_action.error_code'], 'Why it failed.'),
    'service.action.awsApiCallAction.userAgent': keyword(['user_agent.original'], 'Agent of the call.'),
    'service.action.awsApiCallAction.remoteAccountDetails.accountId': keyword(['aws.guardduty.service.action.aws_api_call_action.remote_account_details.account_id'], 'Account of the caller.'),
    'service.action.awsApiCallAction.domainDetails.domain': keyword(['source.domain', 'related.hosts[]'], 'Service that called.'),
    'service.action.dnsRequestAction.domain': keyword(['dns.question.name', 'related.hosts[]'], 'Name that was asked.'),
    'service.action.dnsRequestAction.blocked': boolean(['aws.guardduty.service.action.dns_request_action.blocked'], 'Whether the query was blocked.'),
    'service.action.kubernetesApiCallAction.requestUri': keyword(['aws.guardduty.service.action.kubernetes_api_call_action.request_uri'], 'Path of the call.'),
    'service.action.kubernetesApiCallAction.verb': keyword(['aws.guardduty.service.action.kubernetes_api_call_action.verb'], 'Its verb.'),
    'service.action.kubernetesApiCallAction.statusCode': long(['aws.guardduty.service.action.kubernetes_api_call_action.status_code'], 'Status of the answer.'),
    'service.action.kubernetesApiCallAction.userAgent': keyword(['user_agent.original'], 'Agent of the call.'),
    'service.action.networkConnectionAction.blocked': boolean(['aws.guardduty.service.action.network_connection_action.blocked'], 'Whether the connection was blocked.'),
    'service.action.portProbeAction.blocked': boolean(['aws.guardduty.service.action.port_probe_action.blocked'], 'Whether the probe was blocked.'),
    'service.resourceRole': keyword(['aws.guardduty.service.resource_role'], 'TARGET or ACTOR.'),
    'service.additionalInfo': flat('aws.guardduty.service.additional_info', 'What else is known, by the type of the finding.'),
    'service.evidence': flat('aws.guardduty.flattened.evidence', 'Lists of threats that have what was seen.'),
    'service.eventFirstSeen': iso8601(['event.start'], 'When it was seen first.'),
    'service.eventLastSeen': iso8601(['event.end'], 'When it was seen last.'),
    'service.archived': boolean(['aws.guardduty.service.archived'], 'Whether the finding was put aside.'),
    'service.count': long(['aws.guardduty.service.count'], 'How often it was seen.'),
    'service.featureName': keyword(['aws.guardduty.service.feature_name'], 'Feature that found it.'),
    'service.userFeedback': keyword(['aws.guardduty.service.user_feedback'], 'USEFUL or NOT_USEFUL.'),
    'service.ebsVolumeScanDetails': flat('aws.guardduty.flattened.ebs_volume_scan_details', 'Scan of volumes for malware.'),
    'service.malwareScanDetails': flat('aws.guardduty.flattened.malware_scan_details', 'Scan of an object for malware.'),
    'service.runtimeDetails': flat('aws.guardduty.flattened.runtime_details', 'Process that was seen.'),
    'service.detection': flat('aws.guardduty.flattened.detection', 'Anomaly, or the signals of an attack sequence.'),
  },
  derived: (derive) => [
    derive('event.severity', ['severity'], Math.floor),
    derive('aws.guardduty.severity.value', ['severity'], labelOf),
    derive('rule.category', ['type'], (type) => /^([^:]+):/.exec(type)?.[1]),
    derive('rule.ruleset', ['type'], (type) => /^([^/]+)\//.exec(type)?.[1]),
    derive(
      [
        'related.ip[]',
        'aws.guardduty.resource.instance_details.network_interfaces.network_interface_id[]',
        'aws.guardduty.resource.instance_details.network_interfaces.vpc_id[]',
        'aws.guardduty.resource.instance_details.network_interfaces.subnet_id[]',
        'aws.guardduty.resource.s3_bucket_details.name[]',
        'aws.guardduty.resource.s3_bucket_details.arn[]',
      ],
      ['resource'],
      resourceOf,
    ),
    derive(ofAction, ['service.action'], sidesOf),
    derive(
      [
        'aws.guardduty.service.evidence.threat_intelligence_details.threat.list_name[]',
        'aws.guardduty.service.evidence.threat_intelligence_details.threat.names[]',
      ],
      ['service.evidence'],
      threatsOf,
    ),
  ],
  // A file has a day in its key and no time; findings that go on are exported again after 6 hours at the latest.
  archive: [{ service: 'GuardDuty', folders: ['region'], late: hours(7) }],
  encodings: [
    json({
      records: 'each',
      unknown: 'aws.guardduty.flattened.unknown',
      claims: [['schemaVersion', 'accountId', 'service']],
      keys: /(^|\/)GuardDuty\//,
    }),
  ],
})

/** A record as AWS writes it. */
export interface GuardDutyRecord extends RecordOf<typeof guardDuty> {}

/** https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html */
function labelOf(severity: number): string {
  return severity >= 9 ? 'Critical' : severity >= 7 ? 'High' : severity >= 4 ? 'Medium' : 'Low'
}

function resourceOf(resource: JsonObject) {
  const interfaces = itemsAt(resource, 'instanceDetails', 'networkInterfaces')
  const buckets = itemsAt(resource, 's3BucketDetails')
  const addresses = interfaces.flatMap((one) => [
    at(one, 'privateIpAddress'),
    ...itemsAt(one, 'privateIpAddresses').map((inner) => at(inner, 'privateIpAddress')),
    at(one, 'publicIp'),
    ...itemsAt(one, 'ipv6Addresses'),
  ])
  const networks = 'aws.guardduty.resource.instance_details.network_interfaces'
  return {
    'related.ip': texts(addresses).filter(isAddress),
    [`${networks}.network_interface_id`]: texts(interfaces.map((one) => at(one, 'networkInterfaceId'))),
    [`${networks}.vpc_id`]: texts(interfaces.map((one) => at(one, 'vpcId'))),
    [`${networks}.subnet_id`]: texts(interfaces.map((one) => at(one, 'subnetId'))),
    'aws.guardduty.resource.s3_bucket_details.name': texts(buckets.map((one) => at(one, 'name'))),
    'aws.guardduty.resource.s3_bucket_details.arn': texts(buckets.map((one) => at(one, 'arn'))),
  }
}

type Values = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** The remote end is the source, but for connections that the resource opened. */
function sidesOf(action: JsonObject): Values {
  const [connection, probe, dns, call, kubernetes, login] = [
    'networkConnectionAction',
    'portProbeAction',
    'dnsRequestAction',
    'awsApiCallAction',
    'kubernetesApiCallAction',
    'rdsLoginAttemptAction',
  ].map((name) => at(action, name))
  if (connection !== undefined) {
    const direction = textOf(at(connection, 'connectionDirection'))?.toLowerCase()
    const [from, to] = direction === 'outbound' ? (['local', 'remote'] as const) : (['remote', 'local'] as const)
    const isKnown = direction === 'outbound' || direction === 'inbound'
    const source = endOf(connection, from)
    const destination = endOf(connection, to)
    return {
      ...(isKnown && { ...prefixed('source', source), ...prefixed('destination', destination) }),
      'network.direction': isKnown ? direction : undefined,
      ...protocolOf(textOf(at(connection, 'protocol'))),
      ...network([source, destination]),
      'related.ip': addressesOf([source, destination]),
    }
  }
  if (dns !== undefined) return { 'network.protocol': 'dns', ...protocolOf(textOf(at(dns, 'protocol'))) }
  if (probe !== undefined) {
    const details = itemsAt(probe, 'portProbeDetails')
    const locals = details.map((one) => endOf(one, 'local'))
    const remotes = details.map((one) => endOf(one, 'remote'))
    return {
      ...prefixed('source', common(remotes)),
      ...prefixed('destination', common(locals)),
      ...network([...remotes, ...locals]),
      'related.ip': addressesOf([...locals, ...remotes]),
    }
  }
  const caller = call ?? kubernetes ?? login
  const source = endOf(caller, 'remote')
  const more = [at(caller, 'remoteIpDetails', 'ipAddressV6'), ...itemsAt(caller, 'sourceIPs')]
  return {
    ...prefixed('source', source),
    ...network([source]),
    'related.ip': [...addressesOf([source]), ...texts(more).filter(isAddress)],
  }
}

/** What all of several ends are; of ends with several addresses no more than their port. */
function common(ends: readonly Values[]): Values {
  const only = (name: string) => {
    const values = new Set(ends.flatMap((end) => end[name] ?? []))
    return values.size === 1 ? [...values][0] : undefined
  }
  const names = only('address') === undefined ? ['port'] : Object.keys(ends[0]!)
  return Object.fromEntries(names.map((name) => [name, only(name)]))
}

/** An end by the names that ECS has below `source` and `destination`. */
function endOf(value: unknown, side: 'local' | 'remote'): Values {
  const details = at(value, `${side}IpDetails`)
  const address = textOf(at(details, 'ipAddressV4')) ?? textOf(at(details, 'ipAddressV6'))
  const number = textOf(at(details, 'organization', 'asn'))
  const [latitude, longitude] = [at(details, 'geoLocation', 'lat'), at(details, 'geoLocation', 'lon')]
  const port = at(value, `${side}PortDetails`, 'port')
  return {
    address,
    ip: address !== undefined && isAddress(address) ? address : undefined,
    port: typeof port === 'number' && Number.isSafeInteger(port) ? port : undefined,
    'as.number': number !== undefined && /^\d{1,10}$/.test(number) ? Number(number) : undefined,
    'as.organization.name': textOf(at(details, 'organization', 'asnOrg')),
    'geo.city_name': textOf(at(details, 'city', 'cityName')),
    'geo.country_iso_code': textOf(at(details, 'country', 'countryCode')),
    'geo.country_name': textOf(at(details, 'country', 'countryName')),
    'geo.location': isDegrees(latitude, 90) && isDegrees(longitude, 180) ? `${latitude},${longitude}` : undefined,
  }
}

function isDegrees(value: unknown, most: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= most
}

function prefixed(side: 'source' | 'destination', end: Values): Values {
  return Object.fromEntries(Object.entries(end).map(([name, value]) => [`${side}.${name}`, value]))
}

function addressesOf(ends: readonly Values[]): string[] {
  return texts(ends.map(({ ip }) => ip))
}

function network(ends: readonly Values[]): Values {
  const families = new Set(addressesOf(ends).map((address) => (address.includes(':') ? 'ipv6' : 'ipv4')))
  return { 'network.type': families.size === 1 ? [...families][0] : undefined }
}

/** `TCP`, or the number of a protocol. */
function protocolOf(text: string | undefined): Values {
  if (text === undefined) return {}
  return /^\d+$/.test(text)
    ? { 'network.iana_number': text, 'network.transport': transport(text) }
    : { 'network.transport': text.toLowerCase() }
}

function threatsOf(evidence: JsonObject) {
  const details = itemsAt(evidence, 'threatIntelligenceDetails')
  const threat = 'aws.guardduty.service.evidence.threat_intelligence_details.threat'
  return {
    [`${threat}.list_name`]: texts(details.map((one) => at(one, 'threatListName'))),
    [`${threat}.names`]: texts(details.flatMap((one) => itemsAt(one, 'threatNames'))),
  }
}

/** What stands at a path. */
function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined), value)
}

function itemsAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function texts(values: readonly unknown[]): string[] {
  return values.flatMap((value) => textOf(value) ?? [])
}
