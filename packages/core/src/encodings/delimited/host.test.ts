import { expect, test } from 'vitest'
import { keyword } from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { collect, memoryObject } from '../../testing/index.ts'
import { columnsOf } from './columns.ts'
import { delimited } from './delimited.ts'
import * as map from './engine/map.ts'
import { fits, scan } from './host.ts'

const parser = (prefix: string, count: number) =>
  format({
    ...{ kind: 't', dataset: 'custom.t', root: 'custom.t', constants: {} },
    fields: Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`f${i}`, keyword([`custom.t.${prefix}${i}`], '')]),
    ),
    encodings: [
      delimited({ delimiter: ' ', header: (line) => (line.startsWith('f0 f1 ') ? line.split(' ') : undefined) }),
    ],
  })
const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`)

test('programs that have no room together come again when they are used', async () => {
  const all = Array.from({ length: 12 }, (_, i) => parser(`of_a_long_name_${'x'.repeat(200)}_${i}_`, 100))
  const names = namesOf(100).join(' ')
  const body = `${names}\nx${names}x\n`
  for (const one of [...all, ...all]) {
    const { documents } = await collect(one, memoryObject({ key: 'f', body }))
    expect(JSON.stringify(documents[0])).toContain('"f99x"')
  }
})

test('a program that has none is left to the plain path', () => {
  const table = (count: number) => ({
    ...{ schema: parser('x'.repeat(1000), count).schema, delimiter: ' ', quotes: false, brackets: false, absent: '-' },
    ...{ header: () => undefined, headerless: undefined, keys: undefined },
  })
  const programOf = (count: number) =>
    columnsOf(table(count), namesOf(count), memoryObject({ key: 'f', body: '' })).program()
  expect(programOf(200)).toBeUndefined()
  expect(fits(programOf(10)!)).toBe(true)
})

test('a block is scanned up to the last line that the engine has room for', () => {
  const { schema } = parser('a', 1)
  const table = {
    ...{ schema, delimiter: ' ', quotes: false, brackets: false, absent: '-' },
    ...{ header: () => undefined, headerless: undefined, keys: undefined },
  }
  const program = columnsOf(table, ['f0'], memoryObject({ key: 'f', body: '' })).program()!
  const line = `${'x'.repeat(999)}\n`
  const found = scan(program, Buffer.from(line.repeat(400)))
  expect(found.bytes.length).toBe(Math.floor(map.mostInput / 1000) * 1000)
  expect(found.lines * 1000).toBe(found.bytes.length)
  const long = scan(program, Buffer.from(`${'x'.repeat(map.mostInput)}\n`))
  expect([long.lines, long.regular[0]]).toEqual([1, 0])
})
