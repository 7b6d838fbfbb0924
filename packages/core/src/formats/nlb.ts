import { delimited } from '../encodings/delimited/delimited.ts'
import { w3c } from '../encodings/delimited/w3c.ts'
import { json } from '../encodings/json/json.ts'
import { family, present } from '../schema/derive.ts'
import { type Field, iso8601, keyword, list, long, reader } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tls } from '../schema/network.ts'
import { addressPort } from '../schema/parts.ts'
import { endOfEvent, typed } from '../schema/targets.ts'
import { asTime, nanoseconds } from '../schema/time.ts'
import { asItems } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'
import { loadBalancerFiles } from './elb-files.ts'
import { telling } from './vended-telling.ts'

// biome-ignore format: AWS's order, in one look
const inOrder = ['type', 'version', 'time', 'elb', 'listener', 'client:port', 'destination:port', 'connection_time', 'tls_handshake_time', 'received_bytes', 'sent_bytes', 'incoming_tls_alert', 'chosen_cert_arn', 'chosen_cert_serial', 'tls_cipher', 'tls_protocol_version', 'tls_keyexchange', 'domain_name', 'alpn_fe_protocol', 'alpn_be_protocol', 'alpn_client_preference_list', 'tls_connection_creation_time']

const files = loadBalancerFiles('', 'net\\.')

/** Whether a line's values, read or as they stand, are of this log. */
const fits = ({ version, time, elb }: Readonly<Record<string, unknown>>) =>
  /^\d+\.\d+$/.test(String(version)) && asTime(time) !== undefined && String(elb).startsWith('net/')

/**
 * Access logs of Network Load Balancers, which write those of TLS listeners alone: the 18 fields of 2019 to the 22 of today,
 * and those that AWS adds behind them, or the same as JSON. Times have no zone, and are UTC.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
 */
export const nlbAccess = awsFormat({
  kind: 'nlb',
  title: 'Network Load Balancer access logs',
  dataset: 'aws.elb_logs',
  view: 'requests',
  root: 'aws.elb',
  taken: [
    'backend_processing_time',
    'error',
    'node_ip',
    'request_processing_time',
    'response_processing_time',
    'target_group',
    'trace_id',
  ],
  constants: aws('elb_logs', {
    'event.category': ['network'],
    'event.type': ['connection'],
    'aws.elb.protocol': 'tcp',
    'network.transport': 'tcp',
  }),
  // biome-ignore format: one line a field
  fields: {
    'type': keyword(['aws.elb.type'], 'tls.'),
    'version': keyword(['aws.elb.version'], 'Version of the log.'),
    'time': iso8601(['@timestamp', endOfEvent], 'When the connection was closed.'),
    'elb': keyword(['aws.elb.name'], 'Load balancer: `net/name/id`.'),
    'listener': keyword(['aws.elb.listener'], 'Id of the TLS listener.'),
    'client:port': addressPort(['source.ip', 'related.ip[]'], ['source.port'], 'Client; IPv6 in brackets.', { spelled: ['client_port'], aliases: ['source.address'] }),
    'destination:port': addressPort(['destination.ip', typed('aws.elb.backend.ip', 'keyword'), 'related.ip[]'], ['destination.port', typed('aws.elb.backend.port', 'keyword')], 'Listener, or the VPC endpoint that the client connected to.', { spelled: ['destination_port'] }),
    'connection_time': long(['aws.elb.connection_time.ms'], 'Milliseconds from the connection\'s start to its end.', { index: false }),
    'tls_handshake_time': long(['aws.elb.tls_handshake_time.ms'], 'Milliseconds that the handshake took.', { index: false }),
    'received_bytes': long(['source.bytes'], 'Bytes from the client, decrypted.', { index: false }),
    'sent_bytes': long(['destination.bytes'], 'Bytes to the client, decrypted.', { index: false }),
    'incoming_tls_alert': keyword(['aws.elb.incoming_tls_alert'], 'Number of a TLS alert that the client sent.'),
    'chosen_cert_arn': keyword(['aws.elb.chosen_cert.arn'], 'Certificate that the client was shown.'),
    'chosen_cert_serial': keyword(['aws.elb.chosen_cert.serial'], 'Reserved.'),
    'tls_cipher': keyword(['tls.cipher'], 'Cipher; absent where the handshake did not complete.', { aliases: ['aws.elb.ssl_cipher'] }),
    'tls_protocol_version': keyword(['aws.elb.ssl_protocol'], 'tlsv12, tlsv13, …'),
    'tls_keyexchange': keyword(['aws.elb.tls_keyexchange'], 'Key exchange; of older logs the named group.', { spelled: ['tls_named_group'], aliases: ['aws.elb.tls_named_group'] }),
    'domain_name': keyword(['tls.client.server_name', 'related.hosts[]'], 'Server name that the client sent for TLS.', { aliases: ['destination.address', 'destination.domain'] }),
    'alpn_fe_protocol': keyword(['aws.elb.alpn_fe_protocol'], 'Application protocol with the client: h2, http/1.1 or http/1.0.'),
    'alpn_be_protocol': keyword(['aws.elb.alpn_be_protocol'], 'The same with the target.'),
    'alpn_client_preference_list': quotedList(['aws.elb.alpn_client_preference_list[]'], 'Protocols that the client offered, its favourite first.'),
    'tls_connection_creation_time': iso8601(['event.start'], 'When the connection was made.'),
  },
  derived: (derive) => [
    derive('event.outcome', [present('tls_cipher')], (negotiated) => (negotiated ? 'success' : 'failure')),
    derive('event.duration', ['connection_time'], (milliseconds) => nanoseconds(milliseconds, 1e6)),
    derive('network.type', [family('client:port')], (family) => family),
    derive('tls.version', ['tls_protocol_version'], (protocol) => tls(protocol)?.version),
    derive('tls.version_protocol', ['tls_protocol_version'], (protocol) => tls(protocol)?.protocol),
  ],
  archive: files.archive,
  encodings: [
    delimited({
      delimiter: ' ',
      headerless: {
        fields: inOrder,
        least: 18,
        fits,
      },
      keys: files.keys,
    }),
    w3c({
      quotes: false,
      claims: telling.nlb,
      headerless: {
        fields: inOrder,
        lengths: [18, 22],
        fits,
      },
    }),
    json({ absent: '-', claims: telling.nlb }),
  ],
})

/** A connection's record: AWS's field names, numbers as numbers, absent values left out. */
export interface NlbRecord extends RecordOf<typeof nlbAccess> {}

/** `"h2","http/1.1"`, which are quotes within a value: no value of this log stands in quotes. */
function quotedList(
  targets: readonly ['aws.elb.alpn_client_preference_list[]'],
  description: string,
): Field<readonly string[]> {
  const { read: _, ...field } = list(',', targets, description)
  const read = (value: unknown) => asItems(value, ',')?.map((item) => item.replace(/^"(.*)"$/, '$1'))
  return { ...field, read: reader('list', read, field.write) }
}
