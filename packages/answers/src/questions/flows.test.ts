import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { type DuckDBSink, duckdb } from '@flowferry/sink-duckdb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from '../answer.ts'
import { duckdbStore } from '../duckdb.ts'
import { askDaily } from './daily.ts'
import { type FlowsOptions, flows } from './flows.ts'

const header =
  'version interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport action start end log-status'
const first = Date.parse('2026-11-22T09:00:00Z') / 1000
/** Each a minute after the one before, by its source port. */
const lines = [
  'eni-1 10.0.3.7 10.0.9.12 10.0.3.7 10.0.9.12 1 443 ACCEPT',
  'eni-2 10.0.9.12 10.0.3.7 10.0.9.12 10.0.3.7 2 1 REJECT',
  'eni-1 10.0.3.7 198.51.100.7 10.0.3.7 198.51.100.7 3 443 ACCEPT',
  // Through a NAT gateway: its interface is the record's address, B is the packet's.
  'eni-3 10.0.3.7 10.0.1.5 10.0.3.7 203.0.113.9 4 443 ACCEPT',
  'eni-4 2001:db8::7 2001:db8::12 2001:db8::7 2001:db8::12 5 443 ACCEPT',
].map((rest, n) => `5 ${rest} ${first + n * 60} ${first + n * 60 + 59} OK`)

let sink: DuckDBSink
let store: Store
beforeAll(async () => {
  sink = await duckdb()
  const object = memoryObject({ key: 'flow.log', body: `${[header, ...lines].join('\n')}\n` })
  await ingest({ source: memorySource(object), parser: vpcFlow, sink })
  store = duckdbStore({ connection: sink.connection, formats: vpcFlow.formats })
})
afterAll(() => sink.close())

const span = { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' }

test.each<[string, FlowsOptions, number[]]>([
  ['an address, on both sides, the newest first', { a: '10.0.3.7' }, [4, 3, 2, 1]],
  ['the oldest first', { a: '10.0.3.7', first: 'oldest' }, [1, 2, 3, 4]],
  ['a block', { a: '10.0.9.0/24' }, [2, 1]],
  ['two addresses, both ways', { a: '10.0.9.12', b: '10.0.3.7' }, [2, 1]],
  ['blocks of which one is in the other: the record has both sides', { a: '10.0.0.0/8', b: '10.0.3.7' }, [4, 2, 1]],
  ['the address of the packet', { a: '10.0.3.7', b: '203.0.113.9' }, [4]],
  ['version 6', { a: '2001:db8::/64', b: '2001:DB8:0::12' }, [5]],
  ['a port of either side', { a: '10.0.3.7', port: 1 }, [2, 1]],
  ['an action', { a: '10.0.3.7', action: 'reject' }, [2]],
  ['an interface', { a: '0.0.0.0/0', interface: 'eni-1' }, [3, 1]],
])('flows of %s', async (_, options, ports) => {
  const { rows } = await askDaily(store, flows(options), span)
  expect(rows.map((row) => row['source.port'])).toEqual(ports)
})

test('a row has each column', async () => {
  const question = flows({ a: '10.0.3.7', b: '203.0.113.9' })
  const { rows } = await askDaily(store, question, span, { limit: 1 })
  expect(Object.keys(rows[0]!)).toEqual(Object.keys(question.columns))
  expect(rows).toMatchObject([
    {
      '@timestamp': '2026-11-22T09:03:59.000Z',
      'aws.vpcflow.interface_id': 'eni-3',
      'destination.ip': '10.0.1.5',
      'aws.vpcflow.pkt_dstaddr': '203.0.113.9',
      'event.action': 'accept',
    },
  ])
})

test.each([
  ['a', { a: 'payments' }],
  ['b', { a: '10.0.3.7', b: '10.0.0.0/33' }],
])('%s is refused where it is no address or block', (name, options) => {
  expect(() => flows(options)).toThrow(`${name} takes a block: 10.0.0.0/8, 2001:db8::/32`)
})
