import { delimited } from '../encodings/delimited/delimited.ts'
import { json } from '../encodings/json/json.ts'
import { hours, minutes } from '../schema/archive.ts'
import { family, optional, present } from '../schema/derive.ts'
import { commonLogTime, decodePercent, encoded, type Field, ip, keyword, long, reader } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tls } from '../schema/network.ts'
import { requestLine } from '../schema/parts.ts'
import { nanoseconds } from '../schema/time.ts'
import { asText } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'
import { telling } from './vended-telling.ts'

/**
 * S3 server access logs: lines of the 18 fields of 2014 to the 27 of today and those that AWS adds behind them, or the
 * JSON that CloudWatch's delivery of vended logs writes, whose 29 fields have names of their own.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 *
 * S3 escapes no quote in what a client sent: a line is read by what stands in quotes and what does not. A request has an id,
 * and a copy is two records of one id: documents are known by where their records stand.
 */
export const s3Access = awsFormat({
  kind: 's3access',
  title: 'S3 server access logs',
  dataset: 'aws.s3access',
  view: 's3_requests',
  root: 'aws.s3access',
  constants: aws('s3access', { 'event.category': ['web'], 'event.type': ['access'] }),
  // biome-ignore format: one line a field
  fields: {
    'bucket_owner': keyword(['aws.s3access.bucket_owner', 'related.user[]'], 'Canonical id of the bucket\'s owner.', { spelled: ['bucket_owner_id'] }),
    'bucket': keyword(['aws.s3access.bucket'], 'Bucket.', { spelled: ['bucket_name'] }),
    'time': commonLogTime(['@timestamp'], 'When the request came.', { spelled: ['request_time'] }),
    'remote_ip': ip(['client.ip', 'related.ip[]'], 'Client, or its proxy; absent of what S3 does itself.', { aliases: ['client.address', 'aws.s3access.remote_ip'] }),
    'requester': keyword(['client.user.id', 'related.user[]'], 'Canonical id, ARN, `svc:` and a service, or AmazonS3; absent of who is not authenticated.', { aliases: ['aws.s3access.requester'] }),
    'request_id': keyword(['event.id'], 'Request; a copy is two records of one.', { aliases: ['http.request.id', 'aws.s3access.request_id'] }),
    'operation': keyword(['event.action'], 'REST.GET.OBJECT, WEBSITE.GET.OBJECT, BATCH.DELETE.OBJECT, S3.EXPIRE.OBJECT, …', { aliases: ['aws.s3access.operation'] }),
    'key': objectKey(['aws.s3access.key'], 'Key of the object, decoded.', ['key_name']),
    'request_uri': requestLine({ method: ['http.request.method'], url: ['url.original'], path: ['url.path'], extension: ['url.extension'], query: ['url.query'], version: ['http.version'] }, 'Method, path as the client sent it, and protocol.'),
    'http_status': long(['http.response.status_code'], 'Status of the answer.', { aliases: ['aws.s3access.http_status'] }),
    'error_code': keyword(['event.code'], 'AccessDenied, NoSuchKey, …; absent where nothing failed.', { aliases: ['aws.s3access.error_code'] }),
    'bytes_sent': long(['http.response.body.bytes'], 'Bytes of the answer, without headers.', { spelled: ['bytes_sent_size'], aliases: ['aws.s3access.bytes_sent'], index: false }),
    'object_size': long(['aws.s3access.object_size'], 'Bytes of the object.', { index: false }),
    'total_time': long(['aws.s3access.total_time'], 'Milliseconds from the request to the last byte of the answer.', { spelled: ['total_duration'], index: false }),
    'turn_around_time': long(['aws.s3access.turn_around_time'], 'Milliseconds from the last byte of the request to the first of the answer.', { spelled: ['turn_around_duration'], index: false }),
    'referrer': keyword(['http.request.referrer'], 'Referer header.', { spelled: ['referer'], aliases: ['aws.s3access.referrer'] }),
    'user_agent': keyword(['user_agent.original'], 'User-Agent header.', { aliases: ['aws.s3access.user_agent'] }),
    'version_id': keyword(['aws.s3access.version_id'], 'Version of the object.'),
    'host_id': keyword(['aws.s3access.host_id'], 'The x-amz-id-2 header.'),
    'signature_version': keyword(['aws.s3access.signature_version'], 'SigV2 or SigV4.'),
    'cipher_suite': keyword(['tls.cipher'], 'Cipher of HTTPS.', { aliases: ['aws.s3access.cipher_suite'] }),
    'authentication_type': keyword(['aws.s3access.authentication_type'], 'AuthHeader, or QueryString of a presigned URL.'),
    'host_header': keyword(['url.domain', 'related.hosts[]'], 'Endpoint that the client connected to.', { aliases: ['aws.s3access.host_header'] }),
    'tls_version': keyword(['aws.s3access.tls_version'], 'TLSv1.3, …'),
    'access_point_arn': keyword(['aws.s3access.access_point_arn'], 'Access point.'),
    'acl_required': keyword(['aws.s3access.aclrequired'], '`Yes` where an access control list was needed to allow it.'),
    'source_region': keyword(['aws.s3access.source_region'], 'Region that the request came from.'),
    'schema_version_id': keyword(['aws.s3access.schema_version_id'], 'Version of the JSON.'),
    'bucket_arn': keyword(['aws.s3access.bucket_arn'], 'ARN of the bucket, in JSON.'),
  },
  derived: (derive) => [
    derive('event.outcome', [present('error_code'), optional('http_status')], (failed, status = 0) =>
      failed || status >= 400 ? 'failure' : 'success',
    ),
    derive('event.duration', ['total_time'], (milliseconds) => nanoseconds(milliseconds, 1e6)),
    derive('network.type', [family('remote_ip')], (family) => family),
    derive('cloud.region', ['host_header'], regionOf),
    derive('tls.version', ['tls_version'], (version) => tls(version)?.version),
    derive('tls.version_protocol', ['tls_version'], (version) => tls(version)?.protocol),
  ],
  // Delivered within a few hours, on best effort.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#LogDeliveryBestEffort
  archive: [
    {
      service: 's3access',
      folders: ['region', 'name'],
      stamped: /^[A-Z0-9]{16}$/,
      late: hours(6),
      early: minutes(0),
    },
  ],
  encodings: [
    delimited({
      delimiter: ' ',
      quotes: ['request_uri', 'referrer', 'user_agent'],
      escapes: false,
      brackets: true,
      headerless: {
        // biome-ignore format: AWS's order, in one look
        fields: ['bucket_owner', 'bucket', 'time', 'remote_ip', 'requester', 'request_id', 'operation', 'key', 'request_uri', 'http_status', 'error_code', 'bytes_sent', 'object_size', 'total_time', 'turn_around_time', 'referrer', 'user_agent', 'version_id', 'host_id', 'signature_version', 'cipher_suite', 'authentication_type', 'host_header', 'tls_version', 'access_point_arn', 'acl_required', 'source_region'],
        least: 18,
        fits: ({ bucket, time, operation }) =>
          bucket !== undefined && time !== undefined && /^[A-Z0-9]+(\.[A-Z0-9_]+)+$/.test(String(operation)),
      },
      // Behind a prefix of the user's, which may have folders of account, region, bucket and date.
      keys: /\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[A-Z0-9]{16}$/,
    }),
    json({ absent: '-', claims: telling.s3Access }),
  ],
})

/** A request record: AWS's field names, numbers as numbers, the key decoded, absent values left out. */
export interface S3AccessRecord extends RecordOf<typeof s3Access> {}

/**
 * A key, which S3 encodes as in a URL, and that once more; once alone where it deletes by itself or in a batch. What has a
 * character that no URL has after one decoding was encoded once.
 */
function objectKey(
  targets: readonly ['aws.s3access.key'],
  description: string,
  spelled: readonly string[],
): Field<string> {
  const { read: _, ...field } = encoded(targets, description, { spelled })
  const read = (value: unknown) => {
    const text = asText(value)
    if (typeof text !== 'string') return text
    const once = decodePercent(text)
    return /^[!-~]*$/.test(once) ? decodePercent(once) : once
  }
  return { ...field, read: reader('encoded', read, field.write) }
}

/** `shop.s3.eu-central-1.amazonaws.com`, `s3-us-west-2.amazonaws.com`, with a port or without. */
function regionOf(host: string): string | undefined {
  return /[.-]([a-z]{2}(?:-[a-z]+){1,2}-\d)\.amazonaws\.com(?:\.cn)?(?::\d+)?$/.exec(host)?.[1]
}
