import { describe, expect, test } from 'vitest'
import * as map from './engine/map.ts'
import { type Emit, type Node, stepsOf } from './steps.ts'

const emit = (more: Partial<Emit> & Pick<Emit, 'is'>): Emit => ({
  ...{ repeatable: false, json: '', column: 0, quoted: true, group: 0, target: 0, inputs: [], part: 0 },
  ...more,
})
const text = (json: string, more: Partial<Emit> = {}) => emit({ is: map.isText, json, ...more })
const copy = (column: number, more: Partial<Emit> = {}) => emit({ is: map.isCopy, column, ...more })
const value = (key: string, ...emits: Emit[]): Node => ({ is: 'value', key: `"${key}":`, emits })
const unknown = () => undefined
const kinds = (nodes: Node[], isAbsent: (column: number) => boolean | undefined = unknown) =>
  stepsOf(nodes, isAbsent).map(({ is }) => is)

describe('steps', () => {
  test('that are sure are one text', () => {
    const steps = stepsOf([value('a', text('1')), value('b', text('"x"'))], unknown)
    expect(steps).toMatchObject([{ is: map.isEnd, before: '{"a":1,"b":"x",' }])
  })

  test('of a column that may be absent are settled where it is known', () => {
    const nodes = [value('a', copy(0))]
    expect(kinds(nodes)).toEqual([map.isCopy, map.isEnd])
    expect(kinds(nodes, () => false)).toEqual([map.isSure, map.isEnd])
    expect(kinds(nodes, () => true)).toEqual([map.isEnd])
  })

  test('of a value with several sources pass over the others, and end behind a sure one', () => {
    const steps = stepsOf([value('a', copy(0), copy(1), text('1'), text('2'))], unknown)
    expect(steps.map(({ is, next }) => [is, next])).toEqual([
      [map.isCopy, 2],
      [map.isCopy, 1],
      [map.isText, 0],
      [map.isEnd, 0],
    ])
  })

  test('of a case stand behind one that asks for it, and are never sure', () => {
    const condition = { column: 3, text: 'alert', encoded: false }
    const steps = stepsOf([value('a', text('1', { condition }), copy(1, { condition }), text('2'))], unknown)
    expect(steps.map(({ is, next }) => [is, next])).toEqual([
      [map.isCase, 1],
      [map.isText, 3],
      [map.isCase, 1],
      [map.isCopy, 1],
      [map.isText, 0],
      [map.isEnd, 0],
    ])
    expect(steps[0]).toMatchObject({ column: 3, text: 'alert', before: '{' })
    expect(kinds([value('a', text('1', { condition }))], (column) => column === 3 || undefined)).toEqual([map.isEnd])
  })

  test('of an object open and close it where its members may all be absent', () => {
    const node: Node = { is: 'object', key: '"o":{', nodes: [value('a', copy(0))] }
    expect(kinds([node])).toEqual([map.isOpen, map.isCopy, map.isClose, map.isEnd])
    expect(stepsOf([node], () => false).at(-1)).toMatchObject({ is: map.isEnd, before: '"},' })
  })
})
