// Keys of an archive of many days, accounts and regions, in which one world of test/worlds lies.
import { gunzipSync, gzipSync } from 'node:zlib'

const day = 86_400_000
const minute = 60_000
const accounts = ['111122223333', '222233334444', '333344445555']
const regions = ['ap-southeast-2', 'eu-west-3', 'us-east-1']
/** What nobody is to read. */
const other = gzipSync('version account-id\n')

/**
 * Flow logs of every five minutes, in the world's account and region and in eleven others, on the days before and after
 * the world's; and in the world's own hour some files of others' traffic, so that the span names as many as `named`.
 *
 * @param question A world, its `files` with key and body.
 */
export function archiveOf({ since, files }, { keys: count, named, filler }) {
  const [, account, , region] = /^AWSLogs\/(\d+)\/(\w+)\/([\w-]+)\//.exec(files[0].key)
  const bodies = new Map(files.map(({ key, body }) => [key, body]))
  for (let n = 0; bodies.size < named; n++)
    bodies.set(flowKey(account, region, Date.parse(since) + n * 5 * minute, n), filler)
  const places = [account, ...accounts]
    .flatMap((owner) => [region, ...regions].map((where) => [owner, where]))
    .slice(0, 12)
  const keys = [...bodies.keys()]
  // Days around the world's, none within a day of it in its own place.
  const first = Date.parse(since.slice(0, 10))
  for (let distance = 0; keys.length < count; distance++)
    for (const [owner, where] of places)
      for (const direction of distance === 0 ? [1] : [-1, 1]) {
        if (distance < 2 && owner === account && where === region) continue
        for (let n = 0; n < 288 && keys.length < count; n++)
          keys.push(flowKey(owner, where, first + direction * distance * day + n * 5 * minute, n))
      }
  keys.sort()
  return { keys, bodyOf: (key) => bodies.get(key) ?? other, account, region }
}

function flowKey(account, region, time, n) {
  const iso = new Date(time).toISOString()
  const stamp = `${iso.slice(0, 16).replace(/[-:]/g, '')}Z`
  const id = ((n * 2_654_435_761) >>> 0).toString(16).padStart(8, '0')
  return `AWSLogs/${account}/vpcflowlogs/${region}/${iso.slice(0, 10).replaceAll('-', '/')}/${account}_vpcflowlogs_${region}_fl-0123456789abcdef0_${stamp}_${id}.log.gz`
}

/** A file of flow records, moved to begin at another time. */
export function movedTo(file, since, from) {
  const [header, ...lines] = gunzipSync(file).toString().trimEnd().split('\n')
  const columns = header.split(' ')
  const places = [columns.indexOf('start'), columns.indexOf('end')]
  const more = Math.floor(Date.parse(since) / 1000) - from
  const moved = lines.map((line) => {
    const values = line.split(' ')
    for (const place of places) values[place] = Number(values[place]) + more
    return values.join(' ')
  })
  return gzipSync(`${[header, ...moved].join('\n')}\n`)
}
