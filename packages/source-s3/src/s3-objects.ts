import { FlowferryError, type SourceMessage } from '@flowferry/core'
import { readContinuation } from './continuation.ts'
import { type EnvelopeHook, readEnvelope } from './envelope.ts'
import { type QueueMessage, queueMessages, type SqsEvent, type SqsMessage, type SqsRecord } from './messages.ts'
import { patienceOf, type ReadOptions, type S3Clients, s3Object } from './object.ts'
import { client, optionalFunction } from './options.ts'

/** S3 invokes the Lambda itself. */
export interface S3Event {
  readonly Records: readonly { readonly eventSource: string; readonly eventName: string; readonly s3: object }[]
}

/** SNS invokes the Lambda. */
export interface SnsEvent {
  readonly Records: readonly { readonly EventSource: string; readonly Sns: { readonly Message: string } }[]
}

/** EventBridge invokes the Lambda. */
export interface EventBridgeEvent {
  readonly source: string
  readonly 'detail-type': string
  readonly detail: unknown
}

/** What names objects on S3: a Lambda event of any of the four kinds, or messages that a worker received. */
export type S3Trigger = SqsEvent | readonly (SqsMessage | SqsRecord)[] | S3Event | SnsEvent | EventBridgeEvent

export interface S3ObjectsOptions extends ReadOptions {
  /** A client, or a function from bucket and region to one. It needs s3:GetObject. */
  readonly s3: S3Clients
  /** Reads bodies that are not S3 events as AWS sends them. Default: none. */
  readonly envelope?: EnvelopeHook
}

/**
 * The messages of an event with the objects that they name, for `ingest`. An SQS event gives one a message; any other
 * gives one without `messageId`, since there is nothing to answer it with. A body that cannot be understood becomes
 * that message's `error`; nothing is read yet, and nothing throws but for a wrong option.
 *
 * A message that `settle` sent to go on names the objects that are left, with their positions. An object that is
 * overwritten while it is read counts as superseded, which is a success: its new version has an event of its own.
 */
export function s3Objects(event: S3Trigger, { envelope, ...options }: S3ObjectsOptions): SourceMessage[] {
  if (typeof options.s3 !== 'function') client('s3', options.s3)
  patienceOf(options)
  optionalFunction('envelope', envelope)
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
      const { objects, ignored } = readEnvelope(body, { envelope, messageId })
      const continuation = readContinuation(attributes)
      // An envelope that is read otherwise now, by another hook, has no position here.
      const progress = continuation?.objects.length === objects.length ? continuation.objects : []
      const remaining = objects.flatMap((ref, index) => {
        const from = progress[index]
        if (from === 'done') return []
        return [{ ...s3Object(ref, { ...options, superseded: 'skip' }), ...(from && { from }) }]
      })
      return { ...id, objects: remaining, ignored }
    } catch (error) {
      if (!FlowferryError.isInstance(error)) throw error
      return { ...id, objects: [], error }
    }
  }
}
