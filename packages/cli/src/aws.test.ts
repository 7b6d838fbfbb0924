import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { S3Client } from '@aws-sdk/client-s3'
import { afterEach, describe, expect, it } from 'vitest'
import { bucketRegion } from './aws.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** Asks an S3 that answers so for the region of a bucket. */
async function ask(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  closing.push(() => s3.destroy())
  let stderr = ''
  const write = (chunk: Buffer, _: unknown, done: () => void) => {
    stderr += chunk
    done()
  }
  const output = new Writable({ write })
  const io = { stdin: (async function* () {})(), stdout: output, stderr: output, env: {} }
  return { region: await bucketRegion(io, s3, 'logs'), stderr }
}

const header = { 'x-amz-bucket-region': 'eu-central-1' }

describe('the region of a bucket', () => {
  it.each([200, 403])('is what S3 tells with status %i', async (status) => {
    const { region, stderr } = await ask((_, response) => response.writeHead(status, header).end())
    expect([region, stderr]).toEqual(['eu-central-1', ''])
  })

  it.each<[string, RequestListener]>([
    ['answers without it', (_, response) => response.writeHead(200).end()],
    ['refuses without it', (_, response) => response.writeHead(403).end()],
    ['resets', ({ socket }) => socket.resetAndDestroy()],
  ])("is the client's own where S3 %s, and that is said", async (_, answer) => {
    const { region, stderr } = await ask(answer)
    expect(region).toBe('us-east-1')
    expect(stderr).toMatch(/^note: S3 did not tell the region of logs; .*us-east-1/)
  })
})
