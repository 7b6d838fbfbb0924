import { readFileSync } from 'node:fs'
import { datasets, type Format, relatedEntity } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { describe, expect, test } from 'vitest'
import { elasticNames, isWritten } from './support/elastic-names.ts'

/** Names that Elastic's dashboards and rules use and documents do not have, by dataset: each with the reason. */
const notWritten: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'aws.vpcflow': {
    'aws.s3.bucket.name': "Elastic's own input writes it",
    'destination.geo.location': 'an enrichment adds it: docs/enrichments.md',
    'event.original': '`eventOriginal` of ingest adds it',
    'source.geo.location': 'an enrichment adds it: docs/enrichments.md',
  },
  'aws.elb_logs': {
    'source.geo.location': 'an enrichment adds it: docs/enrichments.md',
  },
  'aws.elb_connection_logs': {
    'aws.elb.leaf_client_cert_not_after': 'tls.client.not_after',
    'aws.elb.leaf_client_cert_serial_number': 'tls.client.x509.serial_number',
    'aws.elb.leaf_client_cert_subject': 'tls.client.subject',
    'aws.elb.listener': 'destination.port',
    'aws.elb.protocol': 'the log has none',
    'aws.elb.tls_error_code': 'event.reason',
    'aws.elb.tls_handshake_latency': 'aws.elb.tls_handshake_latency.sec',
    'client.ip': 'source.ip',
    'client.port': 'source.port',
  },
  'aws.cloudtrail': {
    'aws.cloudtrail.additionalEventData.inputTokens': "Elastic's own integration has no such field either",
    'aws.cloudtrail.additionalEventData.outputTokens': "Elastic's own integration has no such field either",
    'entity.target.id': 'the enrichment relatedEntity adds it: docs/enrichments.md',
    'event.ingested': 'rules fall back on @timestamp where a document has none',
    'related.entity': 'the enrichment relatedEntity adds it: docs/enrichments.md',
    'source.as.number': 'an enrichment adds it: docs/enrichments.md',
    'source.as.organization.name': 'an enrichment adds it: docs/enrichments.md',
    'source.geo.city_name': 'an enrichment adds it: docs/enrichments.md',
    'source.geo.country_iso_code': 'an enrichment adds it: docs/enrichments.md',
    'source.geo.country_name': 'an enrichment adds it: docs/enrichments.md',
    'source.geo.location': 'an enrichment adds it: docs/enrichments.md',
    'source.geo.region_name': 'an enrichment adds it: docs/enrichments.md',
    'user_agent.name': 'a parser of user agents has to find it',
  },
  'aws.firewall_logs': {
    'destination.geo.country_name': 'an enrichment adds it: docs/enrichments.md',
    'source.geo.country_name': 'an enrichment adds it: docs/enrichments.md',
  },
}

const parsers = await Promise.all(Object.values(formats).map((load) => load()))

describe.each(datasets(parsers.map(({ format }) => format)))('$dataset', (format) => {
  test("each name that Elastic's dashboards and rules use is written, or stands with its reason", () => {
    expect(elasticNames(format).filter((field) => !isWritten(format, field))).toEqual(
      Object.keys(notWritten[format.dataset] ?? {}),
    )
  })
})

/** Datasets by the headings of docs/differences.md. */
const headings: Readonly<Record<string, readonly string[]>> = {
  'Of every format': parsers.map(({ format }) => format.dataset),
  CloudTrail: ['aws.cloudtrail'],
  'VPC and Transit Gateway Flow Logs': ['aws.vpcflow', 'aws.transitgateway_logs'],
  CloudFront: ['aws.cloudfront_logs', 'aws.cloudfront_realtime_logs', 'aws.cloudfront_connection_logs'],
  'Load balancers': ['aws.elb_logs', 'aws.elb_connection_logs', 'aws.elb_health_check_logs'],
  'S3 server access logs': ['aws.s3access'],
  'WAF, Route 53 Resolver, Network Firewall and GuardDuty': [
    ...['aws.waf', 'aws.route53_resolver_logs', 'aws.firewall_logs', 'aws.firewall_proxy_logs', 'aws.guardduty'],
  ],
}

const sections = readFileSync(new URL('../docs/differences.md', import.meta.url), 'utf8')
  .split(/^## /m)
  .slice(1)

const rows = sections.flatMap((section) => {
  const [heading] = section.split('\n', 1)
  return [...section.matchAll(/^\| ([^|]*`[^|]*) \| ([^|]*) \| [^|]+ \|$/gm)].map(
    ([, theirs, ours]) => [heading!, theirs!, ours!] as const,
  )
})

const fieldsIn = (text: string) => [...text.matchAll(/`([a-z_]\w*(?:\.\w+)+(?:\.?\*)?)`/g)].map(([, field]) => field!)

/** Every name of the formats, or those that begin as one with a star says. */
function has(formats: readonly Format[], field: string): boolean {
  if (!field.endsWith('*')) return formats.some((format) => isWritten(format, field))
  const names = formats.flatMap(({ mapping, aliases = {} }) => [...Object.keys(mapping), ...Object.keys(aliases)])
  return names.some((name) => name.startsWith(field.slice(0, -1)))
}

describe('docs/differences.md', () => {
  const formatsOf = (heading: string) =>
    parsers.flatMap((parser) => (headings[heading]!.includes(parser.format.dataset) ? [parser] : []))

  test('has a heading for all, and rows below each', () => {
    expect(sections.map((section) => section.split('\n', 1)[0])).toEqual(Object.keys(headings))
    for (const heading of Object.keys(headings)) expect(formatsOf(heading), heading).not.toEqual([])
    for (const heading of Object.keys(headings)) expect(rows.map(([one]) => one)).toContain(heading)
  })

  test.each(rows)("%s: %s is Elastic's, here %s", (heading, theirs, ours) => {
    const some = formatsOf(heading)
    const enriched = some.map((parser) => parser.with(relatedEntity).format)
    // A cell of names alone has those that documents lack; with words, what they hold otherwise.
    const isLacking =
      theirs
        .replaceAll(/`[^`]*`/g, '')
        .replaceAll(/,| and /g, '')
        .trim() === ''
    for (const field of fieldsIn(theirs))
      if (isLacking)
        expect(
          has(
            some.map(({ format }) => format),
            field,
          ),
          field,
        ).toBe(false)
      else if (!field.endsWith('*')) expect(has(enriched, field), field).toBe(true)
    for (const field of fieldsIn(ours)) expect(has(enriched, field), field).toBe(true)
  })
})
