import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { itemResults, readBulkResponse, reasonOf, refusalOf, requestResult, responseOfError } from './response.ts'

const item = (status: number, type: string) => ({ create: { status, error: { type, reason: 'r' } } })

describe('itemResults', () => {
  test('is undefined where all items are created', () => {
    expect(itemResults({ status: 200, body: undefined, created: 3 }, 3)).toBeUndefined()
  })

  test('gives the result of each item in order', () => {
    const items = [{ create: { status: 201 } }, item(400, 'document_parsing_exception'), item(503, 'x'), null, {}]
    const results = itemResults({ status: 200, body: { errors: true, items } }, 5)
    expect(results!.map(({ is }) => is)).toEqual(['written', 'rejected', 'retry', 'retry', 'retry'])
  })

  test('looks at each item where the engine says that there are no errors: dropped is none to it', () => {
    const items = [{ create: { status: 200, result: 'noop' } }]
    expect(itemResults({ status: 200, body: { errors: false, items } }, 1)).toMatchObject([{ is: 'filtered' }])
  })

  test.each([{}, { items: [] }, { errors: false }, { errors: false, items: 2 }, '<html>', undefined, null])(
    'does not believe %j for two items',
    (body) => {
      const message = expect.stringContaining('The answer to 2 bulk items has 0 items')
      expect(() => itemResults({ status: 200, body }, 2)).toThrow(
        expect.objectContaining({ code: 'TARGET_FAILED', message }),
      )
    },
  )

  test('does not believe that more or fewer are created than were sent', () => {
    for (const created of [1, 3])
      expect(() => itemResults({ status: 200, body: undefined, created }, 2)).toThrow(
        expect.objectContaining({ code: 'TARGET_FAILED' }),
      )
  })
})

test.each([
  [413, 'split'],
  [408, 'retry'],
  [429, 'retry'],
  [500, 'retry'],
  [502, 'retry'],
  [401, 'TARGET_UNAUTHORIZED'],
  [403, 'TARGET_UNAUTHORIZED'],
  [404, 'TARGET_NOT_FOUND'],
  [400, 'TARGET_FAILED'],
  [302, 'TARGET_FAILED'],
  [409, 'TARGET_FAILED'],
])('a response of %i gives %s', (status, expected) => {
  const way = requestResult({ status, body: { error: { type: 't', reason: 'because' } } })
  if (typeof way === 'string') expect(way).toBe(expected)
  else expect(way).toMatchObject({ code: expected, message: expect.stringContaining('t: because') })
})

test.each([
  [403, 'cluster_block_exception', 'TARGET_BLOCKED'],
  [429, 'cluster_block_exception', 'TARGET_BLOCKED'],
  [403, 'index_create_block_exception', 'TARGET_BLOCKED'],
  [400, 'index_closed_exception', 'TARGET_REFUSED'],
  [503, 'cluster_block_exception', 'retry'],
])('a whole response of %i with %s gives %s', (status, type, expected) => {
  const way = requestResult({ status, body: { error: { type, reason: 'because' } } })
  expect(way instanceof Error ? way.code : way).toBe(expected)
})

test.each([
  ['', ''],
  ['<html>502</html>', ': <html>502</html>'],
  [{ error: 'no handler' }, ': no handler'],
  [{ error: { type: 't', reason: 'r' } }, ': t: r'],
  [null, ''],
  [undefined, ''],
  [{}, ''],
])('reasonOf(%j) is %j', (body, reason) => {
  expect(reasonOf(body)).toBe(reason)
})

describe('refusalOf', () => {
  const messageOf = (status: number, type: string, reason: string, cause: string) =>
    refusalOf({ status, body: { error: { root_cause: [{ type, reason: cause }], type, reason }, status } }, 'GET /')
      .message

  test('states a reason once where it is its own root cause', () => {
    const reason = 'missing authentication credentials for REST request [/]'
    const message = messageOf(401, 'security_exception', reason, reason)
    expect(message).toContain(`GET / answered 401: security_exception: ${reason}`)
    expect(message.split(reason)).toHaveLength(2)
  })

  test('states the first shard’s reason behind that of the search', () => {
    expect(messageOf(503, 'search_phase_execution_exception', 'all shards failed', 'out of memory')).toContain(
      'GET / answered 503: search_phase_execution_exception: all shards failed; out of memory',
    )
  })
})

