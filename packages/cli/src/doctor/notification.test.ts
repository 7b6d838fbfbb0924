import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { checkNotification } from './notification.ts'

const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:logs'
const whole = { QueueArn: queueArn, Events: ['s3:ObjectCreated:*'] }

interface Given {
  readonly prefix?: string
  readonly keys?: readonly string[]
  readonly policy?: string
  readonly region?: string
  readonly rules?: readonly GivenRule[] | Error
}

/** As EventBridge describes it. */
interface GivenRule {
  readonly Name: string
  readonly State?: string
  readonly EventPattern?: string
  readonly Targets?: readonly object[]
}

/**
 * With an EventBridge whose patterns are lists of values alone, and which keeps what it was asked. What it makes of other
 * patterns the servers' suite tries.
 */
async function look(
  told: object | Error,
  { prefix = '', keys = [], policy, region = 'eu-central-1', rules = [] }: Given = {},
) {
  const asked: { readonly EventPattern: string; readonly Event: string }[] = []
  const s3 = {
    send: async ({ constructor: { name } }: object) => {
      if (name === 'HeadBucketCommand') return { BucketRegion: region }
      if (told instanceof Error) throw told
      return told
    },
  } as unknown as S3Client
  const send = async ({ constructor: { name }, input }: { input: Record<string, string> } & object) => {
    if (rules instanceof Error) throw rules
    const ruleNamed = (wanted = '') => rules.find(({ Name }) => Name === wanted)!
    // A page each.
    if (name === 'ListRuleNamesByTargetCommand') {
      expect(input).toMatchObject({ TargetArn: queueArn, EventBusName: 'default' })
      const page = Number(input.NextToken ?? 0)
      const NextToken = page + 1 < rules.length ? { NextToken: String(page + 1) } : {}
      return { RuleNames: rules.slice(page, page + 1).map(({ Name }) => Name), ...NextToken }
    }
    if (name === 'DescribeRuleCommand') return { State: 'ENABLED', ...ruleNamed(input.Name), Arn: ruleArn(input.Name!) }
    if (name === 'ListTargetsByRuleCommand') return { Targets: ruleNamed(input.Rule).Targets ?? [{ Arn: queueArn }] }
    asked.push(input as never)
    return { Result: isIn(JSON.parse(input.EventPattern!), JSON.parse(input.Event!)) }
  }
  const eventBridge = async () => ({ send }) as unknown as EventBridgeClient
  const objects = keys.map((key) => ({ key, size: 5 }))
  const options = { s3, eventBridge, bucket: 'my-logs', prefix, queueArn, account: '123456789012', policy, objects }
  return { ...(await checkNotification(options)), asked }
}
const check = async (...given: Parameters<typeof look>) => (await look(...given)).check
const ruleArn = (name: string) => `arn:aws:events:eu-central-1:123456789012:rule/${name}`

function isIn(pattern: Record<string, unknown>, event: Record<string, unknown>): boolean {
  return Object.entries(pattern).every(([name, wanted]) =>
    Array.isArray(wanted) ? wanted.includes(event[name]) : isIn(wanted as never, (event[name] ?? {}) as never),
  )
}
const filter = (Value: string, Name = 'Prefix') => ({ Filter: { Key: { FilterRules: [{ Name, Value }] } } })
const flows = 'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/22/a.log.gz'
const trail = 'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/22/a.json.gz'

