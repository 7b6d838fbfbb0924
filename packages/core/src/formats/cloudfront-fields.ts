import { type Derive, type Derived, family } from '../schema/derive.ts'
import {
  double,
  encoded,
  encodedTwice,
  epochMilliseconds,
  epochSeconds,
  type Field,
  ip,
  keyword,
  long,
  reader,
} from '../schema/fields.ts'
import { httpVersion, tls } from '../schema/network.ts'
import { nanoseconds } from '../schema/time.ts'
import { isAddress } from '../schema/values.ts'
import type { MappingType } from '../types.ts'

/**
 * The fields of CloudFront's access logs: the 33 of standard logs in their order, then those of version 2.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
 */
// biome-ignore format: one line a field
export const cloudFrontFields = {
  'date': keyword([], 'Day of the event, UTC: `2019-12-04`.'),
  'time': keyword([], 'Time when the server finished responding, UTC: `21:02:31`.'),
  'x-edge-location': keyword(['aws.cloudfront.edge_location'], 'Edge location: airport code and number.'),
  'sc-bytes': long(['http.response.bytes'], 'Bytes sent to the viewer, headers included.', { index: false }),
  'c-ip': ip(['source.ip', 'related.ip[]'], 'Address of the viewer, or of its proxy.', { aliases: ['source.address'] }),
  'cs-method': keyword(['http.request.method'], 'HTTP method.'),
  'cs(Host)': keyword(['aws.cloudfront.domain', 'related.hosts[]'], "Domain name of the distribution."),
  'cs-uri-stem': encoded(['url.path'], 'Path of the request.'),
  'sc-status': long(['http.response.status_code'], 'HTTP status; 0 when the viewer closed the connection before the answer.'),
  'cs(Referer)': encoded(['http.request.referrer'], 'Referer header.', { spelled: ['cs_referrer'] }),
  'cs(User-Agent)': encodedTwice(['user_agent.original'], 'User-Agent header.'),
  'cs-uri-query': encoded(['url.query'], 'Query string.'),
  'cs(Cookie)': encoded(['aws.cloudfront.cookies'], 'Cookie header, when the distribution logs cookies.'),
  'x-edge-result-type': keyword(['aws.cloudfront.edge_result_type'], 'Hit, RefreshHit, Miss, LimitExceeded, CapacityExceeded, Error or Redirect, after the last byte.'),
  'x-edge-request-id': keyword(['event.id'], 'Id of the request.', { aliases: ['http.request.id'] }),
  'x-host-header': keyword(['url.domain', 'related.hosts[]'], 'Host header of the viewer.', { aliases: ['destination.address', 'destination.domain'] }),
  'cs-protocol': keyword(['url.scheme'], 'http, https, ws, wss, grpc or grpcs.', { aliases: ['network.protocol'] }),
  'cs-bytes': long(['http.request.bytes'], 'Bytes of the request, headers included.', { index: false }),
  'time-taken': double([], 'Seconds from the request to the last byte of the response.'),
  'x-forwarded-for': forwarded(['network.forwarded_ip[]', 'related.ip[]'], 'Address of the viewer behind a proxy.'),
  'ssl-protocol': keyword([], 'TLSv1.3, …', { fits: (text) => tls(text) !== undefined }),
  'ssl-cipher': keyword(['tls.cipher'], 'TLS cipher.'),
  'x-edge-response-result-type': keyword(['aws.cloudfront.edge_response_result_type'], 'The result type just before the response was returned.'),
  'cs-protocol-version': keyword([], 'HTTP/2.0, …', { fits: (text) => httpVersion(text) !== undefined }),
  'fle-status': keyword(['aws.cloudfront.fle_status'], 'Field-level encryption: Processed, or why not.'),
  'fle-encrypted-fields': long(['aws.cloudfront.fle_encrypted_fields'], 'Number of fields that were encrypted.'),
  'c-port': long(['source.port'], 'Port of the viewer.'),
  'time-to-first-byte': double(['aws.cloudfront.time_to_first_byte'], 'Seconds from the request to the first byte of the response.'),
  'x-edge-detailed-result-type': keyword(['aws.cloudfront.edge_detailed_result_type'], 'The result type, or the error: ClientCommError, OriginDnsError, …'),
  'sc-content-type': keyword(['http.response.mime_type'], 'Content-Type header of the response.', { aliases: ['aws.cloudfront.content_type'] }),
  'sc-content-len': long(['http.response.body.bytes'], 'Content-Length header of the response.'),
  'sc-range-start': long(['aws.cloudfront.range_start'], 'First byte of a range response.'),
  'sc-range-end': long(['aws.cloudfront.range_end'], 'Last byte of a range response.'),
  // The first present is the time: milliseconds, seconds, then date and time.
  'timestamp(ms)': epochMilliseconds(['@timestamp'], 'When the server finished the response, in milliseconds.'),
  'timestamp': epochSeconds(['@timestamp'], 'The same in seconds.'),
  'DistributionId': keyword(['aws.cloudfront.distribution_id'], 'Distribution.', { spelled: ['distributionid'] }),
  'origin-fbl': double(['aws.cloudfront.origin_first_byte_latency'], "Seconds until the first byte of the origin's answer."),
  'origin-lbl': double(['aws.cloudfront.origin_last_byte_latency'], 'Seconds until its last byte.'),
  'asn': long(['source.as.number'], 'Autonomous system of the viewer.'),
  'c-country': keyword(['source.geo.country_iso_code'], 'Country of the viewer, ISO 3166-1 alpha-2.'),
  'cache-behavior-path-pattern': keyword(['aws.cloudfront.cache_behavior_path_pattern'], 'Path pattern of the cache behavior that matched.'),
  'distribution-tenant-id': keyword(['aws.cloudfront.distribution_tenant_id'], 'Tenant of a multi-tenant distribution.'),
  'connection-id': keyword(['aws.cloudfront.connection_id'], 'Connection, with mutual TLS.'),
  'viewer-request-log-data': encoded(['aws.cloudfront.viewer_request_log_data'], "What a function of the viewer's request logged."),
  'viewer-response-log-data': encoded(['aws.cloudfront.viewer_response_log_data'], "What a function of the viewer's response logged."),
  // Common Media Client Data, CTA-5004. The player decides them, so none is a number: `tb=abc` makes no line malformed.
  'cmcd-encoded-bitrate': keyword(['aws.cloudfront.cmcd.encoded_bitrate'], 'Bit rate of the requested object, kbit/s.'),
  'cmcd-buffer-length': keyword(['aws.cloudfront.cmcd.buffer_length'], 'Length of the player\'s buffer, ms.'),
  'cmcd-buffer-starvation': keyword(['aws.cloudfront.cmcd.buffer_starvation'], 'Whether the buffer ran empty since the request before.'),
  'cmcd-content-id': encoded(['aws.cloudfront.cmcd.content_id'], 'Content.'),
  'cmcd-object-duration': keyword(['aws.cloudfront.cmcd.object_duration'], 'Playback time of the object, ms.'),
  'cmcd-deadline': keyword(['aws.cloudfront.cmcd.deadline'], 'Time by which the first sample is needed, ms.'),
  'cmcd-measured-throughput': keyword(['aws.cloudfront.cmcd.measured_throughput'], 'Throughput as the player measured it, kbit/s.'),
  'cmcd-next-object-request': encoded(['aws.cloudfront.cmcd.next_object_request'], 'Path of the next object.'),
  'cmcd-next-range-request': keyword(['aws.cloudfront.cmcd.next_range_request'], 'Byte range of the next request.'),
  'cmcd-object-type': keyword(['aws.cloudfront.cmcd.object_type'], 'Kind of object: m, a, v, av, i, c, tt, k or o.'),
  'cmcd-playback-rate': keyword(['aws.cloudfront.cmcd.playback_rate'], '1 at normal speed.'),
  'cmcd-requested-maximum-throughput': keyword(['aws.cloudfront.cmcd.requested_maximum_throughput'], 'Throughput that is enough, kbit/s.'),
  'cmcd-streaming-format': keyword(['aws.cloudfront.cmcd.streaming_format'], 'd, h, s or o.'),
  'cmcd-session-id': encoded(['aws.cloudfront.cmcd.session_id'], 'Session of the player.'),
  'cmcd-stream-type': keyword(['aws.cloudfront.cmcd.stream_type'], 'v on demand, l live.'),
  'cmcd-startup': keyword(['aws.cloudfront.cmcd.startup'], 'Whether the object is needed at once.'),
  'cmcd-top-bitrate': keyword(['aws.cloudfront.cmcd.top_bitrate'], 'Highest bit rate that the player may choose, kbit/s.'),
  'cmcd-version': keyword(['aws.cloudfront.cmcd.version'], 'Version of the specification.'),
  's-ip': ip(['destination.ip', 'related.ip[]'], 'Server that took the request.'),
  'primary-distribution-id': keyword(['aws.cloudfront.primary_distribution_id'], 'Primary distribution, with continuous deployment.'),
  'primary-distribution-dns-name': keyword(['aws.cloudfront.primary_distribution_dns_name', 'related.hosts[]'], 'Its domain name.'),
  'r-host': keyword(['aws.cloudfront.origin_host', 'related.hosts[]'], 'Origin that answered, of an origin group.'),
  'sr-reason': keyword(['aws.cloudfront.origin_selection_reason'], 'Why that origin: Failover:503, …'),
  'x-edge-mqcs': keyword(['aws.cloudfront.edge_mqcs'], 'Media quality confidence score.'),
}

