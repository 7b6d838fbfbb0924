import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { collect, memoryObject } from '../testing/index.ts'
import type { FormatParser } from './format.ts'
import { mostEntities, relatedEntity } from './related-entity.ts'
import { sentOf } from './sent.suite.ts'

const parser = (cloudTrail as FormatParser<unknown>).with(relatedEntity)

const event = {
  eventVersion: '1.11',
  eventTime: '2026-11-22T09:15:32Z',
  eventSource: 'ec2.amazonaws.com',
  eventName: 'AuthorizeSecurityGroupIngress',
  awsRegion: 'eu-central-1',
  eventID: 'event-1',
  userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/not-touched' },
}

/** The ids of one event, from both paths, that have to agree, and the fast one has to be taken. */
async function idsOf(more: Readonly<Record<string, unknown>>, edit = (text: string) => text) {
  const body = edit(JSON.stringify({ ...event, ...more }))
  const plain = (await collect(parser, memoryObject({ key: 'f.json', body }))).documents
  const { documents, objects } = await sentOf(parser, body)
  expect(objects).toBe(0)
  expect(documents).toEqual(plain.map((document) => expect.objectContaining(document) as unknown))
  return documents[0]!.related?.entity as string[] | undefined
}

describe('what an event touches', () => {
  test('ids stand once, in the order of request, answer, resources and details, names left out', async () => {
    const ids = await idsOf({
      serviceEventDetails: { vpcId: 'vpc-0c', 'eni-0f': 1 },
      resources: [{ ARN: 'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0a', accountId: '123456789012' }],
      responseElements: { ruleSet: { items: [{ id: 'sgr-0b', groupId: 'sg-0a' }] }, tag: 1, done: true },
      requestParameters: { groupId: 'sg-0a', list: ['subnet-0e', ['i-0d']], none: '' },
    })
    expect(ids).toEqual([
      'sg-0a',
      'subnet-0e',
      'i-0d',
      'sgr-0b',
      'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0a',
      'vpc-0c',
    ])
  })

  test.each([
    ...['sg', 'acl', 'rtb', 'eni', 'i', 'subnet', 'vpc', 'tgw', 'tgw-attach', 'nat', 'igw', 'vpce', 'pcx'],
    ...['sgr', 'aclassoc', 'rtbassoc', 'tgw-rtb', 'eigw', 'eipalloc', 'pl', 'fl', 'vpc-cidr-assoc'],
  ])('%s-0123456789abcdef0', async (kind) => {
    const id = `${kind}-0123456789abcdef0`
    expect(await idsOf({ requestParameters: { DeleteRequest: { Id: { content: id, tag: 1 } } } })).toEqual([id])
  })

  test.each([
    'arn:aws:s3:::bucket/key',
    'arn:aws-us-gov:iam::123456789012:role/x',
    'arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/web/73e2d6bc24d8a067',
    'arn:aws:logs:eu-central-1:123456789012:log-group:/a:*',
  ])('%s', async (arn) => {
    expect(await idsOf({ responseElements: arn })).toEqual([arn])
    expect(await idsOf({ requestParameters: { arn } }, (text) => text.replaceAll('/', String.raw`\/`))).toEqual([arn])
  })

  test.each([
    ...['sg-', 'sg-0A', 'sg-0g', 'sg0a', 'xsg-0a', 'sg-0a ', 'a-sg-0a', '-0a', 'SG-0a', 'backup-20261201', 'abc', 'i'],
    ...['arn:aws:s3', 'arn:aws:sns:x:1', 'arn:aws', 'arn:awsX:s3:::b', 'arn:other:s3:::b', 'x arn:aws:s3:::b'],
    ...['arn:aws:s3:::b c', 'arn:aws:s3:::é', 'arn:aws:s3:::"', 'arn:aws:s3:::\\', ''],
  ])('%j is none', async (text) => {
    expect(await idsOf({ requestParameters: { text, n: 1 }, additionalEventData: { id: 'sg-0a' } })).toBeUndefined()
  })

  test('an event without any has no list, and one with a name alone neither', async () => {
    expect(await idsOf({})).toBeUndefined()
    expect(await idsOf({ requestParameters: { 'sg-0a': { 'i-0b': 'x' } }, responseElements: null })).toBeUndefined()
  })

  test(`of more than ${mostEntities} the first stand there, those that come again not counted`, async () => {
    const ids = Array.from({ length: mostEntities + 20 }, (_, i) => `i-${(i + 16).toString(16)}`)
    const half = ids.slice(0, 60)
    const found = await idsOf({ requestParameters: { half: [...half, ...half] }, responseElements: { ids } })
    expect(found).toEqual(ids.slice(0, mostEntities))
  })
})

