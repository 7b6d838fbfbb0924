import { detect, type FormatParser, ingest, parseContext } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { isTabular, peek, table } from '@flowferry/core/internal'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import { parquet } from '@flowferry/parquet'
import { describe, expect, test } from 'vitest'
import { corpusCases, corpusFile } from './support/corpora.ts'

const parsers = await Promise.all(Object.values(formats).map((load): Promise<FormatParser<unknown>> => load()))
const anyFormat = detect([...parsers, parquet(parsers.filter(({ schema }) => isTabular(schema)))])

/** Files that have one line with a value too few. */
const malformed = ['vpc_flow_log_too_few_fields']

const cases = corpusCases('vpcflow', 'cloudfront').filter(({ format }) => format !== 'json-array-ss4o-docs')

describe.runIf(cases.length > 0)('the public samples of flow logs and CloudFront', () => {
  test('are all there', () => expect(cases.length).toBe(28))

  test.each(cases.map((one) => [one.id, one] as const))('%s', async (id, one) => {
    const variant =
      one.format === 'file-variant'
        ? (JSON.parse(corpusFile(one.expected!).toString()) as { error: boolean })
        : undefined
    const sink = memorySink()
    const source = memorySource(memoryObject({ key: id, body: corpusFile(one.input) }))
    const report = await ingest({ source, parser: anyFormat, sink, malformedShare: 1 })
    if (variant?.error) {
      expect(report.ok).toBe(false)
      return
    }
    expect(report.messages[0]!.objects[0]!.error).toBeUndefined()
    const bad = malformed.some((name) => id.includes(name)) ? 1 : 0
    expect(report.counts).toMatchObject({ read: one.records, malformed: bad, written: one.records! - bad })
    expect(report.messages[0]!.objects[0]!.kinds).toEqual(one.records! > bad ? [one.type] : [])
    for (const { document } of sink.documents.values()) {
      expect(document['@timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(JSON.stringify(document)).not.toContain('"-"')
    }
  })
})

/** A type's kind, where the samples' list has another name for it. */
const kinds: Readonly<Record<string, string>> = {
  elb: 'alb',
  clb: 'elb',
  nlb: 'nlb',
  s3access: 's3access',
  tgwflow: 'transitgateway',
  networkfirewall: 'networkfirewall',
  waf: 'waf',
  route53_resolver: 'route53resolver',
  guardduty: 'guardduty',
}

/**
 * What a sample's author made up or wrote in a way of his own: AWS's pages do not have the members, an address is none, a
 * time or a list has another form, and AWS's example a header without a value.
 */
const notOfAws: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'otel-http': { 'event.http.cookie': 1 },
  'otel-tls-revocation': { 'event.tls.issuer': 1 },
  'panther-analysis/waf/': { timestamp: 1 },
  'panther-analysis/route53_resolver/aws_dns_crypto': { p_log_type: 1, answers: 1 },
  'panther-analysis/route53_resolver/standard': { p_log_type: 1 },
  'more/waf/aws-examples': { 'httpRequest.headers': 1 },
  'grafana-lambda-promtail/elb/albaccesslog': { 'client:port': 2 },
  'otel-contrib-awslogsencoding/s3access/too_many_values': { field_28: 1 },
}

const ofOthers = corpusCases(...Object.keys(kinds)).filter(({ format }) => format !== 'json-array-ss4o-docs')

describe.runIf(ofOthers.length > 0)('the public samples of the other formats', () => {
  test.each(ofOthers.map((one) => [one.id, one] as const))('%s', async (id, one) => {
    const sink = memorySink()
    // AWS writes one when logs are turned on, under a key that tells so.
    const key = one.records === 0 ? 'ELBAccessLogTestFile' : id
    const source = memorySource(memoryObject({ key, body: corpusFile(one.input) }))
    const report = await ingest({ source, parser: anyFormat, sink })
    expect(report.messages[0]!.objects[0]!.error).toBeUndefined()
    const [, invented] = Object.entries(notOfAws).find(([name]) => id.includes(name)) ?? []
    expect(report.messages[0]!.objects[0]!.unknownFields).toEqual(invented ?? {})
    if (one.records !== 0) expect(report.messages[0]!.objects[0]!.kinds).toEqual([kinds[one.type]])
    // The list has no number beside a file of one record.
    const records = one.format === 'json-record' ? 1 : one.records
    expect(report.counts).toMatchObject({ read: records, malformed: 0, written: records })
  })
})

const own: Readonly<Record<string, string>> = {
  ...kinds,
  vpcflow: 'vpcflow',
  cloudfront: 'cloudfront',
  cloudtrail: 'cloudtrail',
}
const samples = corpusCases(...Object.keys(own)).filter(({ format }) => format !== 'json-array-ss4o-docs')

test.runIf(samples.length > 0)(
  'no sample is claimed by the format of another, whatever its key: a matrix',
  async () => {
    const claims = new Map<string, Map<string, number>>()
    const others: string[] = []
    for (const { id, type, input } of samples) {
      const { head, whole } = await peek(memoryObject({ key: 'a', body: corpusFile(input) }), parseContext())
      whole.close()
      const kind = own[type]!
      const row = claims.get(kind) ?? new Map<string, number>()
      claims.set(kind, row)
      for (const { claims: claim, format } of parsers) {
        if (claim(head) !== 'content') continue
        row.set(format.kind, (row.get(format.kind) ?? 0) + 1)
        if (format.kind !== kind) others.push(`${id} by ${format.kind}`)
      }
    }
    const columns = parsers.map(({ format }) => format.kind)
    const rows = [...claims].map(([kind, row]) => ({
      'samples of': kind,
      ...Object.fromEntries(columns.map((one) => [one, row.get(one) ?? 0])),
    }))
    console.log(['Claimed by content:', ...table(rows)].join('\n'))
    expect(others).toEqual([])
  },
)
