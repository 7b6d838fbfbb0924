/** `flowferry tail` on a real S3 and SQS server, while a producer writes. */
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { awsEnvironment, createStack, s3At } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { run } from '../src/program.ts'

const { test, urls } = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = urls
const env = { ...awsEnvironment(endpoint), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
const s3 = s3At(endpoint)
beforeAll(() => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
})
afterAll(() => {
  vi.unstubAllEnvs()
  s3.destroy()
})

/** A key and file of flow logs, as AWS writes them, whose records have these ports. */
function flowFile(ports: readonly number[], flowLog = 'fl-1', time = Date.now()) {
  const iso = new Date(time).toISOString()
  const end = Math.floor(time / 1000)
  const lines = ports.map((port) => `5 203.0.113.7 ${port} ${end}`)
  return {
    key: `AWSLogs/123456789012/vpcflowlogs/eu-central-1/${iso.slice(0, 10).replaceAll('-', '/')}/123456789012_vpcflowlogs_eu-central-1_${flowLog}_${iso.slice(0, 16).replace(/[-:]/g, '')}Z_${randomUUID().slice(0, 8)}.log.gz`,
    body: gzipSync(`version srcaddr srcport end\n${lines.join('\n')}\n`),
  }
}

/** The command in this process, and what it says as it says it. */
function start(args: readonly string[]) {
  const said = { stdout: '', stderr: '' }
  const events = new EventEmitter()
  const stop = new AbortController()
  const output = (name: keyof typeof said) =>
    new Writable({
      write: (chunk, _, done) => {
        said[name] += chunk
        events.emit('said')
        done()
      },
    })
  const io = {
    stdin: (async function* () {})(),
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
    signal: stop.signal,
  }
  const ended = run(['tail', ...args, '--no-config'], io).finally(() => events.emit('said'))
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  const until = async (isSo: () => boolean) => {
    while (!isSo()) {
      if (isOver) throw new Error(`it ended: ${said.stderr}`)
      await once(events, 'said')
    }
  }
  const ports = () =>
    said.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line): number => JSON.parse(line).source.port)
  return {
    said,
    until,
    ports,
    ended,
    end: () => {
      stop.abort()
      return ended
    },
  }
}

const inOrder = (ports: readonly number[]) => [...ports].sort((a, b) => a - b)

describe('flowferry tail of a bucket', () => {
  test('prints each document of what comes while it reads, once, and ends in order', async () => {
    const bucket = `tail-${randomUUID().slice(0, 8)}`
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const put = ({ key, body }: ReturnType<typeof flowFile>) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
    await put(flowFile([1]))
    const tail = start([`s3://${bucket}`, '--interval', '1s'])
    await tail.until(() => tail.said.stderr.includes('follows '))
    expect(tail.said.stderr).toContain(`follows s3://${bucket}, each 1s; 1 object that came just before is left out\n`)
    const expected: number[] = []
    let port = 1000
    // Some while nobody waits for them, so that they come in the middle of listings; in any order of their keys.
    for (let round = 0; round < 12; round++) {
      const files = ['fl-3', 'fl-1', 'fl-2'].map((flowLog, n) => {
        const ports = Array.from({ length: 20 }, () => port++)
        expected.push(...ports)
        return flowFile(ports, flowLog, Date.now() - n * 20 * 60_000)
      })
      for (const file of files) await put(file)
      if (round % 4 === 3) await tail.until(() => tail.ports().length === expected.length)
    }
    await tail.until(() => tail.ports().length >= expected.length)
    // A listing more, with what it prints.
    await put(flowFile([9999]))
    await tail.until(() => tail.ports().includes(9999))
    expect(inOrder(tail.ports())).toEqual(inOrder([...expected, 9999]))
    expect(await tail.end()).toBe(0)
    expect(tail.said.stderr).toMatch(/\n721 documents, by [\d,]+ LIST and 37 GET requests\n$/)
  }, 120_000)

  test('prints since a time what is there, as much as is wanted, and says what cannot be read', async () => {
    const bucket = `tail-${randomUUID().slice(0, 8)}`
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const [old, file] = [flowFile([1], 'fl-1', Date.now() - 3 * 24 * 3_600_000), flowFile([2, 3, 4])]
    for (const { key, body } of [old, file])
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
    const some = start([`s3://${bucket}`, '--since', '-1h', '--limit', '2'])
    expect(await some.ended).toBe(0)
    expect(some.ports()).toEqual([2, 3])
    expect(some.said.stderr).toMatch(/^2 documents, by /m)
    const damaged = flowFile([5])
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: damaged.key, Body: damaged.body.subarray(0, 40) }))
    const all = start([`s3://${bucket}`, '--since', '-1h'])
    await all.until(
      () => all.said.stderr.includes(`s3://${bucket}/${damaged.key}\n  failed: `) && all.ports().length > 2,
    )
    expect(await all.end()).toBe(1)
    expect(inOrder(all.ports()).filter((port) => port !== 5)).toEqual([2, 3, 4])
    const nowhere = start(['s3://no-such-bucket-of-ours'])
    expect(await nowhere.ended).toBe(1)
    expect(nowhere.said.stderr).toContain('NoSuchBucket')
  }, 60_000)
})

describe('flowferry tail of a queue', () => {
  test('prints what its messages name, and deletes them; without --take it touches none', async () => {
    const stack = await createStack(endpoint)
    try {
      for (const ports of [[1, 2], [3]]) {
        const { key, body } = flowFile(ports)
        await stack.put(key, body)
      }
      const refused = start([stack.queueUrl])
      expect(await refused.ended).toBe(2)
      expect(refused.said.stderr).toMatch(/^error: A message that tail receives is hidden from other consumers/)
      expect(await stack.depth(stack.queueUrl)).toBeGreaterThanOrEqual(2)
      const tail = start([stack.queueUrl, '--take'])
      await tail.until(() => tail.ports().length >= 3)
      const { key, body } = flowFile([4])
      await stack.put(key, body)
      await tail.until(() => tail.ports().includes(4))
      // Of the same object once more.
      await stack.put(key, body)
      const last = flowFile([5])
      await stack.put(last.key, last.body)
      await tail.until(() => tail.ports().includes(5))
      expect(await tail.end()).toBe(0)
      expect(inOrder(tail.ports())).toEqual([1, 2, 3, 4, 5])
      expect(await stack.depth(stack.queueUrl)).toBe(0)
      expect(tail.said.stderr).toContain(
        `takes messages from ${stack.queueUrl}, and deletes those whose objects are printed\n`,
      )
    } finally {
      stack.close()
    }
  }, 60_000)
})
