import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the proxy does to one request. `at` is a share of the body, 0 to 1. */
export type ProxyFault = {
  /** Called before anything else: kills a process, sets a block. */
  readonly before?: () => void
} & (
  | {
      readonly does: 'answer'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  /** The connection is reset, and the server sees nothing of the request. */
  | { readonly does: 'reset' }
  /** The server gets a part of the request, then both connections are reset. */
  | { readonly does: 'cut request'; readonly at: number }
  /** The server does its work; the connection is reset instead of an answer. */
  | { readonly does: 'lose answer' }
  /** Reset, or closed in order, in the middle of the answer's body. */
  | { readonly does: 'reset answer' | 'end answer'; readonly at: number }
  /** A whole answer, without Content-Length, whose body lacks its end. */
  | { readonly does: 'short answer'; readonly at: number }
  | { readonly does: 'flip'; readonly at: number; readonly bit: number }
  /** Half of the answer, and then nothing until the client leaves. */
  | { readonly does: 'stall'; readonly at: number }
  /** The request is taken, and never answered. */
  | { readonly does: 'black hole' }
  | { readonly does: 'delay'; readonly milliseconds: number }
  | { readonly does: 'pass' }
)

export interface FaultProxy {
  readonly url: string
  readonly close: () => Promise<void>
}

/** An HTTP proxy before a server, with a fault for each request that `choose` gives one for. */
export async function faultProxy(
  target: string,
  choose: (request: IncomingMessage) => ProxyFault | undefined,
  onAnswer?: (request: IncomingMessage, status: number) => void,
): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const server = createServer((incoming, response) => {
    // Whoever resets is reset.
    incoming.on('error', () => undefined)
    response.on('error', () => undefined)
    const fault = choose(incoming) ?? { does: 'pass' }
    fault.before?.()
    handle(incoming, response, fault).catch(() => incoming.socket.resetAndDestroy())
  })
  server.on('clientError', (_, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse, fault: ProxyFault): Promise<void> {
    const reset = () => incoming.socket.resetAndDestroy()
    switch (fault.does) {
      case 'reset':
        return void reset()
      case 'black hole':
        return void incoming.resume()
      case 'answer':
        // After the body: some clients do not read an answer that comes before they have written everything.
        await drain(incoming)
        response.writeHead(fault.status, fault.headers).end(fault.body)
        return
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.milliseconds))
    }
    // `Host` stays: signatures cover it. A server that asks for the body would ask the client itself.
    const { expect: _, ...headers } = incoming.headers
    const outgoing = request({ hostname, port, agent, method: incoming.method, path: incoming.url, headers })
    if (fault.does === 'cut request') {
      const body = await drain(incoming)
      outgoing.on('error', () => undefined)
      outgoing.write(body.subarray(0, Math.floor(body.length * fault.at)), () => {
        outgoing.destroy()
        reset()
      })
      return
    }
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy()
    })
    incoming.pipe(outgoing)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    const status = answer.statusCode ?? 502
    onAnswer?.(incoming, status)
    if (fault.does === 'pass' || fault.does === 'delay') {
      response.writeHead(status, answer.headers)
      answer.on('error', reset)
      answer.pipe(response)
      return
    }
    const body = await drain(answer)
    const part = 'at' in fault ? body.subarray(0, Math.max(0, Math.ceil(body.length * fault.at) - 1)) : body
    if (fault.does === 'lose answer') return void reset()
    if (fault.does === 'short answer') {
      const { 'content-length': _, ...open } = answer.headers
      response.writeHead(status, open).end(part)
      return
    }
    response.writeHead(status, answer.headers)
    if (fault.does === 'flip') {
      const position = Math.min(body.length - 1, Math.floor(body.length * fault.at))
      if (position >= 0) body[position]! ^= 1 << fault.bit
      response.end(body)
      return
    }
    response.flushHeaders()
    response.write(part, () => {
      // Time for the bytes to leave: a reset overtakes what is still in the socket.
      if (fault.does === 'reset answer') setTimeout(reset, 20)
      if (fault.does === 'end answer') incoming.socket.end()
    })
  }
}

async function drain(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
