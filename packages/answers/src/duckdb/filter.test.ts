import { BlockList, isIPv6 } from 'node:net'
import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { privateBlocks, quoteText } from '@flowferry/core/internal'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { type DuckDBSink, duckdb } from '@flowferry/sink-duckdb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkFilters } from '../filters.ts'
import type { Filter } from '../question.ts'
import { allOf } from './filter.ts'
import { read } from './table.ts'

const [format] = vpcFlow.formats
const table = { format: format!, name: 'addresses', columns: new Map([['source.ip', 'VARCHAR']]) }
// biome-ignore format: from just below a block to just above
const addresses = [
  '9.255.255.255', '10.0.0.0', '10.127.255.255', '10.128.0.0', '10.255.255.255', '11.0.0.0', '127.255.255.255', '128.0.0.0',
  '172.15.255.255', '172.16.0.0', '172.16.0.3', '172.16.0.4', '172.31.255.255', '172.32.0.0', '192.167.255.255', '192.168.0.0', '192.169.0.0',
  '100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0', '223.255.255.255', '224.0.0.0', '239.255.255.255', '240.0.0.0',
  'fbff::1', 'fc00::', 'fdff::1', 'FD00::1', 'fe00::1', 'fe7f::1', 'fe80::1', 'febf::1', 'fec0::1', 'feff::1', 'ff02::1', 'fc::1', 'ff::1', '2001:db8::1', '2001:db9::1', '::1', '::',
]
const blocks = [
  ...privateBlocks,
  ...['10.0.0.0/9', '172.16.0.0/30', '128.0.0.0/1', '224.0.0.0/4', '0.0.0.0/0', '10.0.0.0/32'],
  ...['fe80::/10', 'ff00::/8', '8000::/1', '2001:db8::/32', '::/0', '::/15', '2001:db8::1/128'],
]

let sink: DuckDBSink
beforeAll(async () => {
  sink = await duckdb()
  // A table with addresses brings the file's macros.
  const body = '2 123456789012 eni-0123456789abcdef0 10.0.0.1 10.0.0.2 1 2 6 1 40 1790000000 1790000001 ACCEPT OK\n'
  await ingest({ source: memorySource(memoryObject({ key: 'flow', body })), parser: vpcFlow, sink })
  const rows = addresses.map((address) => `(${quoteText(address)})`)
  await sink.connection.run(
    `CREATE TABLE addresses AS SELECT * FROM (VALUES ${rows.join(', ')}, (NULL)) AS rows("source.ip")`,
  )
})
afterAll(() => sink.close())

async function found(...filters: Filter[]): Promise<unknown[]> {
  const where = allOf(checkFilters([format!], filters, 'filters'), table)
  const rows = await read(sink.connection, `SELECT "source.ip" FROM addresses WHERE ${where} ORDER BY rowid`)
  return rows.map(([address]) => address)
}

const family = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')

test.each(blocks)('%s has its addresses, and no others', async (block) => {
  const [address, bits] = block.split('/') as [string, string]
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family(address))
  const inside = addresses.filter((one) => family(one) === family(address) && list.check(one, family(one)))
  expect(await found({ field: 'source.ip', cidr: block })).toEqual(inside)
  const outside = addresses.filter((one) => !inside.includes(one))
  expect(await found({ not: { field: 'source.ip', cidr: block } })).toEqual([...outside, null])
})

test('a field that the table has not fits no filter but not', async () => {
  const filter: Filter = { field: 'aws.vpcflow.vpc_id', equals: 'vpc-1' }
  expect(await found(filter)).toEqual([])
  expect(await found({ field: 'aws.vpcflow.vpc_id', exists: true })).toEqual([])
  expect(await found({ any: [filter, { not: filter }] })).toHaveLength(addresses.length + 1)
})
