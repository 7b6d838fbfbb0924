import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ofType, propertiesOf, resolvedTemplate, statementsOf } from '../../../test/support/cloudformation.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const policy = (name: string) => JSON.parse(read(`../policies/${name}.json`))

const least = {
  Image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/flowferry:1',
  RepositoryArn: 'arn:aws:ecr:eu-central-1:123456789012:repository/flowferry',
  ClusterName: 'ours',
  SubnetIds: 'subnet-1,subnet-2',
  SecurityGroupIds: 'sg-1',
  SearchUrl: 'https://search.example',
  LogBucketName: 'my-logs',
}
const everything = {
  ...least,
  KeyPrefix: 'AWSLogs/',
  LogBucketKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555',
  SearchSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:search-AbCdEf',
  SearchSecretKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/66666666-7777-8888-9999-000000000000',
  AlarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:ours',
}
const stack = (parameters: Record<string, string> = least) =>
  resolvedTemplate('examples/worker/template.yaml', parameters)
const containerOf = (parameters?: Record<string, string>) =>
  propertiesOf(stack(parameters), 'TaskDefinition').ContainerDefinitions[0]
/** Names and values of the environment. */
const environment = (parameters?: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    containerOf(parameters).Environment.map(({ Name, Value }: Record<string, string>) => [Name, String(Value)]),
  )

interface Metric {
  readonly Id: string
  readonly ReturnData: boolean
  readonly Expression?: string
  readonly MetricStat?: { readonly Stat: string; readonly Metric: { readonly MetricName: string } }
}

describe('rights', () => {
  const { resources } = stack(everything)

  it('are those of policies/', () => {
    expect(statementsOf(resources.TaskRole)).toEqual(policy('task').Statement)
    expect(statementsOf(resources.ExecutionRole)).toEqual(policy('execution').Statement)
  })

  it('are no more than what is used, and name what they are on', () => {
    const sids = (name: string) => statementsOf(stack().resources[name]).map(({ Sid }) => Sid)
    expect(sids('TaskRole')).toEqual(['Objects', 'ObjectsThatAreGone', 'Queue', 'DeadLetters'])
    expect(sids('ExecutionRole')).toEqual(['Registry', 'Image', 'Logs'])
    for (const [name] of ofType(stack(everything), 'AWS::IAM::Role'))
      for (const { Action, Resource } of statementsOf(resources[name])) {
        if (Action !== 'ecr:GetAuthorizationToken') expect(Resource).not.toBe('*')
        for (const action of [Action].flat()) expect(action).not.toContain('*')
      }
  })

  it('let the rule alone send messages', () => {
    const [statement, ...others] = propertiesOf(stack(), 'QueuePolicy').PolicyDocument.Statement
    expect(others).toEqual([])
    expect(statement).toMatchObject({
      Action: 'sqs:SendMessage',
      Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:eu-central-1:123456789012:rule/flowferry-Uploads' } },
    })
  })
})

describe('settings that belong together', () => {
  const { StopTimeout, HealthCheck } = containerOf()
  const drain = Number(environment().DRAIN_SECONDS)

  it('leave the worker time to drain: `consume` ends four seconds after it', () => {
    // The wait of a poll that is on its way, by default.
    expect(drain).toBeGreaterThan(20)
    expect(StopTimeout).toBeGreaterThanOrEqual(drain + 4)
    // Fargate's most.
    expect(StopTimeout).toBeLessThanOrEqual(120)
  })

  it('leave it an attempt before SQS moves the message, and a receive is not over before it stops', () => {
    const { RedrivePolicy, VisibilityTimeout } = propertiesOf(stack(), 'Queue')
    expect(RedrivePolicy.maxReceiveCount).toBeGreaterThan(2)
    expect(VisibilityTimeout).toBeGreaterThan(StopTimeout)
  })

  it('ask the endpoint where it is', () => {
    expect(HealthCheck.Command).toEqual(['CMD', 'node', 'health.mjs'])
    expect(environment().HTTP_PORT).toBe('8080')
    // Nobody else reaches it.
    expect(environment()).not.toHaveProperty('HTTP_HOST')
  })
})

