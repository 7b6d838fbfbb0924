import { delimited } from '../encodings/delimited/delimited.ts'
import { w3c } from '../encodings/delimited/w3c.ts'
import { json } from '../encodings/json/json.ts'
import { family } from '../schema/derive.ts'
import { double, ip, iso8601, keyword, list, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tls } from '../schema/network.ts'
import { addressPort, requestLine } from '../schema/parts.ts'
import { endOfEvent, typed } from '../schema/targets.ts'
import { asTime } from '../schema/time.ts'
import { isAddress } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'
import { loadBalancerFiles, skipTestLine } from './elb-files.ts'
import { telling } from './vended-telling.ts'

// biome-ignore format: AWS's order, in one look
const inOrder = ['type', 'time', 'elb', 'client:port', 'target:port', 'request_processing_time', 'target_processing_time', 'response_processing_time', 'elb_status_code', 'target_status_code', 'received_bytes', 'sent_bytes', 'request', 'user_agent', 'ssl_cipher', 'ssl_protocol', 'target_group_arn', 'trace_id', 'domain_name', 'chosen_cert_arn', 'matched_rule_priority', 'request_creation_time', 'actions_executed', 'redirect_url', 'error_reason', 'target:port_list', 'target_status_code_list', 'classification', 'classification_reason', 'conn_trace_id', 'transformed_host', 'transformed_uri', 'request_transform_status', 'ip_address']

const files = loadBalancerFiles('', 'app\\.', 'ELBAccessLogTestFile')

/** Whether a line's values, read or as they stand, are of this log. */
const fits = ({ type, time, elb }: Readonly<Record<string, unknown>>) =>
  /^(https?|h2|grpcs?|wss?)$/.test(String(type)) &&
  asTime(time) !== undefined &&
  /^(?!net\/)[^/]+\/[^/]+\/[^/]+$/.test(String(elb))

/**
 * Access logs of Application Load Balancers: the 29 fields of 2018 to the 34 of today, and those that AWS adds behind them,
 * or the same as JSON.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
 *
 * A quote in a request or an agent stays as the load balancer escapes it, `\\"` or `\\x22`: nothing tells a backslash of
 * the log from one of the client's.
 */
