import { partialBy, type Row } from '../answer.ts'
import { isoDate } from '../values.ts'
import { defineAlert, type SteppedAlert } from './alert.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** An alert for each dataset, since a store may have one and not the other. */
const behind = (name: string, dataset: string, what: string): SteppedAlert =>
  defineAlert({
    name,
    title: `${what} are no longer stored`,
    severity: 'high',
    formats: [dataset],
    window: '30m',
    every: '5m',
    by: { dataset: { heading: 'logs' } },
    numbers: { minutes: { heading: 'minutes behind' }, newest: { heading: 'newest record', unit: 'time' } },
    counts: ['minutes'],
    threshold: 30,
    ask: 'health',
    because: 'that nothing came is told by no record',
    know: 'Fires where the newest record is older than the threshold, in minutes, beyond what such logs may be late. Quiet accounts: where fewer than half of the half-hours of the day before had a record, it is silent.',
    steps: async (ask, _, { threshold, late, now: end }) => {
      const { rows, partial } = await ask({
        kind: 'groups',
        formats: [dataset],
        span: { from: isoDate(end - late - threshold * minute - 3 * day), to: isoDate(end) },
        groups: [{ field: '@timestamp', every: '30m' }],
        measures: { newest: { max: '@timestamp' }, records: { count: true } },
        limit: 10_000,
      })
      const reasons = partial ? [partial.why] : []
      const newest = rows
        .map((row) => String(row.newest))
        .sort()
        .at(-1)
      const found: Row[] = []
      if (newest !== undefined) {
        const minutes = Math.floor((end - Date.parse(newest)) / minute)
        const since = Date.parse(newest) - day
        const steps = rows.filter((row) => Date.parse(String(row['@timestamp'])) >= since).length
        if (minutes >= threshold + late / minute && steps >= 24)
          found.push({ dataset, minutes, newest, first: newest, last: newest })
      }
      return { rows: found, approximate: [], ...partialBy(reasons, partial?.absent) }
    },
  })

export const flowsBehind = behind('flow-logs-behind', 'aws.vpcflow', 'VPC flow logs')
export const trailBehind = behind('cloudtrail-behind', 'aws.cloudtrail', "CloudTrail's events")
export const cdnBehind = behind('cloudfront-behind', 'aws.cloudfront_logs', "CloudFront's logs")

export const deadLetters = defineAlert({
  name: 'dead-letters',
  title: 'Messages are in a dead-letter queue',
  severity: 'high',
  formats: [],
  window: '5m',
  every: '5m',
  by: { queue: { heading: 'queue' } },
  numbers: { messages: { heading: 'messages' } },
  counts: ['messages'],
  threshold: 1,
  because: 'a queue is asked of SQS, and no log has it',
  know: 'Counts what the queue has, those counted as well that somebody looks at now. flowferry dlq tells what is in it, flowferry redrive sends it back.',
  steps: async (_, __, { threshold, queues }) => {
    if (queues.length === 0) return { rows: [], approximate: [], partial: { why: 'no queue was given', absent: true } }
    const counts = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
    const rows = queues.map(({ name, attributes }) => ({
      queue: name,
      messages: counts.reduce((sum, one) => sum + Number(attributes[one] ?? 0), 0),
    }))
    const unknown = queues.filter(({ attributes }) => attributes[counts[0]!] === undefined)
    const reasons = unknown.map(({ name }) => `SQS did not say how many messages ${name} has`)
    return { rows: rows.filter(({ messages }) => messages >= threshold), approximate: [], ...partialBy(reasons) }
  },
})
