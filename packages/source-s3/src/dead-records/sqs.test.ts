import type { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { DeadRecord } from '@flowferry/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { elapse } from '../../test/timers.ts'
import type { Sqs } from '../queue/queue.ts'
import { sqsDeadRecords } from './sqs.ts'

const queueUrl = 'https://sqs.test/1/records'
const { signal } = new AbortController()
const record = (ordinal: number, document = '{}'): DeadRecord => ({
  fate: 'rejected',
  bucket: 'logs',
  key: 'a.log',
  etag: 'e',
  ordinal,
  kind: 'number',
  dataStream: 'logs-custom.number-default',
  id: `id-${ordinal}`,
  type: 't',
  reason: 'r',
  time: '2026-11-22T00:00:00.000Z',
  document,
})

type Entry = { Id: string; MessageBody: string; MessageGroupId?: string; MessageDeduplicationId?: string }

/** Takes batches; `refuse` says which entries fail, with each call's number. */
function queue(refuse: (entry: Entry, call: number) => boolean = () => false) {
  const batches: Entry[][] = []
  const taken: Entry[] = []
  const send = async ({ input }: SendMessageBatchCommand) => {
    const entries = input.Entries as Entry[]
    batches.push(entries)
    const failed = entries.filter((entry) => refuse(entry, batches.length))
    taken.push(...entries.filter((entry) => !failed.includes(entry)))
    return { Failed: failed.map(({ Id }) => ({ Id, Code: 'InternalError', Message: 'later', SenderFault: false })) }
  }
  return { sqs: { send } as unknown as Sqs, batches, taken }
}

afterEach(() => void vi.useRealTimers())

describe('sqsDeadRecords', () => {
  it('sends ten at once, and no batch above its limit', async () => {
    const { sqs, batches, taken } = queue()
    const large = 'x'.repeat(400_000)
    const records = [
      ...Array.from({ length: 12 }, (_, n) => record(n)),
      record(12, large),
      record(13, large),
      record(14, large),
    ]
    await sqsDeadRecords({ sqs, queueUrl }).write(records, signal)
    expect(batches.map(({ length }) => length)).toEqual([10, 4, 1])
    expect(taken.map(({ MessageBody }) => JSON.parse(MessageBody))).toEqual(records)
  })

  it.each([['x'], ['"'], ['\u{1f600}'], ['\u0001'], ['\uffff']])(
    'cuts what is too large, of %j, and keeps its place',
    async (char) => {
      const { sqs, taken } = queue()
      const document = char.repeat(900_000)
      const messageBytes = 300_000
      await sqsDeadRecords({ sqs, queueUrl, messageBytes }).write([record(5, document)], signal)
      const [{ MessageBody }] = taken as [Entry]
      expect(Buffer.byteLength(MessageBody)).toBeLessThanOrEqual(messageBytes)
      expect(Buffer.byteLength(MessageBody)).toBeGreaterThan(messageBytes / 3)
      expect(MessageBody).not.toMatch(/[\uFFFE\uFFFF]/)
      const cut = JSON.parse(MessageBody) as DeadRecord
      expect(cut).toMatchObject({ bucket: 'logs', key: 'a.log', etag: 'e', ordinal: 5, id: 'id-5' })
      expect(document.startsWith(cut.document!)).toBe(true)
      expect(cut.document!.length + cut.omitted!).toBe(document.length)
    },
  )

  it('fills a batch to the byte', async () => {
    const { sqs, batches } = queue()
    const half = (ordinal: number) => record(ordinal, 'x'.repeat(524_288 - JSON.stringify(record(ordinal, '')).length))
    await sqsDeadRecords({ sqs, queueUrl }).write([half(0), half(1), half(2), half(3), record(4)], signal)
    expect(batches.map(({ length }) => length)).toEqual([2, 2, 1])
    batches.length = 0
    await sqsDeadRecords({ sqs, queueUrl }).write([half(0), half(1), record(2), record(3)], signal)
    expect(batches.map(({ length }) => length)).toEqual([2, 2])
    await sqsDeadRecords({ sqs, queueUrl }).write([], signal)
    expect(batches).toHaveLength(2)
  })

  it('cuts a message only where it is above its limit', async () => {
    const room = 2000 - JSON.stringify(record(0, '')).length
    for (const [length, isCut] of [
      [room, false],
      [room + 1, true],
    ] as const) {
      const { sqs, taken } = queue()
      await sqsDeadRecords({ sqs, queueUrl, messageBytes: 2000 }).write([record(0, 'x'.repeat(length))], signal)
      expect('omitted' in JSON.parse(taken[0]!.MessageBody)).toBe(isCut)
    }
  })

  it.each([
    ['a short document beside a long key', 780, { document: 'x'.repeat(100) }],
    ['a key that leaves no room at all', 1100, { document: 'x'.repeat(100) }],
    ['a malformed text', 100, { document: undefined, text: 'x'.repeat(2000) }],
  ])('cuts %s, and counts what it left out', async (_, keyLength, more) => {
    const { sqs, taken } = queue()
    const large = { ...record(0), key: 'k'.repeat(keyLength), ...more } as DeadRecord
    await sqsDeadRecords({ sqs, queueUrl, messageBytes: 1024 }).write([large], signal)
    const cut = JSON.parse(taken[0]!.MessageBody) as DeadRecord
    const [before, after] = [large, cut].map(({ document, text }) => document ?? text ?? '') as [string, string]
    expect(before.startsWith(after)).toBe(true)
    expect(after.length + cut.omitted!).toBe(before.length)
    if (keyLength > 1000) expect(after).toBe('')
    else expect(Buffer.byteLength(taken[0]!.MessageBody)).toBeLessThanOrEqual(1024)
  })

  it('waits before it tries refused entries again', async () => {
    vi.useFakeTimers()
    const times: number[] = []
    const never = queue(() => times.push(Date.now()) > 0)
    const done = elapse(sqsDeadRecords({ sqs: never.sqs, queueUrl }).write([record(0)], signal), 100)
    await expect(done).rejects.toThrow('InternalError, later')
    expect(times.map((time) => time - times[0]!)).toEqual([0, 200, 1200])
  })

  it('tries refused entries again, and gives up with the reason', async () => {
    const twice = queue((entry, call) => entry.Id === '1' && call < 3)
    await sqsDeadRecords({ sqs: twice.sqs, queueUrl }).write([record(0), record(1), record(2)], signal)
    expect(twice.batches.map(({ length }) => length)).toEqual([3, 1, 1])
    expect(twice.taken).toHaveLength(3)
    const never = queue(() => true)
    await expect(sqsDeadRecords({ sqs: never.sqs, queueUrl }).write([record(0)], signal)).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
    })
  })

  it('names group and record for a FIFO queue', async () => {
    const { sqs, taken } = queue()
    await sqsDeadRecords({ sqs, queueUrl: `${queueUrl}.fifo` }).write([record(7), record(8)], signal)
    expect(new Set(taken.map(({ MessageGroupId }) => MessageGroupId)).size).toBe(1)
    expect(taken.map(({ MessageDeduplicationId }) => MessageDeduplicationId)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}-7-rejected$/),
      expect.stringMatching(/^[0-9a-f]{64}-8-rejected$/),
    ])
  })

  it.each([{ sqs: undefined as never }, { queueUrl: 'records' }, { messageBytes: 2_000_000 }])(
    'refuses %o',
    (options) => {
      expect(() => sqsDeadRecords({ sqs: queue().sqs, queueUrl, ...options })).toThrow('INVALID_OPTION')
    },
  )
})
