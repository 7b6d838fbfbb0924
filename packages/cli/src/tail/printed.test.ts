import { FlowferryError, type ObjectReport, type SourceObject } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { rememberPrinted } from './printed.ts'

const object = (key: string, etag?: string): SourceObject => ({
  bucket: 'logs',
  key,
  ...(etag !== undefined && { etag }),
  open: async () => expect.unreachable(),
})
const report = (key: string, more: Partial<ObjectReport> = {}) =>
  ({ bucket: 'logs', key, status: 'done', ...more }) as ObjectReport
const broken = new FlowferryError('OBJECT_STALLED', 'x')

describe('rememberPrinted', () => {
  it('gives an object once, and one with another ETag again', () => {
    const printed = rememberPrinted()
    expect(printed.rest(object('a', '1'))).toMatchObject({ key: 'a' })
    expect(printed.settle(report('a', { etag: '1' }))).toBe(false)
    expect(printed.rest(object('a', '1'))).toBeUndefined()
    expect(printed.rest(object('a', '2'))).toMatchObject({ etag: '2' })
  })

  it('knows both what was listed and what was opened, where it was overwritten meanwhile', () => {
    const printed = rememberPrinted()
    printed.rest(object('a', '1'))
    printed.settle(report('a', { etag: '2' }))
    expect(printed.rest(object('a', '1'))).toBeUndefined()
    expect(printed.rest(object('a', '2'))).toBeUndefined()
  })

  it('goes on where a failed try was, five times at most, and longer through an outage', () => {
    const printed = rememberPrinted()
    const position = { etag: '1', records: 7 }
    printed.rest(object('a', '1'))
    expect(printed.settle(report('a', { etag: '1', status: 'failed', error: broken, position }))).toBe(true)
    expect(printed.rest(object('a', '1'))).toMatchObject({ from: position })
    // Not even opened: the position stays.
    for (const isAgain of [true, true, true, false]) {
      expect(printed.settle(report('a', { status: 'failed', error: broken }))).toBe(isAgain)
      if (isAgain) expect(printed.rest(object('a', '1'))).toMatchObject({ from: position })
    }
    expect(printed.rest(object('a', '1'))).toBeUndefined()
    const outage = new FlowferryError('SOURCE_UNREACHABLE', 'x')
    for (let n = 0; n < 20; n++) {
      expect(printed.rest(object('b', '1'))).toBeDefined()
      expect(printed.settle(report('b', { status: 'failed', error: outage }))).toBe(true)
    }
  })

  it('gives what cannot be read again and again, where a queue counts its attempts', () => {
    const printed = rememberPrinted({ givesUp: false })
    const forbidden = new FlowferryError('OBJECT_FORBIDDEN', 'x')
    for (let n = 0; n < 7; n++) {
      expect(printed.rest(object('a', '1'))).toBeDefined()
      expect(printed.settle(report('a', { status: 'failed', error: forbidden }))).toBe(true)
    }
    printed.rest(object('a', '1'))
    expect(printed.settle(report('a', { etag: '1' }))).toBe(false)
    expect(printed.rest(object('a', '1'))).toBeUndefined()
  })

  it('takes an object whose ETag nobody states for another each time', () => {
    const printed = rememberPrinted()
    for (let n = 0; n < 2; n++) {
      expect(printed.rest(object('a'))).toBeDefined()
      printed.settle(report('a', { etag: '1' }))
    }
  })

  it('forgets what was not met since the last sweep, and the oldest beyond its bound', () => {
    const printed = rememberPrinted()
    for (const key of ['a', 'b']) printed.pass(object(key, '1'))
    printed.sweep()
    expect(printed.rest(object('a', '1'))).toBeUndefined()
    printed.sweep()
    expect(printed.rest(object('a', '1'))).toBeUndefined()
    expect(printed.rest(object('b', '1'))).toBeDefined()
    const few = rememberPrinted({ most: 2 })
    for (const key of ['a', 'b', 'c']) few.pass(object(key, '1'))
    expect(few.rest(object('a', '1'))).toBeDefined()
    expect(few.rest(object('c', '1'))).toBeUndefined()
  })
})
