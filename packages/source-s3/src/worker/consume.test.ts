import { FlowferryError, type Report } from '@flowferry/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { awsError } from '../../test/fake-sqs.ts'
import { done, failed, report } from '../../test/reports.ts'
import { elapse } from '../../test/timers.ts'
import { allDone, allFailed, dlq, type Handler, queueUrl, wait, worker } from '../../test/worker.ts'
import type { ConsumeOptions } from './consume.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('consume', () => {
  it('receives in tens, deletes what is done, and adds up', async () => {
    const { fill, run, queue, calls, errors } = worker()
    fill(25)
    const sizes: number[] = []
    const totals = await run(async (messages) => {
      sizes.push(messages.length)
      return allDone(messages)
    })
    expect(totals).toEqual({ received: 25, deleted: 25, deadLettered: 0, failed: 0, released: 0, reports: 3 })
    expect(sizes).toEqual([10, 10, 5])
    expect(queue(queueUrl)).toEqual([])
    expect(errors).toEqual([])
    const receive = calls.find(({ command }) => command === 'ReceiveMessage')
    expect(receive?.input).toMatchObject({ MaxNumberOfMessages: 10, WaitTimeSeconds: 20, VisibilityTimeout: 30 })
  })

  it('leaves failed messages to their visibility timeout, or to `retrySeconds`', async () => {
    const { fill, run, queue } = worker()
    fill(2)
    const started = Date.now()
    const totals = await run(async ([first, ...rest]) =>
      report([done(first!.MessageId), ...rest.map((m) => failed(m.MessageId))]),
    )
    expect(totals).toMatchObject({ deleted: 1, failed: 1 })
    expect(queue(queueUrl)).toMatchObject([{ visibleAt: started + 30_000 }])

    const delayed = worker()
    delayed.fill(1)
    await delayed.run(allFailed, { retrySeconds: 600 })
    expect(delayed.queue(queueUrl)[0]!.visibleAt).toBeGreaterThan(Date.now() + 500_000)
  })

  it('does not call a message done that the report does not name', async () => {
    const { fill, run } = worker()
    fill(3)
    expect(await run(async ([first]) => report([done(first!.MessageId)]))).toMatchObject({ deleted: 1, failed: 2 })
  })

  it('runs no more batches at once than `concurrency`', async () => {
    const { fill, run } = worker()
    fill(60)
    let running = 0
    let most = 0
    const handler: Handler = async (messages) => {
      most = Math.max(most, ++running)
      await wait(500)
      running--
      return allDone(messages)
    }
    expect(await run(handler, { concurrency: 3 })).toMatchObject({ deleted: 60 })
    expect(most).toBe(3)
  })

  it.each([
    ['keeps a batch until its last message is done', {}, 10],
    ['deletes each message by itself with a batchSize of 1', { batchSize: 1, concurrency: 10 }, 1],
  ])('%s', async (_, options, inFlight) => {
    const { put, fill, run, queue } = worker()
    put(queueUrl, 'large')
    fill(9)
    let left: number | undefined
    const handler: Handler = async (messages) => {
      const large = messages.some(({ Body }) => Body === 'large')
      await wait(large ? 3000 : 100)
      if (large) left = queue(queueUrl).length
      return allDone(messages)
    }
    expect(await run(handler, options)).toMatchObject({ received: 10, deleted: 10 })
    // Messages that SQS would deliver again, each with an attempt less, if the worker were killed now.
    expect(left).toBe(inFlight)
  })

  it('gives the handler’s reports to `onReport`', async () => {
    const { fill, run } = worker()
    fill(1)
    const reports: Report[] = []
    await run(allDone, { onReport: (one) => reports.push(one) })
    expect(reports).toMatchObject([{ ok: true }])
  })

  it('checks its options', async () => {
    const { start } = worker()
    const wrong: Partial<ConsumeOptions>[] = [
      { concurrency: 0 },
      { batchSize: 11 },
      { waitSeconds: 0 },
      { waitSeconds: 21 },
      { retrySeconds: -1 },
      { visibilitySeconds: 0 },
      { drainMilliseconds: Number.NaN },
      { deadLetter: { queueUrl: 'dlq' } },
      { deadLetter: { queueUrl: dlq, maxAttempts: 0 } },
      { deadLetter: { queueUrl, maxAttempts: 1 } },
      { onReport: 'x' as never },
      { sqs: {} as never },
    ]
    for (const options of wrong) await expect(start(allDone, options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(start('x' as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(elapse(start(allDone, { deadLetter: { queueUrl: dlq } }))).rejects.toThrow(/maxAttempts/)
  })
})

describe('errors', () => {
  it('backs off from 1 s to 60 s while receiving fails', async () => {
    const { start, onCall, calls, errors, stop } = worker()
    onCall(({ command }) => (command === 'ReceiveMessage' ? awsError('ServiceUnavailable', 503) : undefined))
    const running = start(allDone)
    await vi.advanceTimersByTimeAsync(3_600_000)
    const receives = calls.filter(({ command }) => command === 'ReceiveMessage').length
    // Doubling to 60 s takes about a minute; then one every 30 to 60 s.
    expect(receives).toBeGreaterThan(60)
    expect(receives).toBeLessThan(130)
    expect(errors).toHaveLength(receives)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 0 })
  })

  it.each([
    ['InvalidClientTokenId', 'SOURCE_CREDENTIALS'],
    ['CredentialsProviderError', 'SOURCE_CREDENTIALS'],
    ['RequestTimeTooSkewed', 'SOURCE_CLOCK'],
    ['KmsDisabled', 'SOURCE_KEY'],
    ['AccessDenied', 'QUEUE_FAILED'],
    ['QueueDoesNotExist', 'QUEUE_FAILED'],
  ])('rejects at once where the first receive is refused by %s', async (name, code) => {
    const { start, onCall, count } = worker()
    onCall(({ command }) => (command === 'ReceiveMessage' ? awsError(name, 400) : undefined))
    await expect(elapse(start(allDone))).rejects.toMatchObject({ code })
    expect(count('ReceiveMessage')).toBe(1)
  })

  it.each([
    ['ExpiredToken', 400, 'SOURCE_CREDENTIALS'],
    ['InvalidSecurity', 403, 'SOURCE_CREDENTIALS'],
    ['RequestTimeTooSkewed', 403, 'SOURCE_CLOCK'],
    ['KmsDisabled', 400, 'SOURCE_KEY'],
    ['OptInRequired', 403, 'SOURCE_ACCOUNT'],
    ['ThrottlingException', 400, 'QUEUE_FAILED'],
  ])('waits for the end of %s, once a receive has succeeded', async (name, status, code) => {
    const { start, fill, onCall, count, errors, stop, queue } = worker()
    fill(1)
    let refuses = false
    onCall(() => (refuses ? awsError(name, status) : undefined))
    const running = start(allDone)
    await vi.advanceTimersByTimeAsync(1000)
    refuses = true
    await vi.advanceTimersByTimeAsync(3_600_000)
    const receives = count('ReceiveMessage')
    expect(receives).toBeLessThan(130)
    expect(errors.length).toBeGreaterThan(60)
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set([code]))
    refuses = false
    fill(1)
    await vi.advanceTimersByTimeAsync(60_000)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 2, deleted: 2 })
    expect(queue(queueUrl)).toEqual([])
  })

  it('does not take throttling for a refusal', async () => {
    const { run, onCall, fill } = worker()
    fill(1)
    let tries = 0
    onCall(({ command }) =>
      command === 'ReceiveMessage' && ++tries === 1 ? awsError('RequestThrottled', 403) : undefined,
    )
    expect(await run(allDone)).toMatchObject({ deleted: 1 })
  })

  it('settles running batches before it rejects', async () => {
    const { start, onCall, fill, queue } = worker()
    fill(1)
    let tries = 0
    onCall(({ command }) => (command === 'ReceiveMessage' && ++tries === 2 ? awsError('AccessDenied', 403) : undefined))
    const handler: Handler = async (messages) => {
      await wait(3000)
      return allDone(messages)
    }
    await expect(elapse(start(handler))).rejects.toMatchObject({ code: 'QUEUE_FAILED' })
    expect(queue(queueUrl)).toEqual([])
  })

  it('leaves the messages of a handler that throws, and slows down', async () => {
    const { run, fill, errors, count } = worker()
    fill(200)
    const totals = await run(
      async () => {
        throw new Error('bug')
      },
      { concurrency: 1 },
      60_000,
    )
    expect(totals.failed).toBe(totals.received)
    expect(errors[0]).toMatchObject({ code: 'HANDLER_FAILED', cause: { message: 'bug' } })
    expect(count('ReceiveMessage')).toBeLessThan(12)
  })

  it.each(['onReport', 'onError'] as const)(
    'stops when a promise of %s rejects, with the batch settled',
    async (hook) => {
      const { start, fill, queue } = worker()
      const [id] = fill(2)
      let calls = 0
      const handler: Handler = async (messages) => {
        if (++calls === 2) throw new Error('for onError')
        return report([done(messages[0]!.MessageId)])
      }
      const rejects = async () => {
        await wait(100)
        throw new Error(`no metrics of ${id}`)
      }
      await expect(elapse(start(handler, { batchSize: 1, [hook]: rejects }))).rejects.toThrow(`no metrics of ${id}`)
      expect(queue(queueUrl)).toHaveLength(1)
    },
  )

  it('ends with what a hook of the last batch rejects with, and does not wait for one that hangs', async () => {
    const late = worker()
    late.fill(1)
    const onReport = async () => {
      await wait(7000)
      throw new Error('late')
    }
    await expect(late.run(allDone, { onReport, waitSeconds: 1 })).rejects.toThrow('late')
    const hanging = worker()
    hanging.fill(1)
    const began = Date.now()
    const options = { onReport: () => new Promise<void>(() => {}), waitSeconds: 1, drainMilliseconds: 1000 }
    expect(await hanging.run(allDone, options)).toMatchObject({ deleted: 1 })
    expect(Date.now() - began).toBeLessThanOrEqual(10_250)
  })

  it('stops when a hook throws, with the batch settled', async () => {
    const { start, fill, queue } = worker()
    fill(1)
    const onReport = () => {
      throw new Error('no metrics')
    }
    await expect(elapse(start(allDone, { onReport }))).rejects.toThrow('no metrics')
    expect(queue(queueUrl)).toEqual([])
  })
})

