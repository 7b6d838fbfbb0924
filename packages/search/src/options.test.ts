import { expect, test } from 'vitest'
import { type BulkOptions, checkOptions, requireClient, requireIndexName } from './options.ts'

test('the defaults', () => {
  expect(checkOptions({})).toEqual({
    maxBodyBytes: 5_242_880,
    maxBytesInFlight: 15_728_640,
    requestTimeoutMilliseconds: 120_000,
    maxRetries: 8,
    retryMilliseconds: 250,
    maxRetryMilliseconds: 30_000,
  })
  expect(checkOptions({ maxBodyBytes: 2000 }).maxBytesInFlight).toBe(6000)
})

test.each<BulkOptions>([
  { index: 'a', op: 'index' },
  { indexPer: 'month', op: 'index' },
  { index: () => 'a' },
  { gzip: 9, op: 'create' },
  { gzip: false, maxRetries: 0, retryMilliseconds: 0, maxRetryMilliseconds: 0 },
  { maxBodyBytes: 1000, maxBytesInFlight: 1000 },
])('%j is taken as it is', (options) => {
  expect(checkOptions(options)).toMatchObject(options)
})

test.each([
  { index: '' },
  { index: '*' },
  { index: 'logs-*' },
  { index: 'a,b' },
  { index: '-a' },
  { index: '.' },
  { index: '..' },
  { index: '<logs-{now/d}>' },
  { index: 'Logs' },
  { index: 'a b' },
  { index: 'remote:a' },
  { index: 'a\u0000' },
  { index: 'a'.repeat(256) },
  { index: 5 },
  { gzip: 1.5 },
  { gzip: '1' },
  { op: 'index' },
  { op: 'delete', index: 'a' },
  { indexPer: 'year' },
  { maxBodyBytes: 999 },
  { maxRetries: -1 },
  { retryMilliseconds: 0.5 },
  { requestTimeoutMilliseconds: Number.POSITIVE_INFINITY },
])('%j is refused', (options) => {
  expect(() => checkOptions(options as BulkOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('a function of `index` gives the name of one index, too', () => {
  expect(requireIndexName('logs-aws.waf-2026.11.22')).toBe('logs-aws.waf-2026.11.22')
  expect(requireIndexName('.hidden')).toBe('.hidden')
  for (const wrong of ['*', '', 'a,b', undefined, 7])
    expect(() => requireIndexName(wrong as string)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('a client is an object whose transport sends requests', () => {
  expect(() => requireClient({ transport: { request: () => undefined } }, 'lib')).not.toThrow()
  for (const wrong of [undefined, {}, { transport: {} }])
    expect(() => requireClient(wrong as never, '@elastic/elasticsearch')).toThrow(/@elastic\/elasticsearch/)
})
