import { describe, expect, test } from 'vitest'
import { fragmentsOf, Insertion, objectFields } from './insertion.ts'

describe('fields of dotted names', () => {
  test.each([
    ['a name that is in the way of another', ['a', 'a.b']],
    ['the other way round', ['a.b', 'a']],
    ['a name twice', ['a.b', 'a.b']],
    ['a number, which JavaScript puts first', ['a.1']],
    ['__proto__', ['a.__proto__']],
    ['more names than an object has bits', Array.from({ length: 31 }, (_, i) => `a.b${i}`)],
  ])('%s is left to the plain path', (_, names) => {
    expect(objectFields(names, new Set())).toBeUndefined()
  })

  test('are written as members of their objects, in the order in which they came', () => {
    const fields = objectFields(['b.x', 'a', 'b.y.z'], new Set(['b']))!
    expect(fragmentsOf(fields, 0)).toEqual([',"b":{"x":', 0, ',"y":{"z":', 2, '}},"a":', 1])
    expect(fragmentsOf(fields, 1)).toEqual([',"a":', 1])
    expect(fields.sought).toBe(1)
  })
})

/** The document's text with the values of these fields, by bytes; undefined where the plain path has to do it. */
function inserted(document: string, values: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(values)
  const fields = objectFields(names, new Set(Object.keys(JSON.parse(document))))!
  const insertion = new Insertion(
    fields,
    Object.values(values).map((value) => JSON.stringify(value)),
  )
  const buffer = Buffer.alloc(4096)
  const length = buffer.write(document, insertion.most)
  const from = insertion.most
  const stop = from + length
  const end = insertion.write(buffer, from, from, stop - 1, stop, 0)
  return end === -1 ? undefined : buffer.toString('utf8', 0, end)
}

describe('the bytes of a document', () => {
  const document = JSON.stringify({
    '@timestamp': '2026-11-22T09:15:32.000Z',
    'with "quotes"}': [{ a: '}' }, [], '\\'],
    user: { name: 'x\\"}', id: null, deep: { list: [1, { b: '{' }] } },
    n: -1.5e3,
    event: { kind: 'event' },
  }).replace('with \\"quotes\\"}', 'plain')

  test.each<[Record<string, unknown>, (document: Record<string, object>) => unknown]>([
    [{ 'labels.x': 'é' }, (d) => ({ ...d, labels: { x: 'é' } })],
    [{ 'user.new': [true] }, (d) => ({ ...d, user: { ...d.user, new: [true] } })],
    [
      { 'user.deep.new': 1, 'event.x': '\u{1f512}', top: {} },
      ({ user, event, ...d }: { user?: { deep?: object }; event?: object }) => ({
        '@timestamp': '',
        ...d,
        user: { ...user, deep: { ...user?.deep, new: 1 } },
        event: { ...event, x: '\u{1f512}' },
        top: {},
      }),
    ],
    [{ long: 'x'.repeat(1000) }, (d) => ({ ...d, long: 'x'.repeat(1000) })],
  ])('get %j', (values, expected) => {
    expect(JSON.parse(inserted(document, values)!)).toEqual(expected(JSON.parse(document)))
  })

  test.each([
    ['a value is there already', document, { 'event.kind': 'mine' }],
    ['a value stands where an object is joined', document, { 'n.x': 1 }],
    ['the object has no members, and a comma would come first', '{"a":1,"event":{}}', { 'event.x': 1 }],
    ['a name before it has an escape, and may be any', '{"\\u0061":1,"event":{"a":1}}', { 'event.x': 1 }],
  ])('are left to the plain path where %s', (_, text, values) => {
    expect(inserted(text, values)).toBeUndefined()
  })
})
