import { delimited } from '../encodings/delimited/delimited.ts'
import { family, present } from '../schema/derive.ts'
import { double, iso8601, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tls } from '../schema/network.ts'
import { addressPort, requestLine } from '../schema/parts.ts'
import { typed } from '../schema/targets.ts'
import type { RecordOf } from '../types.ts'
import { loadBalancerFiles } from './elb-files.ts'

// A name has letters, digits and hyphens.
const files = loadBalancerFiles('', '[A-Za-z0-9-]+_\\d{8}T\\d{4}Z_')

/**
 * Access logs of Classic Load Balancers: the 12 fields of 2014 to the 15 of today, and those that AWS adds behind them. A
 * listener of TCP or SSL has no status, request and agent; its records are connections.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
 *
 * A quote in a request or an agent stays as it is escaped, as in the logs of Application Load Balancers.
 */
export const elbAccess = awsFormat({
  kind: 'elb',
  title: 'Classic Load Balancer access logs',
  dataset: 'aws.elb_logs',
  view: 'requests',
  root: 'aws.elb',
  taken: [
    'chosen_cert',
    'connection_time',
    'error',
    'node_ip',
    'target_group',
    'tls_handshake_time',
    'tls_named_group',
    'trace_id',
    'unknown',
  ],
  constants: aws('elb_logs'),
  // biome-ignore format: one line a field
  fields: {
    'timestamp': iso8601(['@timestamp', 'event.start'], 'When the load balancer received the request or connection.'),
    'elb': keyword(['aws.elb.name'], 'Load balancer.'),
    'client:port': addressPort(['source.ip', 'related.ip[]'], ['source.port'], 'Client; IPv6 in brackets.', { aliases: ['source.address'] }),
    'backend:port': addressPort([typed('aws.elb.backend.ip', 'keyword'), 'related.ip[]'], [typed('aws.elb.backend.port', 'keyword')], 'Instance; absent where none was reached.'),
    'request_processing_time': double(['aws.elb.request_processing_time.sec'], 'Seconds until the request went to an instance.', { absent: ['-1'] }),
    'backend_processing_time': double(['aws.elb.backend_processing_time.sec'], 'Seconds until the instance began to answer.', { absent: ['-1'] }),
    'response_processing_time': double(['aws.elb.response_processing_time.sec'], 'Seconds until the answer went to the client.', { absent: ['-1'] }),
    'elb_status_code': long(['http.response.status_code'], 'Status of the answer to the client.'),
    'backend_status_code': long(['aws.elb.backend.http.response.status_code'], 'Status of the instance\'s answer.'),
    'received_bytes': long(['source.bytes'], 'Bytes of the request\'s body, or from the client.', { aliases: ['http.request.body.bytes'], index: false }),
    'sent_bytes': long(['destination.bytes'], 'Bytes of the answer\'s body, or to the client.', { aliases: ['http.response.body.bytes'], index: false }),
    'request': requestLine({ url: ['url.original'], method: ['http.request.method'], scheme: ['url.scheme'], domain: ['url.domain'], name: ['related.hosts[]'], port: ['url.port'], path: ['url.path'], extension: ['url.extension'], query: ['url.query'], version: ['http.version'] }, 'Method, URL with host and port, and protocol.', { aliases: ['url.full'] }),
    'user_agent': keyword(['user_agent.original'], 'User-Agent header.'),
    'ssl_cipher': keyword(['tls.cipher'], 'Cipher of an HTTPS or SSL listener.', { aliases: ['aws.elb.ssl_cipher'] }),
    'ssl_protocol': keyword(['aws.elb.ssl_protocol'], 'TLSv1.2, …'),
  },
  derived: (derive) => [
    derive('event.category[]', [present('elb_status_code')], (isHttp) => [isHttp ? 'web' : 'network']),
    derive('event.type[]', [present('elb_status_code')], (isHttp) => [isHttp ? 'access' : 'connection']),
    derive('aws.elb.protocol', [present('elb_status_code')], (isHttp) => (isHttp ? 'http' : 'tcp')),
    derive('event.outcome', ['elb_status_code'], (status) => (status >= 400 ? 'failure' : 'success')),
    derive('network.type', [family('client:port')], (family) => family),
    derive('tls.version', ['ssl_protocol'], (protocol) => tls(protocol)?.version),
    derive('tls.version_protocol', ['ssl_protocol'], (protocol) => tls(protocol)?.protocol),
  ],
  archive: files.archive,
  encodings: [
    delimited({
      delimiter: ' ',
      quotes: ['request', 'user_agent'],
      headerless: {
        // biome-ignore format: AWS's order, in one look
        fields: ['timestamp', 'elb', 'client:port', 'backend:port', 'request_processing_time', 'backend_processing_time', 'response_processing_time', 'elb_status_code', 'backend_status_code', 'received_bytes', 'sent_bytes', 'request', 'user_agent', 'ssl_cipher', 'ssl_protocol'],
        least: 12,
        fits: ({ timestamp, elb, 'client:port': client }) =>
          timestamp !== undefined &&
          /^[A-Za-z0-9-]+$/.test(String(elb)) &&
          /^[[0-9a-f.:\]]+:\d+$/i.test(String(client)),
      },
      keys: files.keys,
    }),
  ],
})

/** A record of a request or connection: AWS's field names, numbers as numbers, absent values left out. */
export interface ElbRecord extends RecordOf<typeof elbAccess> {}