describe('checkNotification', () => {
  it('is satisfied with all uploads, and with those of the prefix', async () => {
    expect(await check({ QueueConfigurations: [whole] })).toMatchObject({
      status: 'ok',
      what: 's3:ObjectCreated:* to the queue',
    })
    const filtered = { QueueConfigurations: [{ ...whole, ...filter('AWSLogs/') }] }
    expect(await check(filtered, { prefix: 'AWSLogs/1', keys: [flows, trail] })).toMatchObject({
      status: 'ok',
      what: 's3:ObjectCreated:* (prefix AWSLogs/) to the queue',
    })
  })

  it('holds each filter against the newest logs', async () => {
    const told = (...filters: object[]) => ({ QueueConfigurations: filters.map((one) => ({ ...whole, ...one })) })
    const keys = [flows, trail]
    for (const wrong of [filter('.csv', 'Suffix'), filter('uploads/'), filter('AWSLogs/1234567890123/')])
      expect(await check(told(wrong), { keys }), JSON.stringify(wrong)).toMatchObject({
        status: 'fault',
        details: keys,
      })
    expect(await check(told(filter('.log.gz', 'suffix')), { keys })).toMatchObject({
      status: 'warning',
      details: [trail],
    })
    const both = told(filter('.log.gz', 'suffix'), filter('.json.gz', 'suffix'))
    expect((await check(both, { keys })).status).toBe('ok')
    // As the console asks for other characters.
    const odd = 'my logs/AWSLogs/a=b.log.gz'
    for (const value of ['my logs/', 'my+logs/', 'my%20logs/AWSLogs/a%3Db'])
      expect((await check(told(filter(value)), { keys: [odd] })).status, value).toBe('ok')
  })

  it('leaves a filter open where no log is there, but for one beside the prefix', async () => {
    const told = { QueueConfigurations: [{ ...whole, ...filter('AWSLogs/') }] }
    expect(await check(told, { prefix: 'AWSLogs/1' })).toMatchObject({ status: 'unknown', todo: expect.any(String) })
    expect((await check({ QueueConfigurations: [{ ...whole, ...filter('.gz', 'suffix') }] })).status).toBe('unknown')
    expect((await check({ QueueConfigurations: [whole, { ...whole, ...filter('x') }] })).status).toBe('ok')
  })

  it('finds what does not come to the queue', async () => {
    for (const told of [
      {},
      { QueueConfigurations: [{ ...whole, QueueArn: `${queueArn}-other` }] },
      { QueueConfigurations: [{ ...whole, Events: ['s3:ObjectRemoved:*'] }] },
    ])
      expect((await check(told)).status, JSON.stringify(told)).toBe('fault')
    expect(
      (await check({ QueueConfigurations: [{ ...whole, ...filter('other/') }] }, { prefix: 'AWSLogs/' })).status,
    ).toBe('fault')
    const put = { ...whole, Events: ['s3:ObjectCreated:Put'] }
    expect((await check({ QueueConfigurations: [put] })).status).toBe('warning')
    const others = [put, { ...whole, Events: ['s3:ObjectCreated:CompleteMultipartUpload', 's3:ObjectCreated:Copy'] }]
    expect((await check({ QueueConfigurations: others })).status).toBe('ok')
  })

  it('takes the union of what several tell of one log, and names what is told of by some events alone', async () => {
    const put = ['s3:ObjectCreated:Put']
    const rest = ['s3:ObjectCreated:CompleteMultipartUpload', 's3:ObjectCreated:Copy']
    const of = (...all: object[]) =>
      check({ QueueConfigurations: all.map((one) => ({ ...whole, ...one })) }, { keys: [flows, trail] })
    const flowLogs = filter('.log.gz', 'suffix')
    // The bucket's events together are all, and those of neither log are.
    expect(await of({ ...flowLogs, Events: rest }, { ...filter('.json.gz', 'suffix'), Events: put })).toMatchObject({
      status: 'warning',
      details: [`${flows}: only by ${rest.join(', ')}`, `${trail}: only by ${put[0]}`],
    })
    expect(await of(flowLogs, { ...filter('.json.gz', 'suffix'), Events: put })).toMatchObject({
      status: 'warning',
      details: [`${trail}: only by ${put[0]}`],
    })
    expect((await of({ Events: put }, { ...flowLogs, Events: rest })).details).toEqual([`${trail}: only by ${put[0]}`])
    expect((await of({ Events: put }, { Events: rest })).status).toBe('ok')
    // Of posts of forms alone no log is told.
    expect((await of({ Events: ['s3:ObjectCreated:Post'] })).status).toBe('fault')
  })

  it('asks no rule where the bucket itself tells of all, and names who has to be allowed to send', async () => {
    const told = { QueueConfigurations: [whole], EventBridgeConfiguration: {} }
    const { check: one, senders } = await look(told, { keys: [flows], rules: new Error('it was asked') })
    expect(one.status).toBe('ok')
    expect(senders).toMatchObject([{ service: 's3.amazonaws.com', sourceArn: 'arn:aws:s3:::my-logs' }])
  })

  it('leaves open what goes by a topic, and what it may not see', async () => {
    const topic = { TopicArn: 'arn:aws:sns:eu-central-1:123456789012:t', Events: ['s3:ObjectCreated:*'] }
    expect(await check({ TopicConfigurations: [topic] })).toMatchObject({
      status: 'unknown',
      what: expect.stringContaining(topic.TopicArn),
    })
    expect((await check({ TopicConfigurations: [topic], EventBridgeConfiguration: {} })).status).toBe('unknown')
    const denied = Object.assign(new Error('Access Denied'), { name: 'AccessDenied' })
    expect(await check(denied)).toMatchObject({
      status: 'unknown',
      todo: expect.stringContaining('s3:GetBucketNotification'),
    })
  })
})

