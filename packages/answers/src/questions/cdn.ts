import type { Filter } from '../question.ts'
import type { DailyQuestion } from './daily.ts'

const failed: Filter = { field: 'http.response.status_code', range: { gte: 500 } }

export const cdnErrors: DailyQuestion = {
  name: 'cdn-errors',
  title: "The CDN's failing paths",
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

export const cdnHits: DailyQuestion = {
  name: 'cdn-hits',
  title: 'Hit ratio of the CDN, and seconds to the first byte',
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
