import { readFileSync } from 'node:fs'
import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink } from '@flowferry/core/testing'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { advised } from '../../../packages/answers/src/why/steps.ts'
import {
  metricFilter,
  ofType,
  propertiesOf,
  type Resolved,
  resolvedTemplate,
  statementsOf,
} from '../../../test/support/cloudformation.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const policy = (name: string) => JSON.parse(read(`../policies/${name}.json`))

const stack = (parameters: Record<string, string> = {}) =>
  resolvedTemplate('examples/lambda/template.yaml', { SearchUrl: 'https://search.example', ...parameters })

/** Every option at once, as policies/ has it. */
const everything = {
  LogBucketName: 'my-logs',
  KeyPrefix: 'AWSLogs/',
  LogBucketKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555',
  SearchSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:search-AbCdEf',
  SearchSecretKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/66666666-7777-8888-9999-000000000000',
  SubnetIds: 'subnet-1,subnet-2',
  SecurityGroupIds: 'sg-1',
  AlarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:ours',
  FlowLogVpcId: 'vpc-1',
}
const made = 'flowferry-LogBucket'

describe('rights', () => {
  const whole = stack(everything)

  it('are those of policies/', () => {
    expect(statementsOf(whole.resources.FunctionRole)).toEqual(policy('function').Statement)
    expect(statementsOf(whole.resources.RedriveRole)).toEqual(policy('redrive').Statement)
    expect(propertiesOf(whole, 'QueuePolicy').PolicyDocument).toEqual(policy('queue'))
    expect(propertiesOf(whole, 'DeadLetterQueuePolicy').PolicyDocument).toEqual(policy('dead-letter-queue'))
  })

  it('are no more than what is used: each option brings its own', () => {
    const sids = statementsOf(stack().resources.FunctionRole).map(({ Sid }) => Sid)
    expect(sids).toEqual(['Objects', 'ObjectsThatAreGone', 'Queue', 'DeadLetters', 'Logs'])
    for (const [options, more] of [
      [{ LogBucketKeyArn: everything.LogBucketKeyArn }, ['BucketKey']],
      [{ SearchSecretArn: everything.SearchSecretArn }, ['Secret']],
      [{ SearchSecretKeyArn: everything.SearchSecretKeyArn }, []],
      [{ SubnetIds: 'subnet-1', SecurityGroupIds: 'sg-1' }, ['Network', 'NetworkNotByCode']],
    ] as const)
      expect(statementsOf(stack(options).resources.FunctionRole).map(({ Sid }) => Sid)).toEqual([...sids, ...more])
  })

  it.each([
    ['by default', stack()],
    ['with all options', whole],
  ])('name what they are on, but for what AWS demands: %s', (_, one) => {
    for (const [name, { Type, Properties }] of Object.entries(one.resources)) {
      // SAM would add managed policies, which are on every queue of the account.
      if (Type === 'AWS::Serverless::Function') expect(Properties.Role, name).toMatch(/^arn:aws:iam::.*Role$/)
      if (Type !== 'AWS::IAM::Role') continue
      expect(Properties).not.toHaveProperty('ManagedPolicyArns')
      for (const { Sid, Effect, Action, Resource } of statementsOf(one.resources[name])) {
        if (Sid === 'Network' || Effect === 'Deny') continue
        expect(Resource, String(Sid)).not.toBe('*')
        for (const action of [Action].flat()) expect(action).not.toContain('*')
      }
    }
  })
})

describe('a bucket of the stack', () => {
  const own = stack()

  it('tells the rule as one that is there does, and is the only one that may', () => {
    expect(propertiesOf(own, 'LogBucket').NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    })
    expect(propertiesOf(own, 'Uploads').EventPattern.detail).toEqual({ bucket: { name: [made] } })
    expect(propertiesOf(own, 'QueuePolicy').PolicyDocument).toEqual(policy('queue'))
    expect(own.outputs).toMatchObject({ LogBucket: made })
  })

  it('stays with its policy when the stack goes, and takes no name that the next stack would want', () => {
    for (const name of ['LogBucket', 'LogBucketPolicy'])
      expect(own.resources[name]).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
    expect(propertiesOf(own, 'LogBucket')).not.toHaveProperty('BucketName')
  })

  it('takes a key and a prefix', () => {
    const { LogBucketKeyArn: KMSMasterKeyID, KeyPrefix } = everything
    const one = stack({ LogBucketKeyArn: KMSMasterKeyID, KeyPrefix })
    const { BucketEncryption } = propertiesOf(one, 'LogBucket')
    const [rule] = BucketEncryption.ServerSideEncryptionConfiguration
    expect(rule.ServerSideEncryptionByDefault).toEqual({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID })
    expect(propertiesOf(one, 'Uploads').EventPattern.detail.object).toEqual({ key: [{ prefix: KeyPrefix }] })
  })
})

