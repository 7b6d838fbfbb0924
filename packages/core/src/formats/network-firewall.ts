import { json } from '../encodings/json/json.ts'
import { hours } from '../schema/archive.ts'
import { family, lookup, present } from '../schema/derive.ts'
import { boolean, code, type Field, ip, iso8601, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat, when } from '../schema/format.ts'
import { httpVersion, tls, urlParts } from '../schema/network.ts'
import { flat, pairs } from '../schema/objects.ts'
import { asTime, isoSeconds } from '../schema/time.ts'
import { asEpochSeconds } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'

/**
 * Network Firewall alert, flow and TLS logs. Alerts and flows are Suricata's events; TLS records are AWS's own, and have no
 * event_type.
 * https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html
 * https://docs.aws.amazon.com/network-firewall/latest/developerguide/tls-inspection-logging.html
 * https://docs.suricata.io/en/suricata-7.0.8/output/eve/eve-json-format.html
 */
export const networkFirewall = awsFormat({
  kind: 'networkfirewall',
  title: 'Network Firewall logs',
  dataset: 'aws.firewall_logs',
  view: 'firewall_events',
  root: 'aws.firewall',
  constants: aws('firewall_logs', {
    'event.category': ['network'],
    'event.type': ['connection'],
    'observer.type': 'firewall',
    'observer.vendor': 'AWS',
    'observer.product': 'Network Firewall',
  }),
  first: ['event.kind', 'destination.domain', 'url.domain', 'url.port', 'http.version', 'tls.client.server_name'],
  // biome-ignore format: one line a field
  fields: {
    'firewall_name': keyword(['observer.name'], 'Firewall.'),
    'availability_zone': keyword(['cloud.availability_zone'], 'Availability zone of the endpoint.'),
    'event.timestamp': iso8601(['@timestamp'], 'When the event was.'),
    'event_timestamp': { ...iso8601(['@timestamp', 'event.created'], 'When the entry was made; the time of an event that has none.'), type: 'integer or string, seconds since 1970', read: readCreated },
    'aws_category': jsonList('aws.firewall.category[]', "URL and domain categories that matched, where AWS's table has them."),
    'event.aws_category': jsonList('aws.firewall.category[]', 'The same, where AWS writes them.'),
    'event.event_type': keyword(['aws.firewall.event_type'], 'alert or netflow; absent of TLS records.'),
    'event.flow_id': keyword(['aws.firewall.flow.id'], 'Flow: the same in its alerts and netflow records.'),
    'event.tx_id': code(['aws.firewall.tx_id'], 'Transaction within the flow.'),
    'event.src_ip': ip(['source.ip', 'related.ip[]'], 'Source address.', { aliases: ['source.address'] }),
    'event.src_port': long(['source.port'], 'Source port; absent or 0 of ICMP.'),
    'event.dest_ip': ip(['destination.ip', 'related.ip[]'], 'Destination address.', { aliases: ['destination.address'] }),
    'event.dest_port': long(['destination.port'], 'Destination port; absent or 0 of ICMP.'),
    'event.proto': keyword([], 'TCP, UDP, ICMP, IPv6-ICMP, …'),
    'event.icmp_type': code(['aws.firewall.icmp.type'], 'ICMP type.'),
    'event.icmp_code': code(['aws.firewall.icmp.code'], 'ICMP code.'),
    'event.app_proto': keyword([], 'Application protocol; failed or unknown where none was recognised.'),
    'event.direction': keyword(['aws.firewall.direction'], 'to_server or to_client, of the packet.'),
    'event.pkt_src': keyword(['aws.firewall.pkt_src'], 'Where Suricata had the packet from: geneve encapsulation.'),
    'event.tls_inspected': boolean(['aws.firewall.tls_inspected'], 'Whether the firewall decrypted the traffic.'),
    'event.verdict.action': keyword(['aws.firewall.verdict.action'], 'What became of the packet: drop, alert, pass or reject.'),
    'event.alert.action': keyword(['event.action'], 'allowed or blocked.'),
    'event.alert.gid': code(['aws.firewall.alert.gid'], 'Group of the signature.'),
    'event.alert.signature_id': code(['rule.id'], 'Signature.'),
    'event.alert.rev': code(['rule.version'], 'Revision of the signature.'),
    'event.alert.signature': keyword(['rule.name'], 'Message of the rule.'),
    'event.alert.category': keyword(['rule.category'], 'Class type of the rule.'),
    'event.alert.severity': long(['event.severity'], '1 is the most severe.'),
    'event.alert.metadata': flat('aws.firewall.alert.metadata', 'Metadata of the rule: a list for each key of its author.'),
    'event.http.hostname': keyword(['destination.domain', 'url.domain', 'related.hosts[]'], 'Host header.'),
    'event.http.url': keyword(['url.original'], "Path and query, or a whole URL of a proxy's client."),
    'event.http.http_method': keyword(['http.request.method'], 'HTTP method.'),
    'event.http.http_user_agent': keyword(['user_agent.original'], 'User-Agent header.'),
    'event.http.http_refer': keyword(['http.request.referrer'], 'Referer header.'),
    'event.http.http_content_type': keyword(['http.response.mime_type'], 'Content-Type header of the response.'),
    'event.http.version': keyword(['http.version'], '2, of HTTP/2.'),
    'event.http.protocol': keyword([], 'HTTP/1.1.', { fits: (text) => httpVersion(text) !== undefined }),
    'event.http.status': long(['http.response.status_code'], 'HTTP status.'),
    'event.http.length': long(['http.response.body.bytes'], "Bytes of the response's body."),
    'event.http.request_headers': pairs('aws.firewall.http.request_headers', 'Headers of the request; of HTTP/2 with its pseudo headers, of which one is the host.', {
      pick: { ':authority': { domain: ['destination.domain', 'url.domain', 'related.hosts[]'], port: ['url.port'] } },
    }),
    'event.http.response_headers': pairs('aws.firewall.http.response_headers', 'Headers of the response.'),
    'event.http.http2': flat('aws.firewall.http.http2', 'Stream of HTTP/2.'),
    'event.tls.sni': keyword(['tls.client.server_name', 'destination.domain', 'related.hosts[]'], 'Server name that the client asked for.'),
    'event.tls.version': keyword(['aws.firewall.tls.version'], '`TLS 1.2`, or UNDETERMINED.'),
    'event.tls.subject': keyword(['tls.server.subject'], "Subject of the server's certificate."),
    'event.tls.issuerdn': keyword(['tls.server.issuer'], 'Issuer of the certificate.'),
    'event.tls.serial': hex('tls.server.x509.serial_number', 'Serial number of the certificate.'),
    'event.tls.fingerprint': hex('tls.server.hash.sha1', 'SHA-1 of the certificate.'),
    'event.tls.notbefore': iso8601(['tls.server.x509.not_before'], 'Begin of its validity, UTC without a zone.'),
    'event.tls.notafter': iso8601(['tls.server.x509.not_after'], 'End of its validity.'),
    'event.tls.ja3.hash': keyword(['tls.client.ja3'], 'JA3 of the client.'),
    'event.tls.ja3.string': keyword(['aws.firewall.tls.ja3_string'], 'What was hashed for it.'),
    'event.tls.ja3s.hash': keyword(['tls.server.ja3s'], 'JA3S of the server.'),
    'event.tls.ja3s.string': keyword(['aws.firewall.tls.ja3s_string'], 'What was hashed for it.'),
    'event.tls.session_resumed': boolean(['tls.resumed'], 'Whether the session was resumed.'),
    'event.dns': flat('aws.firewall.dns', 'Queries and answers as Suricata has them.'),
    'event.netflow.pkts': long(['network.packets'], 'Packets of one direction of the flow.', { aliases: ['source.packets', 'aws.firewall.flow.pkts'], index: false }),
    'event.netflow.bytes': long(['network.bytes'], 'Bytes of that direction.', { aliases: ['source.bytes', 'aws.firewall.flow.bytes'], index: false }),
    'event.netflow.start': iso8601(['event.start'], 'First packet.', { aliases: ['aws.firewall.flow.start'] }),
    'event.netflow.end': iso8601(['event.end'], 'Last packet.', { aliases: ['aws.firewall.flow.end'] }),
    'event.netflow.age': long(['aws.firewall.flow.age'], 'Seconds from first to last.'),
    'event.netflow.min_ttl': long(['aws.firewall.flow.min_ttl'], 'Least time to live.'),
    'event.netflow.max_ttl': long(['aws.firewall.flow.max_ttl'], 'Greatest time to live.'),
    'event.netflow.tx_cnt': long(['aws.firewall.flow.tx_cnt'], 'Transactions.'),
    'event.tcp.tcp_flags': keyword(['aws.firewall.tcp_flags'], 'Bitmask, hexadecimal: `1b`.'),
    'event.tcp.fin': boolean([], 'Bit of tcp_flags, as are those that follow.'),
    'event.tcp.syn': boolean([], 'SYN.'),
    'event.tcp.rst': boolean([], 'RST.'),
    'event.tcp.psh': boolean([], 'PSH.'),
    'event.tcp.ack': boolean([], 'ACK.'),
    'event.tcp.urg': boolean([], 'URG.'),
    'event.tcp.ecn': boolean([], 'ECN.'),
    'event.tcp.cwr': boolean([], 'CWR.'),
    'event.sni': keyword(['tls.client.server_name', 'destination.domain', 'related.hosts[]'], 'Server name of a TLS record, or `-`.', { absent: ['-'] }),
    'event.revocation_check.leaf_cert_fpr': keyword(['aws.firewall.revocation_check.leaf_cert_fpr'], 'Fingerprint of the certificate.'),
    'event.revocation_check.status': keyword(['aws.firewall.revocation_check.status'], 'REVOKED or UNKNOWN.'),
    'event.revocation_check.action': keyword(['aws.firewall.revocation_check.action'], 'PASS, DROP or REJECT.'),
    'event.tls_error.error_message': keyword(['error.message', 'aws.firewall.tls_error.message'], 'What was wrong: no server name, or one that the certificate has not.'),
  },
  // Elastic has alerts so, too. By presence, since TLS records have no event_type, goes all else.
  cases: [when('event.event_type', { alert: { constants: { 'event.kind': 'alert' } } })],
  derived: (derive) => [
    derive('event.type[]', ['event.alert.action'], lookup({ allowed: 'allowed', blocked: 'denied' })),
    derive(
      'event.type[]',
      ['event.revocation_check.action'],
      lookup({ PASS: 'allowed', DROP: 'denied', REJECT: 'denied' }),
    ),
    derive(
      'event.outcome',
      [present('event.revocation_check.status'), present('event.tls_error.error_message')],
      (unsure, wrong) => (unsure || wrong ? 'failure' : undefined),
    ),
    // A local zone has more behind: `us-west-2-lax-1a` is in us-west-2.
    derive('cloud.region', ['availability_zone'], (zone) => /^[a-z]+(?:-[a-z]+)+-\d+/.exec(zone)?.[0]),
    derive('network.transport', ['event.proto'], (name) => name.toLowerCase()),
    derive('network.protocol', ['event.app_proto'], (name) => (name === 'failed' ? 'unknown' : name)),
    derive('network.type', [family('event.src_ip')], (family) => family),
    derive('http.version', ['event.http.protocol'], httpVersion),
    derive(['url.scheme', 'url.domain', 'url.port', 'url.path', 'url.query'], ['event.http.url'], urlParts),
    derive(['dns.question.name', 'dns.question.type', 'related.hosts[]'], ['event.dns'], question),
    derive(['tls.version', 'tls.version_protocol'], ['event.tls.version'], versionOf),
    derive('aws.firewall.tcp_flags_array[]', ['event.tcp.tcp_flags'], tcpFlags),
  ],
  archive: [{ service: 'network-firewall', folders: ['name', 'region', 'name'], late: hours(1) }],
  encodings: [
    json({
      // One a line, or one behind the other where a delivery stream wrote them.
      records: 'each',
      unknown: 'aws.firewall.flattened.unknown',
      // Any Suricata has `event_type`; the service's proxy logs have `proxy_name`.
      claims: [['firewall_name', 'event']],
      keys: /(^|\/)(aws-service=)?network-firewall\/(alert|flow|tls)\//,
    }),
  ],
})

