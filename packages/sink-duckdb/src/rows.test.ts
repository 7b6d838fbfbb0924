import { ingest, type LogDocument, type Parser, type Sink, type Slice } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { fixtures } from '../../../test/support/fixtures.ts'
import { type DuckDBOptions, duckdb, type QueryValue } from './index.ts'

type Row = Record<string, QueryValue>

/** Without the fields that are NULL, for which the table may have no column. */
const withoutNull = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))

/** The rows of a file, and the slices that they came in, after `change`. */
async function rowsOf(
  { parser, text, key }: { readonly parser: Parser<unknown>; readonly text: string; readonly key: string },
  change: (slice: Slice<unknown>) => Slice<unknown> = (slice) => slice,
  options: DuckDBOptions & { readonly enrich?: () => LogDocument; readonly namespace?: string } = {},
) {
  const sink = await duckdb(':memory:', options)
  const slices: Slice<unknown>[] = []
  const changed: Sink<unknown> = {
    write: (batch, signal) => {
      const all = batch.map(change)
      slices.push(...all)
      return sink.write(all, signal)
    },
  }
  const source = memorySource(memoryObject({ key, body: text }))
  const { enrich, namespace } = options
  const report = await ingest({
    source,
    parser,
    sink: changed,
    ...(enrich && { enrich }),
    ...(namespace !== undefined && { namespace }),
  })
  expect(report.counts).toMatchObject({ rejected: 0, unfinished: 0, duplicate: 0 })
  const [table] = await sink.query<{ table_name: string }>('SELECT table_name FROM duckdb_tables()')
  const rows = await sink.query<Row>(`FROM ${table!.table_name} ORDER BY _id`)
  await sink.close()
  return { rows: rows.map(withoutNull), slices, written: report.counts.written }
}

/** As a parser gives it that writes no bytes. */
const plain = ({ encoder: _, mapped: __, fields: ___, ...slice }: Slice<unknown>): Slice<unknown> => slice

describe.each(fixtures)('$name', (fixture) => {
  test('gives the rows as bytes that it gives as objects', async () => {
    const { rows, slices, written } = await rowsOf(fixture)
    expect(rows).toHaveLength(written)
    expect(rows.map(({ _id }) => _id)).toEqual(
      slices.flatMap((slice) => Array.from({ length: slice.length }, (_, index) => slice.id(index))).sort(),
    )
    expect(rows).toEqual((await rowsOf(fixture, plain)).rows)
  })

  test('keeps what a step adds, and the namespace', async () => {
    const enrich = () => ({ 'labels.team': 'blue' })
    const { rows } = await rowsOf(fixture, undefined, { enrich, namespace: 'prod' })
    for (const { unmapped } of rows)
      expect(JSON.parse(unmapped as string)).toMatchObject({
        labels: { team: 'blue' },
        data_stream: { namespace: 'prod' },
      })
  })

  test('keeps documents whole where they are asked for, and nothing twice', async () => {
    const { rows, slices } = await rowsOf(fixture, undefined, { documents: true })
    const documents = new Map(
      slices.flatMap((slice) =>
        Array.from({ length: slice.length }, (_, index) => [slice.id(index), slice.document(index)] as const),
      ),
    )
    for (const { _id, document, unmapped } of rows) {
      expect(unmapped).toBeUndefined()
      expect(JSON.parse(document as string)).toEqual(documents.get(_id as string))
    }
  })
})

test('takes files of many pieces, and ordinals with gaps', { timeout: 60_000 }, async () => {
  const lines = Array.from({ length: 2500 }, (_, n) =>
    n % 50 === 3 ? `5 10.0.0.${n % 250} nonsense` : `5 10.0.0.${n % 250} 10.1.0.1 ${n} ACCEPT ${1_790_000_000 + n}`,
  )
  const text = `version srcaddr dstaddr dstport action end\n${lines.join('\n')}\n`
  const file = { parser: vpcFlow as Parser<unknown>, text, key: 'flows.log' }
  const { rows, slices } = await rowsOf(file)
  expect(slices.every(({ encoder, mapped }) => encoder && mapped)).toBe(true)
  expect(rows.map(({ _ordinal }) => _ordinal).sort((a, b) => Number(a) - Number(b))).toEqual(
    lines.flatMap((_, n) => (n % 50 === 3 ? [] : [n])),
  )
  expect(rows).toEqual((await rowsOf(file, plain)).rows)
})