describe('a bucket that is there', () => {
  const theirs = stack(everything)

  it('is told of by a rule, and nothing of the bucket is changed', () => {
    expect(Object.values(theirs.resources).map(({ Type }) => Type)).not.toContain('AWS::S3::Bucket')
    expect(Object.values(theirs.resources).map(({ Type }) => Type)).not.toContain('AWS::S3::BucketPolicy')
    expect(propertiesOf(theirs, 'Uploads').EventPattern).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['my-logs'] }, object: { key: [{ prefix: 'AWSLogs/' }] } },
    })
    expect(propertiesOf(stack({ LogBucketName: 'my-logs' }), 'Uploads').EventPattern.detail).toEqual({
      bucket: { name: ['my-logs'] },
    })
  })

  it('loses no event that the queue did not take', () => {
    expect(propertiesOf(theirs, 'Uploads').Targets).toEqual([
      {
        Id: 'Queue',
        Arn: 'arn:aws:sqs:eu-central-1:123456789012:flowferry-Queue',
        DeadLetterConfig: { Arn: 'arn:aws:sqs:eu-central-1:123456789012:flowferry-DeadLetterQueue' },
      },
    ])
  })
})

it('takes keys and secrets by ARNs on which a policy grants something', () => {
  const { Parameters } = parse(read('../template.yaml'), { logLevel: 'silent' })
  const takes = (name: string, value: string) => new RegExp(Parameters[name].AllowedPattern).test(value)
  for (const name of ['LogBucketKeyArn', 'SearchSecretKeyArn', 'SearchSecretArn'] as const)
    expect([takes(name, everything[name]), takes(name, '')], name).toEqual([true, true])
  for (const name of ['LogBucketKeyArn', 'SearchSecretKeyArn'])
    expect(takes(name, 'arn:aws:kms:eu-central-1:123456789012:alias/logs')).toBe(false)
  expect(takes('LogBucketKeyArn', 'arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1234abcd')).toBe(true)
})

it.each(['lambda', 'worker', 'alerts-lambda'])('%s: the name that the README gives is no whole ARN', (example) => {
  const { Parameters } = parse(read(`../../${example}/template.yaml`), { logLevel: 'silent' })
  const [, name] = /create-secret --name (\S+)/.exec(read('../README.md'))!
  const takes = (end: string) =>
    new RegExp(Parameters.SearchSecretArn.AllowedPattern).test(
      `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}${end}`,
    )
  expect([takes('-AbCdEf'), takes(''), takes('-'), takes('-??????')]).toEqual([true, false, false, false])
})

it('names in `LOG_BUCKETS` the bucket that a message may name', () => {
  for (const [options, bucket] of [
    [{}, made],
    [everything, 'my-logs'],
  ] as const)
    expect(propertiesOf(stack(options), 'Function').Environment.Variables).toMatchObject({ LOG_BUCKETS: bucket })
})

it('sets what the code reads, and no credential', () => {
  const files = ['main', 'environment', 'redrive'].map((name) => read(`./${name}.ts`)).join('')
  const whole = stack(everything)
  const set = ['Function', 'Redrive'].flatMap((name) => Object.keys(propertiesOf(whole, name).Environment.Variables))
  for (const name of set) expect(files).toMatch(new RegExp(`\\b${name}\\b`))
  const needed = [...files.matchAll(/required\(('[^)]+')\)/g)].flatMap(([, names]) => names!.match(/[A-Z_]+/g)!)
  expect(needed).toContain('QUEUE_URL')
  expect(set).toEqual(expect.arrayContaining(needed))
  for (const name of set) expect(name).not.toMatch(/KEY|PASSWORD|USER/)
  expect(read('../template.yaml')).not.toContain('NoEcho')
})

