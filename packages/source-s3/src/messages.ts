/**
 * SQS messages in their two spellings: capital letters from ReceiveMessage, small ones in a Lambda event. The types
 * are small and structural, so the SDK's `Message` and `SQSEvent` of `@types/aws-lambda` fit without either package.
 */

/** What SQS itself says of a message, as far as it is used. */
interface SqsSystemAttributes {
  readonly ApproximateReceiveCount?: string | undefined
  readonly MessageGroupId?: string | undefined
  /** Messages of a FIFO queue have one; a group alone may be a standard queue's, for fair shares. */
  readonly SequenceNumber?: string | undefined
  readonly SentTimestamp?: string | undefined
}

/** A message as ReceiveMessage gives it. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Message.html */
export interface SqsMessage {
  readonly MessageId?: string | undefined
  readonly ReceiptHandle?: string | undefined
  readonly Body?: string | undefined
  readonly Attributes?: SqsSystemAttributes | undefined
  readonly MessageAttributes?:
    | {
        readonly [name: string]: {
          readonly DataType: string | undefined
          readonly StringValue?: string | undefined
          readonly BinaryValue?: Uint8Array | undefined
        }
      }
    | undefined
}

/** A message of a Lambda event. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export interface SqsRecord {
  readonly messageId: string
  readonly body: string
  readonly attributes?: SqsSystemAttributes | undefined
  /** ARN of the queue. */
  readonly eventSourceARN?: string | undefined
  readonly messageAttributes?:
    | {
        readonly [name: string]: {
          readonly dataType: string
          readonly stringValue?: string | undefined
          readonly binaryValue?: string | undefined
        }
      }
    | undefined
}

export interface SqsEvent {
  readonly Records: readonly SqsRecord[]
}

/** An attribute as SendMessage takes it. */
export interface SqsAttribute {
  readonly DataType: string
  readonly StringValue?: string
  readonly BinaryValue?: Uint8Array
}

/** Either spelling, read once. */
export interface QueueMessage {
  readonly messageId: string | undefined
  readonly receiptHandle: string | undefined
  /** Verbatim; undefined only when the event is not what SQS makes. */
  readonly body: string | undefined
  /** Times that it was received, this time included. 1 where the event does not say. */
  readonly receiveCount: number
  readonly groupId: string | undefined
  /** The group of a message from a FIFO queue, whose order is kept. */
  readonly fifoGroup: string | undefined
  readonly queueArn: string | undefined
  /** When it was put into its queue; where SQS moved it to a dead-letter queue, into the first one. */
  readonly sentAt: Date | undefined
  readonly attributes: Readonly<Record<string, SqsAttribute>>
}

/** The messages of an SQS event or of a list of them; undefined when the event is something else. */
export function queueMessages(event: unknown): QueueMessage[] | undefined {
  if (Array.isArray(event)) return event.map(queueMessage)
  const records = (event as { Records?: unknown } | null | undefined)?.Records
  if (!Array.isArray(records)) return undefined
  return records.every(isSqsRecord) ? records.map(queueMessage) : undefined
}

function isSqsRecord(record: unknown): boolean {
  if (typeof record !== 'object' || record === null) return false
  return (record as { eventSource?: unknown }).eventSource === 'aws:sqs' || ('messageId' in record && 'body' in record)
}

function queueMessage(value: unknown): QueueMessage {
  const message = (value ?? {}) as SqsMessage & Partial<SqsRecord>
  const body = message.Body ?? message.body
  const system = message.Attributes ?? message.attributes
  return {
    messageId: message.MessageId ?? message.messageId,
    receiptHandle: message.ReceiptHandle,
    body: typeof body === 'string' ? body : undefined,
    receiveCount: Number(system?.ApproximateReceiveCount) || 1,
    groupId: system?.MessageGroupId,
    fifoGroup:
      system?.SequenceNumber !== undefined || message.eventSourceARN?.endsWith('.fifo')
        ? system?.MessageGroupId
        : undefined,
    queueArn: message.eventSourceARN,
    sentAt: system?.SentTimestamp === undefined ? undefined : new Date(Number(system.SentTimestamp)),
    attributes: sendable(message),
  }
}

function sendable({ MessageAttributes, messageAttributes }: SqsMessage & Partial<SqsRecord>) {
  const attributes: Record<string, SqsAttribute> = {}
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(MessageAttributes ?? {})) {
    if (DataType && StringValue) attributes[name] = { DataType, StringValue }
    else if (DataType && BinaryValue) attributes[name] = { DataType, BinaryValue }
  }
  for (const [name, { dataType, stringValue, binaryValue }] of Object.entries(messageAttributes ?? {})) {
    if (stringValue) attributes[name] = { DataType: dataType, StringValue: stringValue }
    else if (binaryValue) attributes[name] = { DataType: dataType, BinaryValue: Buffer.from(binaryValue, 'base64') }
  }
  return attributes
}
