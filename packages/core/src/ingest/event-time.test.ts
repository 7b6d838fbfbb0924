import { describe, expect, test } from 'vitest'
import { unauthorized } from '../../test/observed.ts'
import { lines } from '../encodings/lines/lines.ts'
import { memoryObject, memorySink } from '../testing/index.ts'
import type { Batch } from '../types.ts'
import { eventTimes } from './event-time.ts'
import { ingest } from './ingest.ts'

/** A batch of documents with these times. */
const batch = (...times: readonly unknown[]) =>
  ({ length: times.length, document: (index: number) => ({ '@timestamp': times[index] }) }) as unknown as Batch<unknown>

describe('eventTimes', () => {
  test('gives the earlier and the later time of the first and the last record, in either order', () => {
    const times = eventTimes()
    times.add(batch('2026-01-03T00:00:00Z', '2026-01-09T00:00:00Z'))
    times.add(batch('2026-01-08T00:00:00Z', '2026-01-01T00:00:00Z'))
    times.end()
    expect(times.range()).toEqual({ oldest: '2026-01-01T00:00:00.000Z', newest: '2026-01-03T00:00:00.000Z' })
  })

  test('passes over batches without a record, and over records without a time', () => {
    const times = eventTimes()
    times.add(batch())
    times.add(batch(undefined, '2026-01-02T00:00:00Z'))
    times.add(batch())
    times.end()
    expect(times.range()).toEqual({ oldest: '2026-01-02T00:00:00.000Z', newest: '2026-01-02T00:00:00.000Z' })
  })

  test('has none for an object without a record', () => {
    const times = eventTimes()
    times.end()
    expect(times.range()).toBeUndefined()
  })
})

describe('the times of records', () => {
  test('cost two documents an object, and none a record', async () => {
    let documents = 0
    const counted = lines({
      kind: 'counted',
      dataset: 'custom.counted',
      record: (line) => ({ value: Number(line) }),
      document: ({ value }) => {
        documents++
        return { '@timestamp': new Date(value).toISOString() }
      },
    })
    const body = Array.from({ length: 10_000 }, (_, n) => `${n}\n`).join('')
    const object = memoryObject({ key: 'n', body, chunkBytes: body.length / 4 })
    const report = await ingest({ source: [{ objects: [object] }], parser: counted, sink: unauthorized })
    expect(documents).toBe(2)
    expect(report.messages[0]!.objects[0]!.eventTime).toEqual({
      oldest: '1970-01-01T00:00:00.000Z',
      newest: '1970-01-01T00:00:09.999Z',
    })
  })

  test('are not there where records have none, or cannot be read', async () => {
    for (const document of [
      () => ({}),
      () => {
        throw new Error('no')
      },
    ]) {
      const parser = lines({ kind: 'x', dataset: 'x', record: () => ({}), document })
      const source = [{ objects: [memoryObject({ key: 'n', body: 'x\n' })] }]
      const report = await ingest({ source, parser, sink: memorySink() })
      expect(report.messages[0]!.objects[0]).not.toHaveProperty('eventTime')
    }
  })
})
