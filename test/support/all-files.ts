import {
  type Batch,
  detect,
  type FormatParser,
  ingest,
  type Parser,
  type Sink,
  type SourceObject,
} from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { type CloudTrailRecord, cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { isTabular } from '@flowferry/core/internal'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { parquet } from '@flowferry/parquet'
import { tableOf, writeTable } from '../../packages/parquet/src/files.suite.ts'
import { corpusCases, corpusFile } from './corpora.ts'
import { fixtures } from './fixtures.ts'

/** The parsers of all formats. */
export const allParsers = await Promise.all(
  Object.values(formats).map((load): Promise<FormatParser<unknown>> => load()),
)
/** One parser of all formats, as text and as Parquet, chosen by content. */
export const anyFormat = detect([...allParsers, parquet(allParsers.filter(({ schema }) => isTabular(schema)))])

/** Samples of rules share their event ids, so here an id is made of file and position alone. */
const byPosition: Parser<CloudTrailRecord> = {
  ...cloudTrail,
  parse: async function* (object, context) {
    for await (const { recordId: _, ...batch } of cloudTrail.parse(object, context))
      yield batch as Batch<CloudTrailRecord>
  },
}

/** A row as Athena prints it, all names in lower case: no record of CloudTrail's. */
const lowerCase = 'panther-analysis/cloudtrail/aws_cloudtrail_password_policy_discovery__00.json'

function samples(...types: readonly string[]): SourceObject[] {
  const cases = corpusCases(...types).filter(
    ({ id, type, format, expected }) =>
      !['json-array-ss4o-docs', 'malformed-json'].includes(format) &&
      id !== lowerCase &&
      // Files that are to fail.
      !(type === 'cloudtrail' ? expected?.includes('truncated') : isFailure(format, expected)),
  )
  return cases.map(({ id, input, records }) =>
    // AWS writes one without records when logs are turned on, under a key that tells so.
    memoryObject({ key: records === 0 ? 'ELBAccessLogTestFile' : id, body: corpusFile(input) }),
  )
}

const isFailure = (format: string, expected: string | undefined) =>
  format === 'file-variant' && (JSON.parse(corpusFile(expected!).toString()) as { error: boolean }).error

/** The formats that AWS writes as Parquet too, each by a fixture and the layout of those without a header. */
export async function parquetFiles(): Promise<SourceObject[]> {
  const chosen = fixtures.filter(({ name }) =>
    ['vpc-flow.log', 'transit-gateway-default.log', 'cloudfront-v2.json', 'alb.log'].includes(name),
  )
  return Promise.all(
    chosen.map(async ({ name, text, parser }) => {
      const layout = /^alb|default/.test(name) ? parser.format.fields.map((field) => field.name) : undefined
      const body = writeTable(await tableOf(parser, text, layout), {}, { codec: 'GZIP' })
      return memoryObject({ key: `${name}.parquet`, body })
    }),
  )
}

/**
 * Ingests every fixture, a Parquet file of each format that has them, and every public sample of the formats. Gives the
 * errors of objects, the documents that were refused, and the counts of all.
 */
export async function ingestAll(sink: Sink<unknown>, namespace: string) {
  const objects = [
    ...fixtures.map(({ name, body, key }) => memoryObject({ key: `${name}/${key}`, body })),
    ...(await parquetFiles()),
    ...samples('vpcflow', 'tgwflow', 'cloudfront', 'elb', 'nlb', 'clb', 's3access', 'networkfirewall'),
    ...samples('waf', 'route53_resolver', 'guardduty'),
  ]
  const options = { sink, namespace, malformedShare: 1 }
  const reports = [
    await ingest({ ...options, source: memorySource(...objects), parser: anyFormat }),
    await ingest({ ...options, source: memorySource(...samples('cloudtrail')), parser: byPosition }),
  ]
  const all = reports.flatMap(({ messages }) => messages).flatMap((message) => message.objects)
  const total = (name: 'written' | 'rejected' | 'duplicate' | 'unfinished') =>
    reports.reduce((sum, { counts }) => sum + counts[name], 0)
  return {
    faults: all.flatMap(({ key, rejected, error }) => [
      ...rejected.map(({ reason }) => `${key}: ${reason}`),
      ...(error ? [`${key}: ${error.message}`] : []),
    ]),
    written: total('written'),
    others: total('rejected') + total('duplicate') + total('unfinished'),
  }
}
