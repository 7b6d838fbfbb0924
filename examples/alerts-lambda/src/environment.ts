import type { EvaluateOptions } from '@flowferry/answers/alerts'
import { detect } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'

const { SEARCH_URL, TOPIC_ARN, STATE_BUCKET } = required('SEARCH_URL', 'TOPIC_ARN', 'STATE_BUCKET')

/** https://search.example:9200 */
export const node = SEARCH_URL
export const apiKey = process.env.SEARCH_API_KEY ?? ''
export const auth = { username: process.env.SEARCH_USERNAME ?? '', password: process.env.SEARCH_PASSWORD ?? '' }
export const topic = TOPIC_ARN
/** Where the state is kept, from one evaluation to the next. */
export const place = { Bucket: STATE_BUCKET, Key: process.env.STATE_KEY ?? 'alerts.json' }
export const queueUrls = process.env.QUEUE_URLS ? process.env.QUEUE_URLS.split(',') : []

const { formats } = detect([vpcFlow, cloudTrail, cloudFront])

/** What is asked: data streams of these formats, of one namespace or of all. */
export const logs = { formats, ...(process.env.NAMESPACE && { namespace: process.env.NAMESPACE }) }

/** Thresholds, and what is known and does not count, are yours to add. */
export const options: EvaluateOptions = {
  formats,
  ...(process.env.OWN_BLOCKS && { own: process.env.OWN_BLOCKS.split(',') }),
  ...(process.env.DASHBOARD_URL && { dashboard: process.env.DASHBOARD_URL }),
}

/** Their values, or one error that names all that are missing. */
function required<N extends string>(...names: readonly N[]): Record<N, string> {
  const missing = names.filter((name) => !process.env[name])
  if (missing.length > 0) throw new Error(`Not set in the environment: ${missing.join(', ')}`)
  return process.env as Record<N, string>
}
