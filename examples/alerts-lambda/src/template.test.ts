import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { propertiesOf, resolvedTemplate, statementsOf } from '../../../test/support/cloudformation.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const stack = (parameters: Record<string, string> = {}) =>
  resolvedTemplate('examples/alerts-lambda/template.yaml', { SearchUrl: 'https://search.example', ...parameters })
const everything = {
  SearchSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:search-AbCdEf',
  SearchSecretKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/66666666-7777-8888-9999-000000000000',
  SubnetIds: 'subnet-1,subnet-2',
  SecurityGroupIds: 'sg-1',
  DeadLetterQueueName: 'dead',
}
const sidsOf = (parameters?: Record<string, string>) =>
  statementsOf(stack(parameters).resources.FunctionRole).map(({ Sid }) => Sid)

it('sets what the code reads, and no credential', () => {
  const code = read('./main.ts') + read('./environment.ts')
  const set = Object.keys(propertiesOf(stack(everything), 'Function').Environment.Variables)
  for (const name of set) {
    expect(code).toMatch(new RegExp(`\\b${name}\\b`))
    expect(name).not.toMatch(/KEY|PASSWORD|USER/)
  }
  const needed = [...code.matchAll(/required\(('[^)]+')\)/g)].flatMap(([, names]) => names!.match(/[A-Z_]+/g)!)
  expect(needed).toContain('STATE_BUCKET')
  expect(set).toEqual(expect.arrayContaining(needed))
  expect(read('../template.yaml')).not.toContain('NoEcho')
})

it('reads its credentials as the other function does', () => {
  expect(read('./main.ts')).toBe(read('../../lambda/src/main.ts'))
  expect(propertiesOf(stack(), 'Function').Handler).toBe('main.handler')
})

it('may do what its options need, on what they name', () => {
  const least = ['State', 'StateThatIsNotThere', 'Topic', 'TopicKey', 'Logs']
  expect(sidsOf()).toEqual(least)
  for (const [options, more] of [
    [{ SearchSecretArn: everything.SearchSecretArn }, ['Secret']],
    [{ SearchSecretKeyArn: everything.SearchSecretKeyArn }, []],
    [{ SubnetIds: 'subnet-1', SecurityGroupIds: 'sg-1' }, ['Network', 'NetworkNotByCode']],
    [{ DeadLetterQueueName: 'dead' }, ['DeadLetters']],
  ] as const)
    expect(sidsOf(options).toSorted()).toEqual([...least, ...more].toSorted())
  for (const { Sid, Resource, Action } of statementsOf(stack(everything).resources.FunctionRole)) {
    if (String(Sid).startsWith('Network')) continue
    expect(Resource, String(Sid)).not.toBe('*')
    for (const action of [Action].flat()) expect(action).not.toContain('*')
  }
  // The state is the object that the code names, where the template names none.
  const [state] = statementsOf(stack().resources.FunctionRole)
  const [, key] = /STATE_KEY \?\? '([^']+)'/.exec(read('./environment.ts'))!
  expect(state!.Resource).toBe(`arn:aws:s3:::flowferry-StateBucket/${key}`)
})

it('goes without an error, and leaves no log that is kept for ever', () => {
  const one = stack({ LogRetentionDays: '7' })
  // CloudFormation deletes no bucket that holds something.
  expect(one.resources.StateBucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
  expect(propertiesOf(one, 'Function').LoggingConfig).toEqual({ LogGroup: 'flowferry-FunctionLogs' })
  expect(Number(propertiesOf(one, 'FunctionLogs').RetentionInDays)).toBe(7)
})

it('is in a VPC where it is told subnets', () => {
  expect(propertiesOf(stack(), 'Function')).not.toHaveProperty('VpcConfig')
  expect(propertiesOf(stack(everything), 'Function').VpcConfig).toEqual({
    SubnetIds: ['subnet-1', 'subnet-2'],
    SecurityGroupIds: ['sg-1'],
  })
})

it('runs to its end before it runs again, and rings where it does not run', () => {
  const { Timeout, Events } = propertiesOf(stack(), 'Function')
  const [, minutes] = /^rate\((\d+) minutes\)$/.exec(Events.Often.Properties.ScheduleExpression)!
  expect(Timeout).toBeLessThan(Number(minutes) * 60)
  expect(propertiesOf(stack(), 'CannotTell')).toMatchObject({ MetricName: 'Errors', TreatMissingData: 'breaching' })
})
