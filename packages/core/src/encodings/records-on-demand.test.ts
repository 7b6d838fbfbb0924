import { expect, test, vi } from 'vitest'
import { RecordsOnDemand } from './records-on-demand.ts'

test('records are made once, when somebody asks for them', () => {
  const make = vi.fn(() => [1, 2])
  const batch = Object.assign(new RecordsOnDemand(make), { length: 2 })
  expect(batch.length).toBe(2)
  expect(make).not.toHaveBeenCalled()
  expect(batch.records).toBe(batch.records)
  expect(batch.records).toEqual([1, 2])
  expect(make).toHaveBeenCalledTimes(1)
})

test('records are an own member, so that a copy of the batch has them', () => {
  const batch = Object.assign(new RecordsOnDemand(() => ['a']), { length: 1 })
  expect({ ...batch }).toEqual({ records: ['a'], length: 1 })
  expect(Object.keys(batch)).toContain('records')
})

test('all batches share one getter', () => {
  const getterOf = (batch: object) => Object.getOwnPropertyDescriptor(batch, 'records')!.get
  const [one, other] = [new RecordsOnDemand(() => [1]), new RecordsOnDemand(() => [2])]
  expect(getterOf(one)).toBe(getterOf(other))
  expect([one.records, other.records]).toEqual([[1], [2]])
})
