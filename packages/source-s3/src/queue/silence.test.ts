import type { DeadRecord } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentServer } from '../../test/silent.ts'
import { archiveObjects } from '../backfill/archive.ts'
import { s3DeadRecords } from '../dead-records/s3.ts'
import { sqsDeadRecords } from '../dead-records/sqs.ts'

/** Sockets are real, time is not. */
let server: Awaited<ReturnType<typeof silentServer>>
beforeEach(async () => {
  server = await silentServer()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
  server.close()
})

const record: DeadRecord = {
  fate: 'malformed',
  bucket: 'logs',
  key: 'a.log',
  etag: 'e',
  ordinal: 0,
  kind: 'vpcflow',
  id: 'id',
  type: 'malformed',
  reason: 'r',
  time: '2026-11-22T00:00:00.000Z',
}
const span = { from: new Date('2026-11-20T00:00:00Z'), to: new Date('2026-11-21T00:00:00Z') }
type Server = typeof server

const requests: [string, number, (server: Server, signal: AbortSignal) => Promise<unknown>][] = [
  ['s3DeadRecords', 1, ({ s3 }, signal) => s3DeadRecords({ s3, bucket: 'dead', prefix: 'd/' }).write([record], signal)],
  ['sqsDeadRecords', 1, ({ sqs, queueUrl }, signal) => sqsDeadRecords({ sqs, queueUrl }).write([record], signal)],
  [
    'archiveObjects',
    3,
    ({ s3 }, signal) => archiveObjects({ s3, bucket: 'logs', parser: vpcFlow, ...span, signal }).next(),
  ],
]

it.each(requests)('%s gives up after 30 s of silence, at the try %i', async (_, tries, send) => {
  const sending = send(server, new AbortController().signal).catch((error: Error) => error)
  for (let count = 1; count <= tries; count++) {
    await server.asked(count)
    await vi.advanceTimersByTimeAsync(30_000)
  }
  expect(await sending).toMatchObject({ message: expect.stringContaining('no answer within 30 s') })
  expect(server.requests()).toBe(tries)
})

it.each(requests)('%s ends in silence when its signal aborts', async (_, _tries, send) => {
  const stop = new AbortController()
  const sending = send(server, stop.signal).catch((error: Error) => error)
  await server.asked(1)
  stop.abort(new Error('enough'))
  const error = (await sending) as Error
  expect(error.cause ?? error).toMatchObject({ message: 'enough' })
})
