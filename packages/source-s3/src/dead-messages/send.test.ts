import { FlowferryError } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import type { QueueMessage, SqsAttribute } from '../events/messages.ts'
import { encodeContinuation, positionAttribute } from '../lambda/continuation.ts'
import { maxMessageBytes } from '../queue/queue.ts'
import { attributeBytes, causeAttribute, readCause } from './cause.ts'
import { type FailedMessage, sendDeadLetters, withAttributes } from './send.ts'

const url = 'https://sqs.test/1/dead'
const text = (StringValue: string): SqsAttribute => ({ DataType: 'String', StringValue })
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, text('x')]))

const message = (more: Partial<QueueMessage> = {}): QueueMessage => ({
  messageId: 'm',
  receiptHandle: 'r',
  body: 'the body, verbatim',
  receiveCount: 2,
  groupId: undefined,
  fifoGroup: undefined,
  queueArn: undefined,
  sentAt: undefined,
  attributes: {},
  ...more,
})
const failure = (more: Partial<QueueMessage> = {}): FailedMessage => ({
  message: message(more),
  error: new FlowferryError('OBJECT_NOT_FOUND', 'gone'),
  place: { bucket: 'logs', key: 'a' },
})

describe('sendDeadLetters', () => {
  it('sends bodies and attributes verbatim, with the cause', async () => {
    const { sqs, queue } = fakeSqs()
    const failed = { ...failure({ attributes: { own: text('kept') } }), position: 7 }
    expect(await sendDeadLetters(sqs, url, [failed])).toEqual({ sent: new Set(['m']), errors: [] })
    const { body, attributes } = queue(url)[0]!
    expect([body, attributes.own]).toEqual(['the body, verbatim', text('kept')])
    expect(readCause(attributes as Record<string, SqsAttribute>)).toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      attempts: 2,
      key: 'a',
      position: 7,
    })
  })

  it('counts the receives of earlier invocations, and replaces an earlier cause', async () => {
    const { sqs, queue } = fakeSqs()
    const attributes = {
      [positionAttribute]: encodeContinuation({ attempts: 5, objects: [undefined] }),
      [causeAttribute]: text('{"code":"OLD"}'),
    }
    await sendDeadLetters(sqs, url, [failure({ attributes })])
    expect(readCause(queue(url)[0]!.attributes as Record<string, SqsAttribute>)).toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      attempts: 7,
    })
  })

  it('drops the last of ten attributes, and names it', async () => {
    const { sqs, queue } = fakeSqs()
    await sendDeadLetters(sqs, url, [failure({ attributes: many(10) })])
    const attributes = queue(url)[0]!.attributes as Record<string, SqsAttribute>
    expect(Object.keys(attributes)).toHaveLength(10)
    expect(readCause(attributes as Record<string, SqsAttribute>)).toMatchObject({ droppedAttribute: 'a9' })
  })

  it('drops none where an earlier cause makes room', async () => {
    const { sqs, queue } = fakeSqs()
    const attributes = { ...many(9), [causeAttribute]: text('{"code":"OLD"}') }
    await sendDeadLetters(sqs, url, [failure({ attributes })])
    const sent = queue(url)[0]!.attributes as Record<string, SqsAttribute>
    expect(sent).toMatchObject(many(9))
    expect(readCause(sent)).not.toHaveProperty('droppedAttribute')
  })

  it('shortens the cause to the room that is left, or to 4 KiB', async () => {
    const { sqs, queue } = fakeSqs()
    const error = new FlowferryError('OBJECT_NOT_FOUND', 'x'.repeat(10_000))
    for (const body of ['x', 'x'.repeat(maxMessageBytes - 300)])
      await sendDeadLetters(sqs, url, [{ ...failure({ body }), error }])
    const bytes = queue(url).map(({ attributes }) =>
      attributeBytes(causeAttribute, (attributes as Record<string, SqsAttribute>)[causeAttribute]!),
    )
    expect(bytes[0]).toBeLessThanOrEqual(4096)
    expect(bytes[1]).toBeLessThanOrEqual(300)
  })

  it('sends a message that leaves no room for the cause without one', async () => {
    const { sqs, queue } = fakeSqs()
    const body = 'x'.repeat(maxMessageBytes)
    expect((await sendDeadLetters(sqs, url, [failure({ body })])).sent).toEqual(new Set(['m']))
    expect(queue(url)[0]!.body).toBe(body)
    expect(Object.keys(queue(url)[0]!.attributes)).toEqual([])
  })

  it('tells which messages SQS refused, and sends the others', async () => {
    const { sqs, onCall } = fakeSqs()
    onCall(({ input }) => (input.MessageBody === 'b3' ? awsError('InvalidMessageContents', 400) : undefined))
    const failed = Array.from({ length: 12 }, (_, n) => failure({ messageId: `m${n}`, body: `b${n}` }))
    const { sent, errors } = await sendDeadLetters(sqs, url, failed)
    expect(sent.size).toBe(11)
    expect(errors).toMatchObject([{ code: 'QUEUE_FAILED', place: { messageId: 'm3' } }])
  })

  it('leaves out a message without id or body', async () => {
    const { sqs, calls } = fakeSqs()
    const failed = [failure({ messageId: undefined }), failure({ body: undefined })]
    expect(await sendDeadLetters(sqs, url, failed)).toEqual({ sent: new Set(), errors: [] })
    expect(calls).toEqual([])
  })
})

describe('withAttributes', () => {
  it('adds attributes, and replaces those of the same name', () => {
    const attributes = { a: text('1'), b: text('2') }
    expect(withAttributes(message({ attributes }), { b: text('3') })).toEqual({ a: text('1'), b: text('3') })
  })

  it('takes ten attributes and 1 MiB, and no more', () => {
    expect(withAttributes(message({ attributes: many(9) }), { z: text('x') })).toBeDefined()
    expect(withAttributes(message({ attributes: many(10) }), { z: text('x') })).toBeUndefined()
    expect(withAttributes(message({ attributes: many(10) }), { a0: text('y') })).toBeDefined()
    const room = maxMessageBytes - Buffer.byteLength('zStringx')
    expect(withAttributes(message({ body: 'x'.repeat(room) }), { z: text('x') })).toBeDefined()
    expect(withAttributes(message({ body: 'x'.repeat(room + 1) }), { z: text('x') })).toBeUndefined()
  })
})
