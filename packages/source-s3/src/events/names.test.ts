import { FlowferryError } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import type { S3ObjectRef } from './envelope.ts'
import { type BucketOptions, checkBuckets, checkNames } from './names.ts'

function codeOf(ref: Partial<S3ObjectRef>, options: BucketOptions = {}): string | undefined {
  try {
    checkNames({ bucket: 'logs', key: 'a', ...ref }, options, 'm')
    return undefined
  } catch (error) {
    if (!FlowferryError.isInstance(error)) throw error
    expect(error).toMatchObject({ retryable: false, place: { messageId: 'm' } })
    return error.code
  }
}
const accessPoint = 'arn:aws:s3:eu-west-1:123456789012:accesspoint/mine'

describe('a bucket that a message names', () => {
  it.each(['abc', 'my-logs.example', 'logs-123456789012-eu-west-1-an', 'a'.repeat(63), '1-2'])(
    'may be %s',
    (bucket) => {
      expect(codeOf({ bucket })).toBeUndefined()
    },
  )

  it.each([
    '..',
    '.',
    'ab',
    'a'.repeat(64),
    'a..b',
    'My-Logs',
    'a_b',
    '-abc',
    'abc-',
    'a/b',
    'a b',
    'logs\u001b[2J',
    'logs\n',
    '192.168.5.4',
    'xn--logs',
    'sthree-logs',
    accessPoint,
    'arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/mine',
    'arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/bucket/logs',
    'arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap',
    'mine-x1y2z3-s3alias',
    'mine-x1y2z3--ol-s3',
    'mfzwi23gnjvgw.mrap',
    'logs--use1-az4--x-s3',
    'ap--use1-az4--xa-s3',
    'logs--op-s3',
    'logs--table-s3',
    'http://169.254.169.254',
    'logs?x',
    'logs#x',
  ])('may not be %j', (bucket) => {
    expect(codeOf({ bucket })).toBe('ENVELOPE_UNREADABLE')
    expect(codeOf({ bucket }, { buckets: () => true })).toBe('ENVELOPE_UNREADABLE')
  })

  it('is one of the list, or one that the function says', () => {
    expect(codeOf({}, { buckets: ['other', 'logs'] })).toBeUndefined()
    expect(codeOf({}, { buckets: ['other'] })).toBe('BUCKET_NOT_ALLOWED')
    expect(codeOf({}, { buckets: [] })).toBe('BUCKET_NOT_ALLOWED')
    expect(codeOf({}, { buckets: (name) => name.startsWith('lo') })).toBeUndefined()
    expect(codeOf({}, { buckets: (name) => name.startsWith('x') })).toBe('BUCKET_NOT_ALLOWED')
    const promise = (async () => true) as unknown as () => boolean
    expect(codeOf({}, { buckets: promise })).toBe('BUCKET_NOT_ALLOWED')
  })

  it('is refused where the function throws', () => {
    const buckets = () => {
      throw new Error('no')
    }
    expect(codeOf({}, { buckets })).toBe('BUCKET_NOT_ALLOWED')
  })

  it('may be an access point or an old name only where it is listed', () => {
    for (const bucket of [accessPoint, 'Old_Logs', 'mine-x1y2z3-s3alias']) {
      expect(codeOf({ bucket }, { buckets: [bucket] })).toBeUndefined()
      expect(codeOf({ bucket }, { buckets: ['logs'] })).toBe('ENVELOPE_UNREADABLE')
    }
  })
})

describe('what else it names', () => {
  it('is a key, a version and a region by the rules of AWS', () => {
    expect(codeOf({ key: 'ü'.repeat(512), versionId: 'null', region: 'us-gov-west-1' })).toBeUndefined()
    expect(codeOf({ key: 'ü'.repeat(513) })).toBe('ENVELOPE_UNREADABLE')
    expect(codeOf({ key: 'a\ud800' })).toBe('ENVELOPE_UNREADABLE')
    expect(codeOf({ versionId: 'a&b' })).toBe('ENVELOPE_UNREADABLE')
    expect(codeOf({ region: 'evil.example/#' })).toBe('ENVELOPE_UNREADABLE')
  })
})

describe('the option', () => {
  it.each([[['..']], [['a/b']], [['a b']], [[7]], ['logs'], [{}], [null], [['arn:aws:sqs:eu-west-1:123456789012:q']]])(
    'is checked: %j',
    (buckets) => {
      expect(() => checkBuckets({ buckets: buckets as never })).toThrow('INVALID_OPTION')
    },
  )
})