describe('stopping', () => {
  it('does nothing when the signal has aborted before', async () => {
    const { start, stop, calls } = worker()
    stop.abort()
    expect(await start(allDone)).toMatchObject({ received: 0 })
    expect(calls).toEqual([])
  })

  it('finishes what runs, and waits for the poll on its way without aborting it', async () => {
    const { fill, start, stop, put, queue, calls, visible } = worker()
    fill(1)
    const running = start(async (messages) => {
      await wait(5000)
      return allDone(messages)
    })
    await vi.advanceTimersByTimeAsync(1000)
    stop.abort()
    await vi.advanceTimersByTimeAsync(1000)
    put(queueUrl, 'late')
    const began = Date.now()
    expect(await elapse(running)).toEqual({
      received: 2,
      deleted: 1,
      deadLettered: 0,
      failed: 0,
      released: 1,
      reports: 1,
    })
    expect(Date.now() - began).toBeLessThan(5000)
    expect(queue(queueUrl).map(({ body }) => body)).toEqual(['late'])
    expect(visible()).toBe(1)
    expect(calls.filter(({ command }) => command === 'ReceiveMessage')).toHaveLength(2)
  })

  it('aborts the handler when the time to drain is over, and gives its messages back', async () => {
    const { fill, start, stop, visible } = worker()
    fill(2)
    const running = start(
      async (messages, signal) => {
        while (!signal.aborted) await wait(100)
        return report(
          [done(messages[0]!.MessageId), failed(messages[1]!.MessageId)],
          new FlowferryError('ABORTED', 'Stopped'),
        )
      },
      { drainMilliseconds: 4000, waitSeconds: 1 },
    )
    await vi.advanceTimersByTimeAsync(1000)
    stop.abort()
    const began = Date.now()
    expect(await elapse(running)).toMatchObject({ received: 2, deleted: 1, released: 1, failed: 0 })
    expect(Date.now() - began).toBeLessThan(5000)
    expect(visible()).toBe(1)
  })

  it('does not wait for a handler that ignores its signal', async () => {
    const { fill, start, stop, visible, errors } = worker()
    fill(1)
    const running = start(() => new Promise(() => {}), { drainMilliseconds: 1000, waitSeconds: 1 })
    await vi.advanceTimersByTimeAsync(1000)
    stop.abort()
    const began = Date.now()
    expect(await elapse(running)).toMatchObject({ received: 1, released: 1 })
    expect(Date.now() - began).toBeLessThan(4000)
    expect([visible(), errors.length]).toEqual([1, 0])
  })

  it('gives up a poll that SQS does not answer', async () => {
    const { start, stop, onCall, errors } = worker()
    onCall(({ command }) => (command === 'ReceiveMessage' ? new Promise(() => {}) : undefined))
    const running = start(allDone, { drainMilliseconds: 5000 })
    await vi.advanceTimersByTimeAsync(1000)
    stop.abort()
    const began = Date.now()
    expect(await elapse(running)).toMatchObject({ received: 0 })
    expect((Date.now() - began) / 1000).toBeCloseTo(22, 0)
    expect(errors).toMatchObject([{ code: 'QUEUE_FAILED', message: expect.stringContaining('ReceiveMessage') }])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not wait for an answer of SQS about the queue', async () => {
    const { start, stop, onCall, errors } = worker()
    onCall(() => new Promise(() => {}))
    const running = start(allDone)
    await vi.advanceTimersByTimeAsync(1000)
    stop.abort()
    const began = Date.now()
    expect(await elapse(running)).toMatchObject({ received: 0 })
    expect(Date.now() - began).toBeLessThan(1000)
    expect(errors).toEqual([])
  })

  it.each([
    ['a handler that ends at its last moment', false],
    ['one that never does', true],
  ])('with %s, and SQS silent from then on, ends within four seconds of its limit', async (_, ignores) => {
    const { fill, start, stop, onCall, errors } = worker()
    fill(3)
    let silent = false
    onCall(({ command }) => (silent && command !== 'ReceiveMessage' ? new Promise(() => {}) : undefined))
    const running = start(
      async (messages, signal) => {
        while (ignores || !signal.aborted) await wait(100)
        return report(messages.map(({ MessageId }, index) => (index ? failed(MessageId) : done(MessageId))))
      },
      // A beat is on its way when the handler's time is over.
      { visibilitySeconds: 40 },
    )
    await vi.advanceTimersByTimeAsync(1000)
    silent = true
    stop.abort()
    const began = Date.now()
    const totals = await elapse(running)
    expect(Date.now() - began).toBeLessThanOrEqual(29_250)
    expect(totals).toMatchObject({ received: 3, deleted: 0, released: 0, failed: 3 })
    expect(errors.length).toBeGreaterThanOrEqual(3)
    // The handler that goes on for ever.
    expect(vi.getTimerCount()).toBe(ignores ? 1 : 0)
  })

  it('leaves no timer behind', async () => {
    const { fill, run } = worker()
    fill(15)
    await run(allDone)
    expect(vi.getTimerCount()).toBe(0)
  })
})
