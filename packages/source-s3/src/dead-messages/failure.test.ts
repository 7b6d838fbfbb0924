import { FlowferryError, type MessageReport } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { done, failed, notFound, objectReport } from '../../test/reports.ts'
import { errorPlace, failureDetails, failureOf, isUnreadable, messagesToRetry, wasNotBegun } from './failure.ts'

const withObjects = (...objects: MessageReport['objects']): MessageReport => ({
  status: 'failed',
  objects,
  ignored: [],
})
const deadline = new FlowferryError('DEADLINE', 'The time is over')

describe('failureOf', () => {
  it("takes the message's own error before its objects'", () => {
    const own = new FlowferryError('ENVELOPE_UNREADABLE', 'x')
    expect(failureOf({ ...withObjects(objectReport({ error: notFound() })), error: own })).toBe(own)
  })

  it('takes the error of the first object that failed', () => {
    const error = notFound('second')
    const skipped = objectReport({ status: 'skipped', error: notFound('first') })
    expect(failureOf(withObjects(skipped, objectReport({ error }), objectReport({ error: deadline })))).toBe(error)
  })

  it('says so where the report gives no reason', () => {
    expect(failureOf(withObjects())).toMatchObject({ code: 'HANDLER_FAILED' })
  })
})

describe('failureDetails', () => {
  it('names the object and its position where the error is shared', () => {
    const position = { etag: 'e', records: 42 }
    const object = objectReport({ key: 'b', versionId: 'v', error: deadline, position })
    expect(failureDetails(withObjects(objectReport({ status: 'done' }), object))).toEqual({
      error: deadline,
      place: { bucket: 'logs', key: 'b', versionId: 'v' },
      position: 42,
    })
  })

  it("keeps the place of the message's own error", () => {
    const error = new FlowferryError('ENVELOPE_UNREADABLE', 'x', { place: { messageId: 'm' } })
    expect(failureDetails(failed('m', error))).toEqual({ error, place: { messageId: 'm' } })
    const object = objectReport({ error: notFound(), position: { etag: 'e', records: 42 } })
    expect(failureDetails({ ...withObjects(object), error })).toEqual({ error, place: { messageId: 'm' } })
  })
})

it("errorPlace keeps an error's own object", () => {
  expect(errorPlace(notFound('own'), { bucket: 'other', key: 'other' })).toEqual({ bucket: 'logs', key: 'own' })
})

it('wasNotBegun is true only where no object was begun before the deadline', () => {
  const notBegun = objectReport({ notBegun: true, error: deadline })
  expect(wasNotBegun(withObjects(notBegun))).toBe(true)
  expect(wasNotBegun(withObjects(notBegun, notBegun))).toBe(true)
  expect(wasNotBegun(withObjects(notBegun, objectReport({ error: deadline })))).toBe(false)
  expect(wasNotBegun(withObjects(objectReport({ notBegun: true, error: notFound() })))).toBe(false)
  expect(wasNotBegun(withObjects())).toBe(false)
  expect(wasNotBegun({ ...withObjects(notBegun), error: notFound() })).toBe(false)
})

it('isUnreadable is true only of a failed message of which all that failed is unreadable', () => {
  const damaged = objectReport({ error: new FlowferryError('FORMAT_UNKNOWN', 'What is this') })
  expect(isUnreadable(withObjects(damaged, objectReport({ status: 'done' })))).toBe(true)
  expect(isUnreadable(withObjects(damaged, objectReport({ error: notFound() })))).toBe(false)
  expect(isUnreadable(withObjects())).toBe(false)
  expect(isUnreadable({ ...withObjects(damaged), status: 'done' })).toBe(false)
})

it('messagesToRetry keeps the order of each FIFO group, and of no other', () => {
  const message = (messageId: string, status: 'done' | 'failed', group?: string) => ({
    ...(status === 'done' ? done(messageId) : failed(messageId)),
    ...(group !== undefined && { group }),
  })
  const messages = [
    message('a1', 'done', 'a'),
    message('b1', 'failed', 'b'),
    message('a2', 'failed', 'a'),
    message('b2', 'done', 'b'),
    message('c1', 'done', 'c'),
    message('x', 'failed'),
    message('y', 'done'),
    message('a3', 'done', 'a'),
  ]
  expect(messagesToRetry(messages).map(({ messageId }) => messageId)).toEqual(['b1', 'a2', 'b2', 'x', 'a3'])
})
