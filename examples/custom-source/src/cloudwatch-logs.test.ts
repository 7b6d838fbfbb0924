import type { FilteredLogEvent, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { cloudWatchLogs, detect, ingest } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memorySink } from '@flowferry/core/testing'
import { describe, expect, test, vi } from 'vitest'
import { type LogGroupOptions, logGroup } from './cloudwatch-logs.ts'

const parser = cloudWatchLogs(detect([vpcFlow, cloudTrail]))
const since = new Date('2026-12-01T10:00:00Z')
const until = new Date('2026-12-01T10:10:00Z')
const at = (seconds: number) => since.getTime() + seconds * 1000
const flow = (n: number, time: number): FilteredLogEvent => ({
  eventId: String(n).padStart(56, '0'),
  logStreamName: `eni-${n % 3}-all`,
  timestamp: time,
  message: `2 123456789012 eni-${n % 3} 192.0.2.${n % 250} 198.51.100.1 443 49152 6 10 840 ${time / 1000} ${time / 1000 + 60} ACCEPT OK`,
})

/** FilterLogEvents as AWS documents it, which may give an empty page before the last one. */
function fake(events: readonly FilteredLogEvent[], pageSize: number, fail?: (startTime: number) => boolean) {
  const asked: number[] = []
  const send = async ({ input }: FilterLogEventsCommand) => {
    const { startTime = 0, endTime = 0, nextToken = '0' } = input
    asked.push(startTime)
    if (fail?.(startTime)) throw new Error('ServiceUnavailableException')
    const found = events.filter(({ timestamp = 0 }) => timestamp >= startTime && timestamp <= endTime)
    const page = Number(nextToken)
    const isLast = page * pageSize >= found.length
    return {
      events: page === 0 ? [] : found.slice((page - 1) * pageSize, page * pageSize),
      ...(!isLast && { nextToken: String(page + 1) }),
    }
  }
  return { asked, logs: { send } as unknown as LogGroupOptions['logs'] }
}

const options = { group: 'vpc-flow-logs', owner: '123456789012', since, until }
// Three a minute, the first of each window at its very beginning.
const events = Array.from({ length: 30 }, (_, n) => flow(n, at(n * 20)))

describe('logGroup', () => {
  test('has each event once, whatever the pages and their order are, and the same ids again', async () => {
    const sink = memorySink()
    for (const [pageSize, some, duplicate] of [
      [4, events, 0],
      [100, events.toReversed(), 30],
    ] as const) {
      const source = logGroup({ ...options, ...fake(some, pageSize) })
      const { ok, objects, counts } = await ingest({ source, parser, sink })
      expect([ok, objects]).toEqual([true, 2])
      expect(counts).toMatchObject({ read: 30, written: 30 - duplicate, duplicate })
    }
    const documents = [...sink.documents.values()].map(({ document }) => document)
    expect(new Set(documents.map((document) => (document.source as { ip: string }).ip)).size).toBe(30)
    expect(documents[0]).toMatchObject({
      aws: { cloudwatch: { log_group: 'vpc-flow-logs', log_stream: 'eni-0-all' } },
      cloud: { account: { id: '123456789012' } },
    })
  })

  test('has the same windows for another span, from the one that holds its begin to the last that is over', () => {
    const names = (span: Partial<LogGroupOptions>) =>
      [...logGroup({ ...options, ...fake([], 1), ...span })].map(({ messageId }) => messageId)
    const all = ['vpc-flow-logs/2026-12-01T10:00:00.000Z', 'vpc-flow-logs/2026-12-01T10:05:00.000Z']
    expect(names({})).toEqual(all)
    expect(names({ since: new Date(at(299)) })).toEqual(all)
    expect(names({ since: new Date(at(300)) })).toEqual(all.slice(1))
    expect(names({ until: new Date(at(599)) })).toEqual(all.slice(0, 1))
    expect(names({ minutes: 1 })).toHaveLength(10)
  })

  test('leaves out nothing between two runs of which the second begins where the first ended', async () => {
    const sink = memorySink()
    const middle = new Date(at(431))
    for (const [span, counts] of [
      [{ until: middle }, { written: 15, duplicate: 0 }],
      [{ since: middle }, { written: 15, duplicate: 0 }],
    ] as const) {
      const report = await ingest({ source: logGroup({ ...options, ...fake(events, 100), ...span }), parser, sink })
      expect(report).toMatchObject({ ok: true, counts })
    }
    expect(sink.documents.size).toBe(30)
  })

  test('ends before what may still come, unless it is told', () => {
    vi.useFakeTimers({ now: at(3600) })
    try {
      const source = [...logGroup({ ...fake([], 1), group: 'g', owner: '1', since })]
      expect(source.map(({ messageId }) => messageId)).toHaveLength(6)
      expect(source.at(-1)!.messageId).toBe('g/2026-12-01T10:25:00.000Z')
    } finally {
      vi.useRealTimers()
    }
  })

  test.each([[{ minutes: 0 }], [{ minutes: 0.5 }], [{ since: new Date('x') }], [{ since: until }]])(
    'refuses %j, which would read nothing',
    (wrong) => {
      expect(() => logGroup({ ...options, ...fake([], 1), ...wrong })).toThrow('INVALID_OPTION')
    },
  )

  test('fails the window that CloudWatch Logs does not give, and no other', async () => {
    const source = logGroup({ ...options, ...fake(events, 100, (start) => start === at(0)) })
    const { messages, counts } = await ingest({ source, parser, sink: memorySink() })
    expect(messages.map(({ status, objects }) => [status, objects[0]!.error?.code])).toEqual([
      ['failed', 'OBJECT_UNREADABLE'],
      ['done', undefined],
    ])
    expect(counts.written).toBe(15)
  })

  test('fails a window that is above the limit, and asks for no more pages of it', async () => {
    const { asked, logs } = fake(events, 1)
    const source = logGroup({ ...options, logs, until: new Date(at(300)), mostBytes: 500 })
    const { messages } = await ingest({ source, parser, sink: memorySink() })
    expect(messages[0]!.objects[0]!.error).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/2026-12-01T10:00:00\.000Z are above 500 bytes: take fewer `minutes`/),
    })
    expect(asked.length).toBeLessThan(8)
  })

  test('opens a part', async () => {
    const [message] = logGroup({ ...options, ...fake(events, 100) })
    const read = async (range?: Parameters<NonNullable<typeof message>['objects'][0]['open']>[0]) => {
      const { body, size } = await message!.objects[0]!.open(range)
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      const text = Buffer.concat(chunks)
      expect(text.length).toBe(size)
      return text.toString()
    }
    const whole = await read()
    expect(await read({ start: 3, end: 9 })).toBe(whole.slice(3, 10))
    expect(await read({ start: 3 })).toBe(whole.slice(3))
    expect(await read({ last: 5 })).toBe(whole.slice(-5))
  })
})
