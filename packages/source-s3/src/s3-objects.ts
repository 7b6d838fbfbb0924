import { FlowferryError, type SourceMessage } from '@flowferry/core'
import { type EnvelopeHook, readEnvelope } from './envelope.ts'
import { queueMessages, type SqsEvent, type SqsMessage, type SqsRecord } from './messages.ts'
import { type S3Clients, s3Object } from './object.ts'
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

export interface S3ObjectsOptions {
  /** A client, or a function from bucket and region to one. It needs s3:GetObject. */
  readonly s3: S3Clients
  /** Reads bodies that are not S3 events as AWS sends them. Default: none. */
  readonly envelope?: EnvelopeHook
}

/**
 * The messages of an event with the objects that they name, for `ingest`. An SQS event gives one a message; any other
 * gives one without `messageId`, since there is nothing to answer it with. A body that cannot be understood becomes
 * that message's `error`; nothing is read yet, and nothing throws but for a wrong option.
 */
export function s3Objects(event: S3Trigger, { s3, envelope }: S3ObjectsOptions): SourceMessage[] {
  if (typeof s3 !== 'function') client('s3', s3)
  optionalFunction('envelope', envelope)
  const messages = queueMessages(event)
  return messages
    ? messages.map(({ body, messageId, sentAt }) => sourceMessage(body, messageId, sentAt))
    : [sourceMessage(event)]

  function sourceMessage(body: unknown, messageId?: string, sentAt?: Date): SourceMessage {
    const id = { ...(messageId !== undefined && { messageId }), ...(sentAt && { sentAt }) }
    try {
      const { objects, ignored } = readEnvelope(body, { envelope, messageId })
      return { ...id, objects: objects.map((ref) => s3Object(ref, { s3 })), ignored }
    } catch (error) {
      if (!FlowferryError.isInstance(error)) throw error
      return { ...id, objects: [], error }
    }
  }
}