it('sets what the code reads, and credentials in no definition of a task', () => {
  const code = read('./environment.ts') + read('./health.ts')
  const set = Object.keys(environment(everything))
  for (const name of set) expect(code).toMatch(new RegExp(`\\b${name}\\b`))
  const secrets = (Target: string) =>
    containerOf({ ...everything, Target }).Secrets.map(({ Name, ValueFrom }: Record<string, string>) => [
      Name,
      ValueFrom,
    ])
  const { SearchSecretArn: arn } = everything
  expect(secrets('elasticsearch')).toEqual([['SEARCH_API_KEY', `${arn}:apiKey::`]])
  expect(secrets('opensearch')).toEqual([
    ['SEARCH_USERNAME', `${arn}:username::`],
    ['SEARCH_PASSWORD', `${arn}:password::`],
  ])
  for (const [name] of [...secrets('elasticsearch'), ...secrets('opensearch')]) expect(code).toContain(name)
  expect(containerOf()).not.toHaveProperty('Secrets')
  // Each is set, by the template or as a secret.
  const needed = [...code.matchAll(/required\(('[^)]+')\)/g)].flatMap(([, names]) => names!.match(/[A-Z_]+/g)!)
  expect(needed).toContain('QUEUE_URL')
  expect(set).toEqual(expect.arrayContaining(needed))
})

it('runs the handler of the target, as nobody who may change the image', () => {
  expect(containerOf({ ...least, Target: 'opensearch' })).toMatchObject({
    Command: ['opensearch.mjs'],
    ReadonlyRootFilesystem: true,
  })
  expect(read('../Dockerfile')).toMatch(/^USER 1000:1000$/m)
})

it('has as many tasks as the queue needs, those in work with them', () => {
  const { TargetValue, CustomizedMetricSpecification } = propertiesOf(
    stack({ ...least, MessagesPerTask: '40' }),
    'TasksByQueue',
  ).TargetTrackingScalingPolicyConfiguration
  expect(Number(TargetValue)).toBe(40)
  const metrics: Metric[] = CustomizedMetricSpecification.Metrics
  expect(metrics.map(({ Id, MetricStat }) => [Id, MetricStat?.Metric.MetricName, MetricStat?.Stat])).toEqual([
    ['waiting', 'ApproximateNumberOfMessagesVisible', 'Maximum'],
    ['work', 'ApproximateNumberOfMessagesNotVisible', 'Maximum'],
    ['tasks', 'CPUUtilization', 'SampleCount'],
    ['share', undefined, undefined],
  ])
  // One expression alone is what is tracked, and it names the others.
  const [share, ...others] = metrics.filter(({ ReturnData }) => ReturnData)
  expect(others).toEqual([])
  expect([...share!.Expression!.matchAll(/[a-z]+/g)].map(([name]) => name)).toEqual(['waiting', 'work', 'tasks'])
  expect(propertiesOf(stack(), 'Tasks')).toMatchObject({ ResourceId: 'service/ours/flowferry-Service' })
  // What a new service, which begins with one task, is raised to.
  const { MinCapacity, MaxCapacity } = propertiesOf(stack({ ...least, MinTasks: '2', MaxTasks: '6' }), 'Tasks')
  expect([MinCapacity, MaxCapacity].map(Number)).toEqual([2, 6])
  // CloudFormation would set their number back at each deployment.
  expect(propertiesOf(stack(), 'Service')).not.toHaveProperty('DesiredCount')
})

it('names its own logs and metric for malformed lines', () => {
  const { LogGroupName, MetricTransformations } = propertiesOf(stack(), 'MalformedLines')
  const { Namespace, MetricName } = propertiesOf(stack(), 'MalformedAlarm')
  expect(LogGroupName).toBe('flowferry-Logs')
  expect(MetricTransformations).toMatchObject([{ MetricNamespace: Namespace, MetricName, MetricValue: '1' }])
})

it('rings where letters are dead, messages grow old, lines are malformed, or nothing comes', () => {
  for (const [options, topic] of [
    [least, 'flowferry-AlarmTopic'],
    [everything, everything.AlarmTopicArn],
  ] as const) {
    const alarms = ofType(stack(options), 'AWS::CloudWatch::Alarm')
    expect(alarms.map(([, { MetricName, Dimensions }]) => [MetricName, Dimensions?.[0].Value])).toEqual([
      ['ApproximateNumberOfMessagesVisible', 'flowferry-DeadLetterQueue'],
      ['ApproximateAgeOfOldestMessage', 'flowferry-Queue'],
      ['flowferry-malformed', undefined],
      ['Invocations', 'flowferry-Uploads'],
    ])
    for (const [, { AlarmActions, OKActions }] of alarms) expect([AlarmActions, OKActions]).toEqual([[topic], [topic]])
  }
})