describe('what a request is about', () => {
  /** The targets of one event, from both paths. */
  async function targetsOf(requestParameters: object) {
    const body = JSON.stringify({ ...event, requestParameters })
    const plain = (await collect(parser, memoryObject({ key: 'f.json', body }))).documents
    const { documents, objects } = await sentOf(parser, body)
    expect(objects).toBe(0)
    expect(documents).toEqual(plain.map((document) => expect.objectContaining(document) as unknown))
    const { user, host, service, entity } = documents[0] as Record<string, { target?: { entity?: { id: unknown } } }>
    const generic = (entity as { target?: { id: unknown } } | undefined)?.target
    return [user, host, service].map((one) => one?.target?.entity?.id).concat([generic?.id])
  }

  test.each<[object, number, string[]]>([
    [{ roleArn: 'arn:aws:iam::123456789012:role/deploy' }, 0, ['arn:aws:iam::123456789012:role/deploy']],
    [{ serialNumber: 'arn:aws:iam::123456789012:mfa/bob' }, 0, ['arn:aws:iam::123456789012:mfa/bob']],
    [{ accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 0, ['AKIAIOSFODNN7EXAMPLE']],
    [{ instanceId: 'i-0fedcba9876543210' }, 1, ['i-0fedcba9876543210']],
    [{ target: 'i-0fedcba9876543210', maxResults: 7 }, 1, ['i-0fedcba9876543210']],
    [{ groupId: 'sg-0a1', vpcId: 'vpc-0b' }, 2, ['sg-0a1', 'vpc-0b']],
    [{ topicArn: 'arn:aws:sns:eu-central-1:123456789012:alarms' }, 2, ['arn:aws:sns:eu-central-1:123456789012:alarms']],
    [{ policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }, 2, ['arn:aws:iam::aws:policy/ReadOnlyAccess']],
    [
      { roleArn: 'arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX' },
      2,
      ['arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX'],
    ],
    [{ userName: 'bob', groupName: 'admins' }, 3, ['bob', 'admins']],
    [{ bucketName: 'logs', other: 'x' }, 3, ['logs']],
  ])('%j', async (request, place, ids) => {
    expect(await targetsOf(request)).toEqual([0, 1, 2, 3].map((one) => (one === place ? ids : undefined)))
  })

  test('a list of ids is each of them, and what is no text is none', async () => {
    const body = JSON.stringify({ ...event, requestParameters: { instanceId: ['i-0a', 'i-0b', 7], keyId: { a: 'x' } } })
    const { documents } = await collect(parser, memoryObject({ key: 'f.json', body }))
    expect(documents[0]).toMatchObject({ host: { target: { entity: { id: ['i-0a', 'i-0b'] } } } })
    expect(documents[0]).not.toHaveProperty('entity')
  })

  test('a request that names nothing has none', async () => {
    expect(await targetsOf({ maxResults: 5, filter: { name: 'x' } })).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

test('CloudTrail alone has it: the mapping is a list of keywords, and a flow log gets nothing', () => {
  expect(parser.format.mapping['related.entity']).toMatchObject({ type: 'keyword', list: 'values' })
  expect('related.entity' in cloudTrail.format.mapping).toBe(false)
  expect('related.entity' in vpcFlow.with(relatedEntity).format.mapping).toBe(false)
})

interface Event {
  readonly eventName: string
  readonly requestParameters?: unknown
  readonly responseElements?: unknown
}

/** Where events that change the network have their ids, in the request and in the answer. */
const places: Readonly<Record<string, readonly string[]>> = {
  AuthorizeSecurityGroupIngress: ['requestParameters.groupId'],
  AuthorizeSecurityGroupEgress: ['requestParameters.groupId'],
  RevokeSecurityGroupIngress: ['requestParameters.groupId'],
  RevokeSecurityGroupEgress: ['requestParameters.groupId'],
  CreateNetworkAclEntry: ['requestParameters.networkAclId'],
  ModifyInstanceAttribute: ['requestParameters.instanceId'],
  StopInstances: ['requestParameters.instancesSet.items.0.instanceId'],
  TerminateInstances: ['requestParameters.instancesSet.items.0.instanceId'],
  CreateNetworkInterface: [
    'requestParameters.subnetId',
    'requestParameters.groupSet.items.0.groupId',
    'responseElements.networkInterface.networkInterfaceId',
    'responseElements.networkInterface.vpcId',
  ],
  DeleteNetworkInterface: ['requestParameters.networkInterfaceId'],
  CreateRoute: ['requestParameters.routeTableId', 'requestParameters.gatewayId', 'requestParameters.natGatewayId'],
  DeleteRoute: ['requestParameters.routeTableId'],
  AssociateRouteTable: [
    'requestParameters.routeTableId',
    'requestParameters.subnetId',
    'responseElements.associationId',
  ],
  DisassociateRouteTable: ['requestParameters.associationId'],
  AttachInternetGateway: ['requestParameters.internetGatewayId', 'requestParameters.vpcId'],
  DetachInternetGateway: ['requestParameters.internetGatewayId', 'requestParameters.vpcId'],
  DeleteNatGateway: ['requestParameters.DeleteNatGatewayRequest.NatGatewayId'],
  DeleteFlowLogs: ['requestParameters.DeleteFlowLogsRequest.FlowLogId.content'],
}

const corpora = new URL('../../../../../shared/corpora/', import.meta.url)
const manifest = new URL('manifest.json', corpora)
const samples = existsSync(manifest)
  ? (JSON.parse(readFileSync(manifest, 'utf8')) as { type: string; input: string }[])
  : []
if (samples.length === 0) console.warn(`skipped: the public CloudTrail samples are not at ${corpora.pathname}`)

function eventsIn(value: unknown): Event[] {
  if (Array.isArray(value)) return value.flatMap(eventsIn)
  if (typeof value !== 'object' || value === null) return []
  return 'Records' in value ? eventsIn(value.Records) : 'eventName' in value ? [value as Event] : []
}

function valueAt(event: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], event)
}

test.runIf(samples.length > 0)(
  'in the public samples each event has the ids that its kind of change names',
  async () => {
    const counts = new Map<string, number>()
    for (const { type, input } of samples) {
      if (type !== 'cloudtrail' && type !== 'cloudtrail_fragment') continue
      let events: Event[]
      try {
        events = eventsIn(JSON.parse(readFileSync(new URL(input, corpora), 'utf8')))
      } catch {
        // Several values in one file, gzip, or no JSON at all.
        continue
      }
      for (const one of events) {
        // AWS's own examples have ids that none is: i-EXAMPLE56126103cb.
        const isId = (id: unknown) => typeof id === 'string' && /-[0-9a-f]+$/.test(id)
        const wanted = (places[one.eventName] ?? []).map((path) => valueAt(one, path)).filter(isId)
        if (wanted.length === 0) continue
        const { documents } = await collect(parser, memoryObject({ key: 'f.json', body: JSON.stringify(one) }))
        const { entity } = documents[0]!.related as { readonly entity?: readonly string[] }
        expect(entity, one.eventName).toEqual(expect.arrayContaining(wanted))
        counts.set(one.eventName, (counts.get(one.eventName) ?? 0) + 1)
      }
    }
    expect([...counts.keys()].sort()).toEqual(Object.keys(places).sort())
  },
)
