import { partialBy, type Row } from '../answer.ts'
import { failed } from '../questions/cdn.ts'
import { isoDate } from '../values.ts'
import { defineAlert } from './alert.ts'
import { succeeded } from './audit.ts'

const front = ['aws.cloudfront_logs'] as const
const distribution = { 'aws.cloudfront.domain': { heading: 'distribution' } } as const

export const cdnFailing = defineAlert({
  name: 'cdn-failing',
  title: 'A distribution answers with errors of the server',
  severity: 'high',
  formats: front,
  window: '15m',
  every: '5m',
  filters: [],
  by: distribution,
  measures: {
    errors: { heading: 'errors', of: { count: true, where: [failed] } },
    requests: { heading: 'requests', of: { count: true } },
    share: { heading: 'share', unit: 'share', of: { ratio: [failed] } },
  },
  counts: ['errors'],
  threshold: 100,
  having: [{ measure: 'share', range: { gt: 0.02 } }],
  ask: 'cdn-errors',
  know: 'Some errors while an origin is deployed stay below 2 % of the requests, or below a hundred. CloudFront may deliver a day late: window: "ingested" counts what came.',
})

const day = 24 * 3_600_000
const hour = 3_600_000
/** Calls with a date behind their names in older versions of the API. */
const purging = ['CreateInvalidation', 'UpdateDistribution']
const hit = { field: 'aws.cloudfront.edge_result_type', oneOf: ['Hit', 'RefreshHit'] } as const
/** Below this share of what was usual. */
const least = 0.7

export const cdnHitRatio = defineAlert({
  name: 'cdn-hit-ratio',
  title: "A distribution's hit ratio fell against the day before",
  severity: 'medium',
  formats: front,
  window: '15m',
  every: '5m',
  by: distribution,
  numbers: {
    requests: { heading: 'requests' },
    hits: { heading: 'hits', unit: 'share' },
    before: { heading: 'day before', unit: 'share' },
  },
  counts: ['requests'],
  threshold: 1000,
  ask: 'cdn-hits',
  because: 'one part of it looks into CloudTrail, for purges, and a query joins none',
  know: 'Fires below 0.7 of the ratio of the same time the day before, with as many requests as the threshold in both. After a purge or a change of a distribution (CreateInvalidation, UpdateDistribution in CloudTrail, within the hour before or during the window) it is silent.',
  steps: async (ask, { span }, { threshold, limit }) => {
    const ratios = (from: string, to: string) =>
      ask({
        kind: 'groups',
        formats: front,
        span: { from, to },
        groups: ['aws.cloudfront.domain'],
        measures: {
          requests: { count: true },
          hits: { ratio: [hit] },
          first: { min: '@timestamp' },
          last: { max: '@timestamp' },
        },
        having: [{ measure: 'requests', range: { gte: threshold } }],
        order: [{ by: 'requests', direction: 'desc' }],
        limit,
      })
    const earlier = (time: string, by: number) => isoDate(Date.parse(time) - by)
    const now = await ratios(span.from, span.to)
    if (now.rows.length === 0) return now
    const usual = await ratios(earlier(span.from, day), earlier(span.to, day))
    const before = new Map(usual.rows.map((row) => [row['aws.cloudfront.domain'], Number(row.hits)]))
    const found = now.rows.flatMap((row): Row[] => {
      const ratio = before.get(row['aws.cloudfront.domain'] ?? null)
      return ratio !== undefined && Number(row.hits) < least * ratio ? [{ ...row, before: ratio }] : []
    })
    const reasons = [now, usual].flatMap(({ partial }) => partial?.why ?? [])
    if (found.length === 0) return { rows: [], approximate: [], ...partialBy(reasons) }
    const purges = await ask({
      kind: 'groups',
      formats: ['aws.cloudtrail'],
      span: { from: earlier(span.from, hour), to: span.to },
      filters: [
        succeeded,
        { field: 'event.provider', equals: 'cloudfront.amazonaws.com' },
        { any: purging.map((prefix) => ({ field: 'event.action', prefix })) },
      ],
      measures: { purges: { count: true } },
    })
    const isPurged = Number(purges.rows[0]?.purges ?? 0) > 0
    // Where no trail is stored, nobody knows of purges, and the alert is told.
    if (purges.partial && !purges.partial.absent) reasons.push(purges.partial.why)
    return { rows: isPurged ? [] : found, approximate: [], ...partialBy(reasons) }
  },
})
