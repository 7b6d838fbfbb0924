import type { LogDocument } from '@flowferry/core'
import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { a, answered, arrived, b, eniA, eniB, good, pair, seenBy, sent } from '../../test/why/evidence.ts'
import { inLogs, isInLogs } from './in-logs.ts'

const span = { from: pair.since, to: pair.until }
const found = (documents: readonly LogDocument[], text: string) => inLogs(memoryStore(documents).ask, 'A', text, span)
const withInstance = (document: LogDocument, id: string): LogDocument => ({ ...document, cloud: { instance: { id } } })
const withoutDirection = (document: LogDocument): LogDocument => {
  const { direction: _, ...network } = document.network as { direction: string }
  return { ...document, network }
}
const second = 'eni-0aaaaaaaaaaaaaaa2'

test.each([
  ['eni-0a1b2c3d', true],
  ['i-0a1b2c3d4e5f60718', true],
  ['i-am-a-name', false],
  ['orders', false],
])('%s may be in logs: %s', (text, is) => {
  expect(isInLogs(text)).toBe(is)
})

describe('an interface has', () => {
  test('the source of what leaves it, whatever it passes on', async () => {
    const forwarded = seenBy(eniA, 'ingress', false, { client: '10.9.9.9', target: '10.0.1.200' })
    expect(await found([...good(), forwarded], eniA)).toEqual([{ address: a, known: { id: eniA, addresses: [a] } }])
  })
  test('the destination of what enters it, where nothing leaves', async () => {
    expect(await found([arrived(), arrived({ minute: 11 })], eniB)).toMatchObject([{ address: b }])
  })
  test('without directions, the address that all its records hold', async () => {
    const documents = [sent(), sent({ target: '10.0.2.99' }), answered()].map(withoutDirection)
    expect(await found(documents, eniA)).toMatchObject([{ address: a }])
  })
})

test('where all records hold both, nothing tells whose it is', async () => {
  await expect(found([sent(), answered()].map(withoutDirection), eniA)).rejects.toThrow(
    'do not tell: a snapshot does (flowferry snapshot), or give its address',
  )
})

test('an instance has the addresses of all its interfaces', async () => {
  const own = seenBy(second, 'egress', false, { client: '10.0.3.10' })
  const documents = [...[sent(), own].map((one) => withInstance(one, 'i-0a1b2c3d4e5f60718')), arrived()]
  const ends = await found(documents, 'i-0a1b2c3d4e5f60718')
  expect(ends.map(({ address, known }) => [address, known!.id])).toEqual([
    [a, eniA],
    ['10.0.3.10', second],
  ])
})

test('what no record has is refused, with the span that was looked at', async () => {
  await expect(found(good(), 'i-0a1b2c3d4e5f60719')).rejects.toThrow(`from ${span.from} to ${span.to}`)
})
