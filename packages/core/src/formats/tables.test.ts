import { describe, expect, it, vi } from 'vitest'
import { delimited } from '../encodings/delimited/delimited.ts'
import { keyword } from '../schema/fields.ts'
import { awsFormat, type FormatDefinition } from '../schema/format.ts'
import { formats } from './index.ts'

// A shipped table is declared here as a user's is: its members are checked, and then its targets.
vi.mock(import('../schema/format.ts'), async (original) => {
  const all = await original()
  return { ...all, awsFormat: all.format }
})

describe('the tables of AWS, which nobody checks when a Lambda starts', () => {
  it.each(Object.entries(formats))('%s has one that format() takes', async (_, load) => {
    const parser = await load()
    // With the names that are aliases elsewhere it is another table.
    expect(parser.full.format.kind).toBe(parser.format.kind)
  })

  it.each([
    ['a target that two fields fill', { b: keyword(['rule.id'], 'Another.') }, {}, 'a and b both fill rule.id'],
    ['a member that is misspelt', {}, { archives: [] }, 'format() takes no member "archives"'],
    ['a root that is none', {}, { root: 'aws.Wrong' }, 'root is "aws.Wrong"'],
  ])('would be refused for %s', (_, fields, members, message) => {
    const wrong: FormatDefinition<string, Record<string, ReturnType<typeof keyword>>> = {
      kind: 'wrong',
      dataset: 'aws.wrong',
      root: 'aws.wrong',
      constants: {},
      fields: { a: keyword(['rule.id'], 'One.'), ...fields },
      encodings: [delimited({ delimiter: ' ', headerless: { fields: ['a'], fits: () => true } })],
      ...(members as object),
    }
    expect(() => awsFormat(wrong)).toThrow(message)
  })
})
