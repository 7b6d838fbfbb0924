import { addsUp, ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BulkResponse } from './response.ts'
import { bulkSink } from './write.ts'

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
// Every seventh line has no time, and takes the plain path.
const flow = (n: number) =>
  `2 123456789012 eni-${'x'.repeat(n % 5)} 10.0.0.1 10.1.0.1 ${n} 443 6 1 4249 1418530010 ${n % 7 ? 1418530070 : '-'} ACCEPT OK`
const file = (key: string, count: number) =>
  memoryObject({ key, body: [header, ...Array.from({ length: count }, (_, n) => flow(n))].join('\n'), chunkBytes: 900 })

type Fault = 'none' | 'busy items' | 'busy' | 'lost' | 'stored, answer lost' | 'page' | 'too large' | 'broken items'

/** A store with the given faults in turn. It never changes a document. */
function store(faults: Fault[], limit: number) {
  const documents = new Map<string, unknown>()
  const refused = new Set<string>()
  const send = async (bytes: Buffer): Promise<BulkResponse> => {
    const fault = faults.shift() ?? 'none'
    if (fault === 'busy') return { status: 503, body: '' }
    if (fault === 'lost') throw new Error('socket hang up')
    if (fault === 'page') return { status: 200, body: '<html>' }
    const lines = bytes.toString().split('\n')
    expect(lines.pop()).toBe('')
    if (bytes.length > limit && lines.length > 2) return { status: 413, body: '' }
    if (fault === 'too large' && lines.length > 2) return { status: 413, body: '' }
    const items = Array.from({ length: lines.length / 2 }, (_, n) => {
      const { _id, _index } = JSON.parse(lines[n * 2]!).create
      const document = JSON.parse(lines[n * 2 + 1]!)
      if (fault === 'busy items' && n % 3 === 1)
        return { create: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'busy' } } }
      if (fault === 'broken items' && n % 4 === 1 && !documents.has(_id)) {
        refused.add(_id)
        return { create: { status: 400, error: { type: 'document_parsing_exception', reason: 'no' } } }
      }
      if (documents.has(_id))
        return { create: { status: 409, error: { type: 'version_conflict_engine_exception', reason: 'there' } } }
      documents.set(_id, { dataStream: _index, document })
      return { create: { status: 201 } }
    })
    if (fault === 'stored, answer lost') throw new Error('socket hang up')
    return { status: 200, body: { errors: items.some(({ create }) => create.status > 201), items } }
  }
  return { documents, refused, send }
}

test('whatever the store answers, each document is stored once as it is, or told as refused', {
  timeout: 30_000,
}, async () => {
  const fault = fc.constantFrom<Fault>(
    'none',
    'busy items',
    'busy',
    'lost',
    'stored, answer lost',
    'page',
    'too large',
    'broken items',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 12 }),
      fc.integer({ min: 600, max: 9000 }),
      fc.integer({ min: 1000, max: 12_000 }),
      fc.integer({ min: 1, max: 20_000 }),
      async (faults, limit, maxBodyBytes, batchBytes) => {
        const { documents, refused, send } = store([...faults], limit)
        const objects = () => [file('a', 60), file('b', 1), file('c', 25)]
        const options = { parser: vpcFlow, batchBytes }
        const sink = bulkSink(send, {
          maxBodyBytes,
          maxBytesInFlight: 100 * maxBodyBytes,
          retryMilliseconds: 0,
          maxRetryMilliseconds: 0,
          maxRetries: 20,
        })
        const report = await ingest({ ...options, sink, source: memorySource(...objects()) })
        const expected = memorySink()
        await ingest({ ...options, sink: expected, source: memorySource(...objects()) })

        expect(report.counts).toMatchObject({ read: 86, unfinished: 0, rejected: refused.size })
        expect(report.messages.flatMap((message) => message.objects).every(({ counts }) => addsUp(counts))).toBe(true)
        expect(documents.size + refused.size).toBe(86)
        for (const [id, stored] of documents) expect(stored).toEqual(expected.documents.get(id))
      },
    ),
    { numRuns: 60 },
  )
})
