import { setTimeout } from 'node:timers/promises'
import { type FlowferryError, type IngestOptions, ingest, type ObjectReport, type SourceMessage } from '@flowferry/core'
import { type ArchiveOptions, archiveObjects, backfillSource, type S3 } from '@flowferry/source-s3'
import type { Printed } from './printed.ts'

/** S3 refuses a client whose clock is further off than that, by which a time of S3 may differ from one of this host. */
const mostSkew = 15 * 60_000
const day = 24 * 3_600_000

export interface BucketTail {
  /** Where objects come, and of which formats, accounts and regions. */
  readonly archive: Omit<ArchiveOptions, 's3' | 'from' | 'to' | 'of' | 'after'>
  readonly s3: S3
  /** How each is read and where its documents go. */
  readonly pipeline: Omit<IngestOptions<unknown>, 'source' | 'onObject' | 'keepReports' | 'signal'>
  readonly printed: Printed
  /** Records from here on of what is there already are printed first. @default only what comes */
  readonly since?: Date
  /** Milliseconds between the end of a listing and the next. */
  readonly interval: number
  /** Ends it. */
  readonly signal: AbortSignal
  /** Called once, when all that comes from now on is printed, with the number of objects that were passed over. */
  readonly onReady: (passed: number) => void
  readonly onObject: (report: ObjectReport) => void
  /** Gets why a listing did not come to its end; the next one is tried. */
  readonly onTrouble: (error: FlowferryError) => void
  /** Waits for the next listing. @default a timer */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/**
 * Prints the objects of an archive as they come, until the signal aborts: each listing is of what was uploaded since the one
 * before, widened by what two clocks may differ, and what was printed is remembered for as long as it may be met again. An
 * object that fails by what may pass is tried again with the next listings.
 *
 * @throws FlowferryError where the first listing does not come to its end, and where a later one never will
 */
export async function tailBucket({ printed, since, signal, wait = pause, ...tail }: BucketTail): Promise<void> {
  const { archive, s3, pipeline, interval, onReady, onObject, onTrouble } = tail
  let settledUntil = Date.now()
  /** What is there since then is listed by the times of records, until all of it was read: by its upload it is not found. */
  let isSince = since !== undefined
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const began = Date.now()
    const uploads = { of: 'uploads', from: new Date(settledUntil - mostSkew), to: new Date(began + day) } as const
    if (isFirst && since === undefined) {
      let passed = 0
      try {
        for await (const object of list(uploads)) {
          printed.pass(object)
          passed++
        }
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      onReady(passed)
    } else {
      const span = isSince ? { from: since!, to: new Date(began + day) } : uploads
      const { isSettled, error } = await print(span)
      if (signal.aborted) return
      if (error) {
        if (isFirst || !error.retryable) throw error
        onTrouble(error)
      } else {
        if (isSettled) settledUntil = began
        isSince &&= !isSettled
        printed.sweep()
        if (isFirst) onReady(0)
      }
    }
    await wait(interval, signal)
  }

  function list(span: Pick<ArchiveOptions, 'from' | 'to' | 'of'>) {
    return archiveObjects({ ...archive, s3, ...span, signal })
  }

  async function print(span: Pick<ArchiveOptions, 'from' | 'to' | 'of'>) {
    let isSettled = true
    const report = await ingest({
      ...pipeline,
      source: fresh(),
      keepReports: 'failed',
      signal,
      onObject: (one) => {
        // What the end of it all left unread is no failure.
        if (signal.aborted && one.status === 'failed') return
        if (printed.settle(one)) isSettled = false
        onObject(one)
      },
    })
    return { isSettled, error: report.stopped }

    async function* fresh(): AsyncGenerator<SourceMessage> {
      for await (const message of backfillSource(list(span), { s3 })) {
        const objects = message.objects.flatMap((object) => printed.rest(object) ?? [])
        if (objects.length > 0) yield { objects }
      }
    }
  }
}

/** Ctrl-C ends it, too. */
const pause = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined)
}
