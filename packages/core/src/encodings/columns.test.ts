import { expect, test } from 'vitest'
import { fixtures } from '../../../../test/support/fixtures.ts'
import { cloudFront } from '../formats/cloudfront.ts'
import { columnDocuments, type Encoding } from '../internal.ts'
import { collect, memoryObject } from '../testing/index.ts'
import type { Batch } from '../types.ts'

/** A file of columns, as Parquet has them, in JSON: `{ "cs_method": ["GET", null] }`. */
const columnsInJson: Encoding = {
  bind: (schema) => ({
    namesFields: true,
    claims: () => undefined,
    parse: async function* (object): AsyncGenerator<Batch<unknown>> {
      const { format, fields, nameOf } = schema
      const chunks: Uint8Array[] = []
      for await (const chunk of (await object.open()).body) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      const columns = JSON.parse(bytes.toString()) as Record<string, (string | null)[]>
      const names = Object.keys(columns)
      const unknown = names.filter((name) => !nameOf(name)).map((name) => ({ name, key: name }))
      const known = names.flatMap((column) => nameOf(column) ?? []).map((name) => ({ name, field: fields[name]! }))
      const documentOf = columnDocuments(schema, known, unknown)
      const length = columns[names[0]!]!.length
      const records = Array.from({ length }, (_, row) => {
        const record: Record<string, unknown> = { kind: format.kind }
        for (const name of names) {
          const value = columns[name]![row]
          if (value === null || value === undefined || value === '-') continue
          const known = nameOf(name)
          record[known ?? name] = known ? fields[known]!.read(value) : value
        }
        return record
      })
      const refused: string[] = []
      const documents = records.map((record) => documentOf(record, (name) => refused.push(name)))
      expect(refused).toEqual(['x-forwarded-for'])
      yield {
        format,
        length,
        records,
        ordinals: records.map((_, row) => row),
        bytes: bytes.length,
        document: (row) => documents[row]!,
      } as Batch<unknown>
    },
  }),
}

const { text } = fixtures.find(({ name }) => name === 'cloudfront.log')!

test('an encoding of another package reads columns to the documents of the text: it needs the schema alone', async () => {
  const [, header, ...lines] = text.trimEnd().split('\n')
  const names = header!.slice('#Fields:'.length).trim().split(/\s+/)
  const rows = lines.map((line) => line.split('\t'))
  const snake = (name: string) => name.toLowerCase().replace(/[-(]/g, '_').replace(')', '')
  const columns = Object.fromEntries(names.map((name, i) => [snake(name), rows.map((row) => row[i])]))
  const { claims, parse } = columnsInJson.bind(cloudFront.schema)
  const parser = { formats: cloudFront.formats, claims, parse }
  const [ofColumns, ofText] = await Promise.all([
    collect(parser, memoryObject({ key: 'a.json', body: JSON.stringify(columns) })),
    collect(cloudFront, memoryObject({ key: 'a.log', body: text })),
  ])
  expect(ofColumns.documents).toHaveLength(rows.length)
  expect(ofColumns.documents).toEqual(ofText.documents)
  expect(ofColumns.records).toEqual(ofText.records)
})
