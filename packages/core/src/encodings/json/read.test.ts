import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FlowferryError } from '../../errors.ts'
import { parseContext } from '../../read/limits.ts'
import { memoryObject } from '../../testing/index.ts'
import type { Limits } from '../../types.ts'
import { readJson } from './read.ts'

interface Options {
  readonly chunkBytes?: number
  readonly key?: string
  readonly limits?: Partial<Limits>
}

async function split(body: string | Buffer, { chunkBytes, key, limits }: Options = {}) {
  const object = memoryObject({ key: 'a.json', body, ...(chunkBytes && { chunkBytes }) })
  const found: { text: string; offset: number }[] = []
  let bytes = 0
  for await (const block of readJson(object, parseContext({ ...(limits && { limits }) }), key)) {
    block.values.forEach((value, i) => {
      found.push({ text: value.toString(), offset: block.offsets[i]! })
    })
    bytes += block.bytes
  }
  expect(bytes).toBeLessThanOrEqual(Buffer.byteLength(body))
  return found
}

/** The values found, the same wherever the bytes are cut, each at the offset that is said. */
async function valuesOf(body: string | Buffer, options: Options = {}) {
  const bytes = Buffer.from(body)
  const whole = await split(bytes, options)
  for (const chunkBytes of [1, 2, 3, 5, 16]) expect(await split(bytes, { ...options, chunkBytes })).toEqual(whole)
  for (const { text, offset } of whole)
    expect(bytes.subarray(offset, offset + Buffer.byteLength(text)).toString()).toBe(text)
  return whole.map(({ text }) => text)
}

async function failureOf(body: string, options: Options = {}): Promise<FlowferryError> {
  const all: FlowferryError[] = []
  for (const chunkBytes of [1, 4, 65_536])
    all.push(
      await split(body, { ...options, chunkBytes }).then(
        () => expect.unreachable(`${body} was read without an error`),
        (error: unknown) => error as FlowferryError,
      ),
    )
  expect(all.map(({ message }) => message)).toEqual(all.map(() => all[0]!.message))
  expect(FlowferryError.isInstance(all[0])).toBe(true)
  return all[0]!
}

const anyObject = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
const cuts = fc.integer({ min: 1, max: 40 })

describe('where records stand', () => {
  test.each([
    ['in an array under the key', '{"Records":[{"a":1},{"b":2}]}'],
    ['with members before and after it', '{"x":[{"n":0}],"y":{"Records":[9]},"Records":[{"a":1},{"b":2}],"z":"]}"}'],
    ['under the key after it was only a value', '{"x":"Records","Records":[{"a":1},{"b":2}]}'],
    ['spread over lines', '{\r\n\t"Records" :\n [\n{"a":1}\n ,\n{"b":2} ] \n}\n'],
    ['behind a byte order mark', '\ufeff{"Records":[{"a":1},{"b":2}]}'],
    ['in an array at the top', ' [{"a":1},{"b":2}] '],
    ['one a line', '{"a":1}\n{"b":2}\n'],
    ['one behind the other', '{"a":1}{"b":2}'],
    ['in files put together', '{"Records":[{"a":1}]}\n{"Records":[{"b":2}]}'],
    ['in two arrays of one object', '{"Records":[{"a":1}],"Records":[{"b":2}]}'],
  ])('%s', async (_, body) => {
    expect(await valuesOf(body)).toEqual(['{"a":1}', '{"b":2}'])
  })

  test('an object without the array is a record itself', async () => {
    for (const body of ['{"a":{"Records":[1]}}', '{"Records":{"a":1}}', '{"Records":null}', '{"record":[1]}', '{}'])
      expect(await valuesOf(body)).toEqual([body])
  })

  test('under another key', async () => {
    expect(await valuesOf('{"Records":[1],"logEvents":[{"a":1}]}', { key: 'logEvents' })).toEqual(['{"a":1}'])
    expect(await valuesOf('{"x":1,"é":[{"a":1}]}', { key: 'é' })).toEqual(['{"a":1}'])
  })

  test('no records', async () => {
    for (const body of ['', ' \n', '{"Records":[]}', '{"Records": [ ] }', '[]'])
      expect(await valuesOf(body)).toEqual([])
  })

  test('elements of any type', async () => {
    expect(await valuesOf('[1, -2.5e3 ,"a]\\"",null,true,[[{}]],{}]')).toEqual([
      '1',
      '-2.5e3',
      '"a]\\""',
      'null',
      'true',
      '[[{}]]',
      '{}',
    ])
  })

  test('brackets, quotes, escapes and long UTF-8 in strings', async () => {
    const record = JSON.stringify({ 'a"}]': '\\', b: '\\"]}', c: 'ā\u{1f600}"{', d: '\\\\"', e: '\u2028'.repeat(40) })
    expect(await valuesOf(`{"Records":[${record},${record}]}`)).toEqual([record, record])
    expect(await valuesOf(`${record}\n${record}`)).toEqual([record, record])
  })

  test('blocks stay small when the source gives one large chunk', async () => {
    const body = `[${Array.from({ length: 2000 }, () => `"${'x'.repeat(1000)}"`).join()}]`
    const sizes: number[] = []
    for await (const { bytes } of readJson(memoryObject({ key: 'a', body, chunkBytes: 1e9 }), parseContext()))
      sizes.push(bytes)
    expect(Math.max(...sizes)).toBeLessThan(300_000)
    expect(sizes.length).toBe(8)
  })
})

