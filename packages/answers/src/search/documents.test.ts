import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { expect, test } from 'vitest'
import { type DocumentsPlan, planOf } from '../plan.ts'
import { documentRow, documentsBody, searchAfter } from './documents.ts'

const span = { from: '2026-11-22', to: '2026-11-23' }
const planFor = (rest: object) =>
  planOf({ kind: 'documents', formats: vpcFlow.formats, span, ...rest }) as DocumentsPlan

test('asks for the members that the fields are, in an order that indices without the field have, too', () => {
  const plan = planFor({ fields: ['source.bytes'], order: [{ by: 'source.bytes', direction: 'desc' }] })
  expect(documentsBody(plan)).toEqual({
    _source: ['network.bytes'],
    sort: [{ 'network.bytes': { order: 'desc', missing: '_last', unmapped_type: 'long' } }],
  })
  expect(documentsBody(planFor({}))).toMatchObject({ _source: true })
})

test('gives a field the type that its mapping says, and a list where it may be one', () => {
  const plan = planFor({ fields: ['network.bytes', 'related.ip', 'event.end', 'aws.vpcflow.tcp_flags'] })
  const source = {
    network: { bytes: '7' },
    related: { ip: '10.0.0.1' },
    event: { end: 0 },
    aws: { vpcflow: { tcp_flags: 2 } },
  }
  expect(documentRow(plan, { _source: source })).toEqual({
    'network.bytes': 7,
    'related.ip': ['10.0.0.1'],
    'event.end': '1970-01-01T00:00:00.000Z',
    'aws.vpcflow.tcp_flags': '2',
  })
  expect(documentRow(plan, {})).toEqual({
    'network.bytes': null,
    'related.ip': null,
    'event.end': null,
    'aws.vpcflow.tcp_flags': null,
  })
})

test('goes on behind a number that is missing', () => {
  expect(searchAfter({ sort: [2 ** 63, -(2 ** 63), 5, 'x', null] })).toEqual([
    '9223372036854775807',
    '-9223372036854775808',
    5,
    'x',
    null,
  ])
})
