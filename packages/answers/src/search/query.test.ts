import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { expect, test } from 'vitest'
import { planOf } from '../plan.ts'
import type { Filter } from '../question.ts'
import { queryOf } from './query.ts'

const span = { from: '2026-11-22', to: '2026-11-23' }
const planFor = (...filters: Filter[]) => planOf({ kind: 'documents', formats: vpcFlow.formats, span, filters })
const time = {
  range: {
    '@timestamp': {
      gte: '2026-11-22T00:00:00.000Z',
      lt: '2026-11-23T00:00:00.000Z',
      format: 'strict_date_optional_time',
    },
  },
}

test('asks for the span, and for the dataset where an index holds several', () => {
  expect(queryOf(planFor(), false)).toEqual({ bool: { filter: [time] } })
  expect(queryOf(planFor(), true)).toEqual({
    bool: { filter: [time, { terms: { 'data_stream.dataset': ['aws.vpcflow'] } }] },
  })
})

// biome-ignore format: one line a filter
const cases: [Filter, object][] = [
  [{ field: 'source.bytes', range: { gte: 1, lt: 2 } }, { range: { 'network.bytes': { gte: 1, lt: 2 } } }],
  [{ field: 'event.end', range: { gt: '2026-11-22' } }, { range: { 'event.end': { gt: '2026-11-22T00:00:00.000Z', format: 'strict_date_optional_time' } } }],
  [{ field: 'source.address', cidr: '10.0.0.1' }, { terms: { 'source.ip': ['10.0.0.1/32'] } }],
  [{ field: 'event.action', equals: 'accept' }, { terms: { 'event.action': ['accept'] } }],
  [{ field: 'event.action', prefix: 'ac' }, { prefix: { 'event.action': { value: 'ac' } } }],
  [{ not: { field: 'event.action', exists: true } }, { bool: { must_not: [{ exists: { field: 'event.action' } }] } }],
  [{ any: [] }, { match_none: {} }],
  [{ any: [{ field: 'event.action', exists: true }] }, { bool: { should: [{ exists: { field: 'event.action' } }], minimum_should_match: 1 } }],
  [{ all: [] }, { bool: { filter: [] } }],
]
test.each(cases)('%j', (filter, query) => {
  expect(queryOf(planFor(filter), false)).toEqual({ bool: { filter: [time, query] } })
})