describe('what is no JSON', () => {
  test.each([
    ['text', 'hello', 'Expected { or [ and found h', 0, 0],
    ['text after the end', '{"Records":[{}]} x', 'Expected { or [ and found x', 1, 17],
    ['a bracket after the end', '[{}]]', 'Expected { or [ and found ]', 1, 4],
    ['a missing comma', '{"Records":[{"a":1} {"b":2}]}', 'Expected , or ] and found {', 1, 20],
    ['two commas', '[{},,{}]', 'Expected a value and found ,', 1, 4],
    ['a comma at the end', '[{},]', 'Expected a value and found ]', 1, 4],
    ['a comma at the beginning', '[,{}]', 'Expected a value and found ,', 0, 1],
    ['the wrong bracket', '[{"a":[1}]', 'Found } where it closes nothing', 0, 8],
    ['objects with a comma between them', '{"a":1},{"b":2}', 'Expected { or [ and found ,', 1, 7],
    ['a control byte', '[{}\u0000]', 'Expected , or ] and found byte 0x00', 1, 3],
    ['a cut record', '{"Records":[{"a":1},{"b":', 'The JSON ends in the middle of a value', 1, 25],
    ['a cut string', '{"Records":[{"a":1},{"b":"\\', 'The JSON ends in the middle of a value', 1, 27],
    ['a cut number', '[12', 'The JSON ends in the middle of a value', 0, 3],
    ['an unclosed array', '{"Records":[{"a":1}', 'The JSON ends before its array is closed', 1, 19],
    ['an unclosed object', '{"Records":[{"a":1}]', 'The JSON ends in the middle of a value', 1, 20],
    ['garbage before the array', '{"a" 1,"Records":[]}', 'The object around the array of records is no JSON', 0, 0],
    ['garbage behind the array', '{"Records":[{}] "a"}', 'The object around the array of records is no JSON', 1, 15],
  ])('%s', async (_, body, what, ordinal, offset) => {
    const { code, message, place } = await failureOf(body)
    expect(code).toBe('JSON_INVALID')
    expect(message).toContain(what)
    expect(place).toEqual({ bucket: 'test-bucket', key: 'a.json', ordinal, offset })
  })
})

