import { w3c } from '../encodings/delimited/w3c.ts'
import { json } from '../encodings/json/json.ts'
import { hours } from '../schema/archive.ts'
import { family, optional } from '../schema/derive.ts'
import { anyTime, double, inAllSpellings, ip, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tls, validityDate } from '../schema/network.ts'
import { asAnyTime, firstTime } from '../schema/time.ts'
import type { RecordOf } from '../types.ts'
import { telling } from './vended-telling.ts'

/**
 * CloudFront connection logs: TLS connections to distributions that ask for a client's certificate. Their connection id is
 * that of the access logs.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/connection-logs.html
 *
 * AWS's table says that eventTimestamp is ISO 8601, and shows milliseconds since 1970: both are read.
 */
export const cloudFrontConnection = awsFormat({
  kind: 'cloudfrontconnection',
  title: 'CloudFront connection logs',
  dataset: 'aws.cloudfront_connection_logs',
  view: 'connections',
  root: 'aws.cloudfront',
  constants: aws('cloudfront_connection_logs', { 'event.category': ['network'], 'event.type': ['connection'] }),
  // biome-ignore format: one line a field
  fields: inAllSpellings({
    'eventTimestamp': anyTime('When the connection was established, or failed to be.'),
    'timestamp': anyTime('When the record was made; the time of a record that has no other.'),
    'distributionId': keyword(['aws.cloudfront.distribution_id'], 'Distribution.'),
    'distributionTenantId': keyword(['aws.cloudfront.distribution_tenant_id'], 'Tenant of a multi-tenant distribution.'),
    'connectionId': keyword(['aws.cloudfront.connection_id'], 'Connection, as in the access log.'),
    'connectionStatus': keyword(['aws.cloudfront.connection_status'], 'Success, or `Failed:` and why: ClientCertUntrusted, ConnectionFunctionDenied, …'),
    'clientIp': ip(['source.ip', 'related.ip[]'], 'Client.', { aliases: ['source.address'] }),
    'clientPort': long(['source.port'], 'Its port.'),
    'serverIp': ip(['destination.ip', 'related.ip[]'], 'Edge server.'),
    'tlsProtocol': keyword([], 'TLSv1.3, …', { fits: (text) => tls(text) !== undefined }),
    'tlsCipher': keyword(['tls.cipher'], 'TLS cipher.'),
    'tlsHandshakeDuration': double(['aws.cloudfront.tls_handshake_duration.ms'], 'Milliseconds that the handshake took.'),
    'tlsSni': keyword(['tls.client.server_name', 'related.hosts[]'], 'Server name that the client asked for.', { aliases: ['destination.domain'] }),
    'clientLeafCertSerialNumber': keyword([], "Serial number of the client's certificate: `00:b1:43:…`; without colons and in capitals in `tls.client.x509.serial_number`."),
    'clientLeafCertSubject': keyword(['tls.client.subject'], 'Its subject.'),
    'clientLeafCertIssuer': keyword(['tls.client.issuer'], 'Its issuer.'),
    'clientLeafCertValidity': keyword(['aws.cloudfront.client_leaf_cert.validity'], 'Its time of validity: `NotBefore=…;NotAfter=…`.'),
    'connectionLogCustomData': keyword(['aws.cloudfront.connection_log_custom_data'], 'What a connection function logged.'),
  }),
  derived: (derive) => [
    derive('@timestamp', [optional('eventTimestamp'), optional('timestamp')], firstTime),
    derive('event.created', ['timestamp'], asAnyTime),
    derive('event.outcome', ['connectionStatus'], (status) => (status === 'Success' ? 'success' : 'failure')),
    derive('event.reason', ['connectionStatus'], (status) => /^Failed:(.+)$/.exec(status)?.[1]),
    derive('network.type', [family('clientIp')], (family) => family),
    derive('tls.established', ['connectionStatus'], (status) => status === 'Success'),
    derive('tls.version', ['tlsProtocol'], (protocol) => tls(protocol)?.version),
    derive('tls.version_protocol', ['tlsProtocol'], (protocol) => tls(protocol)?.protocol),
    derive('tls.client.not_before', ['clientLeafCertValidity'], (validity) => validityDate('NotBefore', validity)),
    derive('tls.client.not_after', ['clientLeafCertValidity'], (validity) => validityDate('NotAfter', validity)),
    derive('tls.client.x509.serial_number', ['clientLeafCertSerialNumber'], (number) =>
      number.replaceAll(':', '').toUpperCase(),
    ),
  ],
  // Where standard logs of version 2 lie, with a suffix of the user's choice.
  // As of the access logs, whose delivery it is: behind a prefix of the user's there is no folder of the service.
  archive: [{ service: 'CloudFront', folders: 'any', ids: /^[A-Z0-9]{6,32}$/, late: hours(2), early: hours(1) }],
  encodings: [
    w3c({ claims: telling.cloudFrontConnection }),
    json({ absent: '-', claims: telling.cloudFrontConnection }),
  ],
})

/** A connection record: AWS's field names, numbers as numbers, absent values left out. */
export interface CloudFrontConnectionRecord extends RecordOf<typeof cloudFrontConnection> {}
