import { describe, expect, it } from 'vitest'
import { type Assumptions, estimate } from './estimate.ts'
import { type Known, type Section, sumOf } from './figure.ts'
import type { Holding } from './holding.ts'
import { prices } from './prices.ts'

const listed = (value: number): Known => ({ value, origin: 'listed' })
const assumed = (value: number): Known => ({ value, origin: 'assumed' })
const gigabyte = 2 ** 30

const assumptions: Assumptions = {
  store: 'elasticsearch',
  architecture: 'arm64',
  replicas: assumed(1),
  memory: assumed(1024),
  batchSize: assumed(10),
  wait: assumed(200),
  months: assumed(2),
  queries: assumed(100),
  scanned: assumed(10),
  lists: listed(3),
}

const flows: Holding = {
  name: 'vpcflowlogs: vpc-flow',
  kind: 'vpcflow',
  files: listed(1000),
  stored: listed(20 * gigabyte),
  expanded: { value: 100 * gigabyte, origin: 'sampled 20 of 1,000 files' },
  records: { value: 2e6, origin: 'sampled 20 of 1,000 files' },
  documents: { value: 1e6, origin: 'sampled 20 of 1,000 files' },
}

function figure(name: string, section: Section, holdings: Holding[] = [flows], more: Partial<Assumptions> = {}) {
  const own = estimate(holdings, { ...assumptions, ...more }, prices).filter((one) => one.section === section)
  const found = own.find((one) => one.name === name)
  expect(found, own.map((one) => one.name).join()).toBeDefined()
  return found!
}

