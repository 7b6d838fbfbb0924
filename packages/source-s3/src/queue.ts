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
import type { SqsAttribute } from './messages.ts'
import { answerWithin, sleep } from './time.ts'

/** What is used of an SQSClient. */
export type Sqs = Pick<SQSClient, 'send'>

/** SQS hides a message from its receipt for this long at most, however often that is extended. */
export const visibilityCeilingSeconds = 43_200
/** Of a message with its attributes, and of a batch. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const maxMessageBytes = 1_048_576
const batchEntries = 10

/** Seconds that SQS has to answer; a long poll besides what it waits for. */
const patience = 15

export interface Receipt {
  readonly MessageId?: string | undefined
  readonly ReceiptHandle?: string | undefined
}

export interface EntryFailure<M> {
  readonly message: M
  readonly error: FlowferryError
}

/**
 * The signal must not abort before the wait is over: a message that the poll would have got is lost to its visibility
 * timeout. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
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
  const { Messages } = await answerWithin(options.waitSeconds + patience, signal, (limit) => sqs.send(command, limit))
  return Messages ?? []
}

export interface QueueSettings {
  readonly visibilitySeconds?: number
  /** Of the RedrivePolicy. */
  readonly maxReceives?: number
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html */
export async function queueSettings(sqs: Sqs, queueUrl: string, signal: AbortSignal): Promise<QueueSettings> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: queueUrl,
    AttributeNames: ['VisibilityTimeout', 'RedrivePolicy'],
  })
  const { Attributes } = await answerWithin(patience, signal, (limit) => sqs.send(command, limit))
  const visibility = Number(Attributes?.VisibilityTimeout)
  const maxReceives = Number(JSON.parse(Attributes?.RedrivePolicy ?? '{}').maxReceiveCount)
  return {
    ...(visibility > 0 && { visibilitySeconds: visibility }),
    ...(maxReceives > 0 && { maxReceives }),
  }
}

/** Deletes messages, trying failed entries twice more; gives those that could not be deleted. */
export async function deleteMessages<M extends Receipt>(
  sqs: Sqs,
  queueUrl: string,
  messages: readonly M[],
  signal?: AbortSignal,
): Promise<EntryFailure<M>[]> {
  let failures: EntryFailure<M>[] = []
  let left = messages
  for (const pause of [0, 200, 1000]) {
    await sleep(pause, signal)
    failures = await inBatches('DeleteMessageBatch', left, (entries) =>
      answerWithin(patience, signal, (limit) =>
        sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }), limit),
      ),
    )
    if (failures.length === 0) break
    left = failures.map(({ message }) => message)
  }
  return failures
}

/** Hides messages for so many seconds from now; 0 makes them visible. Gives those for which that failed. */
export function changeVisibility<M extends Receipt>(
  sqs: Sqs,
  queueUrl: string,
  messages: readonly M[],
  seconds: number,
  signal?: AbortSignal,
  patienceSeconds = patience,
): Promise<EntryFailure<M>[]> {
  return inBatches('ChangeMessageVisibilityBatch', messages, (entries) => {
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: queueUrl,
      Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: seconds })),
    })
    return answerWithin(patienceSeconds, signal, (limit) => sqs.send(command, limit))
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

export interface Outgoing {
  readonly body: string
  readonly attributes: Readonly<Record<string, SqsAttribute>>
  readonly groupId: string | undefined
  /** The id of the message that this one stands for: a FIFO queue takes it once in five minutes. */
  readonly messageId: string | undefined
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export async function sendMessage(sqs: Sqs, queueUrl: string, message: Outgoing, signal?: AbortSignal): Promise<void> {
  const { body, attributes, messageId = 'flowferry', groupId = messageId } = message
  const command = new SendMessageCommand({
    QueueUrl: queueUrl,
    MessageBody: body,
    MessageAttributes: { ...attributes },
    ...(isFifo(queueUrl) && { MessageGroupId: groupId, MessageDeduplicationId: messageId }),
  })
  await answerWithin(patience, signal, (limit) => sqs.send(command, limit))
}

export function isFifo(queueUrl: string): boolean {
  return queueUrl.endsWith('.fifo')
}

/**
 * Whether a queue's URL is the address of an ARN: `https://sqs.<region>.amazonaws.com/<account>/<name>` and
 * `arn:aws:sqs:<region>:<account>:<name>`. Where the host names no region, account and name tell.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
 */
export function isAddressOf(queueUrl: string, arn: string): boolean {
  const [region, account, name] = arn.split(':').slice(3)
  const { hostname, pathname } = new URL(queueUrl)
  const named = /(?:^|\.)sqs\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(hostname)?.[1]
  return pathname.endsWith(`/${account}/${name}`) && (named === undefined || named === region)
}

/** A request or an entry that SQS refused. */
export function queueError(
  what: string,
  messageId?: string,
  cause?: unknown,
  retryable = !isPermanent(cause),
): FlowferryError {
  const detail = cause instanceof Error ? `${what}: ${cause.name}, ${cause.message}` : what
  return new FlowferryError('QUEUE_FAILED', detail, {
    ...(messageId !== undefined && { place: { messageId } }),
    ...(cause !== undefined && { cause }),
    retryable,
  })
}

const denied =
  /AccessDenied|NotAuthorized|InvalidSecurity|InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClient|Signature|ExpiredToken|MissingAuthenticationToken|OptInRequired|CredentialsProvider|TokenProvider|KmsDisabled|KmsNotFound/

/** Credentials, permissions: another try of the same process gives the same. Throttling may be a 403 with SQS. */
export function isDenied(error: unknown): boolean {
  const { name = '', $metadata } = (error ?? {}) as { name?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  return denied.test(name) || ((status === 401 || status === 403) && !/throttl/i.test(name))
}

/** No retry helps: denied, or there is no such queue. */
export function isPermanent(error: unknown): boolean {
  const name = (error as { name?: string } | undefined)?.name ?? ''
  return isDenied(error) || /QueueDoesNotExist|NonExistentQueue|InvalidAddress/.test(name)
}