describe('readBulkResponse', () => {
  async function* chunks(text: string, size: number) {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const failed = '{"errors":true,"items":[{"create":{"status":409}}]}'

  const created = '{"create":{"result":"created","status":201}},'
  const success = (items: string) => `{"errors":false,"items":[${items.slice(0, -1)}]}`

  test.each([1, 7, 1000])('counts items that are all created, in chunks of %i', async (size) => {
    for (const count of [1, 2, 500, 3])
      expect(await readBulkResponse(200, {}, chunks(success(created.repeat(count)), size))).toEqual({
        status: 200,
        body: undefined,
        created: count,
      })
    expect(await readBulkResponse(200, {}, chunks(failed, size))).toEqual({ status: 200, body: JSON.parse(failed) })
  })

  test('counts nothing where one item is another', async () => {
    const dropped = '{"create":{"result":"noop",   "status":200}},'
    const stored = '{"create":{"result":"created","status":200}},'
    for (const other of [dropped, stored])
      for (const items of [other, created + other, other + created, created + other + created]) {
        const response = await readBulkResponse(200, {}, chunks(success(items), 50))
        expect(response).toEqual({ status: 200, body: JSON.parse(success(items)) })
      }
    const whole = success(created.repeat(3))
    for (const text of [
      whole.slice(0, -46),
      `${whole.slice(0, -20)}]}`,
      `${whole.slice(0, -2)}]]`,
      whole.replace('"items"', '"other"'),
    ]) {
      const response = await readBulkResponse(200, {}, chunks(text, 50))
      expect(response, text).not.toHaveProperty('created')
      expect(response.body, text).toEqual(text.includes('"other"') ? JSON.parse(text) : text)
    }
  })

  test('does not take the body of another status for a success', async () => {
    const response = await readBulkResponse(503, {}, chunks(success(created), 99))
    expect(response).toEqual({ status: 503, body: JSON.parse(success(created)) })
  })

  test('decompresses, and keeps text that is no JSON', async () => {
    const packed = gzipSync(failed)
    async function* body() {
      yield packed.subarray(0, 10)
      yield packed.subarray(10)
    }
    const headers = { 'content-encoding': 'gzip' }
    expect(await readBulkResponse(200, headers, body())).toMatchObject({ body: { errors: true } })
    expect(await readBulkResponse(502, {}, chunks('<html>', 99))).toEqual({ status: 502, body: '<html>' })
  })

  test('takes text as it takes bytes, and an answer without a status for no success', async () => {
    async function* texts() {
      yield failed.slice(0, 9)
      yield failed.slice(9)
    }
    expect(await readBulkResponse(undefined, undefined, texts())).toEqual({ status: 0, body: JSON.parse(failed) })
  })

  test('reads Retry-After in seconds and as a date', async () => {
    const read = async (value: string) => (await readBulkResponse(429, { 'retry-after': value }, chunks('', 1))) ?? {}
    for (const seconds of [1, 7]) expect((await read(String(seconds))).retryAfterSeconds).toBe(seconds)
    const date = (await read(new Date(Date.now() + 90_000).toUTCString())).retryAfterSeconds!
    expect(date).toBeGreaterThan(80)
    expect(date).toBeLessThanOrEqual(90)
    for (const none of ['0', 'soon', '-5']) expect(await read(none)).not.toHaveProperty('retryAfterSeconds')
  })
})

describe('responseOfError', () => {
  test('is the response that the error holds', () => {
    for (const statusCode of [400, 429]) {
      const meta = { statusCode, body: { error: 'busy' }, headers: { 'retry-after': '3' } }
      expect(responseOfError(Object.assign(new Error('x'), { meta }))).toEqual({
        status: statusCode,
        body: { error: 'busy' },
        retryAfterSeconds: 3,
      })
    }
  })

  test.each([
    new Error('connect ECONNREFUSED'),
    Object.assign(new Error('x'), { meta: { statusCode: null } }),
    Object.assign(new Error('the body broke off'), { meta: { statusCode: 200 } }),
  ])('throws an error without one: %s', (error) => {
    expect(() => responseOfError(error)).toThrow(error)
  })
})

describe('responseOfError', () => {
  const thrown = (retryAfter: unknown) =>
    responseOfError({ meta: { statusCode: 503, body: '', headers: { 'retry-after': retryAfter } } }).retryAfterSeconds

  test('reads Retry-After as seconds and as a date', () => {
    for (const seconds of [1, 7]) expect(thrown(String(seconds))).toBe(seconds)
    expect(thrown(new Date(Date.now() + 60_000).toUTCString())).toBeCloseTo(60, -1)
    for (const none of [undefined, '', 'soon', '-1', new Date(0).toUTCString()]) expect(thrown(none)).toBeUndefined()
  })
})
