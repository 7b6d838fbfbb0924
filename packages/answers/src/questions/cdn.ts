import type { Filter } from '../question.ts'
import type { PlainQuestion } from './daily.ts'

export const failed: Filter = { field: 'http.response.status_code', range: { gte: 500 } }

export const cdnErrors: PlainQuestion = {
  name: 'cdn-errors',
  title: "The CDN's failing paths",
  formats: ['aws.cloudfront_logs'],
  columns: {
    'aws.cloudfront.domain': { heading: 'distribution' },
    'url.path': { heading: 'path' },
    errors: { heading: 'errors' },
    requests: { heading: 'requests' },
    share: { heading: 'share', unit: 'share' },
    last: { heading: 'last', unit: 'time' },
  },
  know: 'Errors are answers of 500 and above; the share is of the requests of the same path.',
  over: (span) => ({
    kind: 'groups',
    formats: ['aws.cloudfront_logs'],
    span,
    groups: ['aws.cloudfront.domain', 'url.path'],
    measures: {
      errors: { count: true, where: [failed] },
      requests: { count: true },
      share: { ratio: [failed] },
      last: { max: '@timestamp', where: [failed] },
    },
    having: [{ measure: 'errors', range: { gt: 0 } }],
    order: [{ by: 'errors', direction: 'desc' }],
  }),
}

export const cdnHits: PlainQuestion = {
  name: 'cdn-hits',
  title: 'Hit ratio of the CDN, and seconds to the first byte',
  formats: ['aws.cloudfront_logs'],
  columns: {
    'aws.cloudfront.domain': { heading: 'distribution' },
    requests: { heading: 'requests' },
    hits: { heading: 'hits', unit: 'share' },
    errors: { heading: 'errors', unit: 'share' },
    p50: { heading: 'half within', unit: 'seconds' },
    p95: { heading: '95 % within', unit: 'seconds' },
  },
  know: 'Hits are what CloudFront answered from its cache, revalidated answers counted; errors are answers of 500 and above.',
  over: (span) => ({
    kind: 'groups',
    formats: ['aws.cloudfront_logs'],
    span,
    groups: ['aws.cloudfront.domain'],
    measures: {
      requests: { count: true },
      hits: { ratio: [{ field: 'aws.cloudfront.edge_result_type', oneOf: ['Hit', 'RefreshHit'] }] },
      errors: { ratio: [failed] },
      p50: { percentile: 'aws.cloudfront.time_to_first_byte', percent: 50 },
      p95: { percentile: 'aws.cloudfront.time_to_first_byte', percent: 95 },
    },
    order: [{ by: 'requests', direction: 'desc' }],
  }),
}
