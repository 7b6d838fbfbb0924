import { describe, expect, test } from 'vitest'
import {
  hasMethods,
  requireDatasets,
  requireNamespace,
  requireOneOf,
  requireOption,
  requirePositive,
} from './check-options.ts'

const invalid = (message: string) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) })

describe('requireOption', () => {
  test('lets a valid value pass', () => {
    expect(() => requireOption(true, 'sink', undefined, 'a sink')).not.toThrow()
  })

  test.each<[unknown, string]>([
    ['s3cr3t', 'sink is string; it takes a sink'],
    [{ password: 's3cr3t' }, 'sink is object; it takes a sink'],
    [() => 's3cr3t', 'sink is function; it takes a sink'],
    [null, 'sink is null; it takes a sink'],
    [undefined, 'sink is undefined; it takes a sink'],
    [5, 'sink is 5; it takes a sink'],
    [Symbol('x'), 'sink is Symbol(x); it takes a sink'],
  ])('names %s without its content', (value, message) => {
    expect(() => requireOption(false, 'sink', value, 'a sink')).toThrow(invalid(message))
    expect(() => requireOption(false, 'sink', value, 'a sink')).not.toThrow('s3cr3t')
  })
})

test('requireOneOf takes the words of the option, and undefined', () => {
  for (const word of ['all', 'failed', undefined])
    expect(() => requireOneOf('keepReports', word, ['all', 'failed'])).not.toThrow()
  expect(() => requireOneOf('keepReports', 'none', ['all', 'failed'])).toThrow(
    invalid('keepReports is none; it takes all or failed'),
  )
})

test('requirePositive takes whole numbers from the minimum', () => {
  expect(() => requirePositive('retries', 0, 0)).not.toThrow()
  expect(() => requirePositive('bytes', 1)).not.toThrow()
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1' as never, null as never])
    expect(() => requirePositive('bytes', value), String(value)).toThrow(invalid('it takes a whole number from 1'))
  expect(() => requirePositive('retries', -1, 0)).toThrow(invalid('retries is -1; it takes a whole number from 0'))
})

test('requireNamespace takes the last part of a data stream name', () => {
  for (const good of ['default', 'a', 'prod_2.eu', 'x'.repeat(100)])
    expect(() => requireNamespace(good), good).not.toThrow()
  for (const bad of [
    '',
    'Prod',
    'a-b',
    'a b',
    'x'.repeat(101),
    'ä',
    'a\n',
    '.',
    '..',
    'a..b',
    '.a',
    '_',
    '...',
    '*',
    7 as never,
  ])
    expect(() => requireNamespace(bad), bad).toThrow(invalid('is no part of a data stream'))
})

test('requireDatasets takes the middle of a data stream name', () => {
  expect(() => requireDatasets([{ kind: 'k', dataset: 'aws.cloudfront_logs' }])).not.toThrow()
  for (const dataset of ['aws-waf', 'AWS', '*', '..', 'a/b', '', undefined as never])
    expect(() => requireDatasets([{ kind: 'k', dataset }])).toThrow(invalid(`dataset "${dataset}" of k`))
})

test('hasMethods looks for functions by their names, symbols included', () => {
  expect(hasMethods([], Symbol.iterator, 'map')).toBe(true)
  expect(hasMethods({ write: 5 }, 'write')).toBe(false)
  expect(hasMethods({ take: () => 0 }, 'take', 'give')).toBe(false)
  for (const nothing of [undefined, null, 5]) expect(hasMethods(nothing, 'write')).toBe(false)
})
