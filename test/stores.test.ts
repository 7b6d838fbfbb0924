import { memorySink } from '@flowferry/core/testing'
import { duckdb } from '@flowferry/sink-duckdb'
import { describe, expect, test } from 'vitest'
import { allParsers, ingestAll } from './support/all-files.ts'
import { kindsOf, storeQuestions } from './support/store-questions.ts'

describe('all fixtures and public samples, in DuckDB', () => {
  test('not one document is refused, and each format is found by block, number, date and list', async () => {
    const truth = memorySink()
    const { written } = await ingestAll(truth, 'default')
    expect(truth.documents.size).toBe(written)
    const documents = [...truth.documents.values()]

    const sink = await duckdb()
    expect(await ingestAll(sink, 'default')).toEqual({ faults: [], written, others: 0 })
    const wrong: string[] = []
    for (const { format } of allParsers) {
      const own = documents.filter(({ dataStream }) => dataStream === `logs-${format.dataset}-default`)
      const questions = storeQuestions(
        format,
        own.map(({ document }) => document),
      )
      expect([...new Set(questions.map(({ kind }) => kind))].sort(), format.kind).toEqual(kindsOf(format))
      const table = format.dataset.replaceAll('.', '_')
      const counts = questions.map(({ condition }, index) => `count(*) FILTER (${condition}) AS q${index}`)
      const [found] = await sink.query<Record<string, number>>(
        `SELECT ${['count(*) AS whole', ...counts].join(', ')} FROM ${table}`,
      )
      expect(found!.whole).toBe(own.length)
      questions.forEach(({ condition, count }, index) => {
        expect(count, condition).toBeGreaterThan(0)
        const answer = found![`q${index}`]
        if (answer !== count) wrong.push(`${format.kind}: ${condition}: ${answer}, not ${count}`)
      })
    }
    await sink.close()
    expect(wrong).toEqual([])
  })
})
