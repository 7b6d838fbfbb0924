import type { Random } from './random.ts'
import type { SampleFile } from './sample-file.ts'
import { incident, type Span, stamp, world } from './world.ts'

const { account, region } = world

interface Principal {
  readonly identity: (random: Random) => object
  readonly address: string
  readonly agent: string
}

const user =
  (name: string): Principal['identity'] =>
  () => ({
    type: 'IAMUser',
    principalId: `AIDAEXAMPLE${name.toUpperCase().replace(/[^A-Z]/g, '')}`,
    arn: `arn:aws:iam::${account}:user/${name}`,
    accountId: account,
    userName: name,
  })

const role =
  (name: string, session: string): Principal['identity'] =>
  (random) => ({
    type: 'AssumedRole',
    principalId: `AROAEXAMPLE${name.toUpperCase().replace(/[^A-Z]/g, '')}:${session}`,
    arn: `arn:aws:sts::${account}:assumed-role/${name}/${session}`,
    accountId: account,
    accessKeyId: `ASIAEXAMPLE${random.hex(9).toUpperCase()}`,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: `AROAEXAMPLE${name.toUpperCase().replace(/[^A-Z]/g, '')}`,
        arn: `arn:aws:iam::${account}:role/${name}`,
        accountId: account,
        userName: name,
      },
      attributes: { creationDate: new Date(world.start).toISOString().replace('.000', ''), mfaAuthenticated: 'false' },
    },
  })

const principals = {
  deployer: { identity: role('ci-deployer', 'run-4711'), address: '198.51.100.201', agent: 'aws-cli/2.31.0 ua/2.1' },
  orders: {
    identity: role('orders-service', 'i-0d6f0c2b'),
    address: '10.20.2.41',
    agent: 'aws-sdk-js/3.1160.0 ua/2.1',
  },
  analyst: { identity: role('analyst', 'mia'), address: '203.0.113.61', agent: 'Mozilla/5.0 (X11; Linux x86_64)' },
  intern: { identity: user('tom'), address: '203.0.113.62', agent: 'aws-cli/2.27.4 ua/2.1' },
  autoscaling: {
    identity: () => ({ type: 'AWSService', invokedBy: 'autoscaling.amazonaws.com' }),
    address: 'autoscaling.amazonaws.com',
    agent: 'autoscaling.amazonaws.com',
  },
} satisfies Record<string, Principal>

interface Call {
  readonly who: Principal
  readonly source: string
  readonly name: string
  readonly readOnly: boolean
  readonly parameters: (random: Random) => object | null
  /** Which resource a denial names. */
  readonly denied?: string
}

const call = (
  who: Principal,
  service: string,
  name: string,
  readOnly: boolean,
  parameters: Call['parameters'],
  denied?: string,
): Call => ({
  who,
  source: `${service}.amazonaws.com`,
  name,
  readOnly,
  parameters,
  ...(denied !== undefined && { denied }),
})

const { deployer, orders, analyst, intern, autoscaling } = principals

