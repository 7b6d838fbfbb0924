import { readFileSync } from 'node:fs'
import type { FormatParser } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { isTabular } from '@flowferry/core/internal'
import { collect, memoryObject } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { fixtures } from '../../../test/support/fixtures.ts'
import { duckdbTable, tableOf, vpcTypes, writeTable } from './files.suite.ts'
import { parquet } from './parquet.ts'

const fixture = (name: string) => readFileSync(new URL(`../../../test/fixtures/${name}.log`, import.meta.url), 'utf8')

/** What a column cannot be read as, or nobody knows, is kept in another place than a member of JSON. */
const keptElsewhere = ['vended.json', 'vended-w3c.log', 'network-firewall-proxy.json']

/** Of each format of columns. */
const texts = fixtures.filter(
  ({ name, parser }) => parser.namesFields && isTabular(parser.schema) && !keptElsewhere.includes(name),
)
/** AWS's order of a file without a header: S3's JSON has two fields more. */
const layoutOf = ({ format }: FormatParser<unknown>) =>
  format.fields.map(({ name }) => name).filter((name) => !['schema_version_id', 'bucket_arn'].includes(name))

/** Without what names the object. */
const parse = async (parser: FormatParser<unknown>, body: Buffer | string) => {
  const { documents, ordinals, malformed, unknownFields } = await collect(
    typeof body === 'string' ? parser : parquet(parser),
    memoryObject({ key: 'a.parquet', body }),
  )
  return { documents, ordinals, malformed, unknownFields }
}

describe.each(texts)('$name', async ({ name, text, parser }) => {
  const layout = /^(alb|nlb|s3-access)|default/.test(name) ? layoutOf(parser) : undefined
  const table = await tableOf(parser, text, layout)
  const expected = await parse(parser, text)
  // JSON keeps what it does not know in one place, as JSON.
  const isJson = text.startsWith('{')
  if (isJson)
    for (const { aws = {} } of expected.documents)
      for (const own of Object.values(aws as Record<string, { unknown?: unknown }>)) delete own.unknown

  test.each(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'] as const)(
    'as Parquet gives the documents of the text, %s',
    async (codec) => {
      const { documents, unknownFields } = await parse(parser, writeTable(table, {}, { codec }))
      expect(documents).toEqual(expected.documents)
      // Under the names of Parquet's columns.
      if (!isJson) expect(Object.values(unknownFields).sort()).toEqual(Object.values(expected.unknownFields).sort())
    },
  )

  test.each([
    "CODEC 'uncompressed'",
    "CODEC 'gzip'",
    "CODEC 'snappy', PARQUET_VERSION V2",
    "CODEC 'brotli', ROW_GROUP_SIZE 2048",
  ])('by DuckDB, %s', async (options) => {
    const { documents } = await parse(parser, await duckdbTable(table, {}, options))
    expect(documents).toEqual(expected.documents)
  })
})

describe('VPC Flow Logs with the types that AWS states', () => {
  test.each(['vpc-flow', 'vpc-flow-v2'])('%s by both writers', async (name) => {
    const text = fixture(name)
    const table = await tableOf(vpcFlow, text)
    const { documents } = await parse(vpcFlow, text)
    expect((await parse(vpcFlow, writeTable(table, vpcTypes, { codec: 'GZIP' }))).documents).toEqual(documents)
    expect((await parse(vpcFlow, await duckdbTable(table, vpcTypes, "CODEC 'gzip'"))).documents).toEqual(documents)
    expect(documents.length).toBeGreaterThan(1)
  })
})
