import { printable } from '@flowferry/core'
import type { S3ObjectRef } from './envelope.ts'

/** What AWS writes beside logs, by its key. None of these objects holds a record. */
const besideLogs: readonly (readonly [pattern: RegExp, reason: string])[] = [
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
  [/(?:^|\/)AWSLogs\/(?:o-[a-z0-9]{10,32}\/)?\d{12}\/CloudTrail-Digest\//, 'CloudTrail digest'],
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-results-file-validation-sign-file-structure.html
  [/(?:^|\/)CloudTrail-Lake\/Query\/(?:[^/]+\/)+result_sign\.json$/, "signatures of a CloudTrail Lake query's results"],
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
  [
    /(?:^|\/)AWSLogs\/\d{12}\/ELB(?:AccessLog|ConnectionLog|HealthCheckLog)TestFile$/,
    'test file of Elastic Load Balancing',
  ],
  // https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
  [/(?:^|\/)AWSLogs\/(?:o-[a-z0-9]{10,32}\/)?\d{12}\/Config\/ConfigWritabilityCheckFile$/, 'test file of AWS Config'],
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html
  [/(?:^|\/)aws-logs-write-test$/, 'test file of CloudWatch Logs'],
  [/(?:^|\/)aws-programmatic-access-test-object$/, 'test object of an AWS service'],
  // Of Hadoop's tools, EMR and Glue.
  [/_\$folder\$$/, 'folder marker'],
]

/**
 * Why an object is known to hold no log, by its key; undefined for one that is to be read. A key that ends with a slash is
 * what consoles make of a folder, unless it is known to have content.
 */
function holdsNoLog({ key, size = 0 }: Pick<S3ObjectRef, 'key' | 'size'>): string | undefined {
  if (key.endsWith('/')) return size === 0 ? 'folder marker' : undefined
  return besideLogs.find(([pattern]) => pattern.test(key))?.[1]
}

/** The objects to read, and for the report those that AWS writes beside logs, with the reason. */
export function withoutKnown<R extends S3ObjectRef>(refs: readonly R[]): { kept: R[]; ignored: string[] } {
  const kept: R[] = []
  const ignored: string[] = []
  for (const ref of refs) {
    const reason = holdsNoLog(ref)
    if (reason === undefined) kept.push(ref)
    else ignored.push(printable(`${reason}: s3://${ref.bucket}/${ref.key}`))
  }
  return { kept, ignored }
}
