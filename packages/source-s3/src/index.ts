export {
  type ArchiveObject,
  type ArchiveOptions,
  archiveObjects,
  backfillSource,
} from './backfill/archive.ts'
export { deadLetterObject } from './backfill/dead-letter.ts'
export { type EnqueueOptions, type EnqueueResult, enqueue } from './backfill/enqueue.ts'
export { type ArchiveFormat, archiveFormats, type Margins, margins } from './backfill/layout.ts'
export { type ListedObject, listObjects } from './backfill/list.ts'
export { batchManifest } from './backfill/manifest.ts'
export { type EventObject, s3EventBody } from './backfill/s3-event.ts'
export { type WithinSpanOptions, withinSpan } from './backfill/within-span.ts'
export { type BatchResponse, batchResponse } from './batch-response.ts'
export type { DeadLetterCause, FailedStage } from './cause.ts'
export { type ConsumeOptions, type ConsumeTotals, consume } from './consume.ts'
export type { DeadLetter } from './dead-letters.ts'
export { type S3DeadRecordsOptions, s3DeadRecords } from './dead-records-s3.ts'
export { type SqsDeadRecordsOptions, sqsDeadRecords } from './dead-records-sqs.ts'
export { type Envelope, type EnvelopeHook, type EnvelopeOptions, readEnvelope, type S3ObjectRef } from './envelope.ts'
export {
  type DeadLetterGroup,
  type DeadLetterGroupKey,
  type DeadLetterInspection,
  type InspectDeadLettersOptions,
  inspectDeadLetters,
} from './inspect-dead-letters.ts'
export type { SqsEvent, SqsMessage, SqsRecord } from './messages.ts'
export { type ReadOptions, type S3, type S3Clients, type S3ObjectOptions, s3Object } from './object.ts'
export type { Sqs } from './queue.ts'
export { type RedriveOptions, type RedriveResult, redrive } from './redrive.ts'
export { type S3BatchEvent, type S3BatchResponse, s3BatchResponse, s3BatchTasks } from './s3-batch.ts'
export {
  type EventBridgeEvent,
  type S3Event,
  type S3ObjectsOptions,
  type S3Trigger,
  type SnsEvent,
  s3Objects,
} from './s3-objects.ts'
export { type SettledReport, type SettleOptions, settle } from './settle.ts'
