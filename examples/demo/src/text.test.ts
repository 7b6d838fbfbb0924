import { expect, it } from 'vitest'
import { duration, megabytes, plural } from './text.ts'

it('counts, weighs and times', () => {
  expect([plural(1, 'file'), plural(2000, 'file')]).toEqual(['1 file', '2,000 files'])
  expect([megabytes(1_665_775), megabytes(826_363_742)]).toEqual(['1.7 MB', '826 MB'])
  expect(duration(440)).toBe('0.4 s')
})
