import { randomUUID } from 'node:crypto'
import type { Sqs } from '../src/queue/queue.ts'

interface Stored {
  id: string
  body: string
  attributes: Record<string, unknown>
  groupId: string | undefined
  sentAt: number
  visibleAt: number
  receives: number
  receipt: string
}

type Call = { readonly command: string; readonly input: Record<string, unknown> }

/** SQS in memory, on `Date.now()` and `setTimeout`, so that fake timers move it. */
export function fakeSqs(settings: { attributes?: Record<string, string>; visibilityTimeout?: number } = {}) {
  const queues = new Map<string, Stored[]>()
  const calls: Call[] = []
  let fault: (call: Call) => unknown = () => undefined
  const queue = (url: string) => {
    if (!queues.has(url)) queues.set(url, [])
    return queues.get(url)!
  }

  const put = (url: string, body: string, attributes: Record<string, unknown> = {}, groupId?: string) => {
    const id = randomUUID()
    queue(url).push({ id, body, attributes, groupId, sentAt: Date.now(), visibleAt: 0, receives: 0, receipt: '' })
    return id
  }

  const take = (input: Record<string, unknown>) => {
    const visible = queue(input.QueueUrl as string).filter((message) => message.visibleAt <= Date.now())
    return visible.slice(0, input.MaxNumberOfMessages as number).map((message) => {
      message.receives++
      message.receipt = randomUUID()
      message.visibleAt = Date.now() + (input.VisibilityTimeout as number) * 1000
      return {
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        Body: message.body,
        Attributes: {
          ApproximateReceiveCount: String(message.receives),
          SentTimestamp: String(message.sentAt),
          ...(message.groupId && { MessageGroupId: message.groupId }),
        },
        MessageAttributes: message.attributes,
      }
    })
  }

  const byReceipt = (
    input: Record<string, unknown>,
    act: (message: Stored, entry: Record<string, unknown>) => void,
  ) => {
    const messages = queue(input.QueueUrl as string)
    const Failed: unknown[] = []
    for (const entry of input.Entries as Record<string, unknown>[]) {
      const message = messages.find(({ receipt }) => receipt === entry.ReceiptHandle)
      if (message) act(message, entry)
      else Failed.push({ Id: entry.Id, Code: 'ReceiptHandleIsInvalid', Message: 'gone', SenderFault: true })
    }
    return { Failed }
  }

  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const call = { command: command.constructor.name.replace(/Command$/, ''), input: command.input }
    calls.push(call)
    const faulty = await fault(call)
    if (faulty instanceof Error) throw faulty
    if (faulty !== undefined) return faulty
    const { input } = call
    switch (call.command) {
      case 'GetQueueAttributes':
        return { Attributes: { VisibilityTimeout: '30', ...settings.attributes } }
      case 'ReceiveMessage': {
        const end = Date.now() + (input.WaitTimeSeconds as number) * 1000
        for (;;) {
          const Messages = take(input)
          if (Messages.length > 0 || Date.now() >= end) return { Messages }
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      case 'GetQueueUrl':
        return { QueueUrl: `https://sqs.test/${input.QueueOwnerAWSAccountId}/${input.QueueName}` }
      case 'SendMessage':
        return {
          MessageId: put(
            input.QueueUrl as string,
            input.MessageBody as string,
            input.MessageAttributes as Record<string, unknown>,
            input.MessageGroupId as string | undefined,
          ),
        }
      case 'DeleteMessageBatch':
        return byReceipt(input, (message) => {
          const messages = queue(input.QueueUrl as string)
          messages.splice(messages.indexOf(message), 1)
        })
      case 'ChangeMessageVisibilityBatch':
        return byReceipt(input, (message, entry) => {
          message.visibleAt = Date.now() + (entry.VisibilityTimeout as number) * 1000
        })
      default:
        throw new Error(`not faked: ${call.command}`)
    }
  }

  return {
    sqs: { send } as unknown as Sqs,
    put,
    queue,
    calls,
    count: (name: string) => calls.filter(({ command }) => command === name).length,
    /** Gives an error to throw or an answer to give instead; undefined lets the call through. */
    onCall: (next: (call: Call) => unknown) => {
      fault = next
    },
  }
}

export function awsError(name: string, httpStatusCode: number, message = name): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } })
}
