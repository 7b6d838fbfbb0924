import { createHash } from 'node:crypto'
import { FlowferryError, type ObjectReport, type Sink } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { S3 } from '@flowferry/source-s3'
import { describe, expect, it } from 'vitest'
import { tailBucket } from './bucket.ts'
import { rememberPrinted } from './printed.ts'

const root = 'AWSLogs/123456789012/vpcflowlogs/eu-central-1'
const minute = 60_000

/** A key as AWS names it, of a time. */
function keyAt(time: number, name: string): string {
  const iso = new Date(time).toISOString()
  const stamp = `${iso.slice(0, 16).replace(/[-:]/g, '')}Z`
  return `${root}/${iso.slice(0, 10).replaceAll('-', '/')}/123456789012_vpcflowlogs_eu-central-1_fl-1_${stamp}_${name}.log`
}

const body = (lines: readonly number[]) =>
  `version srcport end\n${lines.map((port) => `5 ${port} ${Math.floor(Date.now() / 1000)}`).join('\n')}\n`

/** S3 in memory: `ListObjectsV2` in one page, and `GetObject`, of which the next ones may fail. */
function bucketInMemory() {
  const objects = new Map<string, { text: string; at: Date }>()
  const faults: Error[] = []
  const etagOf = (text: string) => `"${createHash('md5').update(text).digest('hex')}"`
  const listFaults: Error[] = []
  const send = async (command: { constructor: { name: string }; input: Record<string, string> }) => {
    const { Prefix = '', Delimiter, StartAfter = '', Key = '' } = command.input
    if (command.constructor.name === 'GetObjectCommand') {
      const fault = faults.shift()
      if (fault) throw fault
      const { text, at } = objects.get(Key)!
      const bytes = Buffer.from(text)
      const Body = (async function* () {
        yield bytes
      })()
      return { Body, ETag: etagOf(text), ContentLength: bytes.length, LastModified: at }
    }
    const fault = listFaults.shift()
    if (fault) throw fault
    const Contents: object[] = []
    const folders = new Set<string>()
    for (const [key, { text, at }] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!key.startsWith(Prefix) || key <= StartAfter) continue
      const end = Delimiter ? key.indexOf(Delimiter, Prefix.length) : -1
      if (end === -1) Contents.push({ Key: key, ETag: etagOf(text), Size: text.length, LastModified: at })
      else folders.add(key.slice(0, end + 1))
    }
    return { Contents, CommonPrefixes: [...folders].map((folder) => ({ Prefix: folder })) }
  }
  return {
    s3: { send } as unknown as S3,
    put: (key: string, text: string, at = Date.now()) => objects.set(key, { text, at: new Date(at) }),
    faults,
    listFaults,
  }
}

type Bucket = ReturnType<typeof bucketInMemory>

/** Follows the bucket through rounds: each happens before one more listing. */
async function follow(bucket: Bucket, rounds: readonly (() => void)[], options: { since?: Date; late?: number } = {}) {
  const stop = new AbortController()
  const ports: number[] = []
  const reports: ObjectReport[] = []
  const troubles: string[] = []
  const told = { ready: 0, passed: -1 }
  const sink: Sink<unknown> = {
    write: async (batch) => {
      for (const { length, records } of batch)
        for (let n = 0; n < length; n++) ports.push((records[n] as { srcport: number }).srcport)
      return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
    },
  }
  const { since, late } = options
  let round = 0
  await tailBucket({
    archive: { bucket: 'logs', parser: vpcFlow, ...(late !== undefined && { late }) },
    s3: bucket.s3,
    pipeline: { parser: vpcFlow, sink, concurrency: 1 },
    printed: rememberPrinted(),
    ...(since && { since }),
    interval: 1000,
    signal: stop.signal,
    onReady: (passed) => {
      told.ready++
      told.passed = passed
    },
    onObject: (report) => reports.push(report),
    onTrouble: ({ code }) => troubles.push(code),
    wait: async (milliseconds) => {
      expect(milliseconds).toBe(1000)
      const next = rounds[round++]
      if (next) next()
      else stop.abort()
    },
  })
  return { ports: ports.map(Number), reports, troubles, ...told }
}

