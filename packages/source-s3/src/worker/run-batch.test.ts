import { FlowferryError, ingest, lines, type Report } from '@flowferry/core'
import { memoryObject, memorySink } from '@flowferry/core/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { awsError } from '../../test/fake-sqs.ts'
import { done, failed, objectReport, report } from '../../test/reports.ts'
import { elapse } from '../../test/timers.ts'
import { allDone, allFailed, dlq, type Handler, queueUrl, targetAway, wait, worker } from '../../test/worker.ts'
import { readCause } from '../dead-messages/cause.ts'

const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => (/^\d+$/.test(line) ? { value: Number(line) } : undefined),
  document: ({ value }) => ({ '@timestamp': new Date(value * 1000).toISOString() }),
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a group of a FIFO queue', () => {
  it('is held up by a message that fails, until that is given up; other groups are not', async () => {
    const { put, queue, start, stop, calls } = worker()
    const groups = new Map<string | undefined, string>(
      ['a', 'b', 'c', 'd'].map((name, n) => [put(queueUrl, name, {}, 'g'), n === 3 ? 'other' : 'g']),
    )
    const bad = queue(queueUrl)[1]!.id
    const handler: Handler = async (messages) =>
      report(
        messages.map(({ MessageId }) => ({
          ...(MessageId === bad ? failed(MessageId) : done(MessageId)),
          group: groups.get(MessageId)!,
        })),
      )
    const running = start(handler, { deadLetter: { queueUrl: dlq, maxAttempts: 2 } })
    await vi.advanceTimersByTimeAsync(1000)
    expect(queue(queueUrl).map(({ body }) => body)).toEqual(['b', 'c'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(queue(queueUrl)).toEqual([])
    expect(queue(dlq).map(({ body }) => body)).toEqual(['b'])
    // The failed message is in the dead-letter queue before those behind it are deleted.
    const last = calls.findLastIndex(({ command }) => command === 'SendMessage')
    expect(calls.slice(last).filter(({ command }) => command === 'DeleteMessageBatch')).toHaveLength(1)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 6, deleted: 3, deadLettered: 1, failed: 2, released: 0 })
  })
})

describe('visibility', () => {
  it('extends at half the queue’s own timeout, once a batch, until the batch ends', async () => {
    const { fill, run, calls, count } = worker({ attributes: { VisibilityTimeout: '10' } })
    fill(3)
    const handler: Handler = async (messages) => {
      await wait(23_000)
      return allDone(messages)
    }
    expect(await run(handler, {}, 60_000)).toMatchObject({ received: 3, deleted: 3 })
    const beats = calls.filter(({ command }) => command === 'ChangeMessageVisibilityBatch')
    expect(beats).toHaveLength(4)
    expect(beats[0]!.input.Entries).toHaveLength(3)
    expect(beats[0]!.input.Entries).toMatchObject([{ VisibilityTimeout: 10 }, {}, {}])
    expect(count('GetQueueAttributes')).toBe(1)
  })

  it('takes 30 seconds where the queue’s own may not be read', async () => {
    const { run, calls, onCall } = worker()
    onCall(({ command }) => (command === 'GetQueueAttributes' ? awsError('AccessDenied', 403) : undefined))
    await run(allDone)
    expect(calls[1]).toMatchObject({ command: 'ReceiveMessage', input: { VisibilityTimeout: 30 } })
  })

  it('ends at SQS’s ceiling of 12 hours, and says so', async () => {
    const { fill, start, calls, errors, stop } = worker()
    fill(1)
    const running = start(
      async (messages) => {
        await wait(13 * 3_600_000)
        return allFailed(messages)
      },
      { concurrency: 1, visibilitySeconds: 7200, deadLetter: { queueUrl: dlq, maxAttempts: 1 } },
    )
    await vi.advanceTimersByTimeAsync(12.5 * 3_600_000)
    const beats = calls.filter(({ command }) => command === 'ChangeMessageVisibilityBatch')
    const seconds = beats.map(({ input }) => (input.Entries as { VisibilityTimeout: number }[])[0]!.VisibilityTimeout)
    // At 10 h there is a second less than two hours left, at 11 h less than one, then nothing.
    expect(seconds).toEqual([...Array(9).fill(7200), 7199, 3599])
    expect(errors).toMatchObject([{ code: 'QUEUE_FAILED', message: expect.stringContaining('12 hours') }])
    stop.abort()
    expect(await elapse(running, 5000)).toMatchObject({ received: 1, released: 1, deadLettered: 0 })
  })

  it.each([
    ['fails', () => awsError('ServiceUnavailable', 503), [5, 6, 11]],
    // Two seconds of silence, and a tenth of the timeout.
    ['gets no answer', () => new Promise(() => {}), [5, 8]],
  ])('lasts where a heartbeat %s: the next comes a tenth of the timeout later', async (_, fault, expected) => {
    const { fill, run, onCall, errors } = worker({ attributes: { VisibilityTimeout: '10' } })
    fill(1)
    const beats: number[] = []
    const began = Date.now()
    onCall(({ command }) => {
      if (command !== 'ChangeMessageVisibilityBatch') return undefined
      beats.push(Math.round((Date.now() - began) / 1000))
      return beats.length === 1 ? fault() : undefined
    })
    const handler: Handler = async (messages) => {
      await wait(12_000)
      return allDone(messages)
    }
    expect(await run(handler, {}, 15_000)).toMatchObject({ received: 1, deleted: 1 })
    expect(beats).toEqual(expected)
    expect(errors).toMatchObject([{ code: 'QUEUE_FAILED', retryable: true }])
  })

  it('is not asked for sooner where SQS refuses for good: the receipt of one message is not valid', async () => {
    const { fill, run, onCall, count, errors } = worker({ attributes: { VisibilityTimeout: '10' } })
    fill(2)
    const Failed = [{ Id: '0', SenderFault: true, Code: 'ReceiptHandleIsInvalid', Message: 'gone' }]
    onCall(({ command }) => (command === 'ChangeMessageVisibilityBatch' ? { Failed } : undefined))
    const handler: Handler = async (messages) => {
      await wait(11_000)
      return allDone(messages)
    }
    await run(handler, { concurrency: 1 }, 10_500)
    expect(count('ChangeMessageVisibilityBatch')).toBe(2)
    expect(errors.slice(0, 2)).toMatchObject([{ retryable: false }, { retryable: false }])
  })
})

