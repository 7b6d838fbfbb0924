import { gunzipSync } from 'node:zlib'
import { detect, ingest, type LogDocument, type LogRecord, type ObjectIdentity } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import { describe, expect, test, vi } from 'vitest'
import { type World, world } from '../../../../test/worlds/world.ts'
import { memoryStore } from '../../test/memory-store.ts'
import { type ArchiveNeed, type ArchiveQuestion, archiveNeeds } from './archive.ts'
import type { Pair } from './evidence.ts'
import { gather } from './gather.ts'

// Worlds are many, and machines may be busy.
vi.setConfig({ testTimeout: 120_000 })

const parser = detect([vpcFlow, transitGateway, cloudTrail])
const file: ObjectIdentity = { bucket: 'logs', key: 'a.log', etag: '1', idPrefix: 'a' }
const another: ObjectIdentity = { ...file, key: 'b.log' }
const pair: Pair = {
  a: '10.0.1.10',
  b: '10.0.2.20',
  since: '2026-11-22T09:00:00.000Z',
  until: '2026-11-22T10:00:00.000Z',
}

const of = ({ a, b, since, until }: Pair): ArchiveQuestion => ({ a: [a], b: [b], since, until })

async function documentsOf({ files }: World, needs?: readonly ArchiveNeed[]): Promise<LogDocument[]> {
  const sink = memorySink()
  const isKept = (record: LogRecord, object: ObjectIdentity) => {
    const need = needs?.find(({ formats }) => formats.some(({ kind }) => kind === record.kind))
    return need?.filter(record, object) ?? false
  }
  const source = files.flatMap(({ key, body }) => memorySource(memoryObject({ key, body: gunzipSync(body) })))
  await ingest({
    source,
    parser,
    sink,
    concurrency: 1,
    ...(needs && { filter: (record, object) => isKept(record as LogRecord, object) }),
  })
  return [...sink.documents.values()].map(({ document }) => document)
}

describe('what is gathered of what is kept', () => {
  test.each(Array.from({ length: 22 }, (_, seed) => [seed]))('is that of all, world %i', async (seed) => {
    const one = world(seed, { noise: 20 })
    const asked = { a: one.a, b: one.b, port: one.port, since: one.since, until: one.until }
    const all = await documentsOf(one)
    const kept = await documentsOf(one, archiveNeeds(of(asked)))
    expect(kept.length).toBeLessThan(all.length)
    const ofAll = await gather(memoryStore(all).ask, asked)
    const ofKept = await gather(memoryStore(kept).ask, asked)
    expect({ ...ofKept, interfaces: [] }).toEqual({ ...ofAll, interfaces: [] })
    const own = ({ interfaces }: typeof ofAll) => interfaces.filter(({ holds }) => holds.length > 0)
    expect(own(ofKept)).toEqual(own(ofAll))
    const flags = ({ interfaces }: typeof ofAll) =>
      interfaces
        .map(({ id, rejects, subnet, vpc }) => ({ id, rejects, subnet, vpc }))
        .sort((x, y) => (x.id < y.id ? -1 : 1))
    expect(flags(ofKept)).toEqual(flags(ofAll))
  })
})

describe('of one reading', () => {
  const flow = (more: object) => ({ kind: 'vpcflow', 'interface-id': 'eni-1', action: 'ACCEPT', ...more }) as LogRecord
  const keeper = () => {
    const [{ filter }] = archiveNeeds(of(pair)) as [ArchiveNeed, ArchiveNeed]
    return (more: object, object = file) => filter(flow(more), object)
  }
  const others = { srcaddr: '10.9.0.1', dstaddr: '10.9.0.2' }

  test('records that hold A or B are kept, before gateways and behind them', () => {
    const kept = keeper()
    for (let n = 0; n < 2; n++) {
      expect(kept({ ...others, srcaddr: pair.a })).toBe(true)
      expect(kept({ ...others, 'pkt-dstaddr': pair.b })).toBe(true)
    }
  })

  test('of others the first accepted and the first rejected of an interface', () => {
    const kept = keeper()
    const actions = ['ACCEPT', 'ACCEPT', 'REJECT', 'REJECT', 'ACCEPT']
    expect(actions.map((action) => kept({ ...others, action }))).toEqual([true, false, true, false, false])
    expect(kept({ ...others, 'interface-id': 'eni-2' })).toBe(true)
    expect(kept(others, another)).toBe(false)
  })

  test('of two flow logs of one interface each its first', () => {
    const kept = keeper()
    const more = { ...others, 'vpc-id': 'vpc-1' }
    expect([kept(others), kept(more, another), kept(more, another), kept(more, { ...file, key: 'c.log' })]).toEqual([
      true,
      true,
      false,
      false,
    ])
    const of = (flowLog: string) => ({ ...file, key: `1_vpcflowlogs_eu-west-1_${flowLog}_20261122T0915Z_1.log.gz` })
    expect(['fl-00000001', 'fl-00000002', 'fl-00000002'].map((one) => kept(others, of(one)))).toEqual([
      true,
      true,
      false,
    ])
  })

  test('windows without addresses all', () => {
    const kept = keeper()
    expect([kept({ 'log-status': 'NODATA' }), kept({ 'log-status': 'SKIPDATA' })]).toEqual([true, true])
  })

  test('an address of version 6 in any form', () => {
    const [{ filter }] = archiveNeeds(of({ ...pair, b: '2001:0db8::0012' })) as [ArchiveNeed, ArchiveNeed]
    filter(flow(others), file)
    expect(filter(flow({ ...others, dstaddr: '2001:db8::12' }), file)).toBe(true)
  })

  test('of a transit gateway what goes between the two', () => {
    const [{ filter }] = archiveNeeds(of(pair)) as [ArchiveNeed, ArchiveNeed]
    const between = (srcaddr: string, dstaddr: string) =>
      filter({ kind: 'transitgateway', srcaddr, dstaddr } as LogRecord, file)
    expect([between(pair.a, pair.b), between(pair.b, pair.a), between(pair.a, '10.9.0.1')]).toEqual([true, true, false])
  })

  test('of CloudTrail what changes networks', () => {
    const [, { filter }] = archiveNeeds(of(pair)) as [ArchiveNeed, ArchiveNeed]
    const event = (eventSource: string, readOnly?: unknown) =>
      filter({ kind: 'cloudtrail', eventSource, readOnly } as LogRecord, file)
    expect(event('ec2.amazonaws.com', false)).toBe(true)
    expect(event('route53.amazonaws.com')).toBe(true)
    expect([event('ec2.amazonaws.com', true), event('ec2.amazonaws.com', 'true')]).toEqual([false, false])
    expect(event('s3.amazonaws.com', false)).toBe(false)
  })
})

test('spans are those that gather asks, an interface being looked for as far back as is said', () => {
  const spans = archiveNeeds(of(pair)).map(({ span }) => span)
  expect(spans).toEqual([
    { from: '2026-11-22T08:50:00.000Z', to: '2026-11-22T10:30:00.000Z' },
    { from: '2026-11-22T08:00:00.000Z', to: '2026-11-22T10:02:00.000Z' },
  ])
  const [{ span }] = archiveNeeds(of(pair), { lookback: 6 * 3_600_000 }) as [ArchiveNeed, ArchiveNeed]
  expect(span.from).toBe('2026-11-22T03:00:00.000Z')
})
