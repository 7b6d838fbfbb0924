import type { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { DeadRecord } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { sqsDeadRecords } from './dead-records-sqs.ts'
import type { Sqs } from './queue.ts'

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
