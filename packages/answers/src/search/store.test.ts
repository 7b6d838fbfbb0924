import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { describe, expect, test } from 'vitest'
import type { Question } from '../question.ts'
import { type SearchClient, type SearchStoreOptions, searchStore } from './store.ts'

interface Sent {
  readonly method: string
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

const shards = { total: 2, failed: 0 }
const span = { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' }
const groups: Question = {
  kind: 'groups',
  formats: ['aws.vpcflow'],
  span,
  groups: ['event.action'],
  measures: { n: { count: true } },
}
const documents: Question = { kind: 'documents', formats: ['aws.vpcflow'], span, fields: ['@timestamp'] }

/** A store whose engine gives these responses, one after the other, and what it was sent. */
function engine(responses: readonly object[], options: SearchStoreOptions = {}, onSent?: (path: string) => void) {
  const sent: Sent[] = []
  const left = [...responses]
  const client: SearchClient = {
    request: async (method, path, body, _, signal) => {
      signal?.throwIfAborted()
      sent.push({ method, path: decodeURIComponent(path), body: (body ?? {}) as Sent['body'] })
      onSent?.(path)
      const { status = 200, ...answer } = { ...left.shift() } as { status?: number }
      return { status, body: answer }
    },
    pointInTime: {
      open: '/_pit',
      idOf: (body) => (body as { id: string }).id,
      close: '/_pit',
      closing: (id) => ({ id }),
    },
    tieBreaker: [{ tie: 'asc' }],
  }
  return { store: searchStore(client, { formats: vpcFlow.formats, ...options }), sent }
}

const page = (keys: readonly string[], after?: string, rest: object = {}) => ({
  _shards: shards,
  aggregations: {
    all: {
      buckets: keys.map((key, index) => ({ key: { g0: key }, doc_count: index + 1 })),
      ...(after !== undefined && { after_key: { g0: after } }),
    },
  },
  ...rest,
})

describe('asks the indices that its sink writes to', () => {
  const cases: [SearchStoreOptions, string][] = [
    [{}, 'logs-aws.vpcflow-*,-logs-aws.vpcflow-*-20*.*'],
    [{ namespace: 'prod' }, 'logs-aws.vpcflow-prod'],
    [{ indexPer: 'day' }, 'logs-aws.vpcflow-*-20*.*'],
    [{ indexPer: 'month', namespace: 'prod' }, 'logs-aws.vpcflow-prod-20*.*'],
    [{ index: 'mine-*' }, 'mine-*'],
  ]
  test.each(cases)('%o', async (options, target) => {
    const { store, sent } = engine([page([])], options)
    await store.ask(groups)
    expect(sent[0]).toMatchObject({ method: 'POST', path: `/${target}/_search?ignore_unavailable=true` })
    expect(JSON.stringify(sent[0]!.body).includes('data_stream.dataset')).toBe('index' in options)
  })
})

describe('groups', () => {
  test('are read to their end, and put into order', async () => {
    const { store, sent } = engine([page(['a', 'b'], 'b'), page(['c'], 'c'), page([])])
    const question: Question = { ...groups, order: [{ by: 'n', direction: 'desc' }], limit: 2 }
    expect(await store.ask(question)).toEqual({
      rows: [
        { 'event.action': 'b', n: 2 },
        { 'event.action': 'a', n: 1 },
      ],
      approximate: [],
    })
    expect(sent).toHaveLength(3)
    expect(sent[1]!.body).toMatchObject({ size: 0, aggs: { all: { composite: { after: { g0: 'b' } } } } })
  })

  test('in their own order are read as far as the limit', async () => {
    const { store, sent } = engine([page(['a', 'b'], 'b')])
    const { rows, partial } = await store.ask({ ...groups, limit: 2 })
    expect(rows).toHaveLength(2)
    expect(partial).toBeUndefined()
    expect(sent[0]!.body).toMatchObject({ aggs: { all: { composite: { size: 2 } } } })
    expect(sent).toHaveLength(1)
  })

  test('of addresses are all read: the engine has another order', async () => {
    const { store, sent } = engine([page(['10.0.0.9', '10.0.0.10'], 'x'), page([])])
    const { rows } = await store.ask({ ...groups, groups: ['source.ip'], limit: 1 })
    expect(rows).toEqual([{ 'source.ip': '10.0.0.10', n: 2 }])
    expect(sent).toHaveLength(2)
  })

  test.each([
    {
      next: page(['c']),
      partial: { why: 'there are more than 2 groups, and the first in order are of those that were read' },
    },
    { next: page([]), partial: undefined },
  ])('that are too many are told of: $partial', async ({ next, partial }) => {
    const { store } = engine([page(['a', 'b'], 'b'), next], { maxGroups: 2 })
    expect((await store.ask({ ...groups, order: [{ by: 'n' }] })).partial).toEqual(partial)
  })

  test('whose buckets are heavy come a thousand at a time', async () => {
    const { store, sent } = engine([page([])])
    const { approximate } = await store.ask({
      ...groups,
      measures: { n: { count: true }, ips: { cardinality: 'source.ip' } },
    })
    expect(approximate).toEqual(['ips'])
    expect(sent[0]!.body).toMatchObject({ aggs: { all: { composite: { size: 100 } } } })
    const ordered = engine([page([])])
    await ordered.store.ask({ ...groups, measures: { ips: { cardinality: 'source.ip' } }, order: [{ by: 'ips' }] })
    expect(ordered.sent[0]!.body).toMatchObject({ aggs: { all: { composite: { size: 1000 } } } })
  })
})

describe('an answer is partial', () => {
  test('where a shard failed, with the reason', async () => {
    const failures = [{ reason: { type: 'query_shard_exception', reason: 'too many clauses' } }]
    const { store } = engine([page(['a'], undefined, { _shards: { total: 5, failed: 2, failures } })])
    expect(await store.ask(groups)).toMatchObject({
      rows: [{ n: 1 }],
      partial: { why: '2 of 5 shards failed: query_shard_exception: too many clauses' },
    })
  })

  test('where time ran out, and no other page is asked for', async () => {
    const { store, sent } = engine([page(['a'], 'a', { timed_out: true })], { timeoutMilliseconds: 50 })
    expect(await store.ask(groups)).toMatchObject({ partial: { why: 'the search was ended after 50 ms' } })
    expect(sent).toHaveLength(1)
    expect(sent[0]!.body).toMatchObject({ timeout: '50ms' })
  })

  test('where the index of all formats has no document of one', async () => {
    const empty = { ...page([]), hits: { total: { value: 0 } } }
    const { store, sent } = engine([page([]), empty], { index: 'mine' })
    expect(await store.ask(groups)).toEqual({
      rows: [],
      approximate: [],
      partial: { why: 'mine has no document of aws.vpcflow', absent: true },
    })
    expect(sent[1]!.body).toMatchObject({
      query: { term: { 'data_stream.dataset': 'aws.vpcflow' } },
      size: 0,
      terminate_after: 1,
    })
    const others = engine([page([]), { ...page([]), hits: { total: { value: 1 } } }], { index: 'mine' })
    expect((await others.store.ask(groups)).partial).toBeUndefined()
    expect((await engine([page(['a'])], { index: 'mine' }).store.ask(groups)).partial).toBeUndefined()
  })

  test('where no index is there', async () => {
    const { store } = engine([{ _shards: { total: 0, failed: 0 } }])
    expect(await store.ask({ ...groups, groups: [] })).toEqual({
      rows: [{ n: 0 }],
      approximate: [],
      partial: { why: 'no index is there for logs-aws.vpcflow-*,-logs-aws.vpcflow-*-20*.*', absent: true },
    })
  })
})

describe('documents', () => {
  const hits = (...times: string[]) => ({
    _shards: shards,
    hits: { hits: times.map((time, index) => ({ _source: { '@timestamp': time }, sort: [time, index] })) },
  })
  const times = ['2026-11-22T09:00:01Z', '2026-11-22T09:00:02Z', '2026-11-22T09:00:03Z']

  test('of one page take one request', async () => {
    const { store, sent } = engine([hits(times[0]!)])
    expect((await store.ask(documents)).rows).toEqual([{ '@timestamp': '2026-11-22T09:00:01.000Z' }])
    expect(sent).toHaveLength(1)
    expect(sent[0]!.body).toMatchObject({ size: 100, _source: ['@timestamp'] })
  })

  test('of several pages are of one point in time, which is closed', async () => {
    const { store, sent } = engine(
      [{ id: 'p1' }, { ...hits(times[0]!, times[1]!), pit_id: 'p2' }, hits(times[2]!), {}],
      { pageSize: 2 },
    )
    expect((await store.ask({ ...documents, limit: 9 })).rows).toHaveLength(3)
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      expect.stringMatching(/^POST \/logs-.*\/_pit\?keep_alive=1m&ignore_unavailable=true$/),
      'POST /_search',
      'POST /_search',
      'DELETE /_pit',
    ])
    expect(sent[2]!.body).toMatchObject({ size: 2, pit: { id: 'p2' }, search_after: [times[1], 1] })
    expect(sent[1]!.body.sort).toEqual([expect.objectContaining({ '@timestamp': expect.anything() }), { tie: 'asc' }])
    expect(sent[3]!.body).toEqual({ id: 'p2' })
  })

  test('of several pages are none where no index is there to hold at a point in time', async () => {
    const { store, sent } = engine(
      [
        { status: 400, error: { type: 'illegal_argument_exception', reason: 'invalid id: [null]' } },
        { _shards: { total: 0, failed: 0 } },
      ],
      { pageSize: 2 },
    )
    expect(await store.ask({ ...documents, limit: 9 })).toMatchObject({
      rows: [],
      partial: { why: expect.stringContaining('no index is there') },
    })
    expect(sent).toHaveLength(2)
  })

  test('end at the limit, within a page', async () => {
    const { store, sent } = engine([{ id: 'p' }, hits(times[0]!, times[1]!), hits(times[2]!), {}], { pageSize: 2 })
    expect((await store.ask({ ...documents, limit: 3 })).rows).toHaveLength(3)
    expect(sent[2]!.body).toMatchObject({ size: 1 })
    expect(sent).toHaveLength(4)
  })

  test('close their point in time once their signal has aborted, and do not wait for that', async () => {
    const stop = new AbortController()
    const { store, sent } = engine([{ id: 'p' }, hits(times[0]!, times[1]!)], { pageSize: 2 }, (path) => {
      if (path === '/_search') stop.abort()
    })
    const stopped = store.ask({ ...documents, limit: 9 }, stop.signal)
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED', cause: { name: 'AbortError' } })
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'POST', 'DELETE'])
  })

  test('close their point in time after a failure', async () => {
    const { store, sent } = engine([{ id: 'p' }, { status: 500 }, {}], { pageSize: 2 })
    await expect(store.ask({ ...documents, limit: 3 })).rejects.toMatchObject({ code: 'TARGET_OVERLOADED' })
    expect(sent.at(-1)).toMatchObject({ method: 'DELETE', path: '/_pit' })
  })
})