describe('a handler that forgets its return', () => {
  it('is told so, and loses no message', async () => {
    const { fill, run, errors } = worker()
    fill(1)
    const forgetful = (async () => undefined) as unknown as Handler
    expect(await run(forgetful, {}, 500)).toMatchObject({ deleted: 0 })
    expect(errors).toMatchObject([{ code: 'HANDLER_FAILED', message: expect.stringContaining('no report') }])
  })
})

describe('deleting', () => {
  it('tries failed entries again', async () => {
    const { fill, run, onCall, queue, errors } = worker()
    fill(3)
    let tries = 0
    onCall(({ command }) =>
      command === 'DeleteMessageBatch' && ++tries === 1 ? awsError('InternalError', 500) : undefined,
    )
    expect(await run(allDone)).toMatchObject({ deleted: 3, failed: 0 })
    expect([queue(queueUrl).length, errors.length]).toEqual([0, 0])
  })

  it('reports entries that stay, and counts them as failed', async () => {
    const { fill, run, onCall, errors, calls } = worker()
    const ids = fill(2)
    onCall(({ command, input }) => {
      if (command !== 'DeleteMessageBatch') return undefined
      const last = (input.Entries as { Id: string }[]).at(-1)!
      return { Failed: [{ Id: last.Id, Code: 'InternalError', Message: 'later' }] }
    })
    expect(await run(allDone)).toMatchObject({ received: 2, deleted: 1, failed: 1 })
    expect(errors).toMatchObject([{ code: 'QUEUE_FAILED', place: { messageId: ids[1] } }])
    const deletes = calls.filter(({ command }) => command === 'DeleteMessageBatch')
    expect(deletes.map(({ input }) => (input.Entries as []).length)).toEqual([2, 1, 1])
  })
})

describe('a target that is away', () => {
  it('keeps the messages and pauses receiving: an outage burns no attempts', async () => {
    const { fill, start, queue, count, stop, errors } = worker()
    fill(40)
    let away = true
    let probes = 0
    const running = start(
      async (messages) => {
        if (!away) return allDone(messages)
        probes++
        return targetAway(messages)
      },
      { concurrency: 2, deadLetter: { queueUrl: dlq, maxAttempts: 1 } },
    )
    await vi.advanceTimersByTimeAsync(1_800_000)
    const receives = count('ReceiveMessage')
    expect(receives).toBeLessThanOrEqual(2)
    expect(probes).toBeLessThan(150)
    expect(Math.max(...queue(queueUrl).map((message) => message.receives))).toBe(1)
    away = false
    await vi.advanceTimersByTimeAsync(120_000)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 40, deleted: 40, failed: 0, deadLettered: 0 })
    expect([queue(dlq).length, errors.length]).toEqual([0, 0])
  })

  it('deletes what was done before, and gives the rest back when it is stopped', async () => {
    const { fill, run, queue, visible } = worker()
    fill(3)
    const handler: Handler = async ([first, ...rest]) =>
      rest.length === 2
        ? report([done(first!.MessageId), ...rest.map((m) => failed(m.MessageId))], targetAway([]).stopped)
        : targetAway([first!, ...rest])
    const totals = await run(handler, {}, 300_000)
    expect(totals).toMatchObject({ received: 3, deleted: 1, released: 2, failed: 0 })
    expect(queue(queueUrl).every((message) => message.receives === 1)).toBe(true)
    expect(visible()).toBe(2)
  })

  it('takes a deadline for a failure, not for an outage', async () => {
    const { fill, run } = worker()
    fill(1)
    const deadline = new FlowferryError('DEADLINE', 'Time is over')
    const handler: Handler = async ([one]) => report([failed(one!.MessageId, deadline)], deadline)
    expect(await run(handler)).toMatchObject({ failed: 1, reports: 1 })
  })
})

