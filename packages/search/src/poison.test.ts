import { memorySlice } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { bulkSink } from './write.ts'

const slice = memorySlice({ records: 3 })
/** The slice with another document in its middle. */
const holding = (document: unknown) => ({
  ...slice,
  document: (index: number) => (index === 1 ? (document as Record<string, unknown>) : slice.document(index)),
})

/** A sink whose store takes bodies up to its limit, with the sizes of the bodies and the stored documents. */
function store(options = {}, limit = Number.POSITIVE_INFINITY) {
  const bodies: number[] = []
  const documents: string[] = []
  const sink = bulkSink(
    async (bytes) => {
      bodies.push(bytes.length)
      if (bytes.length > limit) return { status: 413, body: '' }
      const lines = bytes.toString().split('\n')
      for (let i = 1; i < lines.length; i += 2) documents.push(lines[i]!)
      return { status: 200, body: undefined, created: (lines.length - 1) / 2 }
    },
    { maxBodyBytes: 10_000, ...options },
  )
  return { sink, bodies, documents }
}

describe('a document that is poison', () => {
  test('of more than a body travels alone, and is rejected alone where the store has a limit', async () => {
    const large = { '@timestamp': '2026-01-01T00:00:00.000Z', message: 'x'.repeat(50_000) }
    const free = store()
    expect((await free.sink.write([holding(large)])).slices[0]).toMatchObject({ written: 3 })
    expect(free.bodies.filter((bytes) => bytes > 10_000)).toHaveLength(1)

    const limited = store({ indexPer: 'day' }, 20_000)
    const { slices, error } = await limited.sink.write([holding(large)])
    expect(error).toBeUndefined()
    expect(slices[0]).toMatchObject({ written: 2, rejected: [{ index: 1, type: 'content_too_large' }] })
    // The error of a document has nothing of it.
    expect(slices[0]!.rejected[0]!.reason).not.toContain('xxx')
  })

  test('with a name of a megabyte is sent as it is', async () => {
    const { sink, documents } = store()
    const name = 'k'.repeat(1_000_000)
    expect((await sink.write([holding({ '@timestamp': '2026-01-01', [name]: 1 })])).slices[0]).toMatchObject({
      written: 3,
    })
    expect(documents.some((line) => line.includes(name))).toBe(true)
  })

  test('with __proto__ in it changes no other document', async () => {
    const { sink, documents } = store()
    const document = JSON.parse('{"@timestamp":"2026-01-01T00:00:00.000Z","__proto__":{"polluted":true}}')
    await sink.write([holding(document)])
    expect(documents[1]).toContain('"__proto__":{"polluted":true}')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(documents[2]).not.toContain('polluted')
  })

  test('of 100,000 levels is one error with its place, in bounded time', async () => {
    let deep: Record<string, unknown> = {}
    for (let level = 0; level < 100_000; level++) deep = { a: deep }
    const { sink } = store()
    const started = performance.now()
    await expect(sink.write([holding(deep)])).rejects.toMatchObject({
      code: 'STEP_FAILED',
      place: { key: 'sample.log', ordinal: 1 },
    })
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('that refers to itself is one error with its place', async () => {
    const ring: Record<string, unknown> = {}
    ring.self = ring
    await expect(store().sink.write([holding(ring)])).rejects.toMatchObject({
      code: 'STEP_FAILED',
      place: { ordinal: 1 },
    })
  })
})
