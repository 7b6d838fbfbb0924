// Log events as a subscription filter of CloudWatch Logs sends them: an envelope a line, as Firehose writes it with a
// delimiter behind each.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
import { cloudTrailRecords } from './cloudtrail.mjs'
import { random, start } from './random.mjs'
import { vpcFlow } from './vpc-flow.mjs'

/** @param streamOf The name of an envelope's log stream, one of so many. @param most Events of the largest envelope. */
function* envelopes(messages, { group, streamOf, streams, most }) {
  const { next, between, text } = random(34)
  const owner = String(between(1e11, 1e12))
  const names = Array.from({ length: streams }, (_, index) => streamOf(index, text))
  let events = []
  let wanted = between(1, most)
  let milliseconds = start * 1000
  let put = ''
  const envelope = () =>
    `${JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner,
      logGroup: group,
      logStream: names[next(names.length)],
      subscriptionFilters: ['to-firehose'],
      logEvents: events,
    })}\n`
  for (const message of messages) {
    milliseconds += next(20)
    // Those that were put at once have numbers that follow each other.
    if (events.length === 0) put = `3${text('0123456789', 51)}`
    events.push({ id: `${put}${1000 + events.length}`, timestamp: milliseconds, message })
    if (events.length < wanted) continue
    yield envelope()
    events = []
    wanted = between(1, most)
  }
  if (events.length > 0) yield envelope()
}

/** A log stream an interface: 400, with some 100 events an envelope. */
export function vpcFlowEnvelopes(records) {
  const lines = vpcFlow(records)
  lines.next()
  return envelopes(trimmed(lines, 1), {
    group: 'vpc-flow-logs',
    streams: 400,
    streamOf: (_, text) => `eni-0${text('0123456789abcdef', 16)}-all`,
    most: 200,
  })
}

/** Some 20 events an envelope, of a few log streams. */
export function cloudTrailEnvelopes(records) {
  return envelopes(trimmed(cloudTrailRecords(records), 1), {
    group: 'aws-cloudtrail-logs-123456789012-0a1b2c3d',
    streams: 4,
    streamOf: (index) => `123456789012_CloudTrail_us-east-1${index === 0 ? '' : `_${index + 1}`}`,
    most: 40,
  })
}

/** Without so many bytes at their end. */
function* trimmed(texts, bytes) {
  for (const text of texts) yield text.slice(0, -bytes)
}
