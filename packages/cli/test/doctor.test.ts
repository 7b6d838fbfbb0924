/** `flowferry doctor` against real servers: what is well, and what is broken one by one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  DeleteRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3'
import { SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, vi } from 'vitest'
import { awsEnvironment, createStack, type Stack } from '../../../test/support/aws.ts'
import { propertiesOf, resolvedTemplate } from '../../../test/support/cloudformation.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import type { Check } from '../src/doctor/check.ts'
import { runHere } from '../src/test-io.ts'

const aws = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = aws.urls
const env = { ...awsEnvironment(endpoint), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
beforeEach(() => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
})
afterEach(() => vi.unstubAllEnvs())

async function doctor(...args: string[]) {
  const { code, stdout, stderr } = await runHere(
    ['doctor', '--json', ...(args.includes('--config') ? [] : ['--no-config']), ...args],
    { env },
  )
  const { checks } = stdout === '' ? { checks: [] } : (JSON.parse(stdout) as { checks: Check[] })
  return { code, stderr, checks, by: Object.fromEntries(checks.map((one) => [one.check, one])) }
}
const statuses = (checks: readonly Check[]) => checks.map(({ check, status }) => `${check}: ${status}`)

describe('of AWS', () => {
  let stack: Stack
  const { test } = aws
  beforeAll(async () => {
    if (!aws.urls[0]) return
    stack = await createStack(endpoint, { visibilitySeconds: 720 })
    await allow(stack.bucket)
    const now = new Date().toISOString()
    const end = Math.floor(Date.now() / 1000)
    await stack.put(
      `AWSLogs/123456789012/vpcflowlogs/us-east-1/${now.slice(0, 10).replaceAll('-', '/')}/123456789012_vpcflowlogs_us-east-1_fl-1_${now.slice(0, 16).replace(/[-:]/g, '')}Z_ab.log.gz`,
      gzipSync(`version srcaddr dstaddr action end\n5 10.0.0.1 10.0.0.2 REJECT ${end}\n`),
    )
  })
  afterAll(() => stack?.close())

  const set = (Attributes: Record<string, string>) =>
    stack.sqs.send(new SetQueueAttributesCommand({ QueueUrl: stack.queueUrl, Attributes }))
  const allow = (bucket: string) =>
    set({
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 's3.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: stack.queueArn,
            Condition: { ArnEquals: { 'aws:SourceArn': `arn:aws:s3:::${bucket}` } },
          },
        ],
      }),
    })
  const all = () => doctor('--bucket', `s3://${stack.bucket}`, '--queue', stack.queueUrl, '--function-timeout', '120s')

  test('a bucket that tells its queue itself is well, but for what its flow log lacks', async () => {
    const depth = await stack.depth(stack.queueUrl)
    const { code, checks, by } = await all()
    expect(statuses(checks)).toEqual([
      'config: not checked',
      'region: ok',
      'credentials: ok',
      'bucket: ok',
      'objects vpcflowlogs: ok',
      'reading vpcflowlogs: ok',
      'clock of S3: ok',
      'flow log fields: warning',
      'flow log: not checked',
      'queue: ok',
      'visibility: ok',
      'redrive policy: ok',
      'dead letters: ok',
      'oldest message: not checked',
      'queue policy: ok',
      'notification: ok',
      'store: not checked',
    ])
    expect(by['flow log fields']!.details).toContain('without tcp-flags: SYN, reset and end of connections')
    expect(code).toBe(0)
    // It took no message.
    expect(await stack.depth(stack.queueUrl)).toBe(depth)
  })

  test('what is broken is told, each by itself, and ends with 4', async () => {
    const { s3, sqs, bucket, queueArn } = stack
    await set({ VisibilityTimeout: '30' })
    await allow('another-bucket')
    await sqs.send(new SendMessageCommand({ QueueUrl: stack.deadLetterQueueUrl, MessageBody: 'x' }))
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration: {} }))
    const broken = await all()
    expect(statuses(broken.checks.filter(({ status }) => status === 'fault' || status === 'warning'))).toEqual([
      'flow log fields: warning',
      'visibility: fault',
      'dead letters: warning',
      'queue policy: fault',
      'notification: fault',
    ])
    expect(broken.code).toBe(4)
    const QueueConfigurations = [
      {
        QueueArn: queueArn,
        Events: ['s3:ObjectCreated:*' as const],
        Filter: { Key: { FilterRules: [{ Name: 'suffix' as const, Value: '.csv' }] } },
      },
    ]
    const filtered = { Bucket: bucket, NotificationConfiguration: { QueueConfigurations } }
    await s3.send(new PutBucketNotificationConfigurationCommand(filtered))
    expect((await all()).by.notification).toMatchObject({
      status: 'fault',
      what: expect.stringContaining('suffix .csv'),
    })
  })

  test('the way of the template, by EventBridge, is well, and what is broken of it is told', async () => {
    const { s3, bucket, queueArn } = stack
    const events = new EventBridgeClient({ endpoint, region: 'us-east-1' })
    const rule = `${bucket}-uploads`
    const template = resolvedTemplate('examples/lambda/template.yaml', {
      SearchUrl: 'https://search.example',
      LogBucketName: bucket,
    })
    const { EventPattern: pattern, Targets } = propertiesOf(template, 'Uploads')
    const put = (detail: object = pattern.detail) =>
      events.send(new PutRuleCommand({ Name: rule, EventPattern: JSON.stringify({ ...pattern, detail }) }))
    const target = (more: object = {}) =>
      events.send(new PutTargetsCommand({ Rule: rule, Targets: [{ Id: Targets[0].Id, Arn: queueArn, ...more }] }))
    const NotificationConfiguration = { EventBridgeConfiguration: {} }
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }))
    await set({ VisibilityTimeout: '720' })
    try {
      const none = await all()
      expect(none.by.notification).toMatchObject({ status: 'fault', what: expect.stringContaining('no rule') })
      expect(none.code).toBe(4)

      const { RuleArn = '' } = await put()
      await target()
      expect((await all()).by['queue policy']).toMatchObject({
        status: 'fault',
        todo: expect.stringContaining(RuleArn),
      })
      const policy = JSON.stringify(propertiesOf(template, 'QueuePolicy').PolicyDocument)
      await set({
        Policy: policy.replaceAll(/arn:aws:sqs:[^"]+/g, queueArn).replaceAll(/arn:aws:events:[^"]+/g, RuleArn),
      })
      const depth = await stack.depth(stack.queueUrl)
      const { code, by } = await all()
      expect(by.notification).toMatchObject({ status: 'ok', what: `EventBridge's rule ${rule} to the queue` })
      expect(by['queue policy']).toMatchObject({ status: 'ok', what: `EventBridge may send for the rule ${rule}` })
      expect(code).toBe(0)
      expect(await stack.depth(stack.queueUrl)).toBe(depth)

      const statusOf = async (object: object) => {
        await put({ ...pattern.detail, ...object })
        return (await all()).by.notification!.status
      }
      const key = (filter: object) => ({ object: { key: [filter] } })
      for (const told of [
        { prefix: 'AWSLogs/' },
        { suffix: '.log.gz' },
        { wildcard: 'AWSLogs/*/vpcflowlogs/*.gz' },
        { 'anything-but': { prefix: 'tmp/' } },
        { suffix: { 'equals-ignore-case': '.LOG.GZ' } },
        { exists: true },
      ])
        expect(await statusOf(key(told)), JSON.stringify(told)).toBe('ok')
      for (const untold of [{ prefix: 'tmp/' }, { suffix: '.csv' }, { exists: false }])
        expect(await statusOf(key(untold)), JSON.stringify(untold)).toBe('fault')
      expect(await statusOf({ object: { size: [{ numeric: ['>', 0] }] } })).toBe('ok')
      expect(await statusOf({ reason: ['PutObject'] })).toBe('warning')
      expect(await statusOf({ requester: ['123456789012'] })).toBe('unknown')

      await put()
      await target({ InputPath: '$.detail' })
      expect(await all()).toMatchObject({ code: 5, by: { notification: { status: 'unknown' } } })
      await target()
      await events.send(new DisableRuleCommand({ Name: rule }))
      expect((await all()).by.notification).toMatchObject({
        status: 'fault',
        todo: `aws events enable-rule --region us-east-1 --name ${rule}`,
      })
    } finally {
      await events.send(new RemoveTargetsCommand({ Rule: rule, Ids: [Targets[0].Id] }))
      await events.send(new DeleteRuleCommand({ Name: rule }))
      events.destroy()
    }
  })

  test('what is not there is told, and what is not named is not asked', async () => {
    const nowhere = await doctor('--bucket', 'no-such-bucket-of-ours', '--queue', `${stack.queueUrl}-none`)
    expect(nowhere.by.bucket!.status).toBe('fault')
    expect(nowhere.by.queue!.status).toBe('fault')
    expect(nowhere.code).toBe(4)
    const none = await doctor()
    expect(none.code).toBe(0)
    expect(new Set(none.checks.map(({ status }) => status))).toEqual(new Set(['not checked']))
    for (const wrong of [
      ['--queue', 'logs'],
      ['--function-timeout', '2m'],
      ['--url', 'http://127.0.0.1:1'],
      ['--to', 'x'],
    ])
      expect((await doctor(...wrong)).code, wrong.join(' ')).toBe(2)
    vi.stubEnv('AWS_REGION', '')
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere')
    expect((await doctor('--bucket', stack.bucket)).by.region!.status).toBe('fault')
  })
})

/** A format of this suite's own: of other suites' templates and data streams it hangs on none, and leaves them none. */
const config = `export default { formats: { 'of-doctor': {
  formats: [{
    kind: 'of-doctor', title: 'Of doctor', dataset: 'doctor.of-tests', fields: [], archive: [],
    mapping: { message: { type: 'text' }, 'source.ip': { type: 'ip' } },
  }],
  claims: () => undefined,
  async *parse() {},
} } }
`

