import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { DuckDBInstance } from '@duckdb/node-api'
import { memorySlice } from '@flowferry/core/testing'
import { expect, test } from 'vitest'
import { duckdb } from './index.ts'
import { createMacros } from './macros.ts'

const addresses = [
  ...['10.0.0.1', '10.255.255.255', '11.0.0.0', '172.16.5.4', '192.168.1.77', '0.0.0.0', '255.255.255.255'],
  ...['::', '::1', '2001:db8::1', '2001:DB8:0:1::', '2001:db9::', 'fe80::1:2', '1:2:3:4:5:6:7:8', 'ffff::'],
  ...['amazonaws.com', 'AWS Internal', '10.0.0', '10.0.0.1.1', '10.0.0.256', '10.0.0.1:80', '-', ''],
]
const blocks = [
  ...['10.0.0.0/8', '10.0.0.0/31', '172.16.0.0/12', '192.168.1.77/32', '192.168.1.64/27', '0.0.0.0/0', '128.0.0.0/1'],
  ...['::/0', '::/128', '::1/128', '2001:db8::/32', '2001:db8:0:1::/63', '2001:DB8::/31', 'fe80::/10', '8000::/1'],
]

test('in_cidr tells the addresses of a block as Node does', async () => {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  await createMacros(connection)
  for (const block of blocks) {
    const [network, bits] = block.split('/') as [string, string]
    const list = new BlockList()
    list.addSubnet(network, Number(bits), isIPv4(network) ? 'ipv4' : 'ipv6')
    const sameFamily = isIPv4(network) ? isIPv4 : isIPv6
    const reader = await connection.runAndReadAll(
      'SELECT address FROM (SELECT unnest($1::VARCHAR[]) AS address) WHERE in_cidr(address, $2)',
      { 1: `[${addresses.map((address) => `"${address}"`).join(', ')}]`, 2: block },
    )
    const expected = addresses.filter((one) => sameFamily(one) && list.check(one, isIPv4(one) ? 'ipv4' : 'ipv6'))
    expect(reader.getRows().flat(), block).toEqual(expected)
  }
  connection.closeSync()
  instance.closeSync()
})

test('a file has it from its first document on, whoever opens it', async () => {
  const sink = await duckdb()
  await sink.write([memorySlice({ records: 3 })])
  expect(await sink.query(`SELECT count(*) AS n FROM flowferry_test WHERE in_cidr("source.ip", '::/0')`)).toEqual([
    { n: 0 },
  ])
  const [{ n }] = (await sink.query(
    `SELECT count(*) AS n FROM flowferry_test WHERE in_cidr("source.ip", '0.0.0.0/0')`,
  )) as [{ n: number }]
  expect(n).toBe(3)
  await sink.close()
})
