import { Readable } from 'node:stream'
import { memorySlice } from '@flowferry/core/testing'
import type { Client } from '@opensearch-project/opensearch'
import { expect, test } from 'vitest'
import { type OpenSearchOptions, opensearch, setup } from './index.ts'

type Call = readonly [params: Record<string, unknown>, options: Record<string, unknown>]
type Respond = (params: Record<string, unknown>) => { statusCode: number; body: unknown } | Promise<never>

/** A client that responds as told, the requests that it was asked to send, and how many it was told to abort. */
function fakeClient(respond: Respond) {
  const calls: Call[] = []
  const aborted: unknown[] = []
  const request = (...call: Call) => {
    calls.push(call)
    const sending = (async () => {
      const { statusCode, body } = await respond(call[0])
      const stream = call[1].asStream === true ? Readable.from([JSON.stringify(body)]) : body
      return { statusCode, headers: {}, body: stream }
    })()
    return Object.assign(sending, { abort: () => aborted.push(call[0].path) })
  }
  return { client: { transport: { request } } as unknown as Client, calls, aborted }
}

const slice = memorySlice({ records: 2 })
const managed = { mappings: { _meta: { managed_by: 'flowferry', template: 'flowferry-test-dated' } } }
const stored: Respond = () => ({
  statusCode: 200,
  body: { errors: false, items: Array(2).fill({ create: { result: 'created', status: 201 } }) },
})
const withStream: Respond = ({ path }) =>
  String(path).startsWith('/_data_stream/') ? { statusCode: 200, body: { data_streams: [{}] } } : stored({})
const write = async (options: Omit<OpenSearchOptions, 'client'>, respond = withStream) => {
  const { client, calls } = fakeClient(respond)
  const outcome = await opensearch({ client, ...options }).write([slice])
  return { outcome, calls, requests: calls.map(([{ method, path }]) => `${method} ${path}`) }
}

test('checks a data stream once before its first document, and writes past every pipeline', async () => {
  const { outcome, calls, requests } = await write({})
  expect(outcome).toMatchObject({ slices: [{ written: 2 }] })
  expect(requests).toEqual([`GET /_data_stream/${slice.dataStream}`, 'POST /_bulk'])
  expect(calls[1]).toMatchObject([{ querystring: { pipeline: '_none' } }, { maxRetries: 0, asStream: true }])
})

test('checks a dated index, no index of the user, and nothing where it is told not to', async () => {
  const name = 'logs-flowferry.test-default-2026.01.01'
  let created = false
  const respond: Respond = ({ path, method }) => {
    if (method === 'GET') return { statusCode: created ? 200 : 404, body: created ? { [name]: managed } : {} }
    created ||= path === `/${name}`
    return stored({})
  }
  expect((await write({ indexPer: 'day' }, respond)).calls.map(([{ method }]) => method)).toEqual([
    'GET',
    'PUT',
    'GET',
    'POST',
  ])
  expect((await write({ index: 'flows', pipeline: 'mine' })).calls).toMatchObject([
    [{ querystring: { pipeline: 'mine' } }, {}],
  ])
  expect((await write({ checkTarget: false })).requests).toEqual(['POST /_bulk'])
})

test('keeps the client from compressing what the sink has compressed', async () => {
  const options = async (gzip: boolean) => (await write({ gzip, checkTarget: false })).calls[0]![1]
  expect(await options(true)).toMatchObject({ compression: false, headers: { 'content-encoding': 'gzip' } })
  expect(await options(false)).not.toHaveProperty('compression')
})

test('aborts a request with the signal, though the client takes none', async () => {
  const { client, aborted } = fakeClient(() => new Promise<never>(() => undefined))
  const stop = new AbortController()
  const writing = opensearch({ client, checkTarget: false }).write([slice], stop.signal)
  setTimeout(() => stop.abort())
  expect(await writing).toMatchObject({ error: { code: 'ABORTED' }, slices: [{ unfinished: 2 }] })
  expect(aborted).toEqual(['/_bulk'])
})

test('setup reads what is there, and writes nothing in a dry run', async () => {
  const { client, calls } = fakeClient(() => ({ statusCode: 404, body: {} }))
  const changes = await setup(client, { formats: [slice.format], dryRun: true })
  expect(changes).toMatchObject([
    { kind: 'index template', action: 'created' },
    { kind: 'lifecycle policy', action: 'missing' },
  ])
  const others = calls.filter(([{ method }]) => method !== 'GET').map(([{ path }]) => path)
  expect(others).not.toEqual([])
  for (const path of others) expect(path).toContain('/_simulate_index/')
})

test('a response in an error of the client is a response', async () => {
  const error = Object.assign(new Error('x'), { meta: { statusCode: 403, body: { error: 'no' }, headers: {} } })
  const { client } = fakeClient(() => Promise.reject(error))
  const outcome = await opensearch({ client }).write([slice])
  expect(outcome).toMatchObject({ stop: true, error: { code: 'TARGET_UNAUTHORIZED' } })
  await expect(setup(client, { formats: [slice.format] })).rejects.toMatchObject({ code: 'TARGET_UNAUTHORIZED' })
})
