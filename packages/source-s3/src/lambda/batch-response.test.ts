import type { MessageReport } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { done, failed, notFound, report } from '../../test/reports.ts'
import { batchResponse, requireDone } from './batch-response.ts'

const ids = (...messageIds: string[]) => ({
  batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })),
})

describe('batchResponse', () => {
  it('is empty when all is done', () => {
    expect(batchResponse(report([done('a'), done('b')]))).toEqual(ids())
    expect(batchResponse(report([]))).toEqual(ids())
  })

  it('names each failed message once', () => {
    expect(batchResponse(report([failed('a'), done('b'), failed('c'), failed('a')]))).toEqual(ids('a', 'c'))
  })

  it("returns what stands behind a failed message in its FIFO queue's group", () => {
    const of = (group: string, message: MessageReport) => ({ ...message, group })
    const messages = [of('x', done('a')), of('x', failed('b')), of('y', done('c')), of('x', done('d')), done('e')]
    expect(batchResponse(report(messages))).toEqual(ids('b', 'd'))
    expect(batchResponse(report([of('x', done('a')), of('x', done('b'))]))).toEqual(ids())
  })

  it('throws the failure of an invocation without a queue', () => {
    const error = notFound()
    expect(() => batchResponse(report([failed(undefined, error)]))).toThrow(error)
    expect(batchResponse(report([done()]))).toEqual(ids())
  })

  it('throws for an incomplete report, since what is not in it would be deleted', () => {
    const stopped = notFound()
    expect(() => batchResponse({ ...report([done('a')]), ok: false, incomplete: true, stopped })).toThrow(stopped)
    expect(() => batchResponse({ ...report([done('a')]), ok: false, incomplete: true })).toThrow(/not read to its end/)
  })

  it("throws an object's failure, and has words for a report without any", () => {
    const error = notFound()
    const object = { ...({} as import('@flowferry/core').ObjectReport), status: 'failed' as const, error }
    expect(() => batchResponse(report([{ status: 'failed', objects: [object], ignored: [] }]))).toThrow(error)
    expect(() => batchResponse(report([{ status: 'failed', objects: [], ignored: [] }]))).toThrow(/does not say why/)
  })
})

describe('requireDone', () => {
  it('returns when all is done', () => {
    expect(requireDone(report([done('a'), done()]))).toBeUndefined()
    expect(requireDone(report([]))).toBeUndefined()
  })

  it('throws the first failure, with or without a queue', () => {
    const [first, second] = [notFound(), notFound()]
    expect(() => requireDone(report([done('a'), failed('b', first), failed('c', second)]))).toThrow(first)
    expect(() => requireDone(report([failed(undefined, second)]))).toThrow(second)
  })

  it('throws for an incomplete report, though all that is in it is done', () => {
    const stopped = notFound()
    expect(() => requireDone({ ...report([done('a')]), ok: false, incomplete: true, stopped })).toThrow(stopped)
  })
})