describe('the rules of EventBridge', () => {
  const told = { EventBridgeConfiguration: {} }
  const keys = [flows, trail]
  const pattern = (detail: object = {}) =>
    JSON.stringify({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['my-logs'] }, ...detail },
    })
  const uploads = { Name: 'uploads', EventPattern: pattern() }

  it('are well as the template makes one: its ARN has to be allowed to send', async () => {
    const { check: one, senders, asked } = await look(told, { keys, rules: [uploads] })
    expect(one).toEqual({ check: 'notification', status: 'ok', what: "EventBridge's rule uploads to the queue" })
    expect(senders).toMatchObject([
      { service: 'events.amazonaws.com', sourceArn: ruleArn('uploads'), account: '123456789012' },
    ])
    // One request a log, with all that EventBridge demands of an event.
    expect(asked.map(({ Event }) => JSON.parse(Event))).toMatchObject(
      keys.map((key) => ({
        id: expect.any(String),
        account: '123456789012',
        time: expect.any(String),
        region: 'eu-central-1',
        resources: ['arn:aws:s3:::my-logs'],
        detail: { bucket: { name: 'my-logs' }, object: { key, size: 5 } },
      })),
    )
    expect(asked.map(({ EventPattern }) => EventPattern)).toEqual([pattern(), pattern()])
    // As it is written: EventBridge tells numbers apart by that.
    const EventPattern = '{ "detail": { "object": { "size": [5.0, 5] } } }'
    const numbers = await look(told, { keys: [flows], rules: [{ Name: 'numbers', EventPattern }] })
    expect(numbers.asked[0]).toMatchObject({ EventPattern })
  })

  it('tell of some logs, of some uploads, or of none', async () => {
    const of = (...rules: GivenRule[]) => check(told, { keys, rules })
    const ofFlows = { Name: 'flows', EventPattern: pattern({ object: { key: [flows] } }) }
    expect(await of(ofFlows)).toMatchObject({
      status: 'warning',
      details: [trail],
      todo: expect.stringContaining('let the pattern of one rule take all of Object Created of my-logs'),
    })
    const ofTrail = { Name: 'trail', EventPattern: pattern({ object: { key: [trail] } }) }
    expect((await of(ofFlows, ofTrail)).status).toBe('ok')
    const puts = { Name: 'puts', EventPattern: pattern({ reason: ['PutObject'] }) }
    expect((await of(ofFlows, puts)).details).toEqual([`${trail}: only by s3:ObjectCreated:Put`])
    expect(await of({ Name: 'x', EventPattern: '{"detail":{"bucket":{"name":["other"]}}}' })).toMatchObject({
      status: 'fault',
      details: keys,
    })
    // What the bucket itself tells counts, too.
    const both = { ...told, QueueConfigurations: [{ ...whole, ...filter('.json.gz', 'suffix') }] }
    const { check: one, senders } = await look(both, { keys, rules: [ofFlows] })
    expect(one.status).toBe('ok')
    expect(senders.map(({ service }) => service)).toEqual(['s3.amazonaws.com', 'events.amazonaws.com'])
  })

  it('tell nothing where none is there, or it is disabled, of a schedule, or sends a text of its own', async () => {
    expect(await check(told, { keys })).toMatchObject({
      status: 'fault',
      what: 'the bucket tells EventBridge, and no rule of its default bus in eu-central-1 tells the queue',
      todo: expect.stringContaining('template.yaml'),
    })
    const rules = [
      { ...uploads, State: 'DISABLED' },
      { Name: 'nightly' },
      { ...uploads, Name: 'text', Targets: [{ Arn: queueArn, Input: '{}' }] },
    ]
    const { check: judged, senders } = await look(told, { keys, rules })
    const { details = [], ...one } = judged
    // Whether these may send is a fault of its own.
    expect(senders.map(({ sourceArn }) => sourceArn)).toEqual(['uploads', 'text'].map(ruleArn))
    expect(one).toMatchObject({
      status: 'fault',
      todo: 'aws events enable-rule --region eu-central-1 --name uploads',
    })
    expect(details).toHaveLength(3)
    for (const word of ['uploads is disabled', 'nightly is of a schedule', 'text sends'])
      expect(details.join()).toContain(word)
    expect((await check(told, { keys, rules: [...rules, { ...uploads, Name: 'too' }] })).status).toBe('ok')
    // By a topic, which EventBridge tells: its filters are not seen.
    const policy = JSON.stringify({
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
      },
    })
    expect((await check(told, { keys, policy })).status).toBe('unknown')
  })

  it('send an event as it is, or leave it open whether a consumer reads it', async () => {
    const of = async (...Targets: object[]) =>
      (await check(told, { keys, rules: [{ ...uploads, Targets: Targets.map((one) => ({ Arn: queueArn, ...one })) }] }))
        .status
    const made = (InputTemplate: string, InputPathsMap = {}) => ({
      InputTransformer: { InputTemplate, InputPathsMap },
    })
    for (const same of [{ InputPath: '$' }, made('<aws.events.event.json>'), made(' <all>\n', { all: '$' })])
      expect(await of(same), JSON.stringify(same)).toBe('ok')
    for (const other of [{ InputPath: '$.detail' }, made('{"event":<aws.events.event>}'), made('<k>', { k: '$.id' })])
      expect(await of(other), JSON.stringify(other)).toBe('unknown')
    expect(await of({ InputPath: '$.detail' }, {})).toBe('ok')
    expect(await of({ Arn: `${queueArn}-other` }, { Input: '{}' })).toBe('fault')
  })

  it('leave open what nobody knows of an event beforehand, and name it', async () => {
    const of = (detail: object, more: Given = {}) =>
      check(told, { keys, rules: [{ Name: 'odd', EventPattern: pattern(detail) }], ...more })
    expect(await of({ requester: ['x'], object: { 'version-id': [{ exists: true }] } })).toMatchObject({
      status: 'unknown',
      details: ['requester', 'object.version-id'].map(
        (path) => `the rule odd asks for detail.${path}, which is not known here`,
      ),
    })
    expect((await of({ $or: [{ reason: ['PutObject'] }, { requester: ['x'] }] })).details![0]).toContain('requester')
    // What is known refuses: the rest is of no matter.
    expect((await of({ requester: ['x'], object: { key: ['other'] } })).status).toBe('fault')
    expect((await of({ object: { size: [5] } })).status).toBe('ok')
    // Nothing is left to ask for.
    const only = { Name: 'only', EventPattern: '{"detail":{"requester":["x"]}}' }
    expect((await check(told, { keys, rules: [only] })).status).toBe('unknown')
    // Without a log of late.
    expect((await of({}, { keys: [] })).status).toBe('ok')
    expect((await of({ object: { key: [flows] } }, { keys: [] })).details![0]).toContain('detail.object.key')
  })

  it('are not asked of another region, and a right that is missing is told', async () => {
    expect(await check(told, { keys, rules: [uploads], region: 'eu-west-1' })).toMatchObject({
      status: 'unknown',
      what: expect.stringContaining('eu-west-1'),
    })
    // EventBridge's own name for it, with the status of a wrong request.
    const denied = Object.assign(new Error('User is not authorized'), {
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    })
    const { check: one, senders } = await look(told, { keys, rules: denied })
    expect(one).toMatchObject({ status: 'unknown', todo: expect.stringContaining('events:TestEventPattern') })
    expect(senders).toEqual([])
  })
})
