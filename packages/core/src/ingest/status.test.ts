import { describe, expect, test } from 'vitest'
import { FlowferryError } from '../errors.ts'
import { emptyCounts } from './report.ts'
import { finalError, malformedError, rejectedError, statusOf } from './status.ts'

const place = { bucket: 'b', key: 'k' }
const refused = new FlowferryError('RECORDS_REJECTED', 'x')

describe('statusOf', () => {
  test('is done without an error, and failed with one that the source does not skip', () => {
    expect(statusOf(undefined, ['OBJECT_NOT_FOUND'])).toBe('done')
    expect(statusOf(new FlowferryError('OBJECT_NOT_FOUND', 'x'))).toBe('failed')
    expect(statusOf(new FlowferryError('OBJECT_FORBIDDEN', 'x'), ['OBJECT_NOT_FOUND'])).toBe('failed')
  })

  test('is skipped or superseded with an error that the source skips', () => {
    expect(statusOf(new FlowferryError('OBJECT_NOT_FOUND', 'x'), ['OBJECT_NOT_FOUND'])).toBe('skipped')
    expect(statusOf(new FlowferryError('OBJECT_SUPERSEDED', 'x'), ['OBJECT_SUPERSEDED'])).toBe('superseded')
  })
})

describe('finalError', () => {
  test('puts refused records before no error, the deadline, and an error that is skipped', () => {
    expect(finalError(undefined, refused)).toBe(refused)
    expect(finalError(new FlowferryError('DEADLINE', 'x'), refused)).toBe(refused)
    expect(finalError(new FlowferryError('OBJECT_SUPERSEDED', 'x'), refused, ['OBJECT_SUPERSEDED'])).toBe(refused)
  })

  test('leaves another error of the object, and any error where no record was refused', () => {
    const damaged = new FlowferryError('COMPRESSION_CORRUPT', 'x')
    const late = new FlowferryError('DEADLINE', 'x')
    expect(finalError(damaged, refused)).toBe(damaged)
    expect(finalError(late, undefined)).toBe(late)
    expect(finalError(undefined, undefined)).toBeUndefined()
  })
})

describe('malformedError', () => {
  const summary = (read: number, bad: number) => ({
    counts: { ...emptyCounts(), read, malformed: bad },
    malformed: bad > 0 ? [{ ordinal: 4, offset: 99, reason: 'no number' }] : [],
  })
  const check = (read: number, bad: number, share: number, atEnd: boolean) =>
    malformedError(summary(read, bad), { share, atEnd, place })

  test('is none up to the share, the share included', () => {
    expect(check(10, 1, 0.1, true)).toBeUndefined()
    expect(check(10, 0, 0, true)).toBeUndefined()
    expect(check(10, 10, 1, true)).toBeUndefined()
  })

  test('names the first malformed record above the share', () => {
    const error = check(10, 2, 0.1, true)
    expect(error).toMatchObject({ code: 'TOO_MANY_MALFORMED', place: { ...place, ordinal: 4, offset: 99 } })
    expect(error!.message).toContain('2 of 10 records are malformed, the first: no number')
  })

  test('waits for 1,000 records before the end: a file may begin badly', () => {
    expect(check(999, 999, 0.1, false)).toBeUndefined()
    expect(check(1000, 999, 0.1, false)).toMatchObject({ code: 'TOO_MANY_MALFORMED' })
  })
})

describe('rejectedError', () => {
  test('names the first rejected document', () => {
    const rejected = [{ index: 1, ordinal: 7, id: 'x', type: 'mapper_parsing_exception', reason: 'no date' }]
    const error = rejectedError({ counts: { ...emptyCounts(), rejected: 3 }, rejected }, place)
    expect(error).toMatchObject({ code: 'RECORDS_REJECTED', place: { ...place, ordinal: 7 } })
    expect(error!.message).toContain('3 documents were refused, first mapper_parsing_exception: no date')
    expect(rejectedError({ counts: emptyCounts(), rejected: [] }, place)).toBeUndefined()
  })
})
