import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { s3Event } from '../../../../test/support/s3-event.ts'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { elapse } from '../../test/timers.ts'
import { encodeContinuation, positionAttribute } from '../lambda/continuation.ts'
import { causeAttribute } from './cause.ts'
import { type RedriveOptions, redrive } from './redrive.ts'

const from = 'https://sqs.test/1/dlq'
const to = 'https://sqs.test/1/main'

function filled(codes: readonly (string | undefined)[]) {
  const fake = fakeSqs()
  for (const [index, code] of codes.entries()) {
    const cause = code && { [causeAttribute]: { DataType: 'String', StringValue: JSON.stringify({ code }) } }
    fake.put(from, `body ${index}`, { ...cause, own: { DataType: 'String', StringValue: 'kept' } }, `group ${index}`)
  }
  const bodies = (url: string) => fake.queue(url).map(({ body }) => body)
  const run = (options: Partial<RedriveOptions> = {}) => elapse(redrive({ sqs: fake.sqs, from, to, ...options }))
  const visible = (url: string) => fake.queue(url).filter(({ visibleAt }) => visibleAt <= Date.now()).length
  return { ...fake, bodies, run, visible }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('begins the attempts of a message with a position anew, where it stopped', async () => {
  const fake = fakeSqs()
  const position = (attempts: number) => ({
    [positionAttribute]: encodeContinuation({ attempts, objects: [{ etag: 'e', records: 9 }] }),
  })
  fake.put(from, 'large', position(100))
  await elapse(redrive({ sqs: fake.sqs, from, to }))
  expect(fake.queue(to)[0]?.attributes).toEqual(position(0))
})

describe('redrive', () => {
  it('sends all back without the cause, then deletes', async () => {
    const { run, bodies, queue, calls } = filled(['OBJECT_NOT_FOUND', 'OBJECT_NOT_FOUND', 'JSON_INVALID', undefined])
    expect(await run()).toEqual({
      seen: 4,
      redriven: 4,
      skipped: 0,
      byCause: { OBJECT_NOT_FOUND: 2, JSON_INVALID: 1, UNKNOWN: 1 },
      failures: [],
    })
    expect(bodies(to)).toEqual(['body 0', 'body 1', 'body 2', 'body 3'])
    expect(queue(to)[0]?.attributes).toEqual({ own: { DataType: 'String', StringValue: 'kept' } })
    expect(bodies(from)).toEqual([])
    const order = calls.map(({ command }) => command).filter((command) => command !== 'ReceiveMessage')
    expect(order).toEqual([...Array(4).fill('SendMessage'), 'DeleteMessageBatch'])
  })

  it('takes more than a receive gives', async () => {
    const { run, bodies } = filled(Array(35).fill('JSON_INVALID'))
    expect(await run()).toMatchObject({ seen: 35, redriven: 35 })
    expect(bodies(to)).toHaveLength(35)
  })

  it('only counts in a dry run, and shows the messages again', async () => {
    const { run, bodies, visible } = filled(Array(12).fill('JSON_INVALID'))
    expect(await run({ dryRun: true })).toMatchObject({ seen: 12, redriven: 12, byCause: { JSON_INVALID: 12 } })
    expect(bodies(to)).toEqual([])
    expect(visible(from)).toBe(12)
  })

  it('leaves what the filter leaves, and looks at it once', async () => {
    const { run, bodies, visible } = filled(['JSON_INVALID', 'OBJECT_FORBIDDEN', undefined])
    const asked: unknown[] = []
    const filter: RedriveOptions['filter'] = (letter) => {
      asked.push(letter)
      return letter.cause?.code === 'OBJECT_FORBIDDEN'
    }
    expect(await run({ filter })).toMatchObject({ seen: 3, redriven: 1, skipped: 2 })
    expect(asked).toHaveLength(3)
    expect(asked[0]).toEqual({
      messageId: expect.any(String),
      body: 'body 0',
      cause: { code: 'JSON_INVALID' },
      sentAt: expect.any(Date),
      objects: [],
    })
    expect(bodies(to)).toEqual(['body 1'])
    expect(visible(from)).toBe(2)
  })

  it('stops at the limit', async () => {
    const { run, bodies, visible } = filled(Array(25).fill('JSON_INVALID'))
    expect(await run({ limit: 13 })).toMatchObject({ redriven: 13, skipped: 7, seen: 20 })
    expect(bodies(to)).toHaveLength(13)
    expect(visible(from)).toBe(12)
    expect(await run({ limit: 1 })).toMatchObject({ redriven: 1 })
    expect(bodies(to)).toHaveLength(14)
  })

  it('sends to a standard queue whatever its group failed', async () => {
    const { put, run, onCall, bodies } = filled([])
    for (const body of ['a1', 'a2']) put(from, body, {}, 'a')
    onCall(({ command, input }) =>
      command === 'SendMessage' && input.MessageBody === 'a1' ? awsError('InternalError', 500) : undefined,
    )
    expect(await run()).toMatchObject({ seen: 2, redriven: 1, skipped: 0, failures: [{}] })
    expect(bodies(to)).toEqual(['a2'])
  })

  it('keeps a message that could not be sent', async () => {
    const { run, visible, onCall } = filled(['JSON_INVALID', 'JSON_INVALID'])
    onCall(({ command, input }) =>
      command === 'SendMessage' && input.MessageBody === 'body 0' ? awsError('InternalError', 500) : undefined,
    )
    const result = await run()
    expect(result).toMatchObject({ seen: 2, redriven: 1, failures: [{ code: 'QUEUE_FAILED', retryable: true }] })
    expect(visible(from)).toBe(1)
  })

  it('ends when the main queue refuses for good', async () => {
    const { run, visible, onCall, count } = filled(Array(30).fill('JSON_INVALID'))
    onCall(({ command }) => (command === 'SendMessage' ? awsError('AccessDenied', 403) : undefined))
    const result = await run()
    expect(result).toMatchObject({ seen: 10, redriven: 0 })
    expect(result.failures).toHaveLength(10)
    expect(count('ReceiveMessage')).toBe(1)
    expect(visible(from)).toBe(30)
  })

  it('reports a message that it could not delete', async () => {
    const { run, onCall } = filled(['JSON_INVALID'])
    onCall(({ command }) =>
      command === 'DeleteMessageBatch' ? { Failed: [{ Id: '0', Code: 'InternalError', Message: 'later' }] } : undefined,
    )
    expect(await run()).toMatchObject({ redriven: 1, failures: [{ code: 'QUEUE_FAILED' }] })
  })

  it('rejects when the dead-letter queue cannot be read, and releases when the filter throws', async () => {
    const { run, visible, onCall } = filled(['JSON_INVALID', 'JSON_INVALID'])
    const filter = () => {
      throw new Error('ouch')
    }
    await expect(run({ filter })).rejects.toThrow('ouch')
    expect(visible(from)).toBe(2)
    onCall(() => awsError('QueueDoesNotExist', 400))
    await expect(run()).rejects.toMatchObject({ code: 'QUEUE_FAILED', retryable: false })
  })

  it('ends early by its signal', async () => {
    const { run, count } = filled(Array(30).fill('JSON_INVALID'))
    expect(await run({ signal: AbortSignal.abort() })).toMatchObject({ seen: 0, redriven: 0 })
    expect(count('ReceiveMessage')).toBe(0)
    const stop = new AbortController()
    const filter = () => {
      stop.abort()
      return true
    }
    expect(await run({ signal: stop.signal, filter })).toMatchObject({ seen: 10, redriven: 10 })
  })

  it('keeps order and group for a FIFO queue', async () => {
    const { run, calls } = filled(['JSON_INVALID', 'JSON_INVALID'])
    await run({ to: `${to}.fifo` })
    const sent = calls.filter(({ command }) => command === 'SendMessage').map(({ input }) => input)
    expect(sent).toMatchObject([
      { MessageBody: 'body 0', MessageGroupId: 'group 0', MessageDeduplicationId: expect.any(String) },
      { MessageBody: 'body 1', MessageGroupId: 'group 1' },
    ])
  })

  it.each([undefined, 2])(
    'does not let a message overtake one of its group that was not taken, at rate %s',
    async (messagesPerSecond) => {
      const { put, run, onCall, bodies } = filled([])
      for (const [body, group] of [
        ['a1', 'a'],
        ['b1', 'b'],
        ['a2', 'a'],
        ['b2', 'b'],
      ] as const)
        put(from, body, {}, group)
      onCall(({ command, input }) =>
        command === 'SendMessage' && input.MessageBody === 'a1' ? awsError('InternalError', 500) : undefined,
      )
      const result = await run({ to: `${to}.fifo`, ...(messagesPerSecond && { messagesPerSecond }) })
      expect(result).toMatchObject({ seen: 4, redriven: 2, skipped: 1, failures: [{}] })
      expect(bodies(`${to}.fifo`)).toEqual(['b1', 'b2'])
      expect(bodies(from)).toEqual(['a1', 'a2'])
    },
  )

  it('sends no more than it may in a second', async () => {
    const { run, calls, onCall } = filled(Array(25).fill('JSON_INVALID'))
    const times: number[] = []
    onCall(({ command }) => void (command === 'SendMessage' && times.push(Date.now())))
    const began = Date.now()
    expect(await run({ messagesPerSecond: 5 })).toMatchObject({ redriven: 25, skipped: 0 })
    expect(times.map((time) => Math.round((time - began) / 1000))).toEqual(
      [0, 1, 2, 3, 4].flatMap((second) => Array(5).fill(second)),
    )
    // A batch is deleted before the next one is sent.
    const order = calls.map(({ command }) => command).filter((command) => /Send|Delete/.test(command))
    expect(order.slice(0, 7)).toEqual([...Array(5).fill('SendMessage'), 'DeleteMessageBatch', 'SendMessage'])
  })

  it('stops between two sends when it waits for its pace', async () => {
    const { run, bodies, visible, onCall } = filled(Array(8).fill('JSON_INVALID'))
    const stop = new AbortController()
    onCall(({ command, input }) => {
      if (command === 'SendMessage' && input.MessageBody === 'body 2') stop.abort()
    })
    const result = await run({ messagesPerSecond: 0.5, signal: stop.signal })
    expect(result).toMatchObject({ seen: 8, redriven: 3, skipped: 5, failures: [] })
    expect(bodies(to)).toHaveLength(3)
    expect(visible(from)).toBe(5)
  })

  it('shows the filter what the body names, and its age', async () => {
    const { put, run, bodies } = filled([])
    put(from, s3Event('logs', 'a+b/%C3%BC.log'))
    await vi.advanceTimersByTimeAsync(3_600_000)
    put(from, 'young')
    const old = new Date(Date.now() - 1_800_000)
    expect(await run({ filter: ({ sentAt }) => sentAt! < old })).toMatchObject({ redriven: 1, skipped: 1 })
    expect(bodies(from)).toEqual(['young'])
    put(from, s3Event('logs', 'a+b/%C3%BC.log'))
    const filter: RedriveOptions['filter'] = ({ objects }) =>
      objects.some(({ bucket, key }) => bucket === 'logs' && key === 'a b/ü.log')
    expect(await run({ filter })).toMatchObject({ redriven: 1, skipped: 1 })
    const envelope = (body: unknown) => (body === 'young' ? [{ bucket: 'own', key: 'k' }] : undefined)
    expect(await run({ envelope, filter: ({ objects }) => objects[0]?.bucket === 'own' })).toMatchObject({
      redriven: 1,
    })
  })

  it.each([
    { messagesPerSecond: 0 },
    { messagesPerSecond: Number.NaN },
    { to: from },
    { from: 'dlq' },
    { to: 'main' },
    { envelope: 'x' as never },
    { limit: 0 },
    { limit: 1.5 },
    { visibilitySeconds: 5 },
    { filter: 'x' as never },
    { sqs: undefined as never },
  ])('refuses %o', async (options) => {
    await expect(filled([]).run(options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
