import { setTimeout } from 'node:timers/promises'
import { FlowferryError, type Sink } from '@flowferry/core'
import { memorySlice } from '@flowferry/core/testing'
import { describe, expect, test, vi } from 'vitest'
import type { BulkResponse } from './response.ts'
import { bulkSink } from './write.ts'

type Item = { status: number; error?: { type: string; reason: string } }
const created: Item = { status: 201 }
const exists: Item = { status: 409, error: { type: 'version_conflict_engine_exception', reason: 'exists' } }
const busy: Item = { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'queue is full' } }
const broken: Item = { status: 400, error: { type: 'document_parsing_exception', reason: 'no date' } }

function answer(...items: Item[]): BulkResponse {
  return { status: 200, body: { errors: items.some(({ error }) => error), items: items.map((create) => ({ create })) } }
}

/** A sink whose store gives these answers in turn, and the ids that each request held. */
function scripted(answers: (BulkResponse | Error)[], options = {}) {
  const requests: string[][] = []
  const sink = bulkSink(
    async (body) => {
      const lines = body.toString().trimEnd().split('\n')
      requests.push(lines.filter((_, index) => index % 2 === 0).map((line) => JSON.parse(line).create._id.slice(22)))
      for (const line of lines) JSON.parse(line)
      const next = answers.shift()
      if (!next) throw new Error('no more answers')
      if (next instanceof Error) throw next
      return next
    },
    { retryMilliseconds: 1, ...options },
  )
  return { sink, requests }
}

