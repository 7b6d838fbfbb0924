import type { S3Client } from '@aws-sdk/client-s3'
import { duration } from '../text.ts'
import { type Check, fine, found, notChecked } from './check.ts'

/** Beyond this S3 refuses what a client signs. */
const refusedFrom = 15 * 60_000
/** Beyond this records that are late are told from those that are missing by the wrong hour. */
const leastSkew = 60_000

/** How far this host's clock is before (above 0) or behind another's, in milliseconds. */
export function checkClock(skew: number | undefined, whose: string): Check {
  const check = `clock of ${whose}`
  if (skew === undefined) return notChecked(check, `${whose} told no time`)
  const what = `this host's is ${duration(Math.abs(skew))} ${skew < 0 ? 'behind' : 'before'} it`
  if (Math.abs(skew) < leastSkew) return fine(check, what)
  return found(
    check,
    Math.abs(skew) >= refusedFrom ? 'fault' : 'warning',
    what,
    'set the clock, and keep it set by NTP',
  )
}

/** Notes what time S3's answers are of. The SDK corrects a clock that S3 refuses, so that it would not be seen. */
export function watchClock(s3: S3Client): () => number | undefined {
  let skew: number | undefined
  s3.middlewareStack.add(
    (next) => async (args) => {
      const sent = Date.now()
      const result = await next(args)
      const { headers } = result.response as { headers?: Record<string, string> }
      const told = Date.parse(headers?.date ?? '')
      // Of the second that the header names, its middle.
      if (!Number.isNaN(told)) skew = (sent + Date.now()) / 2 - (told + 500)
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'watchClock' },
  )
  return () => skew
}
