import { describe, expect, test } from 'vitest'
import { type Derived, family, optional, present } from '../../schema/derive.ts'
import { ip, keyword, long } from '../../schema/fields.ts'
import { facetBase } from '../engine/memo.ts'
import { derivedGroups, fieldGroup, groupFor, textAt } from './groups.ts'

const derived = (inputs: Derived['inputs'], compute: (...values: never[]) => unknown, ...paths: string[]): Derived =>
  ({ inputs, targets: paths.map((path) => ({ path, list: false })), compute }) as unknown as Derived
const fieldFor = (name: string) => ({ address: ip([], ''), count: long([], '') })[name] ?? keyword([], '')

describe('a field that is recalled', () => {
  test('gives each target its value, and the same as an item', () => {
    const group = fieldGroup(ip(['source.address', 'source.ip', 'related.ip[]'], ''))
    expect(group.texts).toBe(6)
    expect(group.textsOf(['"10.0.0.1"'])).toEqual(Array(3).fill(['"10.0.0.1"', '"10.0.0.1",']).flat())
    // No address: only text can hold it.
    expect(group.textsOf(['"aws.amazon.com"'])).toEqual(['"aws.amazon.com"', '"aws.amazon.com",', '', '', '', ''])
  })

  test('throws for a value that it cannot read: the plain path keeps it', () => {
    expect(() => fieldGroup(long(['source.bytes'], '')).textsOf(['"many"'])).toThrow()
  })
})

describe('derived values', () => {
  const both = derived(['a', 'b'], (a: never, b: never) => ({ x: `${a}${b}`, y: [a, a, b] }), 'x', 'y')
  const one = derived(['a', 'b'], (a: never, b: never) => `${b}${a}`, 'z')
  const other = derived(['a'], (a: never) => a, 'w')

  test('of the same inputs are one group, each with texts of its own', () => {
    const groups = derivedGroups([both, other, one])
    expect(groups.map(({ derived }) => derived)).toEqual([[both, one], [other]])
    expect([textAt(groups[0]!, both, 0), textAt(groups[0]!, both, 1), textAt(groups[0]!, one, 0)]).toEqual([0, 2, 4])
    const { textsOf, texts } = groupFor(groups[0]!, ['bytes', 'bytes'], fieldFor)
    expect(texts).toBe(6)
    // An item once, though a function gives it twice.
    expect(textsOf(['"1"', '"2"'])).toEqual(['"12"', '"12",', '["1","1","2"]', '"1","2",', '"21"', '"21",'])
  })

  test.each([
    ['a value', 'a', 'bytes', '"v"', '"v"'],
    ['a value of its field', 'count', 'bytes', '"7"', '7'],
    ['a value that is absent', 'a', 'absent', undefined, ''],
    ['what is present', present('a'), 'present', undefined, 'true'],
    ['what is absent', present('a'), 'absent', undefined, 'false'],
    ['what may be absent', optional('a'), 'absent', undefined, '"none"'],
    ['a mark', family('address'), 'marks', String.fromCharCode(facetBase + 1), '"ipv6"'],
    ['a mark in bytes', family('address'), 'bytes', '"10.0.0.1"', '"ipv4"'],
    ['a value without a mark', family('address'), 'bytes', '"x"', ''],
  ] as const)('are made of %s', (_, input, state, given, expected) => {
    const [group] = derivedGroups([derived([input], (value: never) => value ?? 'none', 'x')])
    const { textsOf } = groupFor(group!, [state], fieldFor)
    expect(textsOf(given === undefined ? [] : [given])[0]).toBe(expected)
  })
})