export const albAccess = awsFormat({
  kind: 'alb',
  title: 'Application Load Balancer access logs',
  dataset: 'aws.elb_logs',
  view: 'requests',
  root: 'aws.elb',
  taken: ['connection_time', 'tls_handshake_time', 'tls_named_group'],
  constants: aws('elb_logs', { 'event.category': ['web'], 'event.type': ['access'], 'aws.elb.protocol': 'http' }),
  // biome-ignore format: one line a field
  fields: {
    'type': keyword(['aws.elb.type'], 'http, https, h2, grpcs, ws or wss.'),
    'time': iso8601(['@timestamp', endOfEvent], 'When the answer was made; of a WebSocket, when the connection was closed.'),
    'elb': keyword(['aws.elb.name'], 'Load balancer: `app/name/id`.'),
    'client:port': addressPort(['source.ip', 'related.ip[]'], ['source.port'], 'Client, or its proxy; IPv6 in brackets.', { spelled: ['client_port'], aliases: ['source.address'] }),
    'target:port': addressPort([typed('aws.elb.backend.ip', 'keyword'), 'related.ip[]'], [typed('aws.elb.backend.port', 'keyword')], 'Target; absent where none was reached, and of Lambda.', { spelled: ['target_port'] }),
    'request_processing_time': double(['aws.elb.request_processing_time.sec'], 'Seconds until the request went to a target.', { absent: ['-1'] }),
    'target_processing_time': double(['aws.elb.backend_processing_time.sec'], 'Seconds until the target began to answer.', { absent: ['-1'] }),
    'response_processing_time': double(['aws.elb.response_processing_time.sec'], 'Seconds until the answer went to the client.', { absent: ['-1'] }),
    'elb_status_code': long(['http.response.status_code'], 'Status of the answer to the client; 460: it left, 561: authentication failed.'),
    'target_status_code': long(['aws.elb.backend.http.response.status_code'], 'Status of the target\'s answer.'),
    'received_bytes': long(['source.bytes'], 'Bytes from the client, headers included.', { aliases: ['http.request.body.bytes'], index: false }),
    'sent_bytes': long(['destination.bytes'], 'Bytes to the client, headers included.', { aliases: ['http.response.body.bytes'], index: false }),
    'request': requestLine({ url: ['url.original'], method: ['http.request.method'], scheme: ['url.scheme'], domain: ['url.domain'], name: ['related.hosts[]'], port: ['url.port'], path: ['url.path'], extension: ['url.extension'], query: ['url.query'], version: ['http.version'] }, 'Method, URL with host and port, and protocol; the URL as the client sent it.', { spelled: ['request_line'], aliases: ['url.full'] }),
    'user_agent': keyword(['user_agent.original'], 'User-Agent header, cut at 8 KB.'),
    'ssl_cipher': keyword(['tls.cipher'], 'Cipher of an HTTPS listener.', { aliases: ['aws.elb.ssl_cipher'] }),
    'ssl_protocol': keyword(['aws.elb.ssl_protocol'], 'TLSv1.3, …'),
    'target_group_arn': keyword(['aws.elb.target_group.arn'], 'Target group.'),
    'trace_id': keyword(['trace.id'], 'X-Amzn-Trace-Id header, whole: `Self=…;Root=…`.', { aliases: ['aws.elb.trace_id'] }),
    'domain_name': keyword(['tls.client.server_name', 'related.hosts[]'], 'Server name that the client sent for TLS.', { aliases: ['destination.address', 'destination.domain'] }),
    'chosen_cert_arn': keyword(['aws.elb.chosen_cert.arn'], 'Certificate that the client was shown.'),
    'matched_rule_priority': keyword(['aws.elb.matched_rule_priority'], 'Priority of the rule, 1 to 50,000; 0: the default action; -1: an error in evaluating the rules.'),
    'request_creation_time': iso8601(['event.start'], 'When the request came; of a WebSocket, when it was opened.'),
    'actions_executed': list(',', ['aws.elb.action_executed[]'], 'waf, authenticate, forward, redirect, fixed-response, …, in order.'),
    'redirect_url': keyword(['aws.elb.redirect_url'], 'Target of a redirect.'),
    'error_reason': keyword(['aws.elb.error.reason'], 'Code of a failed authentication, Lambda or WAF action.'),
    'target:port_list': list(' ', ['aws.elb.target_port[]'], 'Targets that were tried.', { spelled: ['target_port_list'] }),
    'target_status_code_list': list(' ', ['aws.elb.target_status_code[]'], 'Their statuses.'),
    'classification': keyword(['aws.elb.classification'], 'Acceptable, Ambiguous or Severe, for desync mitigation; absent of what complies.'),
    'classification_reason': keyword(['aws.elb.classification_reason'], 'Why: SpaceInUri, BadContentLength, …'),
    'conn_trace_id': keyword(['aws.elb.conn_trace_id'], 'Connection, as in the connection log.'),
    'transformed_host': keyword(['aws.elb.transformed_host', 'related.hosts[]'], 'Host header after a rewrite.'),
    'transformed_uri': keyword(['aws.elb.transformed_uri'], 'Path and query after a rewrite.'),
    'request_transform_status': keyword(['aws.elb.request_transform_status'], 'TransformSuccess, or why a rewrite failed.'),
    'ip_address': ip(['aws.elb.node_ip', 'related.ip[]'], 'Node of the load balancer.'),
  },
  derived: (derive) => [
    derive('event.outcome', ['elb_status_code'], (status) => (status >= 400 ? 'failure' : 'success')),
    derive('network.type', [family('client:port')], (family) => family),
    derive('tls.version', ['ssl_protocol'], (protocol) => tls(protocol)?.version),
    derive('tls.version_protocol', ['ssl_protocol'], (protocol) => tls(protocol)?.protocol),
    derive('related.ip[]', ['target:port_list'], (targets) => targets.map(addressOf).filter(isAddress)),
  ],
  archive: files.archive,
  encodings: [
    delimited({
      delimiter: ' ',
      // biome-ignore format: AWS's order, in one look
      quotes: ['request', 'user_agent', 'trace_id', 'domain_name', 'chosen_cert_arn', 'actions_executed', 'redirect_url', 'error_reason', 'target:port_list', 'target_status_code_list', 'classification', 'classification_reason', 'transformed_host', 'transformed_uri', 'request_transform_status'],
      header: skipTestLine,
      headerless: {
        fields: inOrder,
        least: 29,
        fits,
      },
      keys: files.keys,
    }),
    w3c({
      claims: telling.alb,
      headerless: {
        fields: inOrder,
        lengths: [29, 30, 33, 34],
        fits,
      },
    }),
    json({ absent: '-', claims: telling.alb }),
  ],
})

/** A request record: AWS's field names, numbers as numbers, absent values left out. */
export interface AlbRecord extends RecordOf<typeof albAccess> {}

function addressOf(target: string): string {
  return target.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}