test.each([
  [401, 'TARGET_UNAUTHORIZED'],
  [404, 'TARGET_NOT_FOUND'],
  [429, 'TARGET_OVERLOADED'],
  [400, 'TARGET_FAILED'],
])('a response of %i is %s', async (status, code) => {
  const error = {
    type: 'search_phase_execution_exception',
    reason: 'all shards failed',
    root_cause: [{ reason: 'no field' }],
  }
  const { store } = engine([{ status, error }])
  await expect(store.ask(groups)).rejects.toMatchObject({ code, message: expect.stringContaining('no field') })
})

test('no response is TARGET_UNREACHABLE', async () => {
  const lost = searchStore(
    { request: () => Promise.reject(new Error('ECONNREFUSED')), pointInTime: {} as never, tieBreaker: [] },
    { formats: vpcFlow.formats },
  )
  await expect(lost.ask(groups)).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' })
})

test.each([
  [{ index: 'a/b' }, 'index'],
  [{ namespace: '-x' }, 'namespace'],
  [{ indexPer: 'week' as 'day' }, 'indexPer'],
  [{ index: 'mine', indexPer: 'day' as const }, 'indexPer'],
  [{ pageSize: 10_001 }, 'pageSize'],
  [{ maxGroups: 0 }, 'maxGroups'],
  [{ timeoutMilliseconds: 0.5 }, 'timeoutMilliseconds'],
])('checks its options: %o', (options, name) => {
  expect(() => engine([], options)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
  )
})
