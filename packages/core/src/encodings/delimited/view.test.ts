import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type VpcFlowRecord, vpcFlow } from '../../formats/vpc-flow.ts'
import { parseContext } from '../../read/limits.ts'
import { memoryObject } from '../../testing/index.ts'

/** The first record and the last line are odd, those between them regular. */
const body = [
  'end srcaddr action reject-reason new-field srcport',
  '1700000000 10.0.0.1 ACCEPT BPA x 1',
  '1700000001 10.0.0.2 - - x 0',
  '1700000002 10.0.0.3 REJECT BPA - -',
  '1700000003 10.0.0.4 ACCEPT - é 1',
].join('\n')

async function read() {
  const views: VpcFlowRecord[] = []
  const records: VpcFlowRecord[] = []
  const object = memoryObject({ key: 'flow.log', body: `${body}\n` })
  for await (const batch of vpcFlow.parse(object, parseContext()))
    for (let index = 0; index < batch.length; index++) {
      views.push(batch.view!(index))
      records.push(batch.records[index]!)
    }
  expect(views).toHaveLength(4)
  return { views, records }
}

describe('a record as a filter or enrich has it', () => {
  test.each<[string, (record: VpcFlowRecord) => unknown]>([
    ['keys', (record) => Object.keys(record)],
    ['values', (record) => Object.values(record)],
    ['entries', (record) => Object.entries(record)],
    ['spread', (record) => ({ ...record })],
    ['rest', ({ kind: _, ...rest }) => rest],
    ['JSON', (record) => JSON.stringify(record)],
    ['in', (record) => ['kind', 'action', 'new-field', 'srcaddr', 'bytes', 'toString'].map((name) => name in record)],
    ['own', (record) => ['kind', 'action', 'bytes', 'toString'].map((name) => Object.hasOwn(record, name))],
    ['descriptors', (record) => Object.getOwnPropertyDescriptors(record)],
    ['members', (record) => [record.kind, record.action, record.srcport, record['reject-reason'], record.bytes]],
    ["every object's members", (record) => [String(record), record.constructor, record instanceof Object]],
    ['console.log', (record) => inspect(record)],
  ])('has the %s of the record that `records` has', async (_, seen) => {
    const { views, records } = await read()
    expect(views.map(seen)).toEqual(records.map(seen))
  })

  test('has no key for an absent value', async () => {
    const { views } = await read()
    expect(Object.keys(views[1]!)).toEqual(['kind', 'end', 'srcaddr', 'new-field', 'srcport'])
  })

  test('cannot be written to, be its line regular or not', async () => {
    const { views } = await read()
    for (const view of views as { action?: string; own?: string }[]) {
      expect(() => {
        view.action = 'x'
      }).toThrow(TypeError)
      expect(() => {
        view.own = 'x'
      }).toThrow(TypeError)
      expect(() => delete view.action).toThrow(TypeError)
      expect(() => Object.freeze(view)).toThrow(TypeError)
    }
  })
})
