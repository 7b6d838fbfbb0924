import { FlowferryError } from '@flowferry/core'
import { memorySlice, sinkContract } from '@flowferry/core/testing'
import { describe, expect, it } from 'vitest'
import { duckdb } from './index.ts'

const totals = { written: 0, duplicate: 0, rejected: [], unfinished: 0 }

describe('as every sink', () => {
  sinkContract({
    test: it,
    create: async () => {
      const sink = await duckdb(':memory:', { documents: true })
      return {
        sink,
        close: () => sink.close(),
        read: async () => {
          const rows = await sink.query<{ _id: string; document: string }>('SELECT _id, document FROM flowferry_test')
          return new Map(rows.map(({ _id, document }) => [_id, JSON.parse(document)]))
        },
      }
    },
    refused: (document) => ({ ...document, labels: { n: 'many' } }),
  })

  it('leaves it to the pipeline when a document cannot be made', async () => {
    const sink = await duckdb()
    const slice = memorySlice({ records: 2 })
    const broken = () => {
      throw new FlowferryError('STEP_FAILED', 'enrich threw')
    }
    await expect(
      sink.write([slice, { ...slice, document: broken, id: (index) => `other ${index}` }]),
    ).rejects.toMatchObject({ code: 'STEP_FAILED' })
    expect(await sink.write([slice])).toEqual({ slices: [{ ...totals, written: 2 }] })
    await sink.close()
  })
})