/** What is called, by how often. Those with `denied` always fail. */
// biome-ignore format: one call a line
const calls: readonly (readonly [Call, number])[] = [
  [call(orders, 'sqs', 'SendMessage', false, () => ({ queueUrl: `https://sqs.${region}.amazonaws.com/${account}/orders` })), 24],
  [call(orders, 'dynamodb', 'GetItem', true, ({ hex }) => ({ tableName: 'carts', key: { id: hex(12) } })), 22],
  [call(orders, 'sts', 'GetCallerIdentity', true, () => null), 6],
  [call(deployer, 'ecs', 'UpdateService', false, () => ({ cluster: 'shop', service: 'api', desiredCount: 4 })), 5],
  [call(deployer, 'ecr', 'BatchGetImage', true, ({ hex }) => ({ repositoryName: 'api', imageIds: [{ imageDigest: `sha256:${hex(64)}` }] })), 9],
  [call(analyst, 'athena', 'StartQueryExecution', false, ({ hex }) => ({ queryString: 'SELECT …', clientRequestToken: hex(32) })), 5],
  [call(analyst, 's3', 'GetObject', true, ({ between }) => ({ bucketName: 'shop-reports', key: `daily/${between(1, 30)}.parquet` })), 9],
  [call(intern, 'ec2', 'DescribeInstances', true, () => ({ maxResults: 100 })), 5],
  [call(autoscaling, 'ec2', 'RunInstances', false, () => ({ instanceType: 'm7g.large', minCount: 1, maxCount: 1 })), 2],
  [call(deployer, 'iam', 'PassRole', false, () => ({ roleArn: `arn:aws:iam::${account}:role/admin` }), `arn:aws:iam::${account}:role/admin`), 1.4],
  [call(analyst, 'kms', 'Decrypt', true, () => ({ encryptionAlgorithm: 'SYMMETRIC_DEFAULT' }), `arn:aws:kms:${region}:${account}:key/0c1d`), 2.6],
  [call(analyst, 's3', 'GetObject', true, () => ({ bucketName: 'shop-payroll', key: '2026/10.csv' }), 'arn:aws:s3:::shop-payroll/2026/10.csv'), 0.9],
  [call(intern, 's3', 'ListBuckets', true, () => null, 'arn:aws:s3:::*'), 0.7],
  [call(intern, 'ec2', 'TerminateInstances', false, ({ hex }) => ({ instancesSet: { items: [{ instanceId: `i-0${hex(16)}` }] } }), `arn:aws:ec2:${region}:${account}:instance/*`), 0.4],
]

/** A file of CloudTrail: one line of JSON, as AWS delivers it, its events in no order. */
export function cloudTrailFile(random: Random, span: Span): SampleFile {
  const change = incident.change >= span.from && incident.change < span.to ? [deny(random)] : []
  const rest = Array.from({ length: span.records - change.length }, () => event(random, span, random.weighted(calls)))
  const records = [...change, ...rest]
  const day = new Date(span.from).toISOString().slice(0, 10).replaceAll('-', '/')
  const name = `${account}_CloudTrail_${region}_${stamp(span.to)}_${random.hex(16)}.json.gz`
  return {
    key: `AWSLogs/${account}/CloudTrail/${region}/${day}/${name}`,
    table: 'aws_cloudtrail',
    text: JSON.stringify({ Records: records }),
    records: records.length,
  }
}

/** The change after which replies to orders are rejected: ports of clients, outbound. */
function deny(random: Random): object {
  const { change, aclId, denied } = incident
  const parameters = {
    networkAclId: aclId,
    ruleNumber: 90,
    egress: true,
    ruleAction: 'deny',
    aclProtocol: '6',
    portRange: { from: 32_768, to: 65_535 },
    cidrBlock: denied,
    icmpTypeCode: {},
  }
  const made = call(deployer, 'ec2', 'CreateNetworkAclEntry', false, () => parameters)
  return event(random, { from: change, to: change, records: 1 }, made)
}

function event(random: Random, span: Span, { who, source, name, readOnly, parameters, denied }: Call): object {
  const identity = who.identity(random)
  const action = `${source.split('.')[0]}:${name}`
  const arn = 'arn' in identity ? identity.arn : source
  return {
    eventVersion: '1.11',
    userIdentity: identity,
    eventTime: new Date(random.between(span.from, span.to)).toISOString().replace(/\.\d+/, ''),
    eventSource: source,
    eventName: name,
    awsRegion: region,
    sourceIPAddress: who.address,
    userAgent: who.agent,
    ...(denied && {
      errorCode: 'AccessDenied',
      errorMessage: `User: ${arn} is not authorized to perform: ${action} on resource: ${denied} because no identity-based policy allows the ${action} action`,
    }),
    requestParameters: parameters(random),
    responseElements: null,
    requestID: random.uuid(),
    eventID: random.uuid(),
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: source.replace('.', `.${region}.`),
    },
  }
}
