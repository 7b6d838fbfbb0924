import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseContext } from '../read/limits.ts'
import { memoryObject } from '../testing/index.ts'
import { subscribed } from './pieces.ts'

/** The messages of an object in chunks of such a size, with where their events begin. */
async function read(body: string, chunkBytes: number): Promise<(readonly [offset: number, line: string])[]> {
  const found: (readonly [number, string])[] = []
  for await (const pieces of subscribed(memoryObject({ key: 'k', body, chunkBytes }), parseContext()))
    for (const { text, starts, offsets } of pieces)
      for (let index = 0; index < starts.length; index++)
        found.push([offsets[index]!, text.toString('utf8', starts[index], starts[index + 1])])
  return found
}

/** A message as a line; none where it is of blanks. What is no event is one as it stands. */
function lineOf(event: string): string[] {
  let message = event
  try {
    const value = JSON.parse(event) as { message?: unknown }
    if (typeof value.message === 'string') message = value.message
  } catch {}
  const line = message.replace(/[\r\n]+$/, '').replace(/[\r\n]/g, ' ')
  return /^[ \t]*$/.test(line) ? [] : [`${line}\n`]
}

const character = fc.constantFrom(
  'a',
  '0',
  ' ',
  '\t',
  '\n',
  '\r',
  '"',
  '\\',
  '/',
  '{',
  '}',
  ',',
  'é',
  '\u{1f600}',
  '\0',
)
const message = fc.oneof(
  fc.string({ unit: character, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 4 }),
)
/** As AWS writes it, and as it does not: the first is the fast path's, but for the time. */
const event = fc
  .record({
    id: fc.constantFrom('', '1', '36503132431674923811', 'a b', 'é'),
    time: fc.constantFrom('0', '1764493260000', '007', '00', '', '-1', '1.5', '1e3', 'null'),
    message,
    isEscaped: fc.boolean(),
    shape: fc.constantFrom('aws', 'aws', 'aws', 'spaced', 'more', 'other'),
  })
  .map(({ id, time, message, isEscaped, shape }) => {
    const quoted = JSON.stringify(message)
    const text = isEscaped ? quoted.replaceAll('a', '\\u0061').replaceAll('/', '\\/') : quoted
    if (shape === 'spaced') return `{ "id": "${id}", "timestamp": ${time}, "message": ${text} }`
    if (shape === 'more') return `{"id":"${id}","timestamp":${time},"message":${text},"more":{}}`
    if (shape === 'other') return `{"id":"${id}","message":[${text}]}`
    return `{"id":"${id}","timestamp":${time},"message":${text}}`
  })

test('messages are those of JSON.parse, wherever chunks are cut', async () => {
  const begin = '{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":['
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 5 }), async (events) => {
      const body = `${begin}${events.join(',')}]}`
      let at = Buffer.byteLength(begin)
      const expected = events.flatMap((one) => {
        const offset = at
        at += Buffer.byteLength(one) + 1
        return lineOf(one).map((line) => [offset, line] as const)
      })
      for (const chunkBytes of [1, 7, 50, 10_000]) expect(await read(body, chunkBytes)).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['{"id":"1","timestamp":1,"message":"\\t"}', []],
  ['{"id":"1","timestamp":1,"message":"\\t x"}', ['\t x\n']],
  ['{"id":"1","timestamp":,"message":"x"}', ['{"id":"1","timestamp":,"message":"x"}\n']],
  ['{"id":"1","timestamp":007,"message":"x"}', ['{"id":"1","timestamp":007,"message":"x"}\n']],
  ['{"id":"1","timestamp":0,"message":"x"}', ['x\n']],
])('the event %j has the same message, in one chunk and in several', async (event, expected) => {
  const body = `{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s","logEvents":[${event}]}`
  for (const chunkBytes of [1, 10_000]) expect((await read(body, chunkBytes)).map(([, line]) => line)).toEqual(expected)
})
