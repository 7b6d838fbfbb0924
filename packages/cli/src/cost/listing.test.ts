import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { ArchiveObject, S3Clients } from '@flowferry/source-s3'
import { describe, expect, it } from 'vitest'
import { parserFor } from '../formats.ts'
import { type ListingOptions, listedHoldings } from './listing.ts'

const flowLine = '2 123456789012 eni-1 10.0.0.1 10.0.0.2 443 50000 6 10 8400 1790000000 1790000060 ACCEPT OK'
const flowHeader =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const flows = (lines: number, broken = 0) =>
  `${[flowHeader, ...Array<string>(lines).fill(flowLine), ...Array<string>(broken).fill('?')].join('\n')}\n`
const gateways = `resource-type version account-id tgw-id start end\n${'TransitGateway 6 123456789012 tgw-1 1790000000 1790000060\n'.repeat(10)}`

/** S3 with these files, and their listing. */
function archive(files: Readonly<Record<string, string>>, service = 'vpcflowlogs') {
  const bodies = new Map(Object.entries(files).map(([key, text]) => [key, gzipSync(text)]))
  const send = async ({ input: { Key } }: { input: { Key: string } }) => ({
    Body: Readable.from([bodies.get(Key)!]),
    ETag: '"e"',
    ContentLength: bodies.get(Key)!.length,
  })
  const listing = (async function* (): AsyncGenerator<ArchiveObject> {
    for (const [key, { length }] of bodies) yield { bucket: 'logs', key, service, size: length, etag: 'e' }
  })()
  const stored = [...bodies.values()].reduce((sum, { length }) => sum + length, 0)
  return { s3: { send } as unknown as S3Clients, listing, stored }
}

async function listed(files: Readonly<Record<string, string>>, more: Partial<ListingOptions> = {}) {
  const { s3, listing, stored } = archive(files)
  const notes: string[] = []
  const result = await listedHoldings(listing, {
    s3,
    parser: await parserFor(),
    names: new Map([
      ['vpcflow', 'vpc-flow'],
      ['transitgateway', 'transit-gateway'],
    ]),
    sample: 20,
    scale: { value: 1, origin: '' },
    onNote: (note) => notes.push(note),
    ...more,
  })
  return { ...result, stored, notes }
}

describe('listedHoldings', () => {
  it('counts files and their bytes, and learns the rest from what it reads', async () => {
    const files = { a: flows(30), b: flows(30) }
    const { holdings, stored, notes } = await listed(files)
    expect(holdings).toEqual([
      {
        name: 'vpcflowlogs: vpc-flow',
        kind: 'vpcflow',
        files: { value: 2, origin: 'listed' },
        stored: { value: stored, origin: 'listed' },
        expanded: { value: expect.any(Number), origin: 'sampled 2 of 2 files' },
        records: { value: 60, origin: 'sampled 2 of 2 files' },
        documents: { value: 60, origin: 'sampled 2 of 2 files' },
      },
    ])
    const expanded = holdings[0]!.expanded!.value
    expect(expanded).toBeGreaterThan(60 * flowLine.length)
    expect(expanded).toBeLessThanOrEqual(files.a.length + files.b.length)
    expect(notes).toEqual([])
  })

  it('takes a part for the whole, by its bytes', async () => {
    const files = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`file-${n}`, flows(50)]))
    const [holding] = (await listed(files, { sample: 3 })).holdings
    expect(holding!.records).toEqual({ value: 450, origin: 'sampled 3 of 9 files' })
  })

  it('makes a month of a part of one, and says so', async () => {
    const scale = { value: 30, origin: ', times 30/1 days' }
    const [holding] = (await listed({ a: flows(10) }, { scale })).holdings
    expect(holding!.files).toEqual({ value: 30, origin: 'listed, times 30/1 days' })
    expect(holding!.documents).toEqual({ value: 300, origin: 'sampled 1 of 1 files, times 30/1 days' })
  })

  it('divides a folder of two formats as its sample is', async () => {
    const files = { a: flows(10), b: gateways, c: gateways }
    const { holdings, stored } = await listed(files)
    expect(holdings.map(({ kind, files, documents }) => [kind, files.value, documents?.value])).toEqual([
      ['vpcflow', 1, 10],
      ['transitgateway', 2, 20],
    ])
    expect(holdings[0]!.stored.value + holdings[1]!.stored.value).toBeCloseTo(stored, 6)
    expect(holdings[0]!.files.origin).toBe('sampled 3 of 3 files')
    const [alone, ...others] = (await listed(files, { names: new Map([['transitgateway', 'transit-gateway']]) }))
      .holdings
    expect(alone!.documents!.value).toBe(20)
    expect(others).toEqual([])
  })

  it('counts malformed lines as records, not as documents', async () => {
    const [holding] = (await listed({ a: flows(99, 1) })).holdings
    expect(holding!.records!.value).toBe(100)
    expect(holding!.documents!.value).toBe(99)
  })

  it('tells of files that it could not read, and goes by the others', async () => {
    const { holdings, notes } = await listed({ a: flows(10), b: 'nothing known\n' })
    expect(notes).toEqual([expect.stringMatching(/^vpcflowlogs: 1 of 2 files could not be read: /)])
    expect(holdings[0]!.files.value).toBe(2)
    expect(holdings[0]!.documents!.origin).toBe('sampled 1 of 2 files')
    expect(holdings[0]!.documents!.value).toBeGreaterThan(10)
  })

  it('knows files and bytes alone of what it could not read at all', async () => {
    const { holdings } = await listed({ a: 'nothing known\n' })
    expect(holdings).toEqual([
      {
        name: 'vpcflowlogs',
        files: { value: 1, origin: 'listed' },
        stored: { value: expect.any(Number), origin: 'listed' },
      },
    ])
  })
})
