// CPU of an import and of the first event after it, in a process of its own: node first-event.mjs FILE INPUT; prints
// JSON. FILE is the example Lambda with the stand-ins of cold-start.mjs, which give INPUT and take any body.
import { readFileSync } from 'node:fs'

process.env.SEARCH_URL = 'http://127.0.0.1:9200'
process.env.DEAD_LETTER_QUEUE_URL = 'http://127.0.0.1:9324/queue/dead'
const [file, input] = process.argv.slice(2)
const bytes = readFileSync(input)
let sent = 0
globalThis.standIn = {
  send: async () => ({ Body: chunks(bytes), ETag: '"d41d8cd98f00b204e9800998ecf8427e"', ContentLength: bytes.length }),
  request: async ({ bulkBody }) => {
    sent += bulkBody.length
    const items = Array(bulkBody.toString().split('\n').length >> 1).fill({
      create: { result: 'created', status: 201 },
    })
    return { statusCode: 200, headers: {}, body: chunks(Buffer.from(JSON.stringify({ errors: false, items }))) }
  },
}
async function* chunks(bytes) {
  yield bytes
}
const s3 = { bucket: { name: 'logs' }, object: { key: 'log.gz', size: bytes.length } }
const body = JSON.stringify({
  Records: [{ eventVersion: '2.1', eventName: 'ObjectCreated:Put', eventSource: 'aws:s3', s3 }],
})
const event = { Records: [{ messageId: '1', receiptHandle: '1', body, attributes: {}, messageAttributes: {} }] }

const before = process.cpuUsage()
const { handler } = await import(file)
const imported = process.cpuUsage(before)
const answer = await handler(event, { getRemainingTimeInMillis: () => 60_000 })
const handled = process.cpuUsage(before)
if (answer.batchItemFailures.length > 0 || sent === 0) throw new Error('The event was not handled')
const milliseconds = ({ user, system }) => (user + system) / 1e3
console.log(JSON.stringify({ imported: milliseconds(imported), cpu: milliseconds(handled) }))
