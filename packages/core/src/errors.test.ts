import { describe, expect, test } from 'vitest'
import { FlowferryError } from './errors.ts'

describe('FlowferryError', () => {
  test('is logged with its link, its place, and nothing of its cause', () => {
    const cause = Object.assign(new Error('refused'), { meta: { headers: { authorization: 'Basic c3VyZQ==' } } })
    const error = new FlowferryError('OBJECT_NOT_FOUND', 'It is gone', {
      place: { bucket: 'logs', key: 'a.gz' },
      cause,
    })
    const docs = 'https://github.com/flowferry/flowferry/blob/main/docs/errors.md#object_not_found'
    expect(error.docs).toBe(docs)
    expect(JSON.parse(JSON.stringify({ objects: [{ error }] })).objects[0].error).toEqual({
      code: 'OBJECT_NOT_FOUND',
      message: error.message,
      retryable: false,
      place: { bucket: 'logs', key: 'a.gz' },
      docs,
    })
  })
})
