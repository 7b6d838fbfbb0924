import { expect, test } from 'vitest'
import { isIt } from './nearest.ts'

test.each([
  ['feilds', ['kind', 'fields'], '; is it "fields"?'],
  ['Fields', ['fields'], '; is it "fields"?'],
  ['source.adress', ['source.address', 'source.as.number'], '; is it "source.address"?'],
  ['srcaddress', ['srcaddr', 'dstaddr'], ''],
  ['x', [], ''],
])('%s among %j%s', (written, names, expected) => {
  expect(isIt(written, names)).toBe(expected)
})
