// What a user would run, as a process of its own: the worker of examples/worker, or the handler of examples/lambda in
// a loop that does what Lambda does. Each report is a line in a file, so that the suite can add them up.
import { getEventListeners } from 'node:events'
import { appendFileSync } from 'node:fs'
import { S3Client } from '@aws-sdk/client-s3'
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { detect, ingest } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { elasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch } from '@flowferry/sink-opensearch'
import { batchResponse, consume, s3Objects, settle } from '@flowferry/source-s3'
import { Client as OpenSearch } from '@opensearch-project/opensearch'

const { engine, mode, queueUrl, deadLetterQueueUrl, node, namespace, reports, samples, read, lambda, bulk, worker } =
  JSON.parse(process.env.CHAOS)
// As AWS and the engines make them: every silence is ended by the library itself.
const s3 = new S3Client()
const sqs = new SQSClient()
const client = engine === 'elasticsearch' ? new Elasticsearch({ node }) : new OpenSearch({ node })
const sink = (engine === 'elasticsearch' ? elasticsearch : opensearch)({ client, ...bulk })
const parser = detect([vpcFlow, cloudTrail, cloudFront])

const controller = new AbortController()
process.once('SIGTERM', () => controller.abort())
const keep = (report) => appendFileSync(reports, `${JSON.stringify(report)}\n`)
const tell = (error) => console.error(JSON.stringify(error))

/** Signals that live as long as the worker: what listens to them and is not removed is a leak. */
const signals = new Set([controller.signal])
let warnings = 0
process.on('warning', ({ name }) => {
  if (name === 'MaxListenersExceededWarning') warnings++
})

if (samples) {
  const sample = () => {
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    // Sockets, timers and other handles by their kind, and whoever listens to the process or to a signal.
    const held = {}
    for (const kind of process.getActiveResourcesInfo()) held[kind] = (held[kind] ?? 0) + 1
    for (const event of process.eventNames()) held[`listeners to ${String(event)}`] = process.listenerCount(event)
    held['listeners to abort'] = [...signals].reduce(
      (sum, signal) => sum + getEventListeners(signal, 'abort').length,
      0,
    )
    appendFileSync(samples, `${JSON.stringify({ rss, heapUsed, held, warnings })}\n`)
  }
  setInterval(sample, 500).unref()
}

if (mode === 'worker') {
  const totals = await consume(
    queueUrl,
    (messages, signal) => {
      signals.add(signal)
      return ingest({ source: s3Objects(messages, { s3, ...read }), parser, sink, namespace, signal })
    },
    {
      sqs,
      signal: controller.signal,
      deadLetter: { queueUrl: deadLetterQueueUrl },
      onReport: keep,
      onError: tell,
      ...worker,
    },
  )
  console.log(JSON.stringify(totals))
} else {
  while (!controller.signal.aborted) await poll()
}

async function handler(event, context) {
  const source = s3Objects(event, { s3, ...read })
  const { batchBytes } = lambda
  const report = await ingest({ source, parser, sink, namespace, deadline: context, batchBytes })
  keep(report)
  const deadLetter = { queueUrl: deadLetterQueueUrl, maxAttempts: lambda.maxAttempts }
  return batchResponse(await settle(report, event, { sqs, queueUrl, deadLetter }))
}

/** One turn of Lambda's event source mapping, and of its sandbox: a function that is late is killed. */
async function poll() {
  const { Messages = [] } = await sqs
    .send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 5,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: AbortSignal.timeout(4000) },
    )
    .catch(tellNothing)
  if (Messages.length === 0) return
  const end = Date.now() + lambda.timeout
  const timer = setTimeout(() => process.kill(process.pid, 'SIGKILL'), lambda.timeout)
  const Records = Messages.map(({ MessageId, Body, ReceiptHandle, Attributes, MessageAttributes = {} }) => ({
    messageId: MessageId,
    body: Body,
    receiptHandle: ReceiptHandle,
    attributes: Attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { DataType: dataType, StringValue: stringValue }]) => [
        name,
        { dataType, stringValue },
      ]),
    ),
    eventSource: 'aws:sqs',
  }))
  let failed
  try {
    const response = await handler({ Records }, { getRemainingTimeInMillis: () => end - Date.now() })
    failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
  } catch (error) {
    tell({ message: String(error) })
    return
  } finally {
    clearTimeout(timer)
  }
  for (const { MessageId, ReceiptHandle } of Messages)
    if (!failed.has(MessageId))
      await sqs
        .send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }), {
          abortSignal: AbortSignal.timeout(4000),
        })
        .catch(tellNothing)
}

function tellNothing(error) {
  tell({ message: String(error) })
  return {}
}
