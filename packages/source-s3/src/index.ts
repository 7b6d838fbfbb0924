export { type AwsErrorCode, awsErrorCode } from './aws-errors.ts'
export {
  type ArchiveObject,
  type ArchiveOptions,
  archiveObjects,
  type BackfillSourceOptions,
  backfillSource,
  recordTimes,
} from './backfill/archive.ts'
export { type EnqueueOptions, type EnqueueResult, enqueue } from './backfill/enqueue.ts'
export { type ListedObject, listObjects } from './backfill/list.ts'
export { batchManifest } from './backfill/manifest.ts'
export { type EventObject, s3EventBody } from './backfill/s3-event.ts'
export { type WithinSpanOptions, withinSpan } from './backfill/within-span.ts'
export type { DeadLetterCause } from './dead-messages/cause.ts'
export { deadLetterObject } from './dead-messages/dead-letter-object.ts'
export {
  type DeadLetterGroup,
  type DeadLetterGroupKey,
  type DeadLetterInspection,
  type InspectDeadLettersOptions,
  inspectDeadLetters,
} from './dead-messages/inspect.ts'
export { type RedriveOptions, type RedriveResult, redrive } from './dead-messages/redrive.ts'
export type { DeadLetter } from './dead-messages/walk.ts'
export { type S3DeadRecordsOptions, s3DeadRecords } from './dead-records/s3.ts'
export { type SqsDeadRecordsOptions, sqsDeadRecords } from './dead-records/sqs.ts'
export {
  type Envelope,
  type EnvelopeHook,
  type EnvelopeOptions,
  readEnvelope,
  type S3ObjectRef,
} from './events/envelope.ts'
export type { SqsEvent, SqsMessage, SqsRecord } from './events/messages.ts'
export type { BucketOptions } from './events/names.ts'
export {
  type S3BatchEvent,
  type S3BatchOptions,
  type S3BatchResponse,
  s3BatchResponse,
  s3BatchTasks,
} from './events/s3-batch.ts'
export {
  type EventBridgeEvent,
  type LambdaDestinationEvent,
  type S3Event,
  type S3ObjectsOptions,
  type S3Trigger,
  type SnsEvent,
  s3Objects,
} from './events/s3-objects.ts'
export { type BatchResponse, batchResponse, requireDone } from './lambda/batch-response.ts'
export { type SettledReport, type SettleOptions, settle } from './lambda/settle.ts'
export type { Sqs } from './queue/queue.ts'
export { type ReadOptions, type S3, type S3Clients, type S3ObjectOptions, s3Object } from './read/object.ts'
export type { PublicKey } from './verify/digest.ts'
export type { Finding, FindingKind } from './verify/findings.ts'
export type { VerifiedChain, VerifyPosition, VerifyReport } from './verify/report.ts'
export { type VerifyOptions, verifyCloudTrail } from './verify/verify.ts'
export { type ConsumeOptions, type ConsumeTotals, consume } from './worker/consume.ts'
export type { EndpointOptions } from './worker/endpoint.ts'
