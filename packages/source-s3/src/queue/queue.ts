import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { FlowferryError } from '@flowferry/core'
import { outageCode } from '../aws-errors.ts'
import type { SqsAttribute } from '../events/messages.ts'
import { answerWithin, sleep } from './time.ts'

/** An `SQSClient`; only its `send` is used. */
export type Sqs = Pick<SQSClient, 'send'>

/** Time for which SQS hides a message at most, counted from its receive, however often that is extended: 12 hours. */
export const maxVisibilitySeconds = 43_200
/**
 * Limit of a message with its attributes, and of a batch.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const maxMessageBytes = 1_048_576
const batchEntries = 10

/** Seconds for a response of SQS; a long poll has them beyond its wait. */
const requestTimeoutSeconds = 15

export interface Receipt {
  readonly MessageId?: string | undefined
  readonly ReceiptHandle?: string | undefined
}

export interface EntryFailure<M> {
  readonly message: M
  readonly error: FlowferryError
}

/**
 * Receives messages. The signal must not abort before the wait is over: a message that SQS delivers to an aborted poll
 * stays hidden for its visibility timeout.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
 */
export async function receive(
  sqs: Sqs,
  queueUrl: string,
  options: { messages: number; waitSeconds: number; visibilitySeconds: number },
  signal?: AbortSignal,
): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: options.messages,
    WaitTimeSeconds: options.waitSeconds,
    VisibilityTimeout: options.visibilitySeconds,
    MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId', 'SequenceNumber', 'SentTimestamp'],
    MessageAttributeNames: ['All'],
  })
  const { Messages } = await answerWithin(options.waitSeconds + requestTimeoutSeconds, signal, (limit) =>
    sqs.send(command, limit),
  )
  return Messages ?? []
}

export interface QueueSettings {
  readonly visibilitySeconds?: number
  /** The RedrivePolicy's `maxReceiveCount`. */
  readonly maxReceives?: number
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html */
export async function queueSettings(sqs: Sqs, queueUrl: string, signal: AbortSignal): Promise<QueueSettings> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: queueUrl,
    AttributeNames: ['VisibilityTimeout', 'RedrivePolicy'],
  })
  const { Attributes } = await answerWithin(requestTimeoutSeconds, signal, (limit) => sqs.send(command, limit))
  const visibility = Number(Attributes?.VisibilityTimeout)
  const maxReceives = Number(JSON.parse(Attributes?.RedrivePolicy ?? '{}').maxReceiveCount)
  return {
    ...(visibility > 0 && { visibilitySeconds: visibility }),
    ...(maxReceives > 0 && { maxReceives }),
  }
}

/** Deletes messages, with two more tries for failed entries. Returns the entries that still failed. */
export async function deleteMessages<M extends Receipt>(
  sqs: Sqs,
  queueUrl: string,
  messages: readonly M[],
  signal?: AbortSignal,
): Promise<EntryFailure<M>[]> {
  let failures: EntryFailure<M>[] = []
  let remaining = messages
  for (const pause of [0, 200, 1000]) {
    await sleep(pause, signal)
    failures = await inBatches('DeleteMessageBatch', remaining, (entries) =>
      answerWithin(requestTimeoutSeconds, signal, (limit) =>
        sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }), limit),
      ),
    )
    if (failures.length === 0) break
    remaining = failures.map(({ message }) => message)
  }
  return failures
}

/** Hides messages for some seconds from now; 0 makes them visible. Returns the entries that failed. */
export function changeVisibility<M extends Receipt>(
  sqs: Sqs,
  queueUrl: string,
  messages: readonly M[],
  seconds: number,
  signal?: AbortSignal,
  timeoutSeconds = requestTimeoutSeconds,
): Promise<EntryFailure<M>[]> {
  return inBatches('ChangeMessageVisibilityBatch', messages, (entries) => {
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: queueUrl,
      Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: seconds })),
    })
    return answerWithin(timeoutSeconds, signal, (limit) => sqs.send(command, limit))
  })
}

type Entry = { Id: string; ReceiptHandle: string }
type EntriesResult = {
  Failed?: BatchResultErrorEntry[] | undefined
}

