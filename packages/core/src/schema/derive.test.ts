import { describe, expect, test, vi } from 'vitest'
import {
  computeDerived,
  derive,
  family,
  lookup,
  optional,
  present,
  sessionName,
  textOperation,
  valueFor,
} from './derive.ts'

const show = (...values: unknown[]) => JSON.stringify(values)
const compute = (inputs: Parameters<typeof derive>[1], record: Readonly<Record<string, unknown>>) =>
  computeDerived(derive('event.reason', inputs, show), (name) => record[name])

describe('what a function is given', () => {
  test.each([
    [['a', 'b'], { a: 1, b: 'x' }, '[1,"x"]'],
    [['a', 'b'], { a: 1 }, undefined],
    [['a', optional('b')], { a: 1 }, '[1,null]'],
    [['a', optional('b')], { b: 1 }, undefined],
    [[present('a'), present('b')], { b: 0 }, '[false,true]'],
    [[family('a')], { a: '10.0.0.1' }, '["ipv4"]'],
    [[family('a')], { a: '::ffff:10.0.0.1' }, '["ipv6"]'],
    [[family('a')], { a: 'localhost' }, undefined],
    [[family('a')], {}, undefined],
  ])('%j of %j', (inputs, record, expected) => {
    expect(compute(inputs, record)).toBe(expected)
  })
})

test.each([
  ['AROA2X:i-0a:b/é', 'i-0a:b/é'],
  ['AROA:b\nc', 'b\nc'],
  ['123456789012:alice', 'alice'],
  ['1234567890123:alice', undefined],
  ['12345678901:alice', undefined],
  ['AROAx:alice', undefined],
  ['AIDA2X:alice', undefined],
  ['AROA2X:', undefined],
  ['AROA2X', undefined],
])('the name of the session in %j is %j', (principal, name) => {
  expect(sessionName(principal)).toBe(name)
})

test('an engine knows the name of a session by its function, of one field alone', () => {
  const of = (inputs: Parameters<typeof derive>[1], compute: unknown = sessionName) =>
    textOperation(derive('related.user[]', inputs, compute as typeof show))?.source
  expect(of(['a'])).toBe('a')
  expect(of(['a', 'b'])).toBeUndefined()
  expect(of([optional('a')])).toBeUndefined()
  expect(of(['a'], (principal: string) => sessionName(principal))).toBeUndefined()
  const two = derive(['labels.a', 'labels.b'], ['a'], sessionName as typeof show)
  expect(() => two.compute('AROA2X:a')).toThrow('gave string; for several targets it gives an object')
})

test('several targets get their part of an object, and nothing of nothing', () => {
  const two = derive(['labels.a', 'labels.b[]'], ['x'], (x) => ({ 'labels.a': x, 'labels.b': [x, x] }))
  const computed = computeDerived(two, () => 1)
  expect([0, 1].map((target) => valueFor(two, target, computed))).toEqual([1, [1, 1]])
  expect(valueFor(two, 0, undefined)).toBeUndefined()
  expect(valueFor(two, 0, { 'labels.a': null })).toBeUndefined()
})

test("an error says whose it is, and keeps the function's own", () => {
  const cause = new RangeError('too far')
  const throws = derive('event.reason', ['x'], () => {
    throw cause
  })
  expect(() => throws.compute(1)).toThrow(
    expect.objectContaining({ message: 'The derived value event.reason threw: too far', cause }),
  )
})

test('a promise is refused, and its rejection is nobody’s', async () => {
  const rejected = vi.fn()
  process.once('unhandledRejection', rejected)
  const late = derive('event.reason', ['x'], () => Promise.reject(new Error('late')))
  expect(() => late.compute(1)).toThrow('The derived value event.reason gave a promise, and nothing is awaited')
  const several = derive(['labels.a', 'labels.b'], ['x'], () => ({ 'labels.b': Promise.resolve(1) }))
  expect(() => several.compute(1)).toThrow('The derived value labels.a, labels.b gave a promise')
  await new Promise((resolve) => setImmediate(resolve))
  process.removeListener('unhandledRejection', rejected)
  expect(rejected).not.toHaveBeenCalled()
})

test('a look-up finds what was put in, and nothing that every object has', () => {
  const find = lookup({ 6: 'tcp' })
  expect([find(6), find('6'), find('constructor')]).toEqual(['tcp', 'tcp', undefined])
})
