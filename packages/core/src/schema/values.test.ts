import { describe, expect, test } from 'vitest'
import {
  asBoolean,
  asDecimal,
  asEpochMilliseconds,
  asEpochSeconds,
  asText,
  asWholeNumber,
  isAddress,
} from './values.ts'

describe.each<[(value: unknown) => unknown, [unknown, unknown][]]>([
  [
    asText,
    [
      ['x', 'x'],
      ['', ''],
      [1, '1'],
      [false, 'false'],
      [
        ['a', null, '', 1],
        ['a', '1'],
      ],
      [[null], undefined],
      [[{}], undefined],
      [{}, undefined],
      [null, undefined],
    ],
  ],
  [
    asWholeNumber,
    [
      ['0', 0],
      ['9007199254740991', 9_007_199_254_740_991],
      ['9007199254740992', undefined],
      ['-1', undefined],
      ['1.0', undefined],
      ['', undefined],
      [-1, -1],
      [1.5, undefined],
    ],
  ],
  [
    asDecimal,
    [
      ['-0.25', -0.25],
      ['1e3', undefined],
      ['.5', undefined],
      [0.5, 0.5],
      [Number.NaN, undefined],
    ],
  ],
  [
    asEpochSeconds,
    [
      ['1418530010', 1_418_530_010],
      ['253402300799', 253_402_300_799],
      ['253402300800', undefined],
      [-1, undefined],
    ],
  ],
  [
    asEpochMilliseconds,
    [
      [1_418_530_010_123, 1_418_530_010_123],
      [253_402_300_800_000, undefined],
      [-1, undefined],
    ],
  ],
  [
    asBoolean,
    [
      [true, true],
      ['TRUE', true],
      ['false', false],
      ['yes', undefined],
      [1, undefined],
    ],
  ],
])('%o', (read, cases) => {
  test.each(cases)('reads %j as %j', (value, expected) => {
    expect(read(value)).toEqual(expected)
  })
})

test.each([
  ['192.0.2.7', true],
  ['192.0.2.07', false],
  ['2001:db8::1', true],
  ['fe80::1%eth0', false],
  ['ec2.amazonaws.com', false],
  ['', false],
])('%s as an address: %j', (text, expected) => {
  expect(isAddress(text)).toBe(expected)
})
