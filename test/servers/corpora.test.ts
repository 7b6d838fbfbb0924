import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { memorySink } from '@flowferry/core/testing'
import { describe, expect } from 'vitest'
import { allParsers, ingestAll } from '../support/all-files.ts'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'
import { kindsOf, type StoreQuestion, storeQuestions } from '../support/store-questions.ts'
import { valuesAt } from '../support/values.ts'

describe.each(engines)('all fixtures and public samples, in $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!
  const { ask } = searchServer(url)
  const namespace = `samples${process.pid}`

  /** How many documents of a stream each query finds. */
  const countsOf = async (stream: string, queries: readonly object[]): Promise<number[]> => {
    await ask('POST', `/${stream}/_refresh`)
    const response = await fetch(`${url}/${stream}/_msearch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: queries.map((query) => `{}\n${JSON.stringify({ size: 0, track_total_hits: true, query })}\n`).join(''),
    })
    const { responses } = (await response.json()) as { responses: { hits?: { total: { value: number } } }[] }
    return responses.map((one) => one.hits?.total.value ?? Number.NaN)
  }

  test('not one document is rejected, and each data stream is found by block, number, date and list', async () => {
    const truth = memorySink()
    const { written } = await ingestAll(truth, namespace)
    const documents = [...truth.documents.values()]
    expect(documents).toHaveLength(written)
    const streams = allParsers.map(({ format }) => ({ format, stream: `logs-${format.dataset}-${namespace}` }))
    try {
      await setup(url, { formats: allParsers.flatMap((parser) => parser.formats) })
      expect(await ingestAll(sink(url), namespace)).toEqual({ faults: [], written, others: 0 })
      const wrong: string[] = []
      for (const { format, stream } of streams) {
        const own = documents.filter(({ dataStream }) => dataStream === stream).map(({ document }) => document)
        const questions: (Pick<StoreQuestion, 'query' | 'count'> & { readonly kind: string })[] = [
          { kind: 'all', query: { match_all: {} }, count: own.length },
          ...storeQuestions(format, own),
          ...(format === cloudTrail.format ? [bucketQuestion(own)] : []),
        ]
        for (const kind of kindsOf(format))
          expect(
            questions.map((one) => one.kind),
            stream,
          ).toContain(kind)
        const counts = await countsOf(
          stream,
          questions.map(({ query }) => query),
        )
        questions.forEach(({ query, count }, index) => {
          expect(count).toBeGreaterThan(0)
          if (counts[index] !== count) wrong.push(`${stream}: ${JSON.stringify(query)}: ${counts[index]}, not ${count}`)
        })
      }
      expect(wrong).toEqual([])
      console.log(`${name}: ${written} documents, none rejected`)
    } finally {
      for (const { stream } of streams) await ask('DELETE', `/_data_stream/${stream}`)
    }
  })
})

/** A free-form member, by a key of it. */
function bucketQuestion(documents: readonly unknown[]) {
  const field = 'aws.cloudtrail.flattened.request_parameters.bucketName'
  const [bucket] = valuesAt(documents, field)
  const count = documents.filter((document) => valuesAt([document], field).includes(bucket)).length
  return { kind: 'key', query: { term: { [field]: bucket } }, count }
}
