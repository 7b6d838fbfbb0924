import { jsonArray } from '@flowferry/core'

interface Query {
  query_timestamp: string
  query_name: string
  query_type: string
  rcode: string
  srcaddr: string
}

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html */
export const resolver = jsonArray({
  kind: 'resolver',
  dataset: 'aws.route53_resolver_logs',
  record: (value) => {
    const query = value as Query
    return 'query_name' in query && !Number.isNaN(Date.parse(query.query_timestamp)) ? query : undefined
  },
  document: ({ query_timestamp, query_name, query_type, rcode, srcaddr }) => ({
    '@timestamp': new Date(query_timestamp).toISOString(),
    dns: { question: { name: query_name, type: query_type }, response_code: rcode },
    source: { ip: srcaddr },
  }),
  mapping: {
    'dns.question.name': { type: 'keyword' },
    'dns.question.type': { type: 'keyword' },
    'dns.response_code': { type: 'keyword' },
    'source.ip': { type: 'ip' },
  },
  claims: ({ text }) => (/^\s*\{[^{}]*"query_name"/.test(text) ? 'content' : undefined),
})
