import { describe, expect, it } from 'vitest'
import { delimited } from '../encodings/delimited/delimited.ts'
import { keyword } from '../schema/fields.ts'
import { awsFormat } from '../schema/format.ts'
import { formats } from './index.ts'

describe('the tables of AWS, which nobody checks when a Lambda starts', () => {
  it.each(Object.entries(formats))('%s has one that format() takes', async (_, load) => {
    const parser = await load()
    // Every parser with enrichments is checked, also with none.
    expect(parser.with().format.mapping).toEqual(parser.format.mapping)
    expect(parser.full.with().format.mapping).toEqual(parser.full.format.mapping)
  })

  it('would be refused', () => {
    const wrong = awsFormat({
      kind: 'wrong',
      dataset: 'aws.wrong',
      root: 'aws.wrong',
      constants: {},
      fields: { a: keyword(['rule.id'], 'One.'), b: keyword(['rule.id'], 'Another.') },
      encodings: [delimited({ delimiter: ' ', headerless: { fields: ['a', 'b'], fits: () => true } })],
    })
    expect(() => wrong.with()).toThrow('a and b both fill rule.id')
  })
})