async function inBatches<M extends Receipt>(
  action: string,
  messages: readonly M[],
  send: (entries: Entry[]) => Promise<EntriesResult>,
): Promise<EntryFailure<M>[]> {
  const failures: EntryFailure<M>[] = []
  for (let start = 0; start < messages.length; start += batchEntries) {
    const batch = messages.slice(start, start + batchEntries)
    try {
      const entries = batch.map(({ ReceiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle: ReceiptHandle ?? '',
      }))
      const { Failed } = await send(entries)
      for (const { Id, Code, Message, SenderFault } of Failed ?? []) {
        const message = batch[Number(Id)]
        const retryable = !SenderFault || /throttl/i.test(Code ?? '')
        const what = `${action}: ${Code}, ${Message}`
        if (message) failures.push({ message, error: queueError(what, message.MessageId, undefined, retryable) })
      }
    } catch (error) {
      for (const message of batch) failures.push({ message, error: queueError(action, message.MessageId, error) })
    }
  }
  return failures
}

export interface OutgoingMessage {
  readonly body: string
  readonly attributes: Readonly<Record<string, SqsAttribute>>
  readonly groupId: string | undefined
  /** Id of the original message. A FIFO queue takes it as the deduplication id: once within five minutes. */
  readonly messageId: string | undefined
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export async function sendMessage(
  sqs: Sqs,
  queueUrl: string,
  message: OutgoingMessage,
  signal?: AbortSignal,
): Promise<void> {
  const { body, attributes, messageId = 'flowferry', groupId = messageId } = message
  const command = new SendMessageCommand({
    QueueUrl: queueUrl,
    MessageBody: body,
    MessageAttributes: { ...attributes },
    ...(isFifo(queueUrl) && { MessageGroupId: groupId, MessageDeduplicationId: messageId }),
  })
  await answerWithin(requestTimeoutSeconds, signal, (limit) => sqs.send(command, limit))
}

export function isFifo(queueUrl: string): boolean {
  return queueUrl.endsWith('.fifo')
}

/**
 * Whether a queue's URL and an ARN name the same queue: `https://sqs.<region>.amazonaws.com/<account>/<name>` and
 * `arn:aws:sqs:<region>:<account>:<name>`. Where the host names no region, account and name decide.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
 */
export function isUrlOfArn(queueUrl: string, arn: string): boolean {
  const [region, account, name] = arn.split(':').slice(3)
  const { hostname, pathname } = new URL(queueUrl)
  const hostRegion = /(?:^|\.)sqs\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(hostname)?.[1]
  return pathname.endsWith(`/${account}/${name}`) && (hostRegion === undefined || hostRegion === region)
}

/**
 * The error of a request or an entry that SQS refused: of credentials, clock, region or key where that is the cause. Load
 * and silence are the queue's own.
 */
export function queueError(
  what: string,
  messageId?: string,
  cause?: unknown,
  retryable = !isPermanent(cause),
): FlowferryError {
  const detail = cause instanceof Error ? `${what}: ${cause.name}, ${cause.message}` : what
  const outage = outageCode(cause)
  const isQueues = outage === undefined || outage === 'SOURCE_OVERLOADED' || outage === 'SOURCE_UNREACHABLE'
  return new FlowferryError(isQueues ? 'QUEUE_FAILED' : outage, detail, {
    ...(messageId !== undefined && { place: { messageId } }),
    ...(cause !== undefined && { cause }),
    retryable,
  })
}

/** Whether a permission is lacking, so that no retry helps. SQS answers 403 for throttling, too. */
export function isDenied(error: unknown): boolean {
  const { name = '', $metadata } = (error ?? {}) as { name?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  if (outageCode(error)) return false
  return /AccessDenied|NotAuthorized/.test(name) || ((status === 401 || status === 403) && !/throttl/i.test(name))
}

/** Whether no retry helps: the request is denied, or the queue does not exist. */
export function isPermanent(error: unknown): boolean {
  const name = (error as { name?: string } | undefined)?.name ?? ''
  return isDenied(error) || /QueueDoesNotExist|NonExistentQueue|InvalidAddress/.test(name)
}

/** Whether every request meets the same until somebody mends it: a refusal for good, or credentials, clock and the like. */
export function isRefusedForAll(error: unknown): boolean {
  const outage = outageCode(error)
  return (
    isPermanent(error) || (outage !== undefined && outage !== 'SOURCE_OVERLOADED' && outage !== 'SOURCE_UNREACHABLE')
  )
}
