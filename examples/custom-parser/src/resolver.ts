import { format, json } from '@flowferry/core'
import { ip, iso8601, keyword } from '@flowferry/core/schema'

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html */
export const resolver = format({
  kind: 'resolver',
  dataset: 'aws.route53_resolver_logs',
  root: 'aws.route53',
  constants: { 'event.kind': 'event' },
  fields: {
    query_timestamp: iso8601(['@timestamp'], 'When the query was made.'),
    query_name: keyword(['dns.question.name'], 'Name that was asked for.'),
    query_type: keyword(['dns.question.type'], 'Type of record that was asked for.'),
    rcode: keyword(['dns.response_code'], 'What the answer says of it.'),
    srcaddr: ip(['source.ip'], 'Who asked.'),
  },
  encodings: [json({ records: 'each', claims: ['query_name'] })],
})