/** A record as AWS writes it. Most are alerts or flows of Suricata's; a TLS record has `sni` and what went wrong. */
export interface NetworkFirewallRecord extends RecordOf<typeof networkFirewall> {}

/** AWS writes seconds, as text in alerts and flows and as a number in TLS records; other tools write ISO 8601. */
function readCreated(value: unknown): string | undefined {
  const seconds = asEpochSeconds(value)
  return seconds === undefined ? asTime(value) : isoSeconds(seconds)
}

/** A list of texts, written as JSON in a string. */
function jsonList(target: 'aws.firewall.category[]', description: string): Field<readonly string[]> {
  return {
    ...keyword([target], description),
    type: 'string, a JSON list',
    read: readList,
    write: (list) => list,
  }
}

function readList(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'string') return undefined
  try {
    const list: unknown = JSON.parse(value)
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined
  } catch {
    return undefined
  }
}

/** Bytes in hexadecimal without colons and in capitals, as ECS has them. */
function hex(target: 'tls.server.x509.serial_number' | 'tls.server.hash.sha1', description: string): Field<string> {
  return { ...keyword([target], description), write: (text) => text.replaceAll(':', '').toUpperCase() }
}

/** The first query of several is the question. */
function question({ query }: { readonly query?: unknown }) {
  const [first] = Array.isArray(query) ? (query as { rrname?: unknown; rrtype?: unknown }[]) : []
  const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const name = textOf(first?.rrname)
  return { 'dns.question.name': name, 'dns.question.type': textOf(first?.rrtype), 'related.hosts': name }
}

/** Suricata has `TLS 1.2`, `TLSv1` and `SSLv3`; what else it has is in the field of its own. */
function versionOf(text: string) {
  const version = tls(text)
  return { 'tls.version': version?.version, 'tls.version_protocol': version?.protocol }
}

const flags = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr']

function tcpFlags(mask: string): string[] | undefined {
  if (!/^[0-9a-f]{1,2}$/i.test(mask)) return undefined
  const bits = Number.parseInt(mask, 16)
  return flags.filter((_, bit) => (bits & (1 << bit)) !== 0)
}
