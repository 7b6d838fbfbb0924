import { delimited } from '../encodings/delimited/delimited.ts'
import { hours } from '../schema/archive.ts'
import { decodePercent, double, encoded, type Field, keyword, long, reader } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { extensionOf } from '../schema/parts.ts'
import { isAddress } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'
import { cloudFrontFields, ofRequest } from './cloudfront-fields.ts'

const {
  'cs(Host)': host,
  'cs(User-Agent)': agent,
  'cs(Referer)': referer,
  'cs(Cookie)': cookie,
  ...standard
} = cloudFrontFields
const same = <N extends keyof typeof standard>(...names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, standard[name]])) as unknown as Pick<typeof standard, N>

// In AWS's order.
// biome-ignore format: one line a field
const fields = {
  'timestamp': double([], 'When the server finished the response, in seconds since 1970 with milliseconds.'),
  ...same('c-ip', 's-ip', 'time-to-first-byte', 'sc-status', 'sc-bytes', 'cs-method', 'cs-protocol'),
  'cs-host': host,
  'cs-uri-stem': keyword([], 'Path of the request and, behind a question mark, its query.'),
  ...same('cs-bytes', 'x-edge-location', 'x-edge-request-id', 'x-host-header', 'time-taken', 'cs-protocol-version'),
  'c-ip-version': keyword(['aws.cloudfront.ip_version'], 'IPv4 or IPv6.'),
  'cs-user-agent': agent,
  'cs-referer': referer,
  'cs-cookie': cookie,
  ...same('cs-uri-query', 'x-edge-response-result-type', 'x-forwarded-for', 'ssl-protocol', 'ssl-cipher', 'x-edge-result-type', 'fle-encrypted-fields', 'fle-status', 'sc-content-type', 'sc-content-len', 'sc-range-start', 'sc-range-end', 'c-port', 'x-edge-detailed-result-type', 'c-country'),
  'cs-accept-encoding': encoded(['aws.cloudfront.accept_encoding'], 'Accept-Encoding header.'),
  'cs-accept': encoded(['aws.cloudfront.accept'], 'Accept header.'),
  ...same('cache-behavior-path-pattern'),
  'cs-headers': encodedLines('aws.cloudfront.request_headers[]', 'Headers of the request, `name:value`; 800 bytes at most.'),
  'cs-header-names': encodedLines('aws.cloudfront.request_header_names[]', 'Their names; 800 bytes at most.'),
  'cs-headers-count': long(['aws.cloudfront.request_headers_count'], 'How many headers the request had.'),
  ...same('primary-distribution-id', 'primary-distribution-dns-name', 'origin-fbl', 'origin-lbl', 'asn'),
  ...same('cmcd-encoded-bitrate', 'cmcd-buffer-length', 'cmcd-buffer-starvation', 'cmcd-content-id', 'cmcd-object-duration', 'cmcd-deadline', 'cmcd-measured-throughput', 'cmcd-next-object-request', 'cmcd-next-range-request', 'cmcd-object-type', 'cmcd-playback-rate', 'cmcd-requested-maximum-throughput', 'cmcd-streaming-format', 'cmcd-session-id', 'cmcd-stream-type', 'cmcd-startup', 'cmcd-top-bitrate', 'cmcd-version'),
  ...same('r-host', 'sr-reason', 'x-edge-mqcs', 'distribution-tenant-id', 'connection-id'),
}

/**
 * CloudFront real-time logs, as a delivery stream puts them on S3: values between tabs without a header, of the fields that
 * the user chose, in AWS's order. All of them are known by their number; of fewer, `withFields` states the names.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html
 *
 * They tell of requests that standard logs tell of as well, so that they have a data stream of their own.
 *
 * @example
 * const parser = cloudFrontRealTime.withFields(['timestamp', 'c-ip', 'sc-status', 'cs-uri-stem'])
 */
export const cloudFrontRealTime = awsFormat({
  kind: 'cloudfrontrealtime',
  title: 'CloudFront real-time logs',
  dataset: 'aws.cloudfront_realtime_logs',
  view: 'real_time_requests',
  root: 'aws.cloudfront',
  constants: aws('cloudfront_realtime_logs', { 'event.category': ['web'], 'event.type': ['access'] }),
  first: ['url.query'],
  fields,
  derived: (derive) => [
    derive('@timestamp', ['timestamp'], timeOf),
    derive(['url.path', 'url.extension', 'url.query'], ['cs-uri-stem'], partsOfStem),
    ...ofRequest(derive),
  ],
  archive: [{ service: 'CloudFront', folders: 'any', late: hours(1) }],
  encodings: [
    delimited({
      delimiter: '\t',
      headerless: {
        fields: Object.keys(fields),
        // AWS adds fields at the end.
        least: Object.keys(fields).length,
        fits: (record) =>
          timeOf(record.timestamp as number) !== undefined &&
          isAddress(String(record['c-ip'])) &&
          /^[A-Z]{3}\d/.test(String(record['x-edge-location'])) &&
          /^IPv[46]$/.test(String(record['c-ip-version'])) &&
          /^[\w+-]+$/.test(String(record['cs-method'])),
      },
    }),
  ],
})

/** A request record: AWS's field names, numbers as numbers, text decoded, absent values left out. */
export interface CloudFrontRealTimeRecord extends RecordOf<typeof cloudFrontRealTime> {}

/** The first seconds that a date field does not take are those of the year 10000. */
function timeOf(seconds: number): string | undefined {
  const milliseconds = Math.round(seconds * 1000)
  return milliseconds >= 0 && milliseconds < 253_402_300_800_000 ? new Date(milliseconds).toISOString() : undefined
}

/** Standard logs have the two in fields of their own. A question mark of the path is encoded. */
function partsOfStem(stem: string) {
  const at = stem.indexOf('?')
  const path = decodePercent(at === -1 ? stem : stem.slice(0, at))
  const query = at === -1 ? '' : decodePercent(stem.slice(at + 1))
  return {
    'url.path': path,
    'url.extension': extensionOf(path),
    'url.query': query === '' ? undefined : query,
  }
}

/** Lines in one value, percent-encoded with what is between them. */
function encodedLines(
  target: 'aws.cloudfront.request_headers[]' | 'aws.cloudfront.request_header_names[]',
  description: string,
): Field<string> {
  const { read: decode, ...field } = encoded([target], description)
  const write = (text: string) => text.split('\n').filter((line) => line !== '')
  return { ...field, read: reader('list', decode, write), write }
}
