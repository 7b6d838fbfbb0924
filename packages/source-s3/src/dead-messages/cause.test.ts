import { type ErrorCode, FlowferryError } from '@flowferry/core'
import { expect, it } from 'vitest'
import { attributeBytes, causeAttribute, deadLetterCause, encodeCause, readCause } from './cause.ts'

const notFound = new FlowferryError('OBJECT_NOT_FOUND', 'The object does not exist', {
  place: { bucket: 'logs', key: 'a.log', versionId: 'v1' },
})

it('names the code, the place and the attempts', () => {
  const cause = deadLetterCause(notFound, 3)
  expect(cause).toMatchObject({ code: 'OBJECT_NOT_FOUND', attempts: 3, bucket: 'logs', key: 'a.log', versionId: 'v1' })
  expect(new Date(cause.time!).toISOString()).toBe(cause.time)
  expect(deadLetterCause(notFound, 3, { bucket: 'other' })).not.toHaveProperty('key')
})

it.each<[ErrorCode, string]>([
  ['ENVELOPE_UNREADABLE', 'envelope'],
  ['OBJECT_FORBIDDEN', 'object'],
  ['BUCKET_NOT_FOUND', 'object'],
  ['BODY_CHECKSUM', 'object'],
  ['COMPRESSION_CORRUPT', 'decompress'],
  ['TOO_MANY_MALFORMED', 'records'],
  ['TARGET_BLOCKED', 'bulk'],
  ['DEADLINE', 'handler'],
  ['HANDLER_FAILED', 'handler'],
])('%s is of the stage %s', (code, stage) => {
  expect(deadLetterCause(new FlowferryError(code, 'x'), 1).stage).toBe(stage)
})

it('is read as it was written', () => {
  const cause = { ...deadLetterCause(notFound, 2), position: 120 }
  expect(readCause({ [causeAttribute]: encodeCause(cause, 4096)! })).toEqual(cause)
})

it('is shortened to its room, down to the code, and left out where not even that fits', () => {
  const cause = { ...deadLetterCause(notFound, 2), message: `A${'ü'.repeat(5000)}`, key: 'k'.repeat(200) }
  for (let room = 12_000; room > 0; room -= 50) {
    const attribute = encodeCause(cause, room)
    if (!attribute) {
      expect(room).toBeLessThan(250)
      continue
    }
    expect(attributeBytes(causeAttribute, attribute)).toBeLessThanOrEqual(room)
    const message = expect.stringMatching(/^(Aü*)?$/)
    expect(readCause({ [causeAttribute]: attribute })).toMatchObject({ code: 'OBJECT_NOT_FOUND', attempts: 2, message })
    const bytes = attributeBytes(causeAttribute, attribute)
    expect(encodeCause(cause, bytes)).toEqual(attribute)
  }
  expect(encodeCause(cause, 100)).toBeUndefined()
})

it('holds no character that SQS refuses', () => {
  const cause = { ...deadLetterCause(notFound, 1), message: 'a\u0000b\uFFFEc\uFFFFd\uD800' }
  const text = encodeCause(cause, 4096)!.StringValue!
  // XML's: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  expect(text).toMatch(/^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u)
  expect(JSON.parse(text).message).toBe('a\u0000b\uFFFDc\uFFFDd\uD800')
})

it.each([undefined, 'no JSON', 'null', '[]', '{}', '{"message":"x"}', '{"code":1}'])(
  'is none where the attribute is %j',
  (StringValue) => {
    const attributes = StringValue === undefined ? {} : { [causeAttribute]: { DataType: 'String', StringValue } }
    expect(readCause(attributes)).toBeUndefined()
  },
)

it.each([
  { code: 'constructor' },
  { code: '__proto__' },
  { code: 'lower_case' },
  { code: 'A'.repeat(65) },
  { code: ['OBJECT_FORBIDDEN'] },
  { message: 7 },
  { message: null },
  { stage: 'elsewhere' },
  { stage: { toString: 'x' } },
  { attempts: '3' },
  { attempts: -1 },
  { attempts: 1e300 },
  { time: 'soon' },
  { time: 1e18 },
  { bucket: 7 },
  { key: { length: 3 } },
  { versionId: [] },
  { position: '120' },
  { droppedAttribute: {} },
])('is not believed where a member is not of its type: %j', (forged) => {
  const StringValue = JSON.stringify({ ...deadLetterCause(notFound, 2), ...forged })
  expect(readCause({ [causeAttribute]: { DataType: 'String', StringValue } })).toBeUndefined()
})

it('has no member that is not known', () => {
  const StringValue = `{"code":"OBJECT_FORBIDDEN","__proto__":{"bucket":7},"constructor":"x","more":1}`
  expect(readCause({ [causeAttribute]: { DataType: 'String', StringValue } })).toEqual({ code: 'OBJECT_FORBIDDEN' })
})

it('may have no attempt and no record before it', () => {
  const StringValue = JSON.stringify({ code: 'OBJECT_FORBIDDEN', attempts: 0, position: 0 })
  expect(readCause({ [causeAttribute]: { DataType: 'String', StringValue } })).toMatchObject({
    attempts: 0,
    position: 0,
  })
})

it('counts name, type and value, as SQS does', () => {
  expect(attributeBytes('naïve', { DataType: 'String', StringValue: 'äb' })).toBe(6 + 6 + 3)
  expect(attributeBytes('n', { DataType: 'Binary', BinaryValue: new Uint8Array(5) })).toBe(1 + 6 + 5)
})
