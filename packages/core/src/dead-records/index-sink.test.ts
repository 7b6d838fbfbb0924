import { describe, expect, test } from 'vitest'
import { numbers } from '../../test/numbers.ts'
import { ingest } from '../ingest/ingest.ts'
import type { IngestOptions } from '../ingest/options.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Sink, Slice } from '../types.ts'
import { deadIndex, deadRecordFormat } from './index-sink.ts'
import type { DeadRecord } from './stream.ts'

/** Refuses documents whose value divides by 7. */
const picky: Sink<unknown> = {
  write: async (batch) => ({
    slices: batch.map(({ length, document }) => {
      const rejected = Array.from({ length }, (_, index) => index)
        .filter((index) => (document(index) as { custom: { value: number } }).custom.value % 7 === 0)
        .map((index) => ({ index, type: 'document_parsing_exception', reason: 'divides by 7' }))
      return { written: length - rejected.length, duplicate: 0, rejected, unfinished: 0 }
    }),
  }),
}
const file = (count: number, line = (n: number) => String(n)) =>
  memoryObject({ key: 'n.log', body: Array.from({ length: count }, (_, n) => `${line(n)}\n`).join('') })
const run = (options: Pick<IngestOptions<unknown>, 'source' | 'deadRecords'>) =>
  ingest({ parser: numbers, sink: picky, ...options } as IngestOptions<unknown>)

describe('deadIndex', () => {
  test('makes documents of a sink, with ids that a repeat gives again', async () => {
    const sink = memorySink()
    for (let delivery = 0; delivery < 2; delivery++)
      await run({
        source: memorySource(file(50, (n) => (n === 5 ? '#' : String(n)))),
        deadRecords: deadIndex(sink, { namespace: 'ops' }),
      })
    const found = [...sink.documents.values()]
    expect(found).toHaveLength(8 + 1)
    expect(new Set(found.map(({ dataStream }) => dataStream))).toEqual(new Set(['logs-flowferry.dead_letter-ops']))
    const malformed = found.find(({ document }) => (document.flowferry as { fate: string }).fate === 'malformed')
    expect(malformed!.document).toMatchObject({
      event: { kind: 'pipeline_error', original: '#' },
      error: { type: 'malformed', message: 'the line is not of the format number' },
      log: { offset: 10 },
      aws: { s3: { bucket: { name: 'test-bucket' }, object: { key: 'n.log' } } },
      flowferry: { ordinal: 5, kind: 'number' },
      data_stream: { type: 'logs', dataset: 'flowferry.dead_letter', namespace: 'ops' },
    })
    const names = new Set(Object.keys(deadRecordFormat.mapping))
    for (const { document } of found)
      for (const path of leaves(document))
        if (!/^(?:@timestamp|data_stream\.)/.test(path)) expect(names, path).toContain(path)
  })

  test('makes documents of all that a record has, and of no more', async () => {
    const sink = memorySink()
    const slices: Slice<unknown>[] = []
    const seeing: Sink<unknown> = {
      write: (batch, signal) => {
        slices.push(...batch)
        return sink.write(batch, signal)
      },
    }
    const whole: DeadRecord = {
      ...{ fate: 'rejected', bucket: 'b', key: 'k', versionId: 'v', etag: 'e', ordinal: 37, kind: 'number' },
      ...{
        dataStream: 'logs-custom.number-default',
        id: 'i',
        type: 't',
        reason: 'r',
        time: '2026-11-22T00:00:00.000Z',
      },
      ...{ document: '{}', omitted: 3 },
    }
    const { versionId, dataStream, document, omitted, ...bare } = whole
    const { signal } = new AbortController()
    await deadIndex(seeing).write([whole], signal)
    await deadIndex(seeing).write([{ ...bare, ordinal: 38, text: 'four' }], signal)
    expect(slices.map(({ ordinals, bytes, object }) => [ordinals, bytes, object.versionId])).toEqual([
      [[37], 2, 'v'],
      [[38], 4, undefined],
    ])
    expect(slices[1]!.object).not.toHaveProperty('versionId')
    expect([...sink.documents.values()].map(({ document }) => document.flowferry)).toEqual([
      {
        ...{ fate: 'rejected', kind: 'number', id: 'i', ordinal: 37, etag: 'e', version_id: 'v' },
        ...{ data_stream: 'logs-custom.number-default', document: '{}', omitted: 3 },
      },
      { fate: 'rejected', kind: 'number', id: 'i', ordinal: 38, etag: 'e' },
    ])
  })

  test('rejects where one record is not stored', async () => {
    const one: Sink<unknown> = {
      write: async () => ({ slices: [{ written: 1, duplicate: 0, rejected: [], unfinished: 1 }] }),
    }
    const report = await run({ source: memorySource(file(14)), deadRecords: deadIndex(one) })
    expect(report.messages[0]!.objects[0]).toMatchObject({ status: 'failed', error: { code: 'DEAD_RECORDS_FAILED' } })
  })

  test('passes on why the store did not take them', async () => {
    const refusing: Sink<unknown> = {
      write: async (batch) => ({
        slices: batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length })),
      }),
    }
    const report = await run({ source: memorySource(file(10)), deadRecords: deadIndex(refusing) })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'DEAD_RECORDS_FAILED' })
    const rejecting = await run({ source: memorySource(file(10)), deadRecords: deadIndex(picky7) })
    expect(rejecting.messages[0]!.objects[0]!.error!.message).toContain('2 dead records were refused, first no: never')
  })

  const picky7: Sink<unknown> = {
    write: async (batch) => ({
      slices: batch.map(({ length }) => ({
        written: 0,
        duplicate: 0,
        rejected: Array.from({ length }, (_, index) => ({ index, type: 'no', reason: 'never' })),
        unfinished: 0,
      })),
    }),
  }

  test('refuses a wrong option', async () => {
    expect(() => deadIndex(memorySink(), { namespace: 'A-b' })).toThrow('INVALID_OPTION')
    await expect(run({ source: [], deadRecords: {} as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

function leaves(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null ? leaves(inner, `${path}${name}.`) : [`${path}${name}`],
  )
}

test('deadIndex refuses what is no sink', () => {
  expect(() => deadIndex(undefined as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
