import { expect, test } from 'vitest'
import { matchesAny } from './winners.ts'

test.each([
  ['logs-a-default', 'logs-*', true],
  ['logs-a-default', '*', true],
  ['logs-a.b-default', 'logs-a.b-*', true],
  ['logs-axb-default', 'logs-a.b-*', false],
  ['logs-a-default', 'logs-a', false],
  ['logs-a-default', ['metrics-*', '*-default'], true],
  ['logs-a-default', ['metrics-*', '*-prod'], false],
  ['logs-(a-default', 'logs-(a-*', true],
])('%s fits the patterns %j: %s', (name, patterns, fits) => {
  expect(matchesAny(name, patterns)).toBe(fits)
})
