import { FlowferryError } from '@flowferry/core'
import { expect, it } from 'vitest'
import { abortError } from './abort.ts'

const place = { bucket: 'logs', key: 'a' }

it("is the signal's reason where that is a FlowferryError", () => {
  const deadline = new FlowferryError('DEADLINE', 'The time is over')
  expect(abortError(AbortSignal.abort(deadline), place)).toBe(deadline)
})

it('is ABORTED at the place for any other reason', () => {
  const reason = new Error('SIGTERM')
  expect(abortError(AbortSignal.abort(reason), place)).toMatchObject({ code: 'ABORTED', place, cause: reason })
})
