import { describe, expect, test } from 'vitest'
import { optional, present } from '../../schema/derive.ts'
import { type AnyField, boolean, epoch, type Field, iso8601, keyword, long } from '../../schema/fields.ts'
import { type FormatDefinition, format, when } from '../../schema/format.ts'
import { addressPort } from '../../schema/parts.ts'
import { delimited } from './delimited.ts'
import * as map from './engine/map.ts'
import { imageOf } from './image.ts'
import { compileProgram } from './program.ts'

type Parts = Partial<FormatDefinition<string, Readonly<Record<string, AnyField>>>>

function programOf(fields: Readonly<Record<string, AnyField>>, parts: Parts = {}, names = Object.keys(fields)) {
  const { schema } = format({
    ...{ kind: 't', dataset: 'custom.t', root: 'custom.t', constants: {}, encodings: [delimited({ delimiter: ' ' })] },
    ...parts,
    fields,
  })
  const columns = names.map((name) => ({ name, field: fields[name]! }))
  const table = { delimiter: ' ', absent: '-', quotes: false, brackets: false }
  return compileProgram(schema.layout([]), columns, names.length, table)
}

const a = keyword(['custom.a'], '')

describe('a program', () => {
  test('is there for all types of text, each with its kind', () => {
    const program = programOf({ a, n: long(['custom.n'], ''), t: iso8601(['custom.t.t'], ''), e: epoch([], '') })
    expect(program?.kinds).toEqual([0, 15, map.isTimeKind, 14])
  })

  test.each<[string, AnyField]>([
    [
      'reads in a way of its own',
      { ...keyword(['custom.b'], ''), read: (value: unknown) => String(value) } as Field<string>,
    ],
    ['is of JSON', boolean(['custom.b'], '')],
    ['has an absent text that is no ASCII', keyword([], '', { absent: ['é'] })],
  ])('is not there where a column %s', (_, field) => expect(programOf({ a, field })).toBeUndefined())

  test('recalls by the presence of a column, and knows that one is not there', () => {
    const derived: Parts['derived'] = (derive) => [
      derive('custom.d', [present('a'), optional('b')], (has, value) => `${has} ${value}`),
      derive('custom.e', [present('b')], (has) => String(has)),
    ]
    const program = programOf({ a, b: keyword([], '') }, { derived }, ['a'])!
    expect(program.groups.map(({ inputs }) => inputs.map(({ look }) => look))).toEqual([[map.isPresence]])
    expect(program.groups[0]!.textsOf(String.fromCharCode(map.presentMark))).toEqual(['"true undefined",'])
    expect(program.groups[0]!.textsOf(String.fromCharCode(map.absentMark))).toEqual(['"false undefined",'])
    expect(program.steps.at(-1)!.before).toContain('"e":"false"')
  })

  test('is not there where a function throws on what each line has', () => {
    const derived: Parts['derived'] = (derive) => [
      derive('custom.d', [present('b')], () => {
        throw new Error('mine')
      }),
    ]
    expect(programOf({ a, b: keyword([], '') }, { derived }, ['a'])).toBeUndefined()
  })

  test('asks for a case by the text of its column, and leaves out one that no line can have', () => {
    const cases = [
      when('a', { x: { constants: { 'custom.c': 'y' } } }),
      when('b', { x: { constants: { 'custom.d': 'y' } } }),
    ]
    const program = programOf({ a, b: keyword([], '') }, { cases }, ['a'])!
    expect(program.steps.filter(({ is }) => is === map.isCase)).toMatchObject([{ column: 0, text: 'x' }])
    expect(program.nodes).toMatchObject([{}, { is: 'object', nodes: expect.anything() }])
  })

  test('has room for a few columns with parts; those of the others are recalled', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [`f${i}`, addressPort([`custom.a${i}`], [`custom.p${i}`], '')]),
    )
    const kinds = programOf(fields)!.steps.map(({ is }) => is)
    expect(kinds.filter((is) => is === map.isPart)).toHaveLength(8)
    expect(kinds.filter((is) => is === map.isRecall)).toHaveLength(2)
  })

  test('becomes an image of whole words, with the texts that say "no value"', () => {
    const program = programOf({ a, n: long(['custom.n'], '', { absent: ['none', '-1'] }) })!
    const { image } = imageOf(program, 1000, 0)
    expect(image.length % 4).toBe(0)
    const word = (at: number) => image.readInt32LE(at)
    expect([word(map.columnsWord), word(map.leastWord), word(map.wrapsWord)]).toEqual([2, 2, 0])
    const absents = word(map.absentsWord) - 1000
    expect(word(absents)).toBe(0)
    const texts = word(absents + 4) - 1000
    expect(image.toString('latin1', texts, texts + 9)).toBe('\x04none\x02-1\0')
    expect(imageOf(programOf({ a })!, 1000, 0).image.readInt32LE(map.absentsWord)).toBe(0)
  })
})
