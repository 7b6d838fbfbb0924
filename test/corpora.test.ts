import { detect, ingest, type Parser } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { type CorpusCase, corpusCases, corpusFile } from './support/corpora.ts'

const anyFormat = detect([vpcFlow, cloudFront])
const classic = cloudFront.formats[0]!.fields.map(({ name }) => name)

/** The two lines of logstash-patterns-core have no header, so their fields are stated: the first 23 and 33 of AWS's. */
function parserFor({ id }: CorpusCase): Parser<unknown> {
  if (id.includes('cf_2016_23_fields')) return cloudFront.withFields(classic.slice(0, 23))
  if (id.includes('cf_2019_33_fields')) return cloudFront.withFields(classic.slice(0, 33))
  return anyFormat
}

/** Lines with a value too few or too many: the one record of their file is malformed. */
const malformed = ['vpc_flow_log_too_few_fields', 'vpc_flow_log_too_many_fields']

const cases = corpusCases('vpcflow', 'cloudfront').filter(({ format }) => format !== 'json-array-ss4o-docs')

describe.runIf(cases.length > 0)('the public samples of flow logs and CloudFront', () => {
  test('are all there', () => expect(cases.length).toBe(24))

  test.each(cases.map((one) => [one.id, one] as const))('%s', async (id, one) => {
    const variant =
      one.format === 'file-variant'
        ? (JSON.parse(corpusFile(one.expected!).toString()) as { error: boolean })
        : undefined
    const sink = memorySink()
    const source = memorySource(memoryObject({ key: id, body: corpusFile(one.input) }))
    const report = await ingest({ source, parser: parserFor(one), sink, malformedShare: 1 })
    if (variant?.error) {
      expect(report.ok).toBe(false)
      return
    }
    expect(report.messages[0]!.objects[0]!.error).toBeUndefined()
    const bad = malformed.some((name) => id.includes(name)) ? one.records! : 0
    expect(report.counts).toMatchObject({ read: one.records, malformed: bad, written: one.records! - bad })
    for (const { document } of sink.documents.values()) {
      expect(document['@timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(JSON.stringify(document)).not.toContain('"-"')
    }
  })
})
