// What somebody writes in an hour for the same question: everything below a prefix is listed with the SDK's paginator, what
// falls into the span is read and searched for lines that hold both addresses: node archive-plain.mjs JSON; prints JSON.
import { gunzipSync } from 'node:zlib'
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'

const { url, account, region, a, b, since, until } = JSON.parse(process.argv[2])
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const s3 = new S3Client({ endpoint: url, region: 'us-east-1', credentials, forcePathStyle: true })
const minute = 60_000
const [from, to] = [Date.parse(since) - 25 * minute, Date.parse(until) + 90 * minute]

const found = []
let list = 0
for await (const { Contents = [] } of paginateListObjectsV2(
  { client: s3 },
  { Bucket: 'archive', Prefix: 'AWSLogs/' },
)) {
  list++
  for (const { Key } of Contents) {
    if (!Key.includes(`/${account}/`) || !Key.includes(`/${region}/`)) continue
    const [, date, hours, minutes] = /_(\d{8})T(\d\d)(\d\d)Z_/.exec(Key) ?? []
    const day = date?.replace(/(....)(..)(..)/, '$1-$2-$3')
    const time = Date.parse(`${day}T${hours}:${minutes}:00Z`)
    if (time >= from && time < to) found.push(Key)
  }
}
const lines = []
let bytes = 0
for (let at = 0; at < found.length; at += 16)
  await Promise.all(
    found.slice(at, at + 16).map(async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'archive', Key }))
      const body = await Body.transformToByteArray()
      bytes += body.length
      for (const line of gunzipSync(body).toString().split('\n'))
        if (line.includes(` ${a} `) && line.includes(` ${b} `)) lines.push(line)
    }),
  )
const { user, system } = process.cpuUsage()
console.log(
  JSON.stringify({
    objects: found.length,
    bytes,
    requests: { list, get: found.length },
    lines: lines.length,
    cpu: (user + system) / 1e6,
    peak: process.resourceUsage().maxRSS / 1024,
  }),
)
process.exit()