describe('a source that breaks', () => {
  /** Reads its messages one after the other, and throws at the one that says so. */
  const handler: Handler = (messages, signal) => {
    async function* source() {
      for (const { MessageId, Body } of messages) {
        if (Body === 'poison') throw new Error('cannot expand')
        yield { messageId: MessageId!, objects: [memoryObject({ key: 'a', body: '1\n' })] }
      }
    }
    return ingest({ source: source(), parser: numbers, sink: memorySink(), signal })
  }

  it('costs what it had not given an attempt, and goes to the dead-letter queue with its cause', async () => {
    const { put, queue, start, stop, errors } = worker()
    put(queueUrl, 'good')
    put(queueUrl, 'poison')
    put(queueUrl, 'behind')
    const reports: Report[] = []
    const running = start(handler, {
      deadLetter: { queueUrl: dlq, maxAttempts: 2 },
      retrySeconds: 1,
      onReport: (one) => reports.push(one),
    })
    await vi.advanceTimersByTimeAsync(20_000)
    put(queueUrl, 'later')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(queue(queueUrl)).toEqual([])
    expect(queue(dlq).map(({ body }) => body)).toEqual(['poison', 'behind'])
    const cause = { code: 'SOURCE_FAILED', attempts: 2, message: expect.stringContaining('cannot expand') }
    expect(queue(dlq).map(({ attributes }) => readCause(attributes as never))).toMatchObject([cause, cause])
    expect(errors).toMatchObject([{ code: 'SOURCE_FAILED' }, { code: 'SOURCE_FAILED' }])
    expect(reports).toHaveLength(3)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 6, deleted: 2, deadLettered: 2, failed: 2, released: 0 })
  })

  it('is told from one that an outage of the target ended', async () => {
    const { fill, start, count, stop, errors } = worker()
    fill(2)
    const running = start(async () => ({ ...targetAway([]), ok: false, incomplete: true }), {
      concurrency: 1,
      deadLetter: { queueUrl: dlq, maxAttempts: 1 },
    })
    await vi.advanceTimersByTimeAsync(60_000)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 2, released: 2, deadLettered: 0 })
    expect([count('ReceiveMessage'), errors.length]).toEqual([1, 0])
  })
})

describe('the last attempt', () => {
  const policy = (maxReceiveCount: number) => ({ attributes: { RedrivePolicy: JSON.stringify({ maxReceiveCount }) } })

  it('goes to the dead-letter queue one receive before the queue’s own policy would act', async () => {
    const { fill, run, queue } = worker(policy(4))
    fill(1)
    const totals = await run(allFailed, { deadLetter: { queueUrl: dlq }, retrySeconds: 1 }, 60_000)
    expect(totals).toMatchObject({ received: 3, failed: 2, deadLettered: 1, deleted: 0 })
    expect(queue(queueUrl)).toEqual([])
    expect(queue(dlq).map(({ body }) => body)).toEqual(['body 0'])
    expect(readCause(queue(dlq)[0]!.attributes as never)).toMatchObject({ code: 'OBJECT_NOT_FOUND', attempts: 3 })
  })

  it('is none while nobody came to the message before a deadline', async () => {
    const { fill, run, queue } = worker()
    fill(1)
    const late = new FlowferryError('DEADLINE', 'Time is over')
    let calls = 0
    const handler: Handler = async ([one]) => {
      const object = objectReport({ error: late, ...(++calls < 4 && { notBegun: true }) })
      return report([{ messageId: one!.MessageId!, status: 'failed', objects: [object], ignored: [] }], late)
    }
    const deadLetter = { queueUrl: dlq, maxAttempts: 2 }
    const totals = await run(handler, { deadLetter, retrySeconds: 1 }, 60_000)
    expect(totals).toMatchObject({ received: 4, failed: 3, deadLettered: 1 })
    const cause = { code: 'DEADLINE', attempts: 4, bucket: 'logs', key: 'a' }
    expect(readCause(queue(dlq)[0]!.attributes as never)).toMatchObject(cause)
  })

  it('takes the handler’s exception for the cause', async () => {
    const { fill, run, queue } = worker()
    fill(1)
    const bug: Handler = async () => {
      throw new TypeError('x is undefined')
    }
    await run(bug, { deadLetter: { queueUrl: dlq, maxAttempts: 1 } })
    const cause = readCause(queue(dlq)[0]!.attributes as never)
    expect(cause).toMatchObject({
      code: 'HANDLER_FAILED',
      stage: 'handler',
      message: expect.stringContaining('x is undefined'),
    })
  })

  it('stays failed when the dead-letter queue does not take it', async () => {
    const { fill, run, queue, onCall, errors } = worker()
    fill(1)
    onCall(({ command }) => (command === 'SendMessage' ? awsError('AccessDenied', 403) : undefined))
    const totals = await run(allFailed, { deadLetter: { queueUrl: dlq, maxAttempts: 1 } })
    expect(totals).toMatchObject({ failed: 1, deadLettered: 0 })
    expect(queue(queueUrl)).toHaveLength(1)
    expect(errors).toMatchObject([{ code: 'QUEUE_FAILED' }])
  })
})
