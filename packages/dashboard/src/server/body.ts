import type { IncomingMessage } from 'node:http'
import { isObject } from '@flowferry/core/internal'
import { type Body, wrong } from './input.ts'

const mostBytes = 64 * 1024

/** The JSON object that a request carries. */
export async function bodyOf(request: IncomingMessage): Promise<Body> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw wrong('A request carries JSON: content-type application/json')
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) throw wrong(`A request carries up to ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw wrong('A request carries JSON, and this is none')
  }
  if (!isObject(body)) throw wrong('A request carries a JSON object')
  return body
}
