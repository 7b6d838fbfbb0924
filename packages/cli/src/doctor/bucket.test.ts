import { execFileSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import type { S3 } from '@flowferry/source-s3'
import { describe, expect, it } from 'vitest'
import { fakeS3 } from '../../../source-s3/test/fake-s3.ts'
import { parserFor } from '../formats.ts'
import { checkBucket } from './bucket.ts'

const minute = 60_000
const now = Date.parse('2026-11-22T12:00:00Z')
const flows = 'version srcaddr dstaddr action end\n5 10.0.0.1 10.0.0.2 REJECT 1795348000\n'
const keyAt = (time: number) => {
  const iso = new Date(time).toISOString()
  return `AWSLogs/123456789012/vpcflowlogs/eu-central-1/${iso.slice(0, 10).replaceAll('-', '/')}/123456789012_vpcflowlogs_eu-central-1_fl-1_${iso.slice(0, 16).replace(/[-:]/g, '')}Z_ab.log.gz`
}
const trailAt = (time: number) => {
  const iso = new Date(time).toISOString()
  return `AWSLogs/123456789012/CloudTrail/eu-central-1/${iso.slice(0, 10).replaceAll('-', '/')}/123456789012_CloudTrail_eu-central-1_${iso.slice(0, 16).replace(/[-:]/g, '')}Z_abcdefgh12345678.json.gz`
}
const denied = (message = 'Access Denied') =>
  Object.assign(new Error(message), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } })

/** The checks of a bucket with one object, which came so long ago. */
async function checks(
  ago: number | undefined,
  {
    body = gzipSync(flows) as Uint8Array,
    list = undefined as Error | undefined,
    get = undefined as Error | undefined,
  } = {},
) {
  const send = async (command: { constructor: { name: string }; input: { Prefix?: string; Delimiter?: string } }) => {
    if (command.constructor.name === 'GetObjectCommand') {
      if (get) throw get
      const Body = (async function* () {
        yield body
      })()
      return { Body, ETag: '"e"', ContentLength: body.length, LastModified: new Date(now) }
    }
    if (list) throw list
    const { Prefix = '', Delimiter } = command.input
    if (ago === undefined) return {}
    const key = keyAt(now - ago)
    if (!key.startsWith(Prefix)) return {}
    const end = Delimiter ? key.indexOf(Delimiter, Prefix.length) : -1
    if (end !== -1) return { CommonPrefixes: [{ Prefix: key.slice(0, end + 1) }] }
    return { Contents: [{ Key: key, ETag: '"e"', Size: body.length, LastModified: new Date(now - ago) }] }
  }
  const parser = await parserFor()
  const found = await checkBucket({ s3: { send } as unknown as S3, bucket: 'my-logs', prefix: '', parser, now })
  return { ...found, by: Object.fromEntries(found.checks.map((one) => [one.check, one])) }
}

/** The checks of a bucket with these objects, by how long ago they came; of others than these bodies each holds a VPC's. */
async function checksOf(
  objects: Readonly<Record<string, number>>,
  { bodies = {} as Readonly<Record<string, string>>, most = undefined as number | undefined } = {},
) {
  const { s3, requests } = fakeS3(
    Object.entries(objects).map(([Key, ago]) => ({ Key, LastModified: new Date(now - ago) })),
  )
  const read: string[] = []
  const send = async (command: { constructor: { name: string }; input: { Key: string } }) => {
    if (command.constructor.name !== 'GetObjectCommand') return (s3.send as (one: unknown) => unknown)(command)
    const { Key } = command.input
    read.push(Key)
    const body = gzipSync(bodies[Key] ?? flows)
    const Body = (async function* () {
      yield body
    })()
    return { Body, ETag: '"e"', ContentLength: body.length, LastModified: new Date(now) }
  }
  const parser = await parserFor()
  const found = await checkBucket({
    s3: { send } as unknown as S3,
    bucket: 'my-logs',
    prefix: '',
    parser,
    now,
    ...(most !== undefined && { most }),
  })
  return {
    ...found,
    by: Object.fromEntries(found.checks.map((one) => [one.check, one])),
    requests,
    read: new Set(read),
  }
}

