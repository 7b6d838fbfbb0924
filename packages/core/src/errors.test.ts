import { describe, expect, test } from 'vitest'
import { asFlowferryError, FlowferryError } from './errors.ts'

describe('FlowferryError', () => {
  test('shows no control character of a key, a bucket or a cause', () => {
    const place = { bucket: 'logs\u001b[2J', key: 'a\nforged line\u009b1A\u202egz' }
    const cause = Object.assign(new Error('Deni\u0007ed'), { name: 'Access\u001b[0m' })
    const error = asFlowferryError(cause, 'OBJECT_UNREADABLE', 'Reading failed', place)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    const control = /[\u0000-\u001f\u007f-\u009f\u202e]/
    expect(error.message).not.toMatch(control)
    expect(error.message).toContain(String.raw`s3://logs\u001b[2J/a\nforged line\u009b1A\u202egz`)
    expect((error.cause as Error).message).toBe(String.raw`Deni\u0007ed`)
    expect((error.cause as Error).name).toBe(String.raw`Access\u001b[0m`)
    // For programs the place is what AWS says.
    expect(error.place).toEqual(place)
  })

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
