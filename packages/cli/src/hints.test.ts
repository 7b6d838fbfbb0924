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

test('what speaks of functions of the library is said in options', () => {
  const error = new FlowferryError('FORMAT_MISMATCH', 'No header; withFields() states the fields')
  expect(wordsOf(error)).toBe('No header [FORMAT_MISMATCH]')
  expect(hintsFor([error], 'nlb')[0]).toContain("--format nlb --fields 'NAMES'")
})

test('what is known to be no log is of no format that could be said', () => {
  const hints = (what: string) => hintsFor([new FlowferryError('FORMAT_UNKNOWN', what)]).join('\n')
  expect(hints('It is OCSF, and of none of the 18 formats')).toMatch(/^hint: --skip-unknown .*\nsee .*$/)
  expect(hints("It is CloudFront's real-time log of chosen fields, and of none of the 18 formats")).toContain(
    'hint: --format cloudfront-real-time --fields ',
  )
  expect(hints('It is an envelope of CloudWatch Logs, and none of VPC Flow Logs reads its messages')).toContain(
    '--format says',
  )
})