describe('estimate', () => {
  it('counts the disk of documents and their copies', () => {
    expect(figure('vpcflowlogs: vpc-flow, disk in elasticsearch', 'held')).toMatchObject({
      value: 130e6 * 2,
      unit: 'bytes',
      origin: '130 B a document (measured 2026-12-01: bench/RESULTS.md, index, default), 1 replica (assumed)',
    })
    const own = { diskBytes: { value: 100, origin: 'stated' }, replicas: { value: 0, origin: 'stated' } }
    expect(figure('vpcflowlogs: vpc-flow, disk in elasticsearch', 'held', [flows], own)).toMatchObject({
      value: 100e6,
      origin: '100 B a document (stated), 0 replicas (stated)',
    })
  })

  it('charges the delivery of vended logs by their decompressed bytes, in the tiers of all together', () => {
    const large = (kind: string) => ({ ...flows, name: kind, kind, expanded: listed(10 * 1024 * gigabyte) })
    const both = [large('vpcflow'), large('networkfirewall')]
    expect(figure('vended logs', 'delivery', both).dollars).toBeCloseTo(10 * 1024 * (0.25 + 0.15), 6)
    expect(figure('vended logs', 'delivery')).toMatchObject({ dollars: 25, origin: 'sampled 20 of 1,000 files' })
  })

  it('charges nothing for what AWS delivers for nothing, and says why', () => {
    const trail = { ...flows, name: 'CloudTrail: cloudtrail', kind: 'cloudtrail' }
    expect(figure('CloudTrail: cloudtrail', 'delivery', [trail])).toMatchObject({
      dollars: 0,
      price: 'first copy of management events is free',
    })
    // Vended or not, CloudWatch Logs takes money for it.
    expect(figure('other logs, ingestion', 'cloudWatch', [trail]).dollars).toBeCloseTo(50, 6)
  })

  it('keeps files as long as it is told', () => {
    expect(figure('S3 Standard', 'delivery')).toMatchObject({
      value: 40 * gigabyte,
      unit: 'byte-months',
      origin: 'listed, 2 months (assumed)',
      dollars: 40 * 0.023,
    })
    expect(figure('storage', 'cloudWatch').dollars).toBeCloseTo(40 * 0.03, 10)
  })

  it('counts requests by files and batches', () => {
    expect(figure('SQS, sent by S3', 'lambda').value).toBe(1000)
    expect(figure('SQS, receive and delete', 'lambda').value).toBe(200)
    expect(figure('SQS, empty receives', 'lambda').value).toBe(648_000)
    expect(figure('Lambda invocations', 'lambda').value).toBe(100)
    expect(figure('S3 LIST', 'backfill')).toMatchObject({ value: 6, origin: 'listed, twice' })
    expect(figure('S3 GET', 'backfill').value).toBe(1000)
  })

  it('charges Lambda for CPU at its share of a vCPU, and for waiting', () => {
    const waiting = 100 * 0.2
    expect(figure('vpcflowlogs: vpc-flow, CPU', 'lambda').value).toBeCloseTo(2 * 1.65, 10)
    expect(figure('Lambda duration', 'lambda').value).toBeCloseTo((2 * 1.65) / (1024 / 1769) + waiting, 10)
    // Beyond one vCPU memory buys no more.
    const large = { memory: { value: 3538, origin: 'stated' }, cpuSeconds: { value: 3, origin: 'stated' } }
    expect(figure('Lambda duration', 'lambda', [flows], large).value).toBeCloseTo(2 * 3 + waiting, 10)
    const gigabytes = 3538 / 1024
    const seconds = figure('Lambda on arm64', 'lambda', [flows], large)
    expect(seconds.value).toBeCloseTo((2 * 3 + waiting) * gigabytes, 10)
    expect(seconds.dollars).toBeCloseTo(((2 * 3 + waiting) * gigabytes * 13.3334) / 1e6, 12)
    expect(figure('Lambda on x86_64', 'lambda', [flows], { architecture: 'x86_64' }).price).toContain('$16.6667')
  })

  it('charges Athena for what queries scan, 10 MB each at least', () => {
    expect(figure('scanned', 'athena')).toMatchObject({
      value: 200 * gigabyte,
      origin: '100 queries (assumed) of 10 % each (assumed)',
    })
    expect(figure('S3 GET', 'athena').value).toBeCloseTo(10_000, 6)
    expect(figure('scanned', 'athena', [{ ...flows, stored: listed(1000) }]).value).toBe(100 * 10 * 2 ** 20)
  })

  it('says what it does not know, and that a sum is not whole', () => {
    const unread = { name: 'WAFLogs', files: listed(10), stored: listed(1e6) }
    expect(figure('WAFLogs, documents', 'held', [unread])).toMatchObject({ origin: 'no record was found in its files' })
    expect(figure('WAFLogs, CPU', 'lambda', [unread]).origin).toBe('no record was found in its files')
    expect(figure('WAFLogs', 'delivery', [unread])).not.toHaveProperty('dollars')
    const figures = estimate([flows, unread], assumptions, prices)
    expect(sumOf(figures, 'lambda').whole).toBe(false)
    expect(sumOf(figures, 'delivery').whole).toBe(false)
    expect(sumOf(figures, 'backfill')).toMatchObject({ whole: true })
    expect(sumOf(estimate([flows], assumptions, prices), 'lambda').whole).toBe(true)
    expect(figure('vended logs, ingestion', 'cloudWatch', [flows, unread])).toMatchObject({
      origin: 'not known of WAFLogs',
    })
  })

  it('does not guess the CPU and disk of a format that was not measured', () => {
    const alb = { ...flows, name: 'alb', kind: 'alb' }
    expect(figure('alb, CPU', 'lambda', [alb])).toMatchObject({ origin: 'not measured: state --cpu-seconds' })
    expect(figure('Lambda on arm64', 'lambda', [alb])).not.toHaveProperty('dollars')
    expect(figure('alb, disk in elasticsearch', 'held', [alb]).origin).toContain('state --disk-bytes')
  })

  it('has an origin for every line, and a price for every dollar', () => {
    for (const one of estimate([flows, { ...flows, kind: 'cloudtrail' }], assumptions, prices)) {
      expect(one.origin, one.name).not.toBe('')
      if (one.dollars !== undefined) expect(one.price, one.name).toBeTruthy()
    }
  })
})