describe('tailBucket', () => {
  it('prints what comes, once, and neither what was there nor what comes into days long past', async () => {
    const bucket = bucketInMemory()
    const now = Date.now()
    bucket.put(keyAt(now - minute, 'there'), body([1]))
    bucket.put(keyAt(now - 5 * minute, 'before'), body([2]), now - 20 * minute)
    const { ports, ready, passed } = await follow(bucket, [
      () => bucket.put(keyAt(now - minute, 'a'), body([3, 4])),
      () => undefined,
      // In the order of keys before what was printed, and with a time of most of an hour ago.
      () => bucket.put(keyAt(now - 50 * minute, 'late'), body([5])),
      () => bucket.put(keyAt(now - 30 * 24 * 60 * minute, 'past'), body([6])),
      () => bucket.put(keyAt(now + minute, 'b'), body([7])),
    ])
    expect(ports).toEqual([3, 4, 5, 7])
    expect({ ready, passed }).toEqual({ ready: 1, passed: 1 })
  })

  it('prints an object anew that is overwritten with other content', async () => {
    const bucket = bucketInMemory()
    const key = keyAt(Date.now(), 'a')
    const { ports } = await follow(bucket, [
      () => bucket.put(key, body([1])),
      () => bucket.put(key, body([1])),
      () => bucket.put(key, body([22])),
    ])
    expect(ports).toEqual([1, 22])
  })

  it('prints first what is there, where it is told since when', async () => {
    const bucket = bucketInMemory()
    const now = Date.now()
    bucket.put(keyAt(now - 3 * minute, 'there'), body([1]), now - 2 * minute)
    bucket.put(keyAt(now - 30 * 24 * 60 * minute, 'old'), body([2]), now - 30 * 24 * 60 * minute)
    const rounds = [() => bucket.put(keyAt(now, 'new'), body([3]))]
    const { ports, ready } = await follow(bucket, rounds, { since: new Date(now - 60 * minute) })
    expect(ports).toEqual([1, 3])
    expect(ready).toBe(1)
  })

  it('tries again what was there, too, since a time', async () => {
    const bucket = bucketInMemory()
    const now = Date.now()
    bucket.put(keyAt(now - 39 * minute, 'there'), body([1]), now - 38 * minute)
    bucket.faults.push(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', name: 'Error' }))
    const rounds = [() => undefined, () => bucket.put(keyAt(now, 'new'), body([2])), () => undefined]
    const { ports } = await follow(bucket, rounds, { since: new Date(now - 60 * minute) })
    expect(ports).toEqual([1, 2])
  })

  it('ends without an error where it is ended while it lists for the first time', async () => {
    const stop = new AbortController()
    const send = async () => {
      stop.abort()
      throw Object.assign(new Error('Request aborted'), { name: 'AbortError' })
    }
    await tailBucket({
      archive: { bucket: 'logs', parser: vpcFlow },
      s3: { send } as unknown as S3,
      pipeline: { parser: vpcFlow, sink: { write: () => expect.unreachable() } },
      printed: rememberPrinted(),
      interval: 1000,
      signal: stop.signal,
      onReady: () => expect.unreachable(),
      onObject: () => expect.unreachable(),
      onTrouble: () => expect.unreachable(),
    })
    expect(stop.signal.aborted).toBe(true)
  })

  it('tries again what fails by what may pass, and goes on where it was', async () => {
    const bucket = bucketInMemory()
    const key = keyAt(Date.now(), 'a')
    const unreachable = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', name: 'Error' })
    const { ports, reports } = await follow(bucket, [
      () => {
        bucket.put(key, body([1, 2]))
        bucket.faults.push(unreachable)
      },
      () => bucket.put(keyAt(Date.now(), 'b'), body([3])),
      () => undefined,
    ])
    expect(ports).toEqual([1, 2, 3])
    expect(reports.map(({ status, error }) => error?.code ?? status)).toEqual(['SOURCE_UNREACHABLE', 'done', 'done'])
  })

  it('gives up an object that never can be read, once', async () => {
    const bucket = bucketInMemory()
    const denied = Object.assign(new Error('Access Denied'), { name: 'AccessDenied' })
    const nothing = () => undefined
    const { ports, reports } = await follow(bucket, [
      () => {
        bucket.put(keyAt(Date.now(), 'a'), body([1]))
        bucket.put(keyAt(Date.now(), 'b'), body([2]))
        for (let n = 0; n < 50; n++) bucket.faults.push(denied)
      },
      ...Array.from({ length: 10 }, () => nothing),
    ])
    expect(ports).toEqual([])
    expect(reports.map(({ error }) => error?.code)).toEqual(['OBJECT_FORBIDDEN', 'OBJECT_FORBIDDEN'])
  })

  it('outlasts a listing that fails for the moment, but not one that never will come', async () => {
    const bucket = bucketInMemory()
    const slow = Object.assign(new Error('Please reduce your request rate.'), { name: 'SlowDown' })
    const gone = Object.assign(new Error('The specified bucket does not exist'), { name: 'NoSuchBucket' })
    const { ports, troubles } = await follow(bucket, [
      () => {
        bucket.put(keyAt(Date.now(), 'a'), body([1]))
        bucket.listFaults.push(slow)
      },
      () => undefined,
    ])
    expect({ ports, troubles }).toEqual({ ports: [1], troubles: ['SOURCE_OVERLOADED'] })
    bucket.listFaults.push(gone)
    await expect(follow(bucket, [])).rejects.toMatchObject({ code: 'BUCKET_NOT_FOUND' })
    await expect(follow(bucket, [() => bucket.listFaults.push(gone)])).rejects.toThrow(FlowferryError)
  })
})
