import { type AddressInfo, createServer, type Socket } from 'node:net'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'

/** A server that takes every connection and never says a word, and clients of it as the SDK makes them by default. */
export async function silentServer() {
  const sockets = new Set<Socket>()
  const waiting: (() => void)[] = []
  let requests = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => {
      requests++
      for (const wake of waiting.splice(0)) wake()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
  return {
    s3: new S3Client({ ...options, forcePathStyle: true }),
    sqs: new SQSClient(options),
    queueUrl: `${endpoint}/1/q`,
    requests: () => requests,
    /** Resolves when `count` requests have begun, each on its own connection. */
    asked: async (count: number) => {
      while (requests < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
