import { Readable } from 'node:stream'
import type { Client } from '@elastic/elasticsearch'
import { memorySlice } from '@flowferry/core/testing'
import { expect, test } from 'vitest'
import { type ElasticsearchOptions, elasticsearch, setup } from './index.ts'

type Call = readonly [params: Record<string, unknown>, options: Record<string, unknown>]

/** A client that responds as told, and the requests that it was asked to send. */
function fakeClient(respond: (params: Record<string, unknown>) => { statusCode: number; body: unknown }) {
  const calls: Call[] = []
  const request = async (...call: Call) => {
    calls.push(call)
    const { statusCode, body } = respond(call[0])
    const stream = call[1].asStream === true ? Readable.from([JSON.stringify(body)]) : body
    return { statusCode, headers: {}, body: stream }
  }
  return { client: { transport: { request } } as unknown as Client, calls }
}

const slice = memorySlice({ records: 2 })
const managed = { mappings: { _meta: { managed_by: 'flowferry', template: 'flowferry-test-dated' } } }
const stored = () => ({
  statusCode: 200,
  body: { errors: false, items: Array(2).fill({ create: { result: 'created', status: 201 } }) },
})
const write = async (options: Omit<ElasticsearchOptions, 'client'>, respond = stored) => {
  const { client, calls } = fakeClient(respond)
  const outcome = await elasticsearch({ client, ...options }).write([slice])
  return { outcome, calls, params: calls.at(-1)![0], options: calls.at(-1)![1] }
}

test('writes into data streams alone, past every pipeline', async () => {
  const { outcome, calls, params } = await write({})
  expect(outcome).toMatchObject({ slices: [{ written: 2 }] })
  expect(calls).toHaveLength(1)
  expect(params).toMatchObject({
    method: 'POST',
    path: '/_bulk',
    querystring: { pipeline: '_none', require_data_stream: true },
  })
})

test('requires no data stream of an index of the user, and names another pipeline', async () => {
  const { params } = await write({ index: 'flows', pipeline: 'mine' })
  expect(params.querystring).toMatchObject({ pipeline: 'mine' })
  expect(params.querystring).not.toHaveProperty('require_data_stream')
})

test('leaves retries and signals to the sink, and compression only where the sink does not compress', async () => {
  const { options } = await write({})
  expect(options).toMatchObject({ maxRetries: 0, asStream: true, signal: expect.any(AbortSignal) })
  expect(options).not.toHaveProperty('compression')
  const gzip = (await write({ gzip: true })).options
  expect(gzip).toMatchObject({ compression: false, headers: { 'content-encoding': 'gzip' } })
})

test('checks a dated index before its first document, unless it is told not to', async () => {
  const name = 'logs-flowferry.test-default-2026.01.01'
  let created = false
  const respond = ({ path, method }: Record<string, unknown>) => {
    if (method === 'GET') return { statusCode: created ? 200 : 404, body: created ? { [name]: managed } : {} }
    created ||= path === `/${name}`
    return stored()
  }
  const { calls } = await write({ indexPer: 'day' }, respond as typeof stored)
  expect(calls.map(([{ method }]) => method)).toEqual(['GET', 'PUT', 'GET', 'POST'])
  expect((await write({ indexPer: 'day', checkTarget: false })).calls).toHaveLength(1)
})

test('setup reads what is there, and writes nothing in a dry run', async () => {
  const { client, calls } = fakeClient(() => ({ statusCode: 404, body: {} }))
  const changes = await setup(client, { formats: [slice.format], dryRun: true })
  expect(changes).toMatchObject([{ kind: 'index template', action: 'created' }])
  const others = calls.filter(([{ method }]) => method !== 'GET').map(([{ path }]) => path)
  expect(others).not.toEqual([])
  for (const path of others) expect(path).toContain('/_simulate_index/')
})

test('a response in an error of the client is a response', async () => {
  const error = Object.assign(new Error('x'), { meta: { statusCode: 403, body: { error: 'no' }, headers: {} } })
  const { client } = fakeClient(() => {
    throw error
  })
  const outcome = await elasticsearch({ client }).write([slice])
  expect(outcome).toMatchObject({ stop: true, error: { code: 'TARGET_UNAUTHORIZED' } })
  await expect(setup(client, { formats: [slice.format] })).rejects.toMatchObject({ code: 'TARGET_UNAUTHORIZED' })
})
