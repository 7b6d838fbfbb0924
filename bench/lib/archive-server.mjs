// An S3 server that holds an archive of keys in memory: ListObjectsV2 and GetObject as AWS documents them, and no more.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

const pageSize = 1000
/** Sorts behind every key that begins with what stands before it. */
const end = '\u{10FFFF}'

/**
 * @param objects.keys In the order of their bytes; ASCII.
 * @param objects.bodyOf A key's bytes.
 * @param latency Milliseconds before each answer, as the way to S3 takes them.
 */
export async function startArchiveServer({ keys, bodyOf }, latency = 0) {
  const requests = { list: 0, get: 0 }
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://s3')
    const [, , ...path] = url.pathname.split('/')
    const key = decodeURIComponent(path.join('/'))
    const answer = key === '' ? listing(url.searchParams) : object(key)
    requests[key === '' ? 'list' : 'get']++
    setTimeout(() => {
      response.writeHead(answer.status, answer.headers)
      response.end(answer.body)
    }, latency)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }

  function listing(parameters) {
    const prefix = parameters.get('prefix') ?? ''
    const delimiter = parameters.get('delimiter')
    const token = parameters.get('continuation-token')
    const after = token === null ? (parameters.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString()
    const contents = []
    const folders = []
    const isBefore = after < prefix
    let at = isBefore ? firstBehind(keys, prefix, true) : firstBehind(keys, after)
    let last
    while (at < keys.length && keys[at].startsWith(prefix) && contents.length + folders.length < pageSize) {
      const key = keys[at]
      const slash = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length)
      if (slash === -1) {
        contents.push(key)
        last = key
        at++
        continue
      }
      const folder = key.slice(0, slash + 1)
      if (!after.startsWith(folder)) folders.push(folder)
      last = `${folder}${end}`
      at = firstBehind(keys, last)
    }
    const isCut = at < keys.length && keys[at].startsWith(prefix)
    const body = `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Prefix>${text(prefix)}</Prefix><KeyCount>${contents.length + folders.length}</KeyCount><MaxKeys>${pageSize}</MaxKeys><IsTruncated>${isCut}</IsTruncated>${
      isCut ? `<NextContinuationToken>${Buffer.from(last).toString('base64url')}</NextContinuationToken>` : ''
    }${contents.map(entry).join('')}${folders.map((folder) => `<CommonPrefixes><Prefix>${text(folder)}</Prefix></CommonPrefixes>`).join('')}</ListBucketResult>`
    return { status: 200, headers: { 'content-type': 'application/xml' }, body }
  }

  function entry(key) {
    const { etag, body } = stored(key)
    return `<Contents><Key>${text(key)}</Key><LastModified>2026-11-30T00:00:00.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  }

  function object(key) {
    const found = keys[firstBehind(keys, key, true)] === key
    if (!found) return { status: 404, headers: {}, body: '<Error><Code>NoSuchKey</Code></Error>' }
    const { etag, body } = stored(key)
    const headers = {
      etag: `"${etag}"`,
      'content-length': body.length,
      'last-modified': 'Mon, 30 Nov 2026 00:00:00 GMT',
    }
    return { status: 200, headers, body }
  }

  function stored(key) {
    const body = bodyOf(key)
    return { body, etag: etagOf(body) }
  }
}

const etags = new WeakMap()
function etagOf(body) {
  const known = etags.get(body) ?? createHash('md5').update(body).digest('hex')
  etags.set(body, known)
  return known
}

const text = (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** The place of the first key behind another, or `at` it. */
function firstBehind(keys, key, at = false) {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle] < key || (!at && keys[middle] === key)) low = middle + 1
    else high = middle
  }
  return low
}
