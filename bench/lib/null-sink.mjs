// Enough of a search engine to take `_bulk` as fast as Node can: counts documents and bytes, stores nothing.
// A process of its own, so that only the sender's CPU is the sender's. Prints its address.
import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'

const total = { requests: 0, documents: 0, bytes: 0, wireBytes: 0 }
const LF = 0x0a

/** Documents of a body: each has an action line and a line of its own. */
function countDocuments(body) {
  let lines = 0
  for (let at = body.indexOf(LF); at !== -1; at = body.indexOf(LF, at + 1)) lines++
  return lines / 2
}

const answers = new Map()

/** What the engines answer when all went well, as far as `filter_path` asks for it. */
function answerOf(count, action, filter) {
  const key = `${count} ${action} ${filter}`
  const known = answers.get(key)
  if (known) return known
  const wants = (path) => filter === null || filter.split(',').some((one) => one === path || path.startsWith(`${one}.`))
  const item = filter?.includes('items.*.status')
    ? `{"${action}":{"result":"created","status":201}}`
    : `{"${action}":{"_index":".ds-logs-aws.vpcflow-default-2026.11.22-000001","_id":"AAAAAAAAAAAAAAAAAAAAAA1a2b","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":1000000,"_primary_term":1,"status":201}}`
  const members = [
    ...(wants('took') ? ['"took":30'] : []),
    ...(wants('errors') ? ['"errors":false'] : []),
    ...(wants('items') || filter?.includes('items.*.status')
      ? [`"items":[${`${item},`.repeat(count).slice(0, -1)}]`]
      : []),
  ]
  const answer = Buffer.from(`{${members.join(',')}}`)
  if (answers.size < 10_000) answers.set(key, answer)
  return answer
}

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const sent = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
  const url = new URL(request.url, 'http://sink')
  let answer
  if (url.pathname.endsWith('/_bulk')) {
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    const documents = countDocuments(body)
    total.requests++
    total.documents += documents
    total.bytes += body.length
    total.wireBytes += sent.length
    const action = body.toString('latin1', 2, body.indexOf('"', 2))
    answer = answerOf(documents, action, url.searchParams.get('filter_path'))
  } else if (url.pathname === '/_stats') {
    answer = Buffer.from(JSON.stringify(total))
    for (const name of Object.keys(total)) total[name] = 0
  } else if (url.pathname.startsWith('/_data_stream/')) {
    answer = Buffer.from(JSON.stringify({ data_streams: [{ name: url.pathname.split('/')[2] }] }))
  } else {
    answer = Buffer.from(
      '{"name":"null","version":{"number":"9.5.3","build_flavor":"default"},"tagline":"You Know, for Search"}',
    )
  }
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': answer.length,
    'x-elastic-product': 'Elasticsearch',
  })
  response.end(answer)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.once('disconnect', () => process.exit())