type OfRequest = Pick<
  typeof cloudFrontFields,
  'sc-status' | 'time-taken' | 'c-ip' | 'cs-protocol-version' | 'ssl-protocol'
>

/** What both logs of requests derive alike. */
export const ofRequest = (derive: Derive<OfRequest>): readonly Derived[] => [
  derive('event.outcome', ['sc-status'], (status) => (status === 0 || status >= 400 ? 'failure' : 'success')),
  derive('event.duration', ['time-taken'], (seconds) => nanoseconds(seconds, 1e9)),
  derive('network.type', [family('c-ip')], (family) => family),
  derive('http.version', ['cs-protocol-version'], httpVersion),
  derive('tls.version', ['ssl-protocol'], (protocol) => tls(protocol)?.version),
  derive('tls.version_protocol', ['ssl-protocol'], (protocol) => tls(protocol)?.protocol),
]

/** Addresses between commas; text in the record. */
function forwarded(targets: readonly ['network.forwarded_ip[]', 'related.ip[]'], description: string): Field<string> {
  const write = (text: string, type: MappingType) => {
    const items = text.split(',').map((item) => item.trim())
    return type === 'ip' ? items.filter(isAddress) : items
  }
  const { read, ...field } = encoded(targets, description)
  return { ...field, read: reader('list', read, write), write }
}
