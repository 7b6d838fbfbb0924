import { delimited } from '../encodings/delimited/delimited.ts'
import { w3c } from '../encodings/delimited/w3c.ts'
import { json } from '../encodings/json/json.ts'
import { family } from '../schema/derive.ts'
import { double, ip, iso8601, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tls, validityDate } from '../schema/network.ts'
import { asTime } from '../schema/time.ts'
import { isAddress } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'
import { loadBalancerFiles, skipTestLine } from './elb-files.ts'
import { telling } from './vended-telling.ts'

// biome-ignore format: AWS's order, in one look
const inOrder = ['timestamp', 'client_ip', 'client_port', 'listener_port', 'tls_protocol', 'tls_cipher', 'tls_handshake_latency', 'leaf_client_cert_subject', 'leaf_client_cert_validity', 'leaf_client_cert_serial_number', 'tls_verify_status', 'conn_trace_id', 'tls_keyexchange', 'elb', 'ip_address']

const files = loadBalancerFiles('conn_log_', 'app\\.', 'ELBConnectionLogTestFile')

/** Whether a line's values, read or as they stand, are of this log. */
const fits = ({ tls_verify_status: status = '-', ...line }: Readonly<Record<string, unknown>>) =>
  asTime(line.timestamp) !== undefined &&
  isAddress(String(line.client_ip)) &&
  [line.client_port, line.listener_port].every((port) => /^\d{1,5}$/.test(String(port))) &&
  /^(-$|Success$|Failed:)/.test(String(status))

/**
 * Connection logs of Application Load Balancers: the 12 fields of 2023 to the 15 of today, and those that AWS adds behind
 * them, or the same as JSON.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html
 */
export const albConnection = awsFormat({
  kind: 'albconnection',
  title: 'Application Load Balancer connection logs',
  dataset: 'aws.elb_connection_logs',
  view: 'connections',
  root: 'aws.elb',
  constants: aws('elb_connection_logs', { 'event.category': ['network'], 'event.type': ['connection'] }),
  // biome-ignore format: one line a field
  fields: {
    'timestamp': iso8601(['@timestamp'], 'When the connection was established, or failed to be.', { spelled: ['time'] }),
    'client_ip': ip(['source.ip', 'related.ip[]'], 'Client.', { aliases: ['source.address'] }),
    'client_port': long(['source.port'], 'Its port.'),
    'listener_port': long(['destination.port'], 'Port of the listener.'),
    'tls_protocol': keyword(['aws.elb.ssl_protocol'], 'TLSv1.3, …; absent, as all of TLS, of a connection without it.'),
    'tls_cipher': keyword(['tls.cipher'], 'Cipher.', { aliases: ['aws.elb.ssl_cipher'] }),
    'tls_handshake_latency': double(['aws.elb.tls_handshake_latency.sec'], 'Seconds that a successful handshake took.'),
    'leaf_client_cert_subject': keyword(['tls.client.subject'], 'Subject of the client\'s certificate, where it has to show one.'),
    'leaf_client_cert_validity': keyword(['aws.elb.leaf_client_cert.validity'], 'Its time of validity: `NotBefore=…;NotAfter=…`.'),
    'leaf_client_cert_serial_number': keyword(['tls.client.x509.serial_number'], 'Its serial number.'),
    'tls_verify_status': keyword(['aws.elb.tls_verify_status'], 'Success, or `Failed:` and why: ClientCertUntrusted, …'),
    'conn_trace_id': keyword(['aws.elb.conn_trace_id'], 'Connection, as in the access log.'),
    'tls_keyexchange': keyword(['aws.elb.tls_keyexchange'], 'Key exchange.'),
    'elb': keyword(['aws.elb.name'], 'Load balancer: `app/name/id`.'),
    'ip_address': ip(['aws.elb.node_ip', 'related.ip[]'], 'Node of the load balancer.'),
  },
  derived: (derive) => [
    derive('event.outcome', ['tls_verify_status'], (status) => (status === 'Success' ? 'success' : 'failure')),
    derive('event.reason', ['tls_verify_status'], (status) => /^Failed:(.+)$/.exec(status)?.[1]),
    derive('network.type', [family('client_ip')], (family) => family),
    derive('tls.version', ['tls_protocol'], (protocol) => tls(protocol)?.version),
    derive('tls.version_protocol', ['tls_protocol'], (protocol) => tls(protocol)?.protocol),
    derive('tls.client.not_before', ['leaf_client_cert_validity'], (validity) => validityDate('NotBefore', validity)),
    derive('tls.client.not_after', ['leaf_client_cert_validity'], (validity) => validityDate('NotAfter', validity)),
  ],
  archive: files.archive,
  encodings: [
    delimited({
      delimiter: ' ',
      quotes: ['leaf_client_cert_subject'],
      header: skipTestLine,
      headerless: {
        fields: inOrder,
        least: 12,
        fits,
      },
      keys: files.keys,
    }),
    w3c({
      claims: telling.albConnection,
      headerless: {
        fields: inOrder,
        lengths: [12, 13, 14, 15],
        fits,
      },
    }),
    json({ absent: '-', claims: telling.albConnection }),
  ],
})

/** A connection record: AWS's field names, numbers as numbers, absent values left out. */
export interface AlbConnectionRecord extends RecordOf<typeof albConnection> {}
