import { datasets } from '@flowferry/core'
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
    'entity.target.id': "Elastic's own integration makes it of the request",
    'event.ingested': 'rules fall back on @timestamp where a document has none',
    'related.entity': "Elastic's own integration gathers it from identity, request and answer",
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
