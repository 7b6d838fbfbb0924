import { test } from 'vitest'
import { defineAlert } from './alert.ts'

const plain = {
  name: 'mine',
  title: 'Mine',
  severity: 'low',
  formats: ['aws.vpcflow'],
  window: '15m',
  every: '5m',
  filters: [],
  by: { 'source.ip': { heading: 'source' } },
  measures: { flows: { heading: 'flows', of: { count: true } } },
  counts: ['flows'],
  threshold: 1,
  know: 'Nothing.',
} as const

test('an alert is data of this shape', () => {
  defineAlert(plain)
  defineAlert({ ...plain, filters: (own) => [{ field: 'source.ip', cidr: own }] })
})

test('what is misspelt is an error', () => {
  // @ts-expect-error no such severity
  defineAlert({ ...plain, severity: 'bad' })
  // @ts-expect-error no length of time
  defineAlert({ ...plain, window: 'an hour' })
  // @ts-expect-error no such measure
  defineAlert({ ...plain, measures: { flows: { heading: 'flows', of: { counts: true } } } })
  // @ts-expect-error no such member
  defineAlert({ ...plain, tresholds: 1, threshold: 1 })
})
