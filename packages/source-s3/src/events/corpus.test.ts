import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { S3 } from '../read/object.ts'
import { type S3Trigger, s3Objects } from './s3-objects.ts'

// Real notifications, collected from public repositories. The expected objects were written by hand.
const corpora = fileURLToPath(new URL('../../../../../shared/corpora/', import.meta.url))
const unreadable = 'ENVELOPE_UNREADABLE'
const outcomes: Record<string, unknown[]> = {
  'aws-centralized-logging/notification/s3_object_upload_with_cross_acct_event.json': [
    ['amzn-s3-demo-logging-bucket', 'app_log_config/i-048dfc7a18fbca126/applog_parsers.conf'],
  ],
  'aws-centralized-logging/notification/s3_object_upload_with_current_acct_event.json': [
    [
      'amzn-s3-demo-logging-bucket',
      'app_log_config/i-037a87450746bf5bf/applog_parsers.conf',
      '32son7hdKjJIlJ7.cM_oGFI.KhL8RhPG',
    ],
  ],
  'aws-lambda-go/notification/s3-event.json': [['sourcebucket', 'Happy Face.jpg', 'version']],
  'aws-lambda-go/notification/s3-event-with-decoded.json': [['sourcebucket', 'Happy Face.jpg', 'version']],
  'aws-lambda-go/notification/s3-replication-event.json': ['Replication:OperationFailedReplication'],
  'aws-lambda-go/notification/s3-restore-event.json': ['ObjectRestore:Completed'],
  'aws-lambda-go/notification/sns-event.json': [unreadable],
  'powertools-lambda-typescript/notification/eventbridge__base.json': [unreadable],
  'powertools-lambda-typescript/notification/s3__eventbridge-object-deleted.json': ['Object Deleted'],
  'powertools-lambda-typescript/notification/s3__glacier.json': [
    ['lambda-artifacts-deafc19498e3f2df', 'b21b84d653bb07b05b1e6b33684dc11b'],
  ],
  'powertools-lambda-typescript/notification/s3__object-iam-user.json': [unreadable],
  'powertools-lambda-typescript/notification/s3__object-temp-credentials.json': [unreadable],
  'powertools-lambda-typescript/notification/s3__sqs-event.json': [
    ['xxx', 'test.pdf', 'yd3d4HaWOT2zguDLvIQLU6ptDTwKBnQV'],
  ],
  'powertools-lambda-typescript/notification/sns__base.json': [unreadable],
  'powertools-lambda-typescript/notification/sqs__base.json': [unreadable, unreadable],
  'datadog-serverless-functions/notification/sqs_s3.json': [['my-bucket', 'my-key.log']],
  'datadog-serverless-functions/notification/sqs_sns_s3.json': [['my-bucket', 'my-key.log']],
  'data-prepper/notification/direct_sqs_message.json': [['my-bucket', 'path/to/myfile.log.gz']],
  'data-prepper/notification/s3_test_event.json': ['s3:TestEvent'],
  'awsdocs-s3-userguide/notification/s3_test_event.json': ['s3:TestEvent'],
  'awsdocs-s3-userguide/notification/object_created_put_versioned.json': [
    ['mybucket', 'HappyFace.jpg', '096fKKXTRTtl3on89fVO.nfljtsv6qko'],
  ],
  'composed/notification/sqs_sns_raw_delivery.json': [
    ['mybucket', 'HappyFace.jpg', '096fKKXTRTtl3on89fVO.nfljtsv6qko'],
  ],
  'composed/notification/sqs_test_event.json': ['s3:TestEvent'],
  'composed/notification/sqs_sns_test_event.json': ['s3:TestEvent'],
  'composed/notification/key_plus_is_space.json': [['mybucket', 'red flower.jpg', '096fKKXTRTtl3on89fVO.nfljtsv6qko']],
  'composed/notification/eventbridge_key_not_encoded.json': [['example-bucket', 'red flower+1.jpg']],
  'composed/notification/object_removed.json': ['ObjectRemoved:DeleteMarkerCreated'],
}

const absent = !existsSync(`${corpora}manifest.json`)
if (absent) console.warn(`skipped: the notification samples of ${corpora} are not here`)

describe.skipIf(absent)('public notification samples', () => {
  const s3 = { send: () => {} } as unknown as S3

  it('has an outcome for each', () => {
    const manifest = JSON.parse(readFileSync(`${corpora}manifest.json`, 'utf8')) as { id: string; type: string }[]
    const ids = manifest.filter(({ type }) => type === 'notification').map(({ id }) => id)
    expect(ids.sort()).toEqual(Object.keys(outcomes).sort())
    expect(ids).toHaveLength(27)
  })

  it.each(Object.entries(outcomes))('%s', (id, expected) => {
    const event = JSON.parse(readFileSync(corpora + id, 'utf8')) as S3Trigger
    const messages = s3Objects(event, { s3 })
    const found = messages.flatMap(({ objects, ignored = [], error }) => [
      ...objects.map(({ bucket, key, versionId }) => (versionId ? [bucket, key, versionId] : [bucket, key])),
      ...ignored,
      ...(error ? [error.code] : []),
    ])
    expect(found).toEqual(expected)
    const fromQueue = 'Records' in event && 'messageId' in event.Records[0]!
    for (const message of messages) expect('messageId' in message).toBe(fromQueue)
  })
})