describe.each(['elasticsearch', 'opensearch'] as const)('of %s', (engine) => {
  const { test, urls } = onServers(engine)
  const [url = 'http://127.0.0.1:1'] = urls
  const template = 'flowferry-doctor.of-tests'
  const at = (...args: string[]) => doctor('--to', engine, '--url', url, ...args)
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-doctor-'))
    await writeFile(join(folder, 'flowferry.config.mjs'), config)
  })
  afterAll(() => rm(folder, { recursive: true }))
  const own = () => ['--config', join(folder, 'flowferry.config.mjs'), '--format', 'of-doctor']

  test('a template that is missing is a fault, one of this version is in force, and one of another setting is told', async () => {
    const { ask } = searchServer(url)
    expect((await at(...own())).by.templates).toMatchObject({ status: 'fault', details: [template] })
    const said = await runHere(['setup', '--to', engine, '--url', url, ...own()], { env })
    expect(said.code, said.stderr).toBe(0)
    try {
      const { by } = await at(...own())
      expect(by.store).toMatchObject({
        status: 'ok',
        what: expect.stringContaining(engine === 'opensearch' ? 'OpenSearch ' : 'Elasticsearch '),
      })
      expect(by.templates, JSON.stringify(by.templates)).toMatchObject({ status: 'ok' })
      expect(by['clock of the store']!.status).toBe('ok')
      expect(by.writing!.status).toBe(engine === 'opensearch' ? 'not checked' : 'warning')
      expect(['ok', 'warning']).toContain(by.cluster!.status)
      expect(['ok', 'warning']).toContain(by.disk!.status)

      const { index_templates: found } = (await ask('GET', `/_index_template/${template}`)) as {
        index_templates: { index_template: { template: { mappings: { properties: Record<string, unknown> } } } }[]
      }
      // Elasticsearch 9.2 and newer state when it was made.
      const body = Object.fromEntries(
        Object.entries(found[0]!.index_template).filter(([name]) => !/^(?:created|modified)_date/.test(name)),
      ) as (typeof found)[0]['index_template']
      const { 'source.ip': _, ...properties } = body.template.mappings.properties
      const mappings = { ...body.template.mappings, properties }
      await ask('PUT', `/_index_template/${template}`, { ...body, template: { ...body.template, mappings } })
      expect((await at(...own())).by.templates).toMatchObject({ status: 'warning', details: [template] })
    } finally {
      await ask('DELETE', `/_index_template/${template}`)
    }
  })

  test('a block on what is written now is a fault, and so is another product', async () => {
    const { ask } = searchServer(url)
    const stream = 'logs-doctor.of-tests-default'
    const setup = ['setup', '--to', engine, '--url', url, ...own()]
    expect((await runHere(setup, { env })).code).toBe(0)
    const block = async (index: string, value: true | null) =>
      ask('PUT', `/${index}/_settings`, { 'index.blocks.read_only_allow_delete': value })
    try {
      await ask('PUT', `/_data_stream/${stream}`)
      await ask('POST', `/${stream}/_rollover`)
      const { data_streams: found } = (await ask('GET', `/_data_stream/${stream}`)) as {
        data_streams: { indices: { index_name: string }[] }[]
      }
      const [old, last] = found[0]!.indices.map(({ index_name: name }) => name)
      await block(old!, true)
      expect((await at(...own())).by.blocks).toMatchObject({ status: 'ok' })
      const names = engine === 'elasticsearch' ? [stream, `${stream}-alias`] : [stream]
      for (const alias of names.slice(1))
        await ask('POST', '/_aliases', { actions: [{ add: { index: stream, alias } }] })
      for (const name of names) expect((await at(...own(), '--index', name)).by.blocks!.status, name).toBe('ok')
      await block(last!, true)
      for (const name of names)
        expect((await at(...own(), '--index', name)).by.blocks!.details, name).toEqual([
          `${last}: index.blocks.read_only_allow_delete`,
        ])
      const { code, by } = await at(...own())
      expect(by.blocks).toMatchObject({ status: 'fault', details: [`${last}: index.blocks.read_only_allow_delete`] })
      expect(code).toBe(4)
      // It is of no other log.
      expect((await at('--format', 'vpc-flow')).by.blocks!.details ?? []).not.toContain(by.blocks!.details![0])
      await block(old!, null)
      await block(last!, null)
    } finally {
      await ask('DELETE', `/_data_stream/${stream}`)
      await ask('DELETE', `/_index_template/${template}`)
    }
    const other = engine === 'elasticsearch' ? 'opensearch' : 'elasticsearch'
    expect((await doctor('--to', other, '--url', url)).by.store!.status).toBe('fault')
    expect((await doctor('--to', engine, '--url', 'http://127.0.0.1:9')).by.store!.status).toBe('fault')
  })

  test('of an alias the index that is written is looked at, of dated ones the newest that is there', async () => {
    const { ask } = searchServer(url)
    const name = `doctor-${process.pid}-${engine}`
    const dated = 'logs-doctor.of-tests-default'
    const indices = [`${name}-1`, `${name}-2`, `${dated}-2026.01.01`, `${dated}-2026.01.02`]
    const block = (index: string, value: true | null) =>
      ask('PUT', `/${index}/_settings`, { 'index.blocks.write': value })
    const blocks = async (...args: string[]) => (await at(...own(), ...args)).by.blocks!
    try {
      for (const index of indices) await ask('PUT', `/${index}`)
      const [old, last, ...days] = indices as [string, string, ...string[]]
      const write = (is_write_index: boolean | undefined) =>
        ask('POST', '/_aliases', {
          actions: [
            { add: { index: old, alias: name } },
            { add: { index: last, alias: name, ...(is_write_index !== undefined && { is_write_index }) } },
          ],
        })
      await write(undefined)
      expect(await blocks('--index', name)).toMatchObject({ status: 'fault', details: [old, last] })
      await write(true)
      await block(old, true)
      expect((await blocks('--index', name)).status).toBe('ok')
      expect((await blocks('--index', old)).status).toBe('fault')
      await block(last, true)
      expect((await blocks('--index', name)).details).toEqual([`${last}: index.blocks.write`])

      await block(days[0]!, true)
      expect((await blocks('--index-per', 'day')).status).toBe('ok')
      await block(days[1]!, true)
      expect((await blocks('--index-per', 'day')).details).toEqual([`${days[1]}: index.blocks.write`])
    } finally {
      for (const index of indices) await ask('DELETE', `/${index}`)
    }
  })
})

describe('of DuckDB', () => {
  const { test } = onServers()
  test('a file that is not there can be made', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
    try {
      expect((await doctor('--to', `duckdb:${folder}/logs.db`)).by.store!.status).toBe('ok')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
