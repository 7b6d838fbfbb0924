import { w3c } from '../encodings/delimited/w3c.ts'
import { json } from '../encodings/json/json.ts'
import { hours } from '../schema/archive.ts'
import { inAllSpellings } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { extensionOf } from '../schema/parts.ts'
import { isAddress } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'
import { cloudFrontFields, ofRequest } from './cloudfront-fields.ts'

const fields = inAllSpellings(cloudFrontFields)

/** Standard logs of the first kind grew at their end, up to tenants and connections. */
const ofAllAges = [...Object.keys(cloudFrontFields).slice(0, 33), 'distribution-tenant-id', 'connection-id']

/**
 * CloudFront standard logs: tab-separated, the fields named by the `#Fields` line, or JSON. A value is the same text in
 * both, `-` where there is none.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
 *
 * Values are percent-encoded once on top of what the client sent; decoding once gives that back. Until 2019 the agent's
 * spaces were encoded twice.
 */
export const cloudFront = awsFormat({
  kind: 'cloudfront',
  title: 'CloudFront standard logs',
  dataset: 'aws.cloudfront_logs',
  view: 'requests',
  root: 'aws.cloudfront',
  constants: aws('cloudfront_logs', { 'event.category': ['web'], 'event.type': ['access'] }),
  fields,
  derived: (derive) => [
    derive('@timestamp', ['date', 'time'], timestamp),
    derive('url.extension', ['cs-uri-stem'], extensionOf),
    ...ofRequest(derive),
  ],
  // Delivery may be 24 hours late, but a file's name always has the hour in which the requests were made.
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html#access-logs-timing
  archive: [{ service: 'CloudFront', folders: 'any', ids: /^[A-Z0-9]{6,32}$/, late: hours(2), early: hours(1) }],
  encodings: [
    w3c({
      headerless: {
        fields: ofAllAges,
        lengths: [12, 14, 15, 18, 19, 23, 24, 26, 33, 35],
        fits: (texts) =>
          /^\d{4}-\d\d-\d\d$/.test(texts.date!) &&
          /^\d\d:\d\d:\d\d$/.test(texts.time!) &&
          /^[A-Z]{3}\d+/.test(texts['x-edge-location']!) &&
          isAddress(texts['c-ip']!) &&
          /^(\d{3}|-)$/.test(texts['sc-status']!),
      },
      keys: /(^|\/)(CloudFront\/|[A-Z0-9]{13,14}\.\d{4}-\d\d-\d\d-\d\d\.[0-9a-f]{8}\.gz$)/,
    }),
    json({
      absent: '-',
      // `timestamp` or `c-ip` alone is anybody's, and so is `timestamp_ms`.
      claims: [
        'timestamp(ms)',
        'cs(Host)',
        ['DistributionId', 'timestamp'],
        ...['cs-method', 'cs-uri-stem', 'sc-status'].map((name) => ['timestamp', 'c-ip', name]),
        ...Object.entries(fields)
          .filter(([name]) => name.startsWith('x-edge-'))
          .flatMap(([name, { spelled = [] }]) => [name, ...spelled]),
        ...['c_ip', 'cs_method', 'sc_status'].map((name) => ['timestamp_ms', name]),
      ],
    }),
  ],
})

/** A request record: AWS's field names, numbers as numbers, text decoded, absent values left out. */
export interface CloudFrontRecord extends RecordOf<typeof cloudFront> {}

function timestamp(date: string, time: string): string | undefined {
  const iso = `${date}T${time}.000Z`
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/.test(iso) && !Number.isNaN(Date.parse(iso)) ? iso : undefined
}
