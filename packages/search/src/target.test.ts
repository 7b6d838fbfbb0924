import type { FlowferryError } from '@flowferry/core'
import { memorySlice } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { ensureDataStream, ensureIndex } from './target.ts'
import type { SearchEngineRequest } from './types.ts'

const { format } = memorySlice({ records: 1 })
type Response = Awaited<ReturnType<SearchEngineRequest>>

/** An engine that gives these responses in turn, and the requests that came. */
function engine(...responses: (Response | Error)[]) {
  const requests: string[] = []
  const bodies: unknown[] = []
  const request: SearchEngineRequest = async (method, path, body) => {
    requests.push(`${method} ${path}`)
    if (body !== undefined) bodies.push(body)
    const next = responses.shift()
    if (!next || next instanceof Error) throw next ?? new Error('no more responses')
    return next
  }
  return { request, requests, bodies }
}
const there = { status: 200, body: { data_streams: [{ name: 'logs-x' }] } }
const none = { status: 404, body: {} }
const refusal = (reason: string) => ({ status: 400, body: { error: { type: 't', reason } } })

describe('ensureDataStream', () => {
  const run = (...responses: (Response | Error)[]) => {
    const { request, requests } = engine(...responses)
    return { requests, done: ensureDataStream(request, 'logs-ä') }
  }

  test('only asks for one that is there', async () => {
    const { requests, done } = run(there)
    await done
    expect(requests).toEqual(['GET /_data_stream/logs-%C3%A4'])
  })

  test.each([[none], [{ status: 200, body: { data_streams: [] } }], [{ status: 200, body: {} }]])(
    'creates one that is missing: %j',
    async (first) => {
      const { requests, done } = run(first, { status: 200, body: {} })
      await done
      expect(requests).toEqual(['GET /_data_stream/logs-%C3%A4', 'PUT /_data_stream/logs-%C3%A4'])
    },
  )

  test('takes one that another worker created meanwhile', async () => {
    await run(none, refusal('resource_already_exists'), there).done
  })

  test('fails without a template, with the reason', async () => {
    await expect(run(none, refusal('no matching index template found'), none).done).rejects.toMatchObject({
      code: 'TARGET_NOT_FOUND',
      message: expect.stringContaining('no matching index template found'),
    })
  })

  test.each([
    [401, 'TARGET_UNAUTHORIZED'],
    [403, 'TARGET_UNAUTHORIZED'],
    [429, 'TARGET_OVERLOADED'],
    [500, 'TARGET_OVERLOADED'],
    [503, 'TARGET_OVERLOADED'],
    [302, 'TARGET_FAILED'],
  ])('a status of %i is %s', async (status, code) => {
    const error = await run({ status, body: '' }).done.catch((error: FlowferryError) => error)
    expect(error).toMatchObject({ code })
    expect(error!.message.includes('checkTarget: false')).toBe(code === 'TARGET_UNAUTHORIZED')
  })

  test('no response is TARGET_UNREACHABLE', async () => {
    await expect(run(new Error('ECONNREFUSED')).done).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' })
  })
})

describe('ensureIndex', () => {
  const name = 'logs-x-2026.11.22'
  const managed = { status: 200, body: { [name]: { mappings: { _meta: { managed_by: 'flowferry', template: 't' } } } } }
  const run = (...responses: (Response | Error)[]) => {
    const { request, ...seen } = engine(...responses)
    return { ...seen, done: ensureIndex(request, 'opensearch', name, format) }
  }

  test('only asks for one that has our mapping', async () => {
    const { requests, done } = run(managed)
    await done
    expect(requests).toEqual([`GET /${name}/_mapping`])
  })

  test("creates one that is missing, with the format's mapping", async () => {
    const { requests, bodies, done } = run(none, { status: 200, body: {} }, managed)
    await done
    expect(requests).toEqual([`GET /${name}/_mapping`, `PUT /${name}`, `GET /${name}/_mapping`])
    expect(bodies).toMatchObject([{ mappings: { _meta: { managed_by: 'flowferry' }, date_detection: false } }])
  })

  test('takes one that another worker created meanwhile', async () => {
    await run(none, refusal('already exists'), managed).done
  })

  test('refuses one that no template of ours covers: once deleted, it would come back with guessed types', async () => {
    const bare = { status: 200, body: { [name]: { mappings: { _meta: { managed_by: 'flowferry' } } } } }
    for (const responses of [[bare], [none, { status: 200, body: {} }, bare]])
      await expect(run(...responses).done).rejects.toMatchObject({ code: 'TARGET_TEMPLATE' })
  })

  test('a block on new indices is a block, and no missing right', async () => {
    const blocked = { status: 403, body: { error: { type: 'index_create_block_exception', reason: 'blocked by' } } }
    await expect(run(none, blocked).done).rejects.toMatchObject({ code: 'TARGET_BLOCKED' })
  })

  test.each([
    ['another mapping', { [name]: { mappings: {} } }],
    ['an alias or a data stream', { '.ds-other': { mappings: {} } }],
  ])('refuses %s', async (text, body) => {
    await expect(run({ status: 200, body }).done).rejects.toMatchObject({
      code: 'TARGET_MISMATCH',
      message: expect.stringContaining(text),
    })
  })

  test.each([
    ['Validation Failed: 1: this action would add [2] shards', 'TARGET_BLOCKED'],
    ['mapper [a] cannot be changed', 'TARGET_MISMATCH'],
  ])('tells why it could not be created: %s', async (reason, code) => {
    await expect(run(none, refusal(reason), none).done).rejects.toMatchObject({
      code,
      message: expect.stringContaining(reason),
    })
  })
})
