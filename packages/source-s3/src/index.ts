export { type BatchResponse, type BatchResponseOptions, batchResponse } from './batch-response.ts'
export type { DeadLetterCause, FailedStage } from './cause.ts'
export { type ConsumeOptions, type ConsumeTotals, consume } from './consume.ts'
export { type DeadLetterOptions, type DeadLetterReport, deadLetter } from './dead-letter.ts'
export { type Envelope, type EnvelopeHook, type EnvelopeOptions, readEnvelope, type S3ObjectRef } from './envelope.ts'
export type { SqsEvent, SqsMessage, SqsRecord } from './messages.ts'
export { type S3, type S3Clients, s3Object } from './object.ts'
export type { Sqs } from './queue.ts'
export { type DeadLetter, type RedriveOptions, type RedriveResult, redrive } from './redrive.ts'
export {
  type EventBridgeEvent,
  type S3Event,
  type S3ObjectsOptions,
  type S3Trigger,
  type SnsEvent,
  s3Objects,
} from './s3-objects.ts'
