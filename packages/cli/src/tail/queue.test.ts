import { createHash } from 'node:crypto'
import type { FlowferryError, Sink } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { S3, Sqs } from '@flowferry/source-s3'
import { describe, expect, it } from 'vitest'
import { rememberPrinted } from './printed.ts'
import { tailQueue } from './queue.ts'

const url = 'https://sqs.eu-central-1.amazonaws.com/123456789012/logs-tail'
/** Each object has one record, whose port its key is. */
const bodyOf = (key: string) => `version srcport end\n5 ${key} 1795348000\n`
const etagOf = (key: string) => createHash('md5').update(bodyOf(key)).digest('hex')

/** A message that tells of objects, as S3 sends it. */
const telling = (...keys: readonly string[]) =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'logs' }, object: { key, eTag: etagOf(key) } },
    })),
  })

const denied = () => Object.assign(new Error('Access Denied'), { name: 'AccessDenied' })

/**
 * Tails a queue that gives these messages, named, in these receives. What happened, in its order: `print 1`, a code of what
 * failed, `delete first`.
 *
 * @param faults Of objects, by their keys: what their next reads fail with
 */
async function follow(
  receives: readonly Readonly<Record<string, string>>[],
  { faults = {}, refused = [] }: { faults?: Record<string, Error[]>; refused?: string[] } = {},
): Promise<string[]> {
  const happened: string[] = []
  const stop = new AbortController()
  const left = [...receives]
  type Command = {
    constructor: { name: string }
    input: { Key: string; Entries: { Id: string; ReceiptHandle: string }[] }
  }
  const sqs = {
    send: async ({ constructor: { name }, input }: Command) => {
      if (name === 'GetQueueAttributesCommand') return { Attributes: { VisibilityTimeout: '30' } }
      if (name === 'ReceiveMessageCommand') {
        const messages = left.shift()
        if (!messages) stop.abort()
        const Messages = Object.entries(messages ?? {}).map(([MessageId, Body]) => ({
          MessageId,
          ReceiptHandle: MessageId,
          Body,
          Attributes: { ApproximateReceiveCount: '1' },
        }))
        return { Messages }
      }
      if (name !== 'DeleteMessageBatchCommand') throw new Error(`not faked: ${name}`)
      const Failed = input.Entries.flatMap(({ Id, ReceiptHandle }) => {
        const isRefused = refused[0] === ReceiptHandle && refused.shift() !== undefined
        happened.push(`${isRefused ? 'keep' : 'delete'} ${ReceiptHandle}`)
        return isRefused ? [{ Id, Code: 'ReceiptHandleIsInvalid', Message: 'The receipt handle has expired' }] : []
      })
      return { Failed }
    },
  }
  const s3 = {
    send: async ({ input: { Key } }: Command) => {
      const fault = faults[Key]?.shift()
      if (fault) throw fault
      const bytes = Buffer.from(bodyOf(Key))
      const Body = (async function* () {
        yield bytes
      })()
      return { Body, ETag: `"${etagOf(Key)}"`, ContentLength: bytes.length, LastModified: new Date() }
    },
  }
  const sink: Sink<unknown> = {
    write: async (batch) => {
      for (const { length, records } of batch)
        for (let n = 0; n < length; n++) happened.push(`print ${(records[n] as { srcport: number }).srcport}`)
      return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
    },
  }
  await tailQueue({
    url,
    sqs: sqs as unknown as Sqs,
    s3: s3 as unknown as S3,
    pipeline: { parser: vpcFlow, sink, concurrency: 1 },
    printed: rememberPrinted({ givesUp: false }),
    signal: stop.signal,
    onObject: ({ error }) => error && happened.push(error.code),
    onTrouble: ({ code }: FlowferryError) => happened.push(code),
  })
  return happened
}

describe('tailQueue', () => {
  it('keeps the message of an object that fails, whatever the fault, until it is printed', async () => {
    const again = { first: telling('1') }
    expect(await follow([again, again, again], { faults: { 1: [denied(), denied()] } })).toEqual([
      'OBJECT_FORBIDDEN',
      'OBJECT_FORBIDDEN',
      'print 1',
      'delete first',
    ])
  })

  it('keeps it more often than a bucket’s object is tried, as the queue’s redrive policy may have it', async () => {
    const again = { first: telling('1') }
    const faults = { 1: Array.from({ length: 7 }, denied) }
    expect(await follow(Array(8).fill(again), { faults })).toEqual([
      ...Array(7).fill('OBJECT_FORBIDDEN'),
      'print 1',
      'delete first',
    ])
  })

  it('prints of a message that comes again only what is left of it', async () => {
    const again = { first: telling('1', '2') }
    const happened = await follow([again, again], { faults: { 2: [denied()] } })
    // What is printed waits for a batch, and a failure for nothing.
    expect(happened.slice(0, 2).sort()).toEqual(['OBJECT_FORBIDDEN', 'print 1'])
    expect(happened.slice(2)).toEqual(['print 2', 'delete first'])
  })

  it('prints an object once that two messages of a receive name, and deletes both', async () => {
    const receive = { first: telling('1'), second: telling('2', '1'), third: telling('3') }
    const happened = await follow([receive])
    expect(happened.filter((one) => one.startsWith('print')).sort()).toEqual(['print 1', 'print 2', 'print 3'])
    expect(happened.slice(3)).toEqual(['delete first', 'delete second', 'delete third'])
  })

  it('does not take the second message for done where the first one’s object failed', async () => {
    const receive = { first: telling('1'), second: telling('1') }
    expect(await follow([receive], { faults: { 1: [denied(), denied()] } })).toEqual([
      'OBJECT_FORBIDDEN',
      'OBJECT_FORBIDDEN',
    ])
    // Readable by then: the first one is deleted when it comes again, and prints nothing.
    expect(await follow([receive, { first: telling('1') }], { faults: { 1: [denied()] } })).toEqual([
      'OBJECT_FORBIDDEN',
      'print 1',
      'delete second',
      'delete first',
    ])
  })

  it('prints nothing again of a message that could not be deleted', async () => {
    const again = { first: telling('1') }
    // A delete is tried three times.
    expect(await follow([again, again], { refused: Array(3).fill('first') })).toEqual([
      'print 1',
      'keep first',
      'keep first',
      'keep first',
      'QUEUE_FAILED',
      'delete first',
    ])
  })

  it('tells of a message that names nothing, and leaves it to the queue', async () => {
    expect(await follow([{ first: 'no event', second: telling('1') }])).toEqual([
      'print 1',
      'ENVELOPE_UNREADABLE',
      'delete second',
    ])
  })
})