describe('JSON lines of which one is none', () => {
  test.each([
    ['text between two', '{"a":1}\nhello, "x" {\n{"b":2}\n', ['{"a":1}', 'hello, "x" {', '{"b":2}']],
    ['a line that is cut short', '{"a":1}\n{"a":[1,\n{"b":2}\n', ['{"a":1}', '{"a":[1,', '{"b":2}']],
    ['a line that is cut in a string', '{"a":1}\n{"a":"x\\\n{"b":2}\n', ['{"a":1}', '{"a":"x\\', '{"b":2}']],
    ['the wrong bracket', '{"a":1}\n{"a":[1}}]\n{"b":2}\n', ['{"a":1}', '{"a":[1}}]', '{"b":2}']],
    ['an array', '{"a":1}\n[{"x":1}]\n{"b":2}\n', ['{"a":1}', '[{"x":1}]', '{"b":2}']],
    ['the last line', '{"a":1}\r\n{"b":2}\r\n{"c":', ['{"a":1}', '{"b":2}', '{"c":']],
    ['the last line, text', '{"a":1}\n{"b":2}\noops', ['{"a":1}', '{"b":2}', 'oops']],
    ['the first line', '{"a":1,\n{"b":2}\n{"c":3}\n', ['{"a":1,', '{"b":2}', '{"c":3}']],
    ['the first line, cut in an array', '{"a":[1,\n{"b":2}\n{"c":3}\n', ['{"a":[1,\n{"b":2}', '{"c":3}']],
    ['the first line, cut behind a value', '{"a":1\n{"b":2}\n{"c":3}\n', ['{"a":1', '{"b":2}', '{"c":3}']],
    ['the first line, cut in a string', '{"a":"x\n{"b":2}\n{"c":3}\n', ['{"a":"x', '{"b":2}', '{"c":3}']],
    ['two values in one line', '{"a":1}\n{"b":2} {"c":3}\n', ['{"a":1}', '{"b":2}', '{"c":3}']],
    ['records in a line', '{"a":1}\n{"Records":[{"b":2}]}\n', ['{"a":1}', '{"Records":[{"b":2}]}']],
    ['blank lines', '{"a":1}\n\n \n{"b":2}', ['{"a":1}', '{"b":2}']],
  ])('%s', async (_, body, values) => {
    expect(await valuesOf(body)).toEqual(values)
  })

  test('values that are written over several lines are no lines', async () => {
    const objects = [{ a: { b: [1, { c: 2 }] } }, { d: 'x' }, {}]
    const body = objects.map((object) => JSON.stringify(object, undefined, 2)).join('\n')
    expect((await valuesOf(body)).map((text) => JSON.parse(text) as unknown)).toEqual(objects)
  })

  test('any lines, one of them cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyObject, { minLength: 2 }),
        fc.nat(),
        fc.nat(),
        cuts,
        async (objects, which, at, cut) => {
          const lines = objects.map((object) => JSON.stringify({ x: 1, ...object }))
          const broken = 1 + (which % (lines.length - 1))
          lines[broken] = lines[broken]!.slice(0, 1 + (at % (lines[broken]!.length - 1)))
          const found = await split(lines.join('\n'), { chunkBytes: cut })
          if (Array.isArray(objects[0]!.Records)) return
          expect(found.map(({ text }) => text)).toEqual(lines.map((line) => Buffer.from(line).toString()))
        },
      ),
    )
  })
})

