import { detect, ingest } from '@flowferry/core'
import { albAccess } from '@flowferry/core/formats/alb'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudFrontRealTime } from '@flowferry/core/formats/cloudfront-real-time'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { write } from './files.suite.ts'
import { parquet } from './parquet.ts'

const formats = [vpcFlow, transitGateway, cloudFrontRealTime, cloudFront, albAccess] as const
const parser = detect([...formats, cloudTrail, parquet(formats)])

const fileOf = (...names: string[]) =>
  write(names.map((name) => ({ name, data: ['1', null, '3'], type: 'STRING' as const })))
const reportOf = async (body: Buffer, key = 'AWSLogs/a') => {
  const report = await ingest({
    source: memorySource(memoryObject({ key, body })),
    parser,
    sink: memorySink(),
    malformedShare: 1,
  })
  return report.messages[0]!.objects[0]!
}

describe('of several formats a file is of the one that its columns are of', () => {
  test.each([
    ['vpcflow', ['version', 'account_id', 'srcaddr', 'interface_id']],
    ['vpcflow', ['Srcaddr', 'DSTADDR', 'Action', 'added_by_somebody']],
    ['transitgateway', ['version', 'account_id', 'srcaddr', 'tgw_id']],
    ['cloudfront', ['timestamp', 'distributionid', 'cs_user_agent', 'cs_uri_stem']],
    // Real-time logs have these, too, and never name a field.
    ['cloudfront', ['timestamp', 'c_ip', 'cs_method', 'sc_status']],
    ['alb', ['type', 'time', 'elb', 'client_port', 'request_line']],
  ])('%s: %j', async (kind, names) => {
    const { kinds, counts, error } = await reportOf(fileOf(...names))
    expect(error).toBeUndefined()
    expect(counts.read).toBe(3)
    expect(kinds).toEqual([kind])
  })

  test('whatever its key is', async () =>
    expect((await reportOf(fileOf('srcaddr', 'interface_id'), 'a.log')).kinds).toEqual(['vpcflow']))
})

describe('an error names', () => {
  test('both formats, where the columns are of two', async () => {
    const { error } = await reportOf(fileOf('srcaddr', 'dstaddr', 'bytes'))
    expect(error).toMatchObject({ code: 'FORMAT_AMBIGUOUS' })
    expect(error!.message).toContain(
      'are of VPC Flow Logs and of Transit Gateway Flow Logs: "srcaddr", "dstaddr", "bytes"',
    )
    // AWS puts both in one folder, so that no key tells either: how to end it.
    expect(error!.message).toContain('would tell (interface-id, resource-type)')
    expect(error!.message).toContain('byKey([[/prefix/, parquet(format)], …]) or --format')
  })

  test.each([
    ['none of the 5 formats: "class_x", "region"', ['class_x', 'region', 'a', 'b']],
    ['Security Lake', ['class_uid', 'activity_id', 'time']],
    ["CloudTrail's", ['eventversion', 'useridentity', 'eventtime', 'eventname']],
  ])('the columns, where they are of %s', async (said, names) => {
    const { error } = await reportOf(fileOf(...names))
    expect(error).toMatchObject({ code: 'FORMAT_UNKNOWN' })
    expect(error!.message).toContain(said)
    expect(error!.message).toContain(JSON.stringify(names[0]))
  })

  test('the columns, where the one format has none of them', async () => {
    const object = memoryObject({ key: 'a', body: fileOf('x\ny', 'z'.repeat(500)) })
    const report = await ingest({ source: memorySource(object), parser: parquet(vpcFlow), sink: memorySink() })
    const { error } = report.messages[0]!.objects[0]!
    expect(error).toMatchObject({ code: 'FORMAT_MISMATCH', place: { bucket: 'test-bucket', key: 'a' } })
    expect(error!.message.length).toBeLessThan(600)
  })

  test('a format whose records are nested, when it is declared', () => {
    expect(() => parquet([vpcFlow, cloudTrail])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => parquet([])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => parquet(vpcFlow, { pageBytes: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

test('a column that is there twice is an error', async () => {
  const { error } = await reportOf(fileOf('srcaddr', 'SRC_ADDR', 'interface_id'))
  expect(error).toMatchObject({ code: 'FORMAT_MISMATCH' })
  expect(error!.message).toContain('srcaddr twice')
})

test('no field of a format is taken for another by its name without marks', () => {
  for (const { schema } of [vpcFlow, transitGateway, cloudFront, albAccess]) {
    const names = Object.keys(schema.fields).map((name) => name.toLowerCase().replace(/[^a-z\d]/g, ''))
    expect(new Set(names).size).toBe(names.length)
  }
})
