import { Readable } from 'node:stream'
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { checkClock, watchClock } from './clock.ts'

describe('checkClock', () => {
  it('takes a minute for the network, and a quarter of an hour for too much', () => {
    expect(checkClock(1000, 'S3')).toMatchObject({ status: 'ok', what: "this host's is 1.0 s before it" })
    expect(checkClock(-120_000, 'S3')).toMatchObject({ status: 'warning', what: "this host's is 2 min 0 s behind it" })
    expect(checkClock(900_000, 'S3').status).toBe('fault')
    expect(checkClock(undefined, 'S3').status).toBe('not checked')
  })
})

describe('watchClock', () => {
  /** How far this host is before S3, where that answers so. */
  async function skewOf(date: string | undefined, statusCode: number): Promise<number | undefined> {
    const s3 = new S3Client({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 1,
      requestHandler: {
        handle: async () => ({
          response: { statusCode, headers: { ...(date !== undefined && { date }) }, body: Readable.from([]) },
        }),
      } as never,
    })
    const skew = watchClock(s3)
    expect(skew()).toBeUndefined()
    await s3.send(new HeadBucketCommand({ Bucket: 'my-logs' })).catch(() => undefined)
    return skew()
  }

  it('sees the time of an answer, and of a refusal, too', async () => {
    const hour = 3_600_000
    for (const status of [200, 403]) {
      const skew = (await skewOf(new Date(Date.now() - hour).toUTCString(), status))!
      // The header is of a second, of which nobody knows the part.
      expect(Math.abs(Math.round(skew / 1000) - 3600), String(status)).toBeLessThanOrEqual(60)
      expect(checkClock(skew, 'S3').status).toBe('fault')
    }
    expect(await skewOf(undefined, 200)).toBeUndefined()
    expect(await skewOf('yesterday', 200)).toBeUndefined()
  })
})
