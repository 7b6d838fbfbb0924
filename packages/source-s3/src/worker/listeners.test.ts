import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { FlowferryError, ingest, lines } from '@flowferry/core'
import { memorySink } from '@flowferry/core/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { s3Event } from '../../../../test/support/s3-event.ts'
import { fakeSqs } from '../../test/fake-sqs.ts'
import { queueUrl } from '../../test/worker.ts'
import { s3Objects } from '../events/s3-objects.ts'
import { consume } from './consume.ts'

const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => ({ value: Number(line) }),
  document: ({ value }) => ({ '@timestamp': new Date(value * 1000).toISOString() }),
})
const warnings: Error[] = []
const onWarning = (warning: Error) => warnings.push(warning)

beforeEach(() => {
  warnings.length = 0
  process.on('warning', onWarning)
})
afterEach(() => {
  process.off('warning', onWarning)
  vi.restoreAllMocks()
})

/** All signals on which anything listened for an abort, while the function ran. */
async function listening(run: () => Promise<void>): Promise<AbortSignal[]> {
  const signals = new Set<AbortSignal>()
  const add = AbortSignal.prototype.addEventListener
  vi.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation(function (this: AbortSignal, ...args) {
    signals.add(this)
    return Reflect.apply(add, this, args)
  })
  await run()
  return [...signals]
}
const left = (signals: Iterable<AbortSignal>) =>
  [...signals].filter(({ aborted }) => !aborted).map((signal) => getEventListeners(signal, 'abort').length)

it.each([1, 30])(
  '2,000 batches, %i at once, leave no abort listener and make no warning',
  async (concurrency) => {
    const { sqs, put } = fakeSqs()
    for (let n = 0; n < 2000; n++) put(queueUrl, s3Event('logs', `k${n}`))
    const send = async ({ input }: { input: { Key: string } }) => {
      await new Promise(setImmediate)
      if (input.Key.endsWith('7')) throw Object.assign(new Error('gone'), { name: 'NoSuchKey' })
      return { Body: Readable.from([Buffer.from('1\n')]), ETag: '"e"', ContentLength: 2 }
    }
    const stop = new AbortController()
    let most = 0
    let batches = 0
    const handlerSignals = new Set<AbortSignal>()
    const signals = await listening(async () => {
      const running = consume(
        queueUrl,
        async (messages, signal) => {
          handlerSignals.add(signal)
          const source = s3Objects(messages, { s3: { send } as never, missing: 'skip' })
          const report = await ingest({ source, parser: numbers, sink: memorySink(), signal, batchBytes: 1 })
          most = Math.max(most, getEventListeners(signal, 'abort').length)
          if (++batches % 500 === 0) throw new FlowferryError('HANDLER_FAILED', 'now and then')
          return report
        },
        { sqs, signal: stop.signal, concurrency, batchSize: 1, waitSeconds: 1 },
      )
      // While the worker still runs: nothing of the batches that are over listens to its signal.
      await vi.waitFor(
        () => {
          expect(batches).toBeGreaterThanOrEqual(2000)
          expect(left(handlerSignals)).toEqual([0])
        },
        { timeout: 60_000, interval: 20 },
      )
      stop.abort()
      await running
    })
    // Those of batches in work, of which each has a few.
    expect(most).toBeLessThanOrEqual(concurrency * 4)
    expect(left(signals).filter((count) => count > 0)).toEqual([])
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    await new Promise(setImmediate)
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([])
  },
  120_000,
)