describe('limits', () => {
  test('of a record', async () => {
    const limits = { recordBytes: 20 }
    const fits = `{"a":"${'x'.repeat(12)}"}`
    const large = `{"a":"${'x'.repeat(13)}"}`
    expect(await valuesOf(`[${fits},${fits}]`, { limits })).toHaveLength(2)
    for (const body of [`[${fits},${large}]`, `{"Records":[${fits},${large}]}`, `${fits}\n ${large}`]) {
      const { code, place, message } = await failureOf(body, { limits })
      expect(code).toBe('LIMIT_EXCEEDED')
      expect(message).toContain('limits.recordBytes, 20')
      expect(place).toMatchObject({ ordinal: 1, offset: body.indexOf(large) })
    }
    for (const body of [`["${'x'.repeat(30)}"]`, `[${'1'.repeat(30)}`, `{"Records":[],"a":"${'x'.repeat(30)}"}`])
      expect((await failureOf(body, { limits })).code).toBe('LIMIT_EXCEEDED')
  })

  test('of members and elements', async () => {
    const fits = ['{"a":1,"b":[2,{},"x,y"],"c":"[,,"}', '[1,2,3,4,5,6,7]', '[[],[],[[]]]'].map(
      (text) => `{"a":${text}}`,
    )
    const limits = { values: 8 }
    expect(await valuesOf(`[${fits.join(',')}]`, { limits })).toHaveLength(3)
    expect(await valuesOf(fits.join('\n'), { limits })).toHaveLength(3)
    for (const large of fits.map((text) => text.replace('[', '[0,')))
      for (const body of [`[{},${large}]`, `{"Records":[{},${large}]}`, `{}${large}`]) {
        const { code, place, message } = await failureOf(body, { limits })
        expect(code).toBe('LIMIT_EXCEEDED')
        expect(message).toContain('limits.values, 8')
        expect(place).toMatchObject({ ordinal: 1, offset: body.indexOf(large) })
      }
    for (const body of [`{"a":[${'1,'.repeat(8)}`, `{"Records":[],"a":[${'1,'.repeat(8)}`])
      expect((await failureOf(body, { limits })).code).toBe('LIMIT_EXCEEDED')
    await expect(split(`{"Records":[{${'"a":1,'.repeat(200_000)}`)).rejects.toThrow('limits.values, 32768')
  })

  test('costs as much as the bytes do, also where each chunk ends in what could be the key', {
    timeout: 20_000,
  }, async () => {
    const member = '"Recards":1,'
    const body = `{"a":1, ${member.repeat(1_000_000)}"Records":[{}]}`
    // Whatever comes before is looked at again for each of 10,000 chunks where the cost is the square.
    expect(
      await split(body, { chunkBytes: member.length * 100, limits: { recordBytes: 2 ** 24, values: 2_000_000 } }),
    ).toHaveLength(1)
  })

  test('of depth', async () => {
    const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    expect(await valuesOf(`[${nested(3)}]`, { limits: { depth: 3 } })).toHaveLength(1)
    const { code, message, place } = await failureOf(`[{}, ${nested(4)}]`, { limits: { depth: 3 } })
    expect(code).toBe('LIMIT_EXCEEDED')
    expect(message).toContain('limits.depth, 3')
    expect(place).toMatchObject({ ordinal: 1, offset: 5 })
  })
})

const indents = fc.constantFrom(undefined, 1, '\t', '\r\n ')

describe('any JSON, cut anywhere', () => {
  const parsed = async (body: string, chunkBytes: number) =>
    (await split(body, { chunkBytes })).map(({ text }) => JSON.parse(text) as unknown)

  test('gives the elements that JSON.parse gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), indents, cuts, async (values, indent, chunkBytes) => {
        const body = JSON.stringify(values, undefined, indent)
        expect(await parsed(body, chunkBytes)).toEqual(JSON.parse(body))
      }),
    )
  })

  test('in an object with other members', async () => {
    await fc.assert(
      fc.asyncProperty(anyObject, fc.array(anyObject), anyObject, indents, cuts, async (a, values, b, indent, cut) => {
        const { Records: _, ...before } = a
        const { Records: __, ...after } = b
        const body = JSON.stringify({ ...before, Records: values, ...after }, undefined, indent)
        expect(await parsed(body, cut)).toEqual((JSON.parse(body) as { Records: unknown[] }).Records)
      }),
    )
  })

  test('one behind the other', async () => {
    const separators = fc.constantFrom('', '\n', '\r\n', ' ')
    await fc.assert(
      fc.asyncProperty(fc.array(anyObject), separators, indents, cuts, async (objects, separator, indent, cut) => {
        const bare = objects.filter(({ Records }) => !Array.isArray(Records))
        const texts = bare.map((object) => JSON.stringify(object, undefined, indent))
        expect(await parsed(texts.join(separator), cut)).toEqual(texts.map((text) => JSON.parse(text) as unknown))
      }),
    )
  })

  test('a part of it is an error or fewer records, never others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyObject, { minLength: 1 }), fc.nat(), cuts, async (values, at, chunkBytes) => {
        const body = Buffer.from(JSON.stringify({ Records: values }))
        const part = body.subarray(0, at % body.length)
        const found: unknown[] = []
        const read = async () => {
          for await (const block of readJson(memoryObject({ key: 'a', body: part, chunkBytes }), parseContext()))
            found.push(...block.values.map((value) => JSON.parse(value.toString()) as unknown))
        }
        if (part.length > 0) await expect(read()).rejects.toMatchObject({ code: 'JSON_INVALID' })
        expect(found).toEqual((JSON.parse(body.toString()) as { Records: unknown[] }).Records.slice(0, found.length))
      }),
    )
  })
})
