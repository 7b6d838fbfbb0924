/**
 * SQS messages in their two spellings: capital letters from ReceiveMessage, small ones in a Lambda event. The types
 * are small and structural, so the SDK's `Message` and `SQSEvent` of `@types/aws-lambda` fit without either package.
 */

/** The system attributes of a message that are used here. */
interface SqsSystemAttributes {
  readonly ApproximateReceiveCount?: string | undefined
  readonly MessageGroupId?: string | undefined
  /** Of FIFO queues only. A message of a standard queue may have a group too, for fair queues. */
  readonly SequenceNumber?: string | undefined
  readonly SentTimestamp?: string | undefined
}

/**
 * A message in the spelling of ReceiveMessage.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Message.html
 */
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

/** A message in the spelling of a Lambda event. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
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

/** The event of a Lambda function of an SQS queue. */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[]
}

/** An attribute in the spelling of SendMessage. */
export interface SqsAttribute {
  readonly DataType: string
  readonly StringValue?: string
  readonly BinaryValue?: Uint8Array
}

/** A message of either spelling. */
export interface QueueMessage {
  readonly messageId: string | undefined
  readonly receiptHandle: string | undefined
  /** Verbatim; undefined only in an event that SQS did not make. */
  readonly body: string | undefined
  /** Number of receives, this one included; 1 in an event without the count. */
  readonly receiveCount: number
  readonly groupId: string | undefined
  /** The group of a message from a FIFO queue, whose order is kept. */
  readonly fifoGroup: string | undefined
  readonly queueArn: string | undefined
  /** Time when the message was sent. A message that SQS moved to a dead-letter queue keeps it. */
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
    receiveCount: receiveCount(system?.ApproximateReceiveCount),
    groupId: system?.MessageGroupId,
    fifoGroup:
      system?.SequenceNumber !== undefined || message.eventSourceARN?.endsWith('.fifo')
        ? system?.MessageGroupId
        : undefined,
    queueArn: message.eventSourceARN,
    sentAt: timeOf(system?.SentTimestamp),
    attributes: attributesOf(message),
  }
}

function receiveCount(text: string | undefined): number {
  const count = Number(text)
  return Number.isSafeInteger(count) && count > 0 ? count : 1
}

function timeOf(text: string | undefined): Date | undefined {
  const time = new Date(text === undefined ? Number.NaN : Number(text))
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** The message's attributes in the spelling of SendMessage, without the empty ones that it refuses. */
function attributesOf({ MessageAttributes, messageAttributes }: SqsMessage & Partial<SqsRecord>) {
  const attributes: Record<string, SqsAttribute> = {}
  for (const [name, value] of Object.entries(MessageAttributes ?? {})) {
    const { DataType, StringValue, BinaryValue } = value ?? {}
    if (DataType && StringValue) attributes[name] = { DataType, StringValue }
    else if (DataType && BinaryValue) attributes[name] = { DataType, BinaryValue }
  }
  for (const [name, value] of Object.entries(messageAttributes ?? {})) {
    const { dataType, stringValue, binaryValue } = value ?? {}
    if (!dataType) continue
    if (stringValue) attributes[name] = { DataType: dataType, StringValue: stringValue }
    else if (binaryValue) attributes[name] = { DataType: dataType, BinaryValue: Buffer.from(binaryValue, 'base64') }
  }
  return attributes
}
