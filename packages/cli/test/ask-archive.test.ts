/** `flowferry ask` straight over an archive, on a real S3 server, and what of the config holds there. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { dailyQuestions } from '@flowferry/answers'
import { byKey } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { awsEnvironment, putAll, s3At } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { type World, world } from '../../../test/worlds/world.ts'
import { askCommand } from '../src/commands/ask.ts'
import { whyCommand } from '../src/commands/why.ts'
import { noSettings, type Settings } from '../src/config/settings.ts'
import { runHere, runWith } from '../src/test-io.ts'

const { test, urls } = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = urls
const env = { ...awsEnvironment(endpoint), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
const s3 = s3At(endpoint)
const time = (iso: string) => iso.replace('.000', '')

let folder: string
let bucket: string
let one: World
beforeAll(async () => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  one = world(1, { noise: 20 })
  if (urls[0]) bucket = await bucketOf(one.files)
}, 60_000)
afterAll(async () => {
  vi.unstubAllEnvs()
  s3.destroy()
  await rm(folder, { recursive: true })
})

async function bucketOf(files: World['files']): Promise<string> {
  const name = `ask-${randomUUID().slice(0, 8)}`
  await s3.send(new CreateBucketCommand({ Bucket: name }))
  await putAll(s3, name, files)
  return name
}

const span = () => ({ since: time(one.since), until: time(one.until) })
const ask = (question: string, from: string, ...more: string[]) =>
  runHere(['ask', question, '--from', from, '--since', span().since, '--until', span().until, ...more], { env })
const asked = async (question: string, settings: Settings) => {
  const options = { from: `s3://${bucket}`, json: true, ...span() }
  const { stdout, stderr } = await runWith((io) => askCommand(question, options, io, settings), { env })
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout)
}

describe('flowferry ask over an archive', () => {
  test('has the rows of a file of the same records, and reads no other logs', async () => {
    const database = join(folder, 'logs.db')
    const { code, stderr } = await runHere(['ingest', `s3://${bucket}`, '--to', `duckdb:${database}`], { env })
    expect(code, stderr).toBe(0)
    const count = (part: string) => one.files.filter(({ key }) => key.includes(part)).length
    const found: Record<string, number> = {}
    // One that looks back a day, one that looks around, one of other logs, one of logs that are not there.
    const names = ['rejected-now', 'unanswered', 'network-changes', 'cdn-errors']
    for (const { name, formats } of dailyQuestions.filter((question) => names.includes(question.name))) {
      const stored = JSON.parse((await ask(name, `duckdb:${database}`, '--json')).stdout)
      const { archive, ...read } = JSON.parse((await ask(name, `s3://${bucket}`, '--json')).stdout)
      expect(read.rows, name).toEqual(stored.rows)
      expect(read.partial === null, name).toBe(stored.partial === null)
      const own = { 'aws.vpcflow': '/vpcflowlogs/', 'aws.cloudtrail': '/CloudTrail/' }[formats[0]!]
      expect(archive.objects, name).toBeLessThanOrEqual(own === undefined ? 0 : count(own))
      expect(archive.requests.get, name).toBe(archive.objects)
      found[name] = read.rows.length
    }
    expect(found).toMatchObject({ 'rejected-now': 5, 'network-changes': 2 })
  })

  test('says what it took, and first what could not be read', async () => {
    const whole = await ask('talkers', `s3://${bucket}`)
    expect(whole.stderr).toMatch(/^reads \d+ objects of s3:\/\/ask-\w+, .*\nread \d+ objects, .* GET requests; /)
    expect(whole.code).toBe(0)
    const damaged = await bucketOf(one.files)
    const { key, body } = one.files.find((file) => file.key.includes('/vpcflowlogs/'))!
    const Body = body.subarray(0, body.length - 30)
    await s3.send(new PutObjectCommand({ Bucket: damaged, Key: key, Body }))
    const { code, stdout, stderr } = await ask('talkers', `s3://${damaged}`)
    expect(stdout).toMatch(/^Not the whole answer: /)
    expect(stdout.split('\n')[0]).toContain(`${key} could not be read`)
    expect(stderr).toContain(key)
    expect(code).toBe(5)
    const elsewhere = await ask('talkers', `s3://${bucket}`, '--account', '999988887777')
    expect(elsewhere.stdout).toContain('has no object of the span for VPC')
    expect(elsewhere.code).toBe(5)
  })
})

describe('of the config', () => {
  const isReject = (record: unknown) => (record as { readonly action?: string }).action === 'REJECT'

  test('the filter holds for what is counted, as for ingest, and not for a diagnosis', async () => {
    const settings = { ...noSettings, filter: (record: unknown) => !isReject(record) }
    const whole = await asked('rejected-now', noSettings)
    expect(whole.rows.length).toBeGreaterThan(0)
    expect(await asked('rejected-now', settings)).toMatchObject({ rows: [], partial: null })

    const options = { from: `s3://${bucket}`, json: true, ...span() }
    const why = (config: Settings) =>
      runWith((io) => whyCommand(one.a, `${one.b}:${one.port}`, options, io, config), { env })
    const [plain, filtered] = [await why(noSettings), await why(settings)]
    const told = ({ stdout }: typeof plain) => ({ ...JSON.parse(stdout), archive: {} })
    expect(told(filtered)).toEqual(told(plain))
    expect(told(plain)).toMatchObject({ cause: 'blocked-at-target' })
    expect(filtered.stderr).toContain("note: why reads what the config's filter would drop, too")
  })

  test("a format of one's own reads files that AWS's does not", async () => {
    const fields = ['interface-id', 'srcaddr', 'dstaddr', 'dstport', 'bytes', 'start', 'end', 'action'] as const
    const at = Math.floor(Date.parse(one.since) / 1000) + 600
    const line = `eni-1 10.0.3.7 203.0.113.9 443 1500 ${at} ${at + 50} ACCEPT\n`
    const { key } = one.files.find((file) => file.key.includes('/vpcflowlogs/') && near(file.key, at))!
    const headerless = await bucketOf([{ ...one.files[0]!, key, body: gzipSync(line) }])
    const options = { from: `s3://${headerless}`, json: true, ...span() }
    const talkers = (settings: Settings) =>
      runWith((io) => askCommand('talkers', options, io, settings), { env }).then(({ stdout }) => JSON.parse(stdout))
    expect((await talkers(noSettings)).partial.why).toContain('could not be read')
    const formats = { 'vpc-flow': byKey([[/\/vpcflowlogs\//, vpcFlow.withFields(fields)]]) }
    expect(await talkers({ ...noSettings, formats })).toMatchObject({
      rows: [{ 'source.ip': '10.0.3.7', 'destination.ip': '203.0.113.9', bytes: 1500 }],
      partial: null,
    })
  })
})

/** Whether a key names a time within half an hour after the second. */
function near(key: string, second: number): boolean {
  const [, date, hours, minutes] = /_(\d{8})T(\d\d)(\d\d)Z/.exec(key) ?? []
  if (date === undefined) return false
  const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${hours}:${minutes}:00Z`
  const later = Date.parse(iso) / 1000 - second
  return later >= 0 && later < 1800
}
