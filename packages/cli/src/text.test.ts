import { expect, it } from 'vitest'
import { duration, plural } from './text.ts'

it('counts and times', () => {
  expect(plural(1, 'file')).toBe('1 file')
  expect(plural(2000, 'file')).toBe('2,000 files')
  expect(duration(440)).toBe('0.4 s')
  expect(duration(125_000)).toBe('2 min 5 s')
})
