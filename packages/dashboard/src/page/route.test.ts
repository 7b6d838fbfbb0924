import { describe, expect, test } from 'vitest'
import { anchorOf, hashOf, type Route, routeOf, spanOf } from './route.ts'

const plain: Route = { page: 'now', since: '-1h', local: false, is: [], with: {} }

describe('an address', () => {
  test.each<[string, Partial<Route>]>([
    ['#/now', {}],
    [
      '#/pair?a=10.0.3.7&b=10.0.9.12&port=5432',
      { page: 'pair', with: { a: '10.0.3.7', b: '10.0.9.12', port: '5432' } },
    ],
    ['#/network?since=-7d&tz=local', { page: 'network', since: '-7d', local: true }],
    ['#/questions/iam-errors', { page: 'questions', name: 'iam-errors' }],
    [
      '#/alerts/root-used?since=2026-11-22T09%3A00%3A00Z&until=2026-11-22T10%3A00%3A00Z',
      { page: 'alerts', name: 'root-used', since: '2026-11-22T09:00:00Z', until: '2026-11-22T10:00:00Z' },
    ],
    [
      '#/network?is=destination.port%3A22&is=url.path%3A%22%2Fa%3Ab%26c%22&is=user.name%3Anull&is=ok%3Atrue',
      {
        page: 'network',
        is: [
          { field: 'destination.port', value: 22 },
          { field: 'url.path', value: '/a:b&c' },
          { field: 'user.name', value: null },
          { field: 'ok', value: true },
        ],
      },
    ],
  ])('%s there and back', (hash, route) => {
    expect(routeOf(hash)).toEqual({ ...plain, ...route })
    expect(hashOf(routeOf(hash))).toBe(hash)
  })

  test.each([
    ['', plain],
    ['#', plain],
    ['#/', plain],
    ['#/now?since=yesterday&until=tomorrow', plain],
    ['#/now?since=-0h', plain],
    ['#/now?is=no-colon&is=a:{"b":1}&is=:1&is=a:b', plain],
    ['#/%E0%A4%A', { ...plain, page: '%E0%A4%A' }],
  ])('%s is met', (hash, route) => {
    expect(routeOf(hash)).toEqual(route)
  })

  test('keeps what a log holds as it is', () => {
    const value = 'javascript:alert(1)//"\u202e\u001b[2J<script>&is=x'
    const route = { ...plain, page: 'network', is: [{ field: 'url.path', value }], with: { a: value } }
    expect(routeOf(hashOf(route))).toEqual(route)
  })
})

describe('a span', () => {
  const now = '2026-12-01T12:00:30.000Z'
  test('ends now where the logs do', () => {
    const anchor = anchorOf(now, ['2026-12-01T11:50:00.000Z', null])
    expect(anchor).toEqual({ at: now, isOld: false })
    expect(spanOf({ since: '-15m' }, anchor)).toEqual({ from: '2026-12-01T11:45:30.000Z', to: now })
  })
  test('ends with the newest record, which is in it, where that is old', () => {
    const anchor = anchorOf(now, ['2026-11-20T09:59:59.000Z', '2026-11-19T00:00:00.000Z'])
    expect(anchor).toEqual({ at: '2026-11-20T10:00:00.000Z', isOld: true })
    expect(anchorOf(now, ['2026-11-20T10:00:00.000Z']).at).toBe('2026-11-20T10:01:00.000Z')
  })
  test('of an empty store ends now', () => {
    expect(anchorOf(now, [null])).toEqual({ at: now, isOld: false })
    expect(anchorOf(now, [])).toEqual({ at: now, isOld: false })
  })
  test('is what the address says', () => {
    const anchor = { at: now, isOld: false }
    const asked = { since: '2026-11-22T09:00:00Z', until: '2026-11-22T10:00:00Z' }
    expect(spanOf(asked, anchor)).toEqual({ from: '2026-11-22T09:00:00.000Z', to: '2026-11-22T10:00:00.000Z' })
    expect(spanOf({ ...asked, since: asked.until }, anchor).from).toBe('2026-11-22T09:00:00.000Z')
  })
})
