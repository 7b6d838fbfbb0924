import type { Format } from '@flowferry/core'
import { describe, expect, test } from 'vitest'
import { putAll, putAt, valueAt, wholeDocument } from './documents.ts'

describe('valueAt', () => {
  const document = { a: { b: 1, 'c.d': 2, e: [{ f: 3 }, {}, { f: 4 }] }, 'x.y': { z: 5 }, x: { w: 6 } }
  test.each([
    ['a.b', 1],
    ['a.c.d', 2],
    ['a.e.f', [3, 4]],
    ['x.y.z', 5],
    ['x.w', 6],
    ['a.b.c', undefined],
    ['a.e.g', undefined],
    ['toString', undefined],
  ])('%s', (name, value) => {
    expect(valueAt(document, name)).toEqual(value)
  })
})

test('putAt leaves what is there, unless it is to be replaced', () => {
  const document = { a: { b: 1 } }
  putAt(document, 'a.c', 2)
  putAt(document, 'a.b', 3)
  putAt(document, 'a.b.d', 4)
  expect(document).toEqual({ a: { b: 1, c: 2 } })
  putAt(document, 'a.b', 3, true)
  expect(document).toEqual({ a: { b: 3, c: 2 } })
})

test('putAt makes a member of what the name of a prototype would reach', () => {
  const document = {}
  putAt(document, '__proto__.a', 1)
  expect({}).not.toHaveProperty('a')
  expect(Object.hasOwn(document, '__proto__')).toBe(true)
})

test('putAll adds what is missing', () => {
  const document = { a: { b: 1 }, d: [1] }
  putAll(document, { a: { b: 2, c: 3 }, d: [2], e: 4 })
  expect(document).toEqual({ a: { b: 1, c: 3 }, d: [1], e: 4 })
})

test('a whole document has each value under all its names, and keywords as text', () => {
  const format = {
    mapping: { 'source.ip': { type: 'ip' }, managed: { type: 'keyword' }, done: { type: 'boolean' } },
    aliases: { 'source.address': { path: 'source.ip', type: 'keyword' }, absent: { path: 'other', type: 'keyword' } },
  } as unknown as Format
  expect(wholeDocument({ source: { ip: '10.0.0.1' }, managed: true, done: true }, format)).toEqual({
    source: { ip: '10.0.0.1', address: '10.0.0.1' },
    managed: 'true',
    done: true,
  })
})