describe('bulkSink', () => {
  test('sends again only the items that were refused for load', async () => {
    const { sink, requests } = scripted([
      answer(created, busy, exists, busy, broken),
      answer(busy, created),
      answer(created),
    ])
    const outcome = await sink.write([memorySlice({ records: 5 })])
    expect(requests).toEqual([['0', '1', '2', '3', '4'], ['1', '3'], ['1']])
    expect(outcome).toEqual({
      slices: [
        {
          written: 3,
          duplicate: 1,
          unfinished: 0,
          rejected: [{ index: 4, type: 'document_parsing_exception', reason: 'no date' }],
        },
      ],
    })
  })

  test('tries a whole request again after 429, 5xx and a lost connection', async () => {
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    const { sink, requests } = scripted([{ status: 503, body: '' }, lost, { status: 429, body: '' }, answer(created)])
    expect((await sink.write([memorySlice({ records: 1 })])).slices[0]!.written).toBe(1)
    expect(requests).toHaveLength(4)
  })

  test('does not wait anew with each body for a store that is silent', async () => {
    let clock = 0
    vi.spyOn(performance, 'now').mockImplementation(() => clock)
    let tries = 0
    let silent = true
    const send = async () => {
      tries++
      clock += 1200
      if (silent) throw new Error('connect ECONNREFUSED')
      return answer(created)
    }
    const sink = bulkSink(send, { retryMilliseconds: 1, maxBytesInFlight: 5 * 1024 * 1024 })
    const write = () => sink.write([memorySlice({ records: 1 })])
    // There is one buffer, so the second write begins when the first one has given up.
    for (const outcome of await Promise.all([write(), write()]))
      expect(outcome).toMatchObject({ stop: true, error: { code: 'TARGET_UNREACHABLE' }, slices: [{ unfinished: 1 }] })
    expect(tries).toBe(9 + 2)
    silent = false
    expect((await write()).slices[0]!.written).toBe(1)
    silent = true
    tries = 0
    await write()
    expect(tries).toBe(9)
    vi.restoreAllMocks()
  })

  test('gives up after maxRetries, with nothing lost from the count', async () => {
    const { sink } = scripted([answer(created, busy), answer(busy), answer(busy)], { maxRetries: 2 })
    const outcome = await sink.write([memorySlice({ records: 2 })])
    expect(outcome).toMatchObject({
      slices: [{ written: 1, unfinished: 1 }],
      stop: true,
      error: { code: 'TARGET_OVERLOADED' },
    })
  })

  test.each([
    [401, 'TARGET_UNAUTHORIZED'],
    [403, 'TARGET_UNAUTHORIZED'],
    [404, 'TARGET_NOT_FOUND'],
    [400, 'TARGET_FAILED'],
  ])('stops at once at %s', async (status, code) => {
    const { sink, requests } = scripted([{ status, body: { error: { type: 'x', reason: 'because' } } }], {
      maxBodyBytes: 1000,
    })
    const outcome = await sink.write([memorySlice({ records: 20 })])
    expect(requests).toHaveLength(1)
    expect(outcome).toMatchObject({ slices: [{ written: 0, unfinished: 20 }], stop: true, error: { code } })
    expect(outcome.error!.message).toContain('because')
  })

  test.each([
    [429, 'TARGET_BLOCKED', 'cluster_block_exception'],
    [403, 'TARGET_BLOCKED', 'cluster_block_exception'],
    [403, 'TARGET_UNAUTHORIZED', 'security_exception'],
    [404, 'TARGET_NOT_FOUND', 'index_not_found_exception'],
  ])('an item with %s and %s stops without a retry', async (status, code, type) => {
    const { sink, requests } = scripted([answer(created, { status, error: { type, reason: 'r' } })])
    expect(await sink.write([memorySlice({ records: 2 })])).toMatchObject({
      slices: [{ written: 1, unfinished: 1 }],
      stop: true,
      error: { code },
    })
    expect(requests).toHaveLength(1)
  })

  test('splits after 413, and remembers the limit', async () => {
    const tooLarge = { status: 413, body: '' }
    const { sink, requests } = scripted([
      tooLarge,
      answer(created, created),
      answer(created, created),
      answer(created, created),
    ])
    await sink.write([memorySlice({ records: 4 })])
    expect(requests.map(({ length }) => length)).toEqual([4, 2, 2])
    const { sink: other, requests: later } = scripted(
      [tooLarge, ...Array.from({ length: 40 }, () => answer(created))],
      { maxBodyBytes: 1_000_000 },
    )
    await other.write([memorySlice({ records: 2 })])
    expect(later.map(({ length }) => length)).toEqual([2, 1, 1])
  })

  test('a single document above the limit is rejected by itself', async () => {
    const { sink } = scripted([{ status: 413, body: '' }])
    const { slices } = await sink.write([memorySlice({ records: 1 })])
    expect(slices[0]!.rejected).toMatchObject([{ index: 0, type: 'content_too_large' }])
  })

  test('waits at least as long as Retry-After says', async () => {
    const { sink } = scripted([{ status: 429, body: '', retryAfterSeconds: 0.2 }, answer(created)])
    const started = performance.now()
    await sink.write([memorySlice({ records: 1 })])
    expect(performance.now() - started).toBeGreaterThanOrEqual(195)
  })

  test('an abort ends the waiting', async () => {
    const { sink } = scripted([{ status: 503, body: '' }, answer(created)], {
      retryMilliseconds: 60_000,
      maxRetryMilliseconds: 60_000,
    })
    const outcome = await sink.write([memorySlice({ records: 1 })], AbortSignal.timeout(50))
    expect(outcome).toMatchObject({ slices: [{ unfinished: 1 }] })
    expect(outcome.stop).toBeUndefined()
  })

  test('a silent check of the target ends with the last write that waits for it', async () => {
    const ends: string[] = []
    let checks = 0
    const sink = bulkSink(
      async () => answer(created),
      {},
      (_, __, signal) => {
        if (checks++ > 0) return Promise.resolve()
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(ends.push('check')))
        })
      },
    )
    const [first, second] = [new AbortController(), new AbortController()]
    const write = async (name: string, signal?: AbortSignal) => {
      const outcome = await sink.write([memorySlice({ records: 1 })], signal)
      ends.push(name)
      return outcome
    }
    const writing = [write('first', first.signal), write('second', second.signal)]
    await setTimeout(10)
    first.abort()
    expect(await writing[0]).toMatchObject({ slices: [{ unfinished: 1 }], error: { code: 'ABORTED' } })
    await setTimeout(10)
    expect([ends, checks]).toEqual([['first'], 1])
    second.abort()
    expect(await writing[1]).toMatchObject({ slices: [{ unfinished: 1 }], error: { code: 'ABORTED' } })
    expect(ends).toEqual(['first', 'check', 'second'])
    // An aborted check says nothing about the target, so the next write checks again.
    expect(await write('third')).toMatchObject({ slices: [{ written: 1 }] })
    expect(checks).toBe(2)
  })

  test('a check that stays silent for longer than requestTimeoutMilliseconds stops the sink', async () => {
    let checks = 0
    const silent = () => {
      checks++
      return new Promise<void>(() => undefined)
    }
    const sink = bulkSink(
      async () => answer(created),
      { requestTimeoutMilliseconds: 20, maxRetries: 1, retryMilliseconds: 1 },
      silent,
    )
    expect(await sink.write([memorySlice({ records: 1 })])).toMatchObject({
      slices: [{ unfinished: 1 }],
      error: { code: 'TARGET_UNREACHABLE' },
      stop: true,
    })
    expect(checks).toBe(2)
  })

  test('an answer of another length is not believed', async () => {
    const { sink } = scripted([{ status: 200, body: { errors: true, items: [] } }, answer(created)])
    expect((await sink.write([memorySlice({ records: 1 })])).slices[0]!.written).toBe(1)
  })

  test('bounds the body, and puts several slices into one', async () => {
    const { sink, requests } = scripted(
      Array.from({ length: 9 }, (_, n) => ({ status: 200, body: undefined, created: n === 3 ? 1 : 2 })),
      { maxBodyBytes: 1000 },
    )
    const outcome = await sink.write([memorySlice({ records: 3, key: 'a' }), memorySlice({ records: 4, key: 'b' })])
    expect(outcome.slices.map(({ written }) => written)).toEqual([3, 4])
    expect(requests.flat()).toHaveLength(7)
    expect(requests.length).toBeGreaterThan(1)
  })

  test('a document on which the store fails does not stop the others', async () => {
    const failing: Item = { status: 500, error: { type: 'null_pointer_exception', reason: 'no such field' } }
    const { sink, requests } = scripted([answer(created, failing), answer(failing), answer(created, created)], {
      maxRetries: 1,
      maxBodyBytes: 1000,
    })
    const outcome = await sink.write([memorySlice({ records: 4 })])
    expect(requests).toEqual([['0', '1'], ['1'], ['2', '3']])
    expect(outcome).toMatchObject({ slices: [{ written: 3, unfinished: 1 }], error: { code: 'TARGET_FAILED' } })
    expect(outcome.error!.message).toContain('null_pointer_exception: no such field')
    expect(outcome.stop).toBeUndefined()
  })

  test('a cluster without a master is tried again', async () => {
    const block: Item = { status: 503, error: { type: 'cluster_block_exception', reason: 'no master' } }
    const { sink } = scripted([answer(block), answer(created)])
    expect((await sink.write([memorySlice({ records: 1 })])).slices[0]!.written).toBe(1)
  })

  test('a proxy that gave up waiting is tried again, and one that answers with a page of its own is not believed', async () => {
    const { sink } = scripted([{ status: 408, body: '' }, { status: 200, body: '<html>' }, answer(created)])
    expect((await sink.write([memorySlice({ records: 1 })])).slices[0]!.written).toBe(1)
  })

  test('names the reason of the items that were refused for load', async () => {
    const { sink } = scripted([answer(busy)], { maxRetries: 0 })
    expect((await sink.write([memorySlice({ records: 1 })])).error!.message).toContain('queue is full')
  })

  test.each([
    [
      "failed to parse field [a] of type [long] in document with id 'x'. Preview of field's value: 'it's\n a secret'",
      "failed to parse field [a] of type [long] in document with id 'x'. Preview of field's value: '***'",
    ],
    [
      'immense term in field="a" The prefix of the first immense term is: \'[115, 101, 99]...\', original message',
      'immense term in field="a" The prefix of the first immense term is: \'***\', original message',
    ],
  ])('no document content reaches an error: %s', async (reason, told) => {
    const { sink } = scripted([answer(created, { status: 400, error: { type: 'document_parsing_exception', reason } })])
    expect((await sink.write([memorySlice({ records: 2 })])).slices[0]!.rejected[0]!.reason).toBe(told)
  })

  test.each([
    ['only write ops with an op_type of create are allowed in data streams', 'TARGET_MISMATCH'],
    ['Document ID is not supported in create/index operation request', 'TARGET_MISMATCH'],
    [
      'Validation Failed: 1: this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open;',
      'TARGET_BLOCKED',
    ],
  ])('what is about the target stops, also as a 400 of each item: %s', async (reason, code) => {
    const refused = { status: 400, error: { type: 'illegal_argument_exception', reason } }
    const { sink, requests } = scripted([answer(refused, refused)])
    expect(await sink.write([memorySlice({ records: 2 })])).toMatchObject({
      slices: [{ unfinished: 2, rejected: [] }],
      stop: true,
      error: { code },
    })
    expect(requests).toHaveLength(1)
    const quoted = { status: 400, error: { type: 'document_parsing_exception', reason: `failed at '${reason}'` } }
    const other = scripted([answer(quoted, created)])
    expect((await other.sink.write([memorySlice({ records: 2 })])).slices[0]).toMatchObject({ written: 1 })
  })

  const odd = (reason = 'of a new kind'): Item => ({
    status: 400,
    error: { type: 'illegal_argument_exception', reason },
  })

  test('a body whose every item is refused alike, for a reason that nobody knows, stops, and rejects no document', async () => {
    const { sink, requests } = scripted([answer(odd(), odd(), odd())])
    expect(await sink.write([memorySlice({ records: 3 })])).toMatchObject({
      slices: [{ written: 0, rejected: [], unfinished: 3 }],
      stop: true,
      error: { code: 'TARGET_REFUSED', message: expect.stringContaining('of a new kind') },
    })
    expect(requests).toHaveLength(1)
  })

  test.each<[string, Item[], object]>([
    ['it is alone in its body', [odd()], { rejected: [{ index: 0 }] }],
    ['another document is stored', [odd(), created, odd()], { written: 1, rejected: [{ index: 0 }, { index: 2 }] }],
    ['another one is there', [odd(), exists], { duplicate: 1, rejected: [{ index: 0 }] }],
    ['the reasons differ', [odd(), odd('other')], { rejected: [{ index: 0 }, { index: 1 }] }],
    ['the reason is a document’s', [broken, broken], { rejected: [{ index: 0 }, { index: 1 }] }],
  ])('an unknown refusal is the document’s where %s', async (_, items, slice) => {
    const outcome = await scripted([answer(...items)]).sink.write([memorySlice({ records: items.length })])
    expect(outcome).toMatchObject({ slices: [{ unfinished: 0, ...slice }] })
    expect(outcome.stop).toBeUndefined()
  })

  test('a part of a body that was sent again is no whole body', async () => {
    const { sink } = scripted([answer(created, busy, busy), answer(odd(), odd())])
    const outcome = await sink.write([memorySlice({ records: 3 })])
    expect(outcome).toMatchObject({ slices: [{ written: 1, rejected: [{ index: 1 }, { index: 2 }] }] })
    expect(outcome.stop).toBeUndefined()
  })

  test('an engine that fails on all items of a body alike stops the sink, when its retries are at their end', async () => {
    const failing: Item = { status: 500, error: { type: 'null_pointer_exception', reason: 'x' } }
    const { sink, requests } = scripted(Array(2).fill(answer(failing, failing)), { maxRetries: 1, maxBodyBytes: 1000 })
    const outcome = await sink.write([memorySlice({ records: 4 })])
    expect(outcome).toMatchObject({ stop: true, slices: [{ unfinished: 4 }], error: { code: 'TARGET_FAILED' } })
    expect(requests).toHaveLength(2)
  })

  describe('a target that is missing though it was checked', () => {
    const missing: Item = { status: 404, error: { type: 'index_not_found_exception', reason: 'no such index' } }
    const checked = (answers: BulkResponse[], check: (n: number) => void) => {
      let checks = 0
      const names: string[] = []
      const sink = bulkSink(
        async () => answers.shift()!,
        { retryMilliseconds: 1, indexPer: 'day' },
        async (name) => {
          names.push(name)
          check(checks++)
        },
      )
      return { sink, names }
    }
    const name = 'logs-flowferry.test-default-2026.01.01'

    test('is checked again, and gets the documents', async () => {
      const { sink, names } = checked([answer(created), answer(missing), answer(created), answer(created)], () => {})
      for (const key of ['a', 'b', 'c'])
        expect(await sink.write([memorySlice({ records: 1, key })])).toEqual({
          slices: [{ written: 1, duplicate: 0, rejected: [], unfinished: 0 }],
        })
      expect(names).toEqual([name, name])
    })

    test('stops the sink with the reason of the check, or where it is missing still', async () => {
      const refused = checked([answer(missing)], (n) => {
        if (n > 0) throw new FlowferryError('TARGET_TEMPLATE', 'none')
      })
      const outcome = { slices: [{ unfinished: 1, rejected: [] }], stop: true }
      const write = (sink: Sink<unknown>) => sink.write([memorySlice({ records: 1 })])
      expect(await write(refused.sink)).toMatchObject({ ...outcome, error: { code: 'TARGET_TEMPLATE' } })
      const gone = checked([answer(missing), answer(missing)], () => {})
      expect(await write(gone.sink)).toMatchObject({ ...outcome, error: { code: 'TARGET_NOT_FOUND' } })
      expect(gone.names).toHaveLength(2)
    })
  })

  test('no credential of a client reaches an error', async () => {
    const leak = new Error(
      'connect ECONNREFUSED https://elastic:hunter2@search.example:9200, Authorization: ApiKey c2VjcmV0',
    )
    const { sink } = scripted([leak], { maxRetries: 0 })
    const { error } = await sink.write([memorySlice({ records: 1 })])
    expect(error!.message).not.toMatch(/hunter2|c2VjcmV0/)
    expect(JSON.stringify(error)).not.toMatch(/hunter2|c2VjcmV0/)
    expect(String((error!.cause as Error).message)).not.toMatch(/hunter2|c2VjcmV0/)
  })
})
