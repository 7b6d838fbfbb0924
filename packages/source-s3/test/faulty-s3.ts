import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import { S3Client } from '@aws-sdk/client-s3'

export interface StoredObject {
  readonly body: Buffer
  readonly etag: string
  /** The value that the server states as the body's CRC-32, in base64. */
  readonly crc32?: string
}

export interface Request {
  readonly key: string
  readonly versionId: string | null
  readonly range: string | undefined
  readonly ifMatch: string | undefined
}

/** The fault of one response, after some bytes of its body. */
type Fault =
  | { readonly reset: number }
  | { readonly end: number }
  | { readonly stall: number }
  | { readonly flip: number }
  | { readonly silent: true }
  | { readonly ignoreRange: true }
  | { readonly ignoreIfMatch: true }
  | { readonly status: number; readonly code: string }

/** GetObject over HTTP, with a fault for each request as `fault` says, and a client of it that tries once. */
export async function faultyS3(objects: Record<string, StoredObject>) {
  const requests: Request[] = []
  let fault: (request: Request, count: number) => Fault | undefined = () => undefined
  const sockets = new Set<Socket>()
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url!, 'http://s3')
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'))
    const { range, 'if-match': ifMatch } = incoming.headers
    const request = { key, versionId: url.searchParams.get('versionId'), range, ifMatch }
    requests.push(request)
    answer(incoming, response, request, fault(request, requests.length) ?? {})
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })

  function answer(
    incoming: IncomingMessage,
    response: ServerResponse,
    request: Request,
    faulty: Partial<Record<string, unknown>>,
  ) {
    const refuse = (status: number, code: string) => {
      response.writeHead(status, { 'content-type': 'application/xml' })
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`)
    }
    if (faulty.silent) return
    if (typeof faulty.status === 'number') return refuse(faulty.status, faulty.code as string)
    const object = objects[request.key]
    if (!object) return refuse(404, 'NoSuchKey')
    if (request.ifMatch !== undefined && request.ifMatch !== `"${object.etag}"` && !faulty.ignoreIfMatch)
      return refuse(412, 'PreconditionFailed')
    const { body } = object
    const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(request.range ?? '') ?? []
    const partial = request.range !== undefined && !faulty.ignoreRange
    const start = !partial ? 0 : first === '' ? Math.max(0, body.length - Number(last)) : Number(first)
    const end = partial && first !== '' && last !== '' ? Math.min(Number(last), body.length - 1) : body.length - 1
    if (partial && start >= body.length) return refuse(416, 'InvalidRange')
    const part = Buffer.from(body.subarray(start, end + 1))
    response.writeHead(partial ? 206 : 200, {
      etag: `"${object.etag}"`,
      'content-length': part.length,
      'last-modified': new Date(0).toUTCString(),
      ...(partial && { 'content-range': `bytes ${start}-${end}/${body.length}` }),
      ...(!partial && object.crc32 && { 'x-amz-checksum-crc32': object.crc32, 'x-amz-checksum-type': 'FULL_OBJECT' }),
    })
    const { reset, end: ended, stall, flip } = faulty as { reset?: number; end?: number; stall?: number; flip?: number }
    if (flip !== undefined) part[flip]! ^= 1
    const cut = reset ?? ended ?? stall
    if (cut === undefined) return response.end(part)
    response.flushHeaders()
    response.write(part.subarray(0, cut), () => {
      if (reset !== undefined) incoming.socket.resetAndDestroy()
      if (ended !== undefined) incoming.socket.end()
    })
  }

  return {
    s3,
    requests,
    objects,
    onRequest: (next: typeof fault) => {
      fault = next
    },
    /** Connections that are open. */
    connections: () => sockets.size,
    close: async () => {
      s3.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function crcOf(body: Buffer): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64')
}
