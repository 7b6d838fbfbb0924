import { FlowferryError, type SourceMessage } from '@flowferry/core'
import { readContinuation } from '../lambda/continuation.ts'
import { client, optionalFunction } from '../queue/options.ts'
import { type ReadOptions, retryOptions, type S3Clients, s3Object } from '../read/object.ts'
import { type EnvelopeHook, readEnvelope, type S3ObjectRef } from './envelope.ts'
import { withoutKnown } from './known-keys.ts'
import { type QueueMessage, queueMessages, type SqsEvent, type SqsMessage, type SqsRecord } from './messages.ts'
import { type BucketOptions, checkBuckets, checkNames } from './names.ts'

/** The event of a Lambda function that S3 itself invokes. */
export interface S3Event {
  readonly Records: readonly { readonly eventSource: string; readonly eventName: string; readonly s3: object }[]
}

/** The event of a Lambda function that SNS invokes. */
export interface SnsEvent {
  readonly Records: readonly { readonly EventSource: string; readonly Sns: { readonly Message: string } }[]
}

/** The event of a Lambda function that EventBridge invokes. */
export interface EventBridgeEvent {
  readonly source: string
  readonly 'detail-type': string
  readonly detail: unknown
}

/** The event of a Lambda function that is the destination of another: what that was invoked with, and what came of it. */
export interface LambdaDestinationEvent {
  readonly requestContext: { readonly functionArn: string; readonly condition: string }
  readonly requestPayload: unknown
}

/**
 * An event that names objects on S3: a Lambda event of any of the five kinds, or the messages that a worker received.
 */
export type S3Trigger =
  | SqsEvent
  | readonly (SqsMessage | SqsRecord)[]
  | S3Event
  | SnsEvent
  | EventBridgeEvent
  | LambdaDestinationEvent

export interface S3ObjectsOptions extends ReadOptions, BucketOptions {
  /** An S3 client, or a function from bucket and region to one. Needs s3:GetObject. */
  readonly s3: S3Clients
  /**
   * Reads bodies other than AWS's S3 events.
   * @default none
   */
  readonly envelope?: EnvelopeHook
}

/**
 * The messages of an event with the objects that they name, for `ingest`. An SQS event gives one for each of its
 * messages. Any other event gives a single message without `messageId`, since Lambda takes no partial response to it. A
 * body that cannot be read becomes the `error` of its message. No object is opened yet.
 *
 * An object that a message names several times is read once. What AWS writes beside logs (digests of CloudTrail, test
 * files of ELB and Config, folder markers) is known by its key, and listed as `ignored`. A message that names a bucket
 * that `buckets` does not allow, or what is no bucket, becomes a message with an error.
 *
 * A message that `settle` continued names the remaining objects, with their positions. An object that is overwritten
 * while it is read counts as superseded, which is a success: its new version has its own event.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const source = s3Objects(event, { s3: new S3Client() })
 * const report = await ingest({ source, parser: vpcFlow, sink })
 */
export function s3Objects(event: S3Trigger, { envelope, buckets, ...options }: S3ObjectsOptions): SourceMessage[] {
  if (typeof options.s3 !== 'function') client('s3', options.s3)
  retryOptions(options)
  optionalFunction('envelope', envelope)
  checkBuckets({ buckets })
  const messages = queueMessages(event)
  return messages ? messages.map((message) => sourceMessage(message.body, message)) : [sourceMessage(event)]

  function sourceMessage(body: unknown, message?: QueueMessage): SourceMessage {
    const { messageId, fifoGroup, sentAt, attributes = {} } = message ?? {}
    const id = {
      ...(messageId !== undefined && { messageId }),
      ...(fifoGroup !== undefined && { group: fifoGroup }),
      ...(sentAt && { sentAt }),
    }
    try {
      const named = readEnvelope(body, { envelope, messageId })
      for (const ref of named.objects) checkNames(ref, { buckets }, messageId)
      const objects = distinct(named.objects)
      const { kept, ignored } = withoutKnown(objects)
      const continuation = readContinuation(attributes)
      // Positions of another number of objects come from an invocation with another hook, and belong to none of these.
      const positions = continuation?.objects.length === kept.length ? continuation.objects : []
      const remaining = kept.flatMap((ref, index) => {
        const from = positions[index]
        if (from === 'done') return []
        return [{ ...s3Object(ref, { ...options, superseded: 'skip' }), ...(from && { from }) }]
      })
      return { ...id, objects: remaining, ignored: [...named.ignored, ...ignored] }
    } catch (error) {
      if (!FlowferryError.isInstance(error)) throw error
      return { ...id, objects: [], error }
    }
  }
}

/** Each object once, where a message names it first. */
function distinct(refs: readonly S3ObjectRef[]): S3ObjectRef[] {
  const names = new Set<string>()
  return refs.filter(({ bucket, key, versionId }) => {
    const name = JSON.stringify([bucket, key, versionId])
    return !names.has(name) && names.add(name)
  })
}
