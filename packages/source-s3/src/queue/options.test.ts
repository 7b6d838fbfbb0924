import { describe, expect, it } from 'vitest'
import { client, numberWithin, oneOf, optionalFunction, queueAddress, sameQueue, wholeNumber } from './options.ts'

const invalid = expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('`name`') })

describe('options', () => {
  const send = { send: () => undefined }
  const call = () => undefined
  const url = 'https://sqs.eu-central-1.amazonaws.com/1/q'
  it.each<[string, unknown, unknown]>([
    ['the least whole number', 1, wholeNumber('name', 1, 1, 5)],
    ['the greatest whole number', 5, wholeNumber('name', 5, 1, 5)],
    ['the least number', 0.1, numberWithin('name', 0.1, 0.1, 1)],
    ['a fraction within a range', 0.5, numberWithin('name', 0.5, 0.1, 1)],
    ['the greatest number', 1, numberWithin('name', 1, 0.1, 1)],
    ['one of several texts', 'skip', oneOf('name', 'skip', ['fail', 'skip'])],
    ['a client', send, client('name', send)],
    ["a queue's URL", url, queueAddress('name', url)],
    ['a function', call, optionalFunction('name', call)],
    ['no function', undefined, optionalFunction('name', undefined)],
  ])('take %s, and give it', (_, value, given) => {
    expect(given).toBe(value)
  })

  it.each<[string, () => unknown]>([
    ['a whole number below the range', () => wholeNumber('name', 0, 1, 5)],
    ['a whole number above the range', () => wholeNumber('name', 6, 1, 5)],
    ['a fraction', () => wholeNumber('name', 1.5, 1, 5)],
    ['a text for a whole number', () => wholeNumber('name', '3' as never, 1, 5)],
    ['a number outside of the range', () => numberWithin('name', 1.01, 0.1, 1)],
    ['NaN', () => numberWithin('name', Number.NaN, 0.1, 1)],
    ['a text for a number', () => numberWithin('name', '1' as never, 0.1, 1)],
    ['another text', () => oneOf('name', 'ignore' as string, ['fail', 'skip'])],
    ['no client', () => client('name', undefined)],
    ['an object without send', () => client('name', {})],
    ["a queue's name", () => queueAddress('name', 'flow-logs')],
    ["a queue's ARN", () => queueAddress('name', 'arn:aws:sqs:eu-central-1:1:q')],
    ['no queue', () => queueAddress('name', undefined as never)],
    ['an object for a function', () => optionalFunction('name', {})],
    [
      'the same queue',
      () => {
        throw sameQueue('name')
      },
    ],
  ])('refuse %s', (_, check) => {
    expect(check).toThrow(invalid)
  })

  it.each([
    [7, '7'],
    [null, 'null'],
    [{}, 'object'],
    ['3', 'string'],
  ])('say what %j is', (value, what) => {
    const message = expect.stringMatching(new RegExp(`, and is ${what}\\.`))
    expect(() => wholeNumber('name', value as never, 1, 5)).toThrow(expect.objectContaining({ message }))
  })

  it('tell a wrong value by its type, since it may be a secret', () => {
    const secret = () => oneOf('name', 'AKIASECRET' as string, ['fail', 'skip'])
    expect(secret).toThrow(expect.not.objectContaining({ message: expect.stringContaining('AKIASECRET') }))
  })
})
