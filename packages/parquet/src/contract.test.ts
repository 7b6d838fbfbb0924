import { parseContext } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, rangeParserContract } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { vpcTypes, write, writeTable } from './files.suite.ts'
import { parquet } from './parquet.ts'

const rows = Array.from({ length: 500 }, (_, i) => [
  `192.0.2.${i % 250}`,
  `${i}`,
  `${1_795_342_542 + i}`,
  i % 7 ? 'ACCEPT' : null,
])
const small = writeTable({ names: ['srcaddr', 'srcport', 'end', 'action'], rows }, vpcTypes, {
  codec: 'GZIP',
  rowGroupSize: 100,
})

describe('a file of one request', () =>
  rangeParserContract({
    test,
    parser: parquet([vpcFlow, transitGateway, cloudFront]),
    sample: small,
    records: rows.length,
  }))

/** Texts that no codec shrinks: a row group of more bytes than are read at once. */
const long = Array.from({ length: 1600 }, (_, i) => `${i} ${'0123456789abcdef'.repeat(400)}`)
const large = write(
  [
    { name: 'srcaddr', data: long.map((_, i) => (i % 3 ? `192.0.2.${i % 250}` : null)) },
    { name: 'interface_id', data: long },
    { name: 'action', data: long },
  ],
  { codec: 'UNCOMPRESSED', rowGroupSize: 1500 },
)

describe('a file of windows', () => {
  rangeParserContract({ test, parser: parquet(vpcFlow), sample: large, records: long.length })

  test('asks for each byte once, but for the end', async () => {
    expect(large.length).toBeGreaterThan(16 * 1024 * 1024)
    const object = memoryObject({ key: 'a', body: large })
    let asked = 0
    let requests = 0
    const counting = {
      ...object,
      open: async (range: Parameters<typeof object.open>[0]) => {
        const opened = await object.open(range)
        asked += opened.size!
        requests++
        return opened
      },
    }
    for await (const _ of parquet(vpcFlow).parse(counting, parseContext()));
    expect(asked).toBeLessThan(large.length + 300 * 1024)
    expect(requests).toBeLessThan(20)
  })
})
