import { ingest, type LogDocument, lines, type Parser } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { duckdb } from './index.ts'

/** The table's columns and rows, after files of one record each came in this order. */
async function tableOf(
  parser: Parser<unknown>,
  table: string,
  files: readonly (readonly [name: string, record: object])[],
) {
  const sink = await duckdb()
  for (const [key, record] of files) {
    const source = memorySource(memoryObject({ key, body: JSON.stringify({ Records: [record] }) }))
    expect((await ingest({ source, parser, sink })).counts.written).toBe(1)
  }
  const columns = await sink.query(`DESCRIBE ${table}`)
  const rows = await sink.query(`SELECT COLUMNS(* EXCLUDE ("@timestamp")) FROM ${table} ORDER BY _id`)
  await sink.close()
  return { columns, rows }
}

const marked = lines({
  kind: 'tagged',
  dataset: 'custom.tagged',
  mapping: {
    'labels.tags': { type: 'keyword', list: 'values' },
    'labels.ports': { type: 'long', list: 'values' },
    'custom.items.name': { type: 'keyword', list: 'objects' },
    'custom.plain': { type: 'keyword' },
  },
  record: (line) => (JSON.parse(line) as { readonly Records: readonly { id: string }[] }).Records[0],
  recordId: ({ id }) => id,
  document: ({ kind, id, ...document }) => document as LogDocument,
})

describe('columns do not depend on the file that comes first', () => {
  test('where the mapping marks its lists', async () => {
    const files = [
      ['a', { id: 'a', labels: { tags: 'x', ports: 1 }, custom: { items: { name: 'a' }, plain: 'p' } }],
      [
        'b',
        { id: 'b', labels: { tags: ['x', 'y'], ports: [1, 2] }, custom: { items: [{ name: 'a' }, {}], plain: ['p'] } },
      ],
    ] as const
    const table = await tableOf(marked, 'custom_tagged', files)
    expect(await tableOf(marked, 'custom_tagged', files.toReversed())).toEqual(table)
    expect(table.rows).toMatchObject([
      { 'labels.tags': ['x'], 'labels.ports': [1], 'custom.items.name': ['a'], 'custom.plain': 'p' },
      { 'labels.tags': ['x', 'y'], 'labels.ports': [1, 2], 'custom.items.name': ['a'], 'custom.plain': '["p"]' },
    ])
  })

  test("as of CloudTrail's resources, whatever members the first of them have", async () => {
    const event = (eventID: string, resources: object[]) =>
      [eventID, { eventVersion: '1.11', eventID, resources }] as const
    const files = [
      event('a', [{ type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::b/' }, { ARN: 'arn:aws:s3:::b' }]),
      event('b', [{ ARN: 'arn:aws:s3:::c', accountId: '111122223333' }]),
    ]
    const table = await tableOf(cloudTrail, 'aws_cloudtrail', files)
    expect(await tableOf(cloudTrail, 'aws_cloudtrail', files.toReversed())).toEqual(table)
    expect(table.rows).toMatchObject([
      {
        'aws.cloudtrail.resources.arn_prefix': ['arn:aws:s3:::b/'],
        'aws.cloudtrail.resources.arn': ['arn:aws:s3:::b'],
      },
      { 'aws.cloudtrail.resources.arn_prefix': null, 'aws.cloudtrail.resources.account_id': ['111122223333'] },
    ])
  })
})