describe('checkBucket', () => {
  it('sees the log that stopped beside one that goes on', async () => {
    const { by, newest } = await checksOf({
      [trailAt(now - 10 * minute)]: 5 * minute,
      [keyAt(now - 26 * 60 * minute)]: 26 * 60 * minute,
      [keyAt(now - 27 * 60 * minute)]: 27 * 60 * minute,
    })
    expect(by['objects CloudTrail']!.status).toBe('ok')
    expect(by['objects vpcflowlogs']).toMatchObject({
      status: 'warning',
      what: expect.stringContaining(keyAt(now - 26 * 60 * minute)),
    })
    expect(newest.map(({ object }) => object.service)).toEqual(['CloudTrail', 'vpcflowlogs'])
  })

  it('bounds what it lists of each service, and says of the newest that it met whether it is the newest', async () => {
    const trails = Object.fromEntries([170, 160, 150, 140].map((ago) => [trailAt(now - ago * minute), ago * minute]))
    const objects = { ...trails, [keyAt(now - 10 * minute)]: 5 * minute }
    const { by } = await checksOf(objects, { most: 2 })
    expect(by['objects CloudTrail']).toMatchObject({
      status: 'unknown',
      what: expect.stringContaining(`only those up to ${trailAt(now - 160 * minute)} were listed`),
    })
    // It sorts behind them.
    expect(by['objects vpcflowlogs']!.status).toBe('ok')
    expect((await checksOf(objects, { most: 5 })).by['objects CloudTrail']!.status).toBe('warning')
  })

  it("finds a VPC's flow log beside a transit gateway's, whose files lie in the same folder", async () => {
    const gateway =
      'version resource-type tgw-id tgw-attachment-id srcaddr\n6 TransitGateway tgw-1 tgw-attach-1 10.0.0.1\n'
    const ofGateway = keyAt(now - 5 * minute).replace('fl-1', 'fl-2')
    const older = [30, 20].map((ago) => keyAt(now - ago * minute))
    const objects = { [ofGateway]: minute, [older[0]!]: 25 * minute, [older[1]!]: 15 * minute }
    const { newest, by } = await checksOf(objects, { bodies: { [ofGateway]: gateway } })
    expect(newest.map(({ object, kinds }) => [object.key, ...kinds])).toEqual([
      [ofGateway, 'transitgateway'],
      [older[1], 'vpcflow'],
    ])
    expect(by['reading fl-1']!.status).toBe('ok')
    expect((await checksOf({ [keyAt(now)]: 0, [ofGateway]: minute })).read).toEqual(new Set([keyAt(now)]))
  })

  it('quotes the key in a command that is to be copied', async () => {
    const key = keyAt(now - minute).replace('ab.log', "$(touch x)'; echo ab.log")
    const { by } = await checksOf({ [key]: minute }, { bodies: { [key]: '%PDF-1.7 and what follows\n' } })
    const { todo } = by['reading vpcflowlogs']!
    expect(execFileSync('sh', ['-c', todo!.replace('flowferry explain', "printf '%s'")], { encoding: 'utf8' })).toBe(
      `s3://my-logs/${key}`,
    )
  })

  it('lists, and reads the newest object of each service', async () => {
    const { checks: all, newest } = await checks(5 * minute)
    expect(all).toMatchObject([
      { check: 'bucket', status: 'ok' },
      { check: 'objects vpcflowlogs', status: 'ok', what: expect.stringContaining(keyAt(now - 5 * minute)) },
      { check: 'reading vpcflowlogs', status: 'ok', what: 'is read as VPC Flow Logs' },
    ])
    expect(newest).toMatchObject([{ kinds: ['vpcflow'], header: ['version', 'srcaddr', 'dstaddr', 'action', 'end'] }])
  })

  it('says how old the newest is, and where nothing comes', async () => {
    expect((await checks(5 * 60 * minute)).by['objects vpcflowlogs']!.status).toBe('warning')
    expect((await checks(20 * 24 * 60 * minute)).by['objects vpcflowlogs']!.status).toBe('warning')
    expect((await checks(undefined)).by.objects!.status).toBe('fault')
  })

  it('tells a right to list that is missing from one to read, and a key that refuses from both', async () => {
    expect((await checks(minute, { list: denied() })).checks).toMatchObject([
      { check: 'bucket', status: 'fault', todo: expect.stringContaining('s3:ListBucket') },
    ])
    const gone = Object.assign(new Error('The specified bucket does not exist'), { name: 'NoSuchBucket' })
    expect((await checks(minute, { list: gone })).by.bucket!.status).toBe('fault')
    const reading = async (get: Error) => (await checks(minute, { get })).by['reading vpcflowlogs']!
    expect(await reading(denied())).toMatchObject({ status: 'fault', todo: expect.stringContaining('s3:GetObject') })
    expect(await reading(denied('User is not authorized to perform: kms:Decrypt'))).toMatchObject({
      status: 'fault',
      todo: expect.stringContaining('kms:Decrypt'),
    })
    const archived = Object.assign(new Error('x'), { name: 'InvalidObjectState' })
    expect((await reading(archived)).status).toBe('warning')
  })

  it('finds a file that nobody reads, and one with malformed records', async () => {
    const reading = async (body: Uint8Array) => (await checks(minute, { body })).by['reading vpcflowlogs']!
    expect(await reading(gzipSync('%PDF-1.7 and what follows\n'))).toMatchObject({
      status: 'fault',
      todo: expect.stringContaining('flowferry explain s3://my-logs/'),
    })
    expect(await reading(gzipSync(`${flows}5 too few\n${flows.split('\n')[1]!}\n`.repeat(1)))).toMatchObject({
      status: 'warning',
    })
  })
})
