import { FlowferryError } from '@flowferry/core'
import { expect, test } from 'vitest'
import { hintsFor, wordsOf } from './hints.ts'

test.each([
  ["the SDK's own error", new Error('Region is missing')],
  ['an error of the source', new FlowferryError('SOURCE_REGION', 'ListObjectsV2: Error, Region is missing')],
])('a region that is missing names the variables that set it: %s', (_, error) => {
  expect(hintsFor([error])[0]).toBe('hint: set AWS_REGION, or AWS_PROFILE to a profile that has a region')
})

test('a region that is another names the variable, and no option of the SDK', () => {
  const error = new FlowferryError('SOURCE_REGION', 'GetObject: PermanentRedirect', {
    place: { bucket: 'b', key: 'k' },
  })
  expect(hintsFor([error])[0]).toBe('hint: set AWS_REGION to the region of the bucket or queue')
  expect(wordsOf(error)).toBe('GetObject: PermanentRedirect (s3://b/k) [SOURCE_REGION]')
})

test('advice that has no hint stays', () => {
  const error = new FlowferryError('OBJECT_STALLED', 'Nothing came')
  expect(wordsOf(error)).toBe(error.message)
})
