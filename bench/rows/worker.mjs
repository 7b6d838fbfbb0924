// The example worker, until so many documents are stored: node worker.mjs JSON; prints JSON.
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { detect, ingest } from '@flowferry/core'
import { consume, s3Objects } from '@flowferry/source-s3'
import { droppingSink, fileObject, formats, run } from './pipeline.mjs'
import { createClient, sinks } from './send.mjs'

const { engine, node, namespace, aws, queueUrl, documents, file } = JSON.parse(process.argv[2])
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const s3 = new S3Client({ endpoint: aws, region: 'us-east-1', credentials, forcePathStyle: true })
const sqs = new SQSClient({ endpoint: aws, region: 'us-east-1', credentials })
const client = createClient(engine, node)
const { requests } = watched(client)
const sink = sinks[engine]({ client })
const parser = detect(formats)

// A worker runs for months: its code is compiled when the clock starts, as is that of the preloaded way.
await run([fileObject(file)], 'detect', { sink: droppingSink().sink })

let written = 0
const stop = new AbortController()
const before = process.cpuUsage()
const started = performance.now()
let seconds = 0
await consume(
  queueUrl,
  (messages, signal) => ingest({ source: s3Objects(messages, { s3 }), parser, sink, signal, namespace }),
  {
    sqs,
    signal: stop.signal,
    waitSeconds: 1,
    onReport: ({ ok, counts, messages }) => {
      if (!ok) throw new Error(JSON.stringify(messages.flatMap(({ objects }) => objects).find(({ error }) => error)))
      written += counts.written
      seconds = (performance.now() - started) / 1000
      if (written === documents) stop.abort()
    },
  },
)
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ documents: written, seconds, cpu: (user + system) / 1e6, ...requests }))

/** Counts requests, and those that are under way at once. */
function watched({ transport }) {
  const requests = { requests: 0, inFlight: 0 }
  let now = 0
  const request = transport.request.bind(transport)
  transport.request = (...args) => {
    requests.requests++
    requests.inFlight = Math.max(requests.inFlight, ++now)
    const answer = request(...args)
    const ended = () => {
      now--
    }
    answer.then(ended, ended)
    return answer
  }
  return { requests }
}
