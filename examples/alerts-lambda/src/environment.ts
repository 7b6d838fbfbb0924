import type { EvaluateOptions } from '@flowferry/answers/alerts'
import { detect } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'

/** https://search.example:9200 */
export const node = required('SEARCH_URL')
export const apiKey = process.env.SEARCH_API_KEY ?? ''
export const auth = { username: process.env.SEARCH_USERNAME ?? '', password: process.env.SEARCH_PASSWORD ?? '' }
export const topic = required('TOPIC_ARN')
/** Where the state is kept, from one evaluation to the next. */
export const place = { Bucket: required('STATE_BUCKET'), Key: process.env.STATE_KEY ?? 'alerts.json' }
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

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`The environment variable ${name} is not set`)
  return value
}