describe('settings that belong together', () => {
  const one = stack()
  const { Timeout, Environment, Events } = propertiesOf(one, 'Function')
  const { VisibilityTimeout, RedrivePolicy, MessageRetentionPeriod } = propertiesOf(one, 'Queue')
  const attempts = Number(Environment.Variables.MAX_ATTEMPTS)

  it('hide a message for six times the function’s timeout', () => {
    expect(VisibilityTimeout).toBe(6 * Timeout)
  })

  it('let the function give a message up before SQS does, which waits out an hour of an outage of the source', () => {
    expect(attempts).toBeGreaterThan(1)
    expect(RedrivePolicy.deadLetterTargetArn).toBe('arn:aws:sqs:eu-central-1:123456789012:flowferry-DeadLetterQueue')
    expect((RedrivePolicy.maxReceiveCount - attempts) * VisibilityTimeout).toBeGreaterThanOrEqual(3600)
    // So that somebody knows of it before.
    expect(propertiesOf(one, 'OldestMessageAlarm').Threshold).toBeLessThan(
      RedrivePolicy.maxReceiveCount * VisibilityTimeout,
    )
  })

  it('keep messages for longer than all attempts, and dead letters for as long', () => {
    expect(MessageRetentionPeriod).toBeGreaterThan(RedrivePolicy.maxReceiveCount * VisibilityTimeout)
    expect(propertiesOf(one, 'DeadLetterQueue').MessageRetentionPeriod).toBe(MessageRetentionPeriod)
    // Else a message that is given up for an outage would be an alarm of the queue before it is one of the letters.
    expect(propertiesOf(one, 'OldestMessageAlarm').Threshold).toBeGreaterThan(attempts * VisibilityTimeout)
  })

  it('give back what failed alone, and let the function continue large files: Lambda would stop the loop', () => {
    expect(Events.Uploads.Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures'])
    expect(propertiesOf(one, 'Function').RecursiveLoop).toBe('Allow')
  })
})

describe('alarms', () => {
  const alarms = (one: Resolved) => ofType(one, 'AWS::CloudWatch::Alarm')

  it('are told to a topic of the stack, or to yours, and so is their end', () => {
    for (const [options, topic] of [
      [{}, 'flowferry-AlarmTopic'],
      [everything, everything.AlarmTopicArn],
    ] as const) {
      const all = alarms(stack(options))
      expect(all).toHaveLength(7)
      for (const [name, { AlarmActions, OKActions }] of all)
        expect([AlarmActions, OKActions], name).toEqual([[topic], [topic]])
    }
    expect(stack(everything).resources).not.toHaveProperty('AlarmTopic')
  })

  it('are on any dead letter, age, errors, throttles, malformed lines, and hours without an upload', () => {
    const all = Object.fromEntries(alarms(stack({ NoDataHours: '12' })))
    const shown = Object.entries(all).map(([name, { MetricName, Dimensions, Threshold, TreatMissingData }]) => [
      name,
      MetricName,
      Dimensions?.[0].Value,
      Number(Threshold),
      TreatMissingData,
    ])
    expect(shown).toEqual([
      ['DeadLettersAlarm', 'ApproximateNumberOfMessagesVisible', 'flowferry-DeadLetterQueue', 0, 'notBreaching'],
      ['OldestMessageAlarm', 'ApproximateAgeOfOldestMessage', 'flowferry-Queue', 3600, 'notBreaching'],
      ['ErrorsAlarm', 'Errors', 'flowferry-Function', 0, 'notBreaching'],
      ['ThrottlesAlarm', 'Throttles', 'flowferry-Function', 0, 'notBreaching'],
      ['MalformedAlarm', 'flowferry-malformed', undefined, 0, 'notBreaching'],
      ['NoDataAlarm', 'Invocations', 'flowferry-Uploads', 1, 'breaching'],
      ['RedriveErrorsAlarm', 'Errors', 'flowferry-Redrive', 0, 'notBreaching'],
    ])
    expect(all.NoDataAlarm).toMatchObject({ Statistic: 'Sum', Period: 3600, ComparisonOperator: 'LessThanThreshold' })
    expect(Number(all.NoDataAlarm!.EvaluationPeriods)).toBe(12)
  })

  it('count the reports with malformed lines, as the function logs them, and no other line', async () => {
    const { LogGroupName, FilterPattern, MetricTransformations } = propertiesOf(stack(), 'MalformedLines')
    const { Namespace, MetricName } = propertiesOf(stack(), 'MalformedAlarm')
    expect(LogGroupName).toBe('flowferry-FunctionLogs')
    expect(MetricTransformations).toMatchObject([{ MetricNamespace: Namespace, MetricName, MetricValue: '1' }])
    const counts = metricFilter(FilterPattern)
    const lines = Array.from({ length: 20 }, (_, n) => `5 192.0.2.1 192.0.2.2 ${1_795_339_000 + n}`)
    const logged = async (last: string) => {
      const body = ['version srcaddr dstaddr end', ...lines, last].join('\n')
      const source = [{ messageId: '1', objects: [memoryObject({ key: 'malformed":1', body })] }]
      // Lambda puts time, request and level before it.
      return `2026-12-02T10:00:00.000Z\tid\tERROR\t${JSON.stringify(await ingest({ source, parser: vpcFlow, sink: memorySink() }))}`
    }
    expect([counts(await logged('no flow log')), counts(await logged(lines[0]!))]).toEqual([true, false])
  })
})

describe('the flow log', () => {
  const fields = (one: Resolved) =>
    [...propertiesOf(one, 'FlowLog').LogFormat.matchAll(/\$\{([a-z-]+)\}/g)].map(([, name]) => name)

  it('has the fields that `why` advises, each of which is one of the format', () => {
    const names = fields(stack({ FlowLogVpcId: 'vpc-1' }))
    expect(names).toEqual(expect.arrayContaining(advised))
    expect(new Set(names).size).toBe(names.length)
    const known = new Set(vpcFlow.formats[0]!.fields!.map(({ name }) => name))
    expect(names.filter((name) => !known.has(name!))).toEqual([])
    // AWS takes them between single spaces.
    expect(propertiesOf(stack({ FlowLogVpcId: 'vpc-1' }), 'FlowLog').LogFormat).toBe(
      names.map((name) => `\${${name}}`).join(' '),
    )
  })

  it('is made where what it writes is read', () => {
    const { Rules } = parse(read('../template.yaml'), { logLevel: 'silent' })
    const { RuleCondition, Assertions } = Rules.FlowLogIsRead
    expect(RuleCondition).toEqual([['FlowLogVpcId', '']])
    const [prefixes, parameter] = Assertions[0].Assert['Fn::Contains']
    expect(parameter).toBe('KeyPrefix')
    for (const prefix of prefixes) expect('AWSLogs/123456789012/vpcflowlogs/').toMatch(new RegExp(`^${prefix}`))
    expect(prefixes).toContain(everything.KeyPrefix)
  })

  it('keeps rejects and accepts of a minute, in the bucket', () => {
    for (const [options, bucket] of [
      [{ FlowLogVpcId: 'vpc-1' }, made],
      [everything, 'my-logs'],
    ] as const)
      expect(propertiesOf(stack(options), 'FlowLog')).toMatchObject({
        ResourceType: 'VPC',
        ResourceId: 'vpc-1',
        TrafficType: 'ALL',
        MaxAggregationInterval: 60,
        LogDestination: `arn:aws:s3:::${bucket}`,
      })
    expect(stack().resources).not.toHaveProperty('FlowLog')
  })
})

it('keeps its logs for a time, and is in a VPC where it is told subnets', () => {
  const one = stack({ LogRetentionDays: '7' })
  for (const [name, logs] of [
    ['Function', 'FunctionLogs'],
    ['Redrive', 'RedriveLogs'],
  ] as const) {
    expect(propertiesOf(one, name).LoggingConfig).toEqual({ LogGroup: `flowferry-${logs}` })
    expect(Number(propertiesOf(one, logs).RetentionInDays)).toBe(7)
  }
  expect(propertiesOf(one, 'Function')).not.toHaveProperty('VpcConfig')
  expect(propertiesOf(stack(everything), 'Function').VpcConfig).toEqual({
    SubnetIds: ['subnet-1', 'subnet-2'],
    SecurityGroupIds: ['sg-1'],
  })
})

it('redrives by a schedule, or never', () => {
  expect(propertiesOf(stack({ RedriveSchedule: 'rate(2 hours)' }), 'Redrive').Events.Often.Properties).toMatchObject({
    ScheduleExpression: 'rate(2 hours)',
  })
  const { resources } = stack({ RedriveSchedule: '' })
  expect(Object.keys(resources).filter((name) => name.startsWith('Redrive'))).toEqual([])
})
