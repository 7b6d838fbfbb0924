import { family, table } from '../table/define.ts'
import { double, encoded, encodedTwice, ip, isAddress, keyword, long } from '../table/fields.ts'
import type { RecordOf } from '../types.ts'

/**
 * CloudFront standard logs (legacy): tab-separated, the fields named by the `#Fields` line.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
 *
 * Values are percent-encoded once on top of what the client sent; decoding once gives that back. Until 2019 the agent's
 * spaces were encoded twice.
 */
export const cloudFront = table({
  kind: 'cloudfront',
  dataset: 'aws.cloudfront_logs',
  root: 'aws.cloudfront',
  delimiter: '\t',
  header: (line) => {
    if (!line.startsWith('#')) return undefined
    return line.startsWith('#Fields:') ? line.slice('#Fields:'.length).trim().split(/\s+/) : 'skip'
  },
  keys: /(^|\/)(CloudFront\/|[A-Z0-9]{13,14}\.\d{4}-\d\d-\d\d-\d\d\.[0-9a-f]{8}\.gz$)/,
  constants: {
    'ecs.version': '8.11.0',
    'event.kind': 'event',
    'event.module': 'aws',
    'event.dataset': 'aws.cloudfront_logs',
    'event.category': ['web'],
    'event.type': ['access'],
    'cloud.provider': 'aws',
  },
  // biome-ignore format: one line a field
  fields: {
    'date': keyword([], 'Day of the event, UTC: `2019-12-04`.'),
    'time': keyword([], 'Time when the server finished responding, UTC: `21:02:31`.'),
    'x-edge-location': keyword(['aws.cloudfront.edge_location'], 'Edge location: airport code and number.'),
    'sc-bytes': long(['http.response.bytes'], 'Bytes sent to the viewer, headers included.'),
    'c-ip': ip(['source.address', 'source.ip', 'related.ip[]'], 'Address of the viewer, or of its proxy.'),
    'cs-method': keyword(['http.request.method'], 'HTTP method.'),
    'cs(Host)': keyword(['aws.cloudfront.domain', 'related.hosts[]'], "Domain name of the distribution."),
    'cs-uri-stem': encoded(['url.path'], 'Path of the request.'),
    'sc-status': long(['http.response.status_code'], 'HTTP status; 0 when the viewer closed the connection before the answer.'),
    'cs(Referer)': encoded(['http.request.referrer'], 'Referer header.'),
    'cs(User-Agent)': encodedTwice(['user_agent.original'], 'User-Agent header.'),
    'cs-uri-query': encoded(['url.query'], 'Query string.'),
    'cs(Cookie)': encoded(['aws.cloudfront.cookies'], 'Cookie header, when the distribution logs cookies.'),
    'x-edge-result-type': keyword(['aws.cloudfront.edge_result_type'], 'Hit, RefreshHit, Miss, LimitExceeded, CapacityExceeded, Error or Redirect, after the last byte.'),
    'x-edge-request-id': keyword(['event.id', 'http.request.id'], 'Id of the request.'),
    'x-host-header': keyword(['destination.address', 'destination.domain', 'url.domain', 'related.hosts[]'], 'Host header of the viewer.'),
    'cs-protocol': keyword(['network.protocol', 'url.scheme'], 'http, https, ws, wss, grpc or grpcs.'),
    'cs-bytes': long(['http.request.bytes'], 'Bytes of the request, headers included.'),
    'time-taken': double([], 'Seconds from the request to the last byte of the response.'),
    'x-forwarded-for': encoded([], 'Address of the viewer behind a proxy.'),
    'ssl-protocol': keyword([], 'TLSv1.3, …'),
    'ssl-cipher': keyword(['tls.cipher'], 'TLS cipher.'),
    'x-edge-response-result-type': keyword(['aws.cloudfront.edge_response_result_type'], 'The result type just before the response was returned.'),
    'cs-protocol-version': keyword([], 'HTTP/2.0, …'),
    'fle-status': keyword(['aws.cloudfront.fle_status'], 'Field-level encryption: Processed, or why not.'),
    'fle-encrypted-fields': long(['aws.cloudfront.fle_encrypted_fields'], 'Number of fields that were encrypted.'),
    'c-port': long(['source.port'], 'Port of the viewer.'),
    'time-to-first-byte': double(['aws.cloudfront.time_to_first_byte'], 'Seconds from the request to the first byte of the response.'),
    'x-edge-detailed-result-type': keyword(['aws.cloudfront.edge_detailed_result_type'], 'The result type, or the error: ClientCommError, OriginDnsError, …'),
    'sc-content-type': keyword(['http.response.mime_type'], 'Content-Type header of the response.'),
    'sc-content-len': long(['http.response.body.bytes'], 'Content-Length header of the response.'),
    'sc-range-start': long(['aws.cloudfront.range_start'], 'First byte of a range response.'),
    'sc-range-end': long(['aws.cloudfront.range_end'], 'Last byte of a range response.'),
    'distribution-tenant-id': keyword(['aws.cloudfront.distribution_tenant_id'], 'Tenant of a multi-tenant distribution.'),
    'connection-id': keyword(['aws.cloudfront.connection_id'], 'Connection, with mutual TLS.'),
  },
  derived: (derive) => [
    derive('@timestamp', ['date', 'time'], timestamp),
    derive('event.outcome', ['sc-status'], (status) => (status === 0 || status >= 400 ? 'failure' : 'success')),
    derive('event.duration', ['time-taken'], (seconds) => Math.round(seconds * 1e9)),
    derive('network.type', [family('c-ip')], (family) => family),
    derive('network.forwarded_ip[]', ['x-forwarded-for'], addresses),
    derive('related.ip[]', ['x-forwarded-for'], addresses),
    derive('http.version', ['cs-protocol-version'], (protocol) => /^HTTP\/([\d.]+)$/.exec(protocol)?.[1]),
    derive('tls.version', ['ssl-protocol'], (protocol) => tls(protocol)?.version),
    derive('tls.version_protocol', ['ssl-protocol'], (protocol) => tls(protocol)?.protocol),
  ],
})

/** A request record: AWS's field names, numbers as numbers, text decoded, absent values left out. */
export interface CloudFrontRecord extends RecordOf<typeof cloudFront> {}

function timestamp(date: string, time: string): string | undefined {
  const iso = `${date}T${time}.000Z`
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/.test(iso) && !Number.isNaN(Date.parse(iso)) ? iso : undefined
}

function addresses(list: string): string[] {
  return list
    .split(',')
    .map((address) => address.trim())
    .filter(isAddress)
}

function tls(protocol: string): { protocol: string; version: string } | undefined {
  const match = /^(TLS|SSL)v([\d.]+)$/.exec(protocol)
  return match ? { protocol: match[1]!.toLowerCase(), version: match[2]! } : undefined
}
