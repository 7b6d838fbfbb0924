import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { finished } from 'node:stream/promises'

/** What the proxy does to one request. `at` is a share of the body, 0 to 1. */
export type ProxyFault = {
  /** Called before anything else, and waited for: sends a signal, sets a block. False where it did not happen. */
  readonly before?: () => unknown
  /** The same at the deed itself: a part is written, or the server's answer to this request is here and not yet lost. */
  readonly act?: (request: string) => unknown
  /** Told once, whether it came so far: a client may have left, a server may have answered with an error. */
  readonly outcome?: (happened: boolean) => void
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
  /** It happened where the answer is so, or without `sees` as soon as `before` did its work. */
  | { readonly does: 'pass'; readonly sees?: (answer: string) => boolean }
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
    let begun = false
    const begin = async () => {
      // In this very turn where nothing is waited for: `choose` may listen to the request, whose data then flows.
      begun = fault.before === undefined || (await fault.before()) !== false
      if (begun) return handle(incoming, response, fault)
      await handle(incoming, response, { does: 'pass' })
      return false
    }
    begin()
      .catch(() => {
        incoming.socket.resetAndDestroy()
        return begun && fault.does === 'pass' && !fault.sees
      })
      .then((happened) => fault.outcome?.(happened))
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

  /** True where the fault happened; rejects where one of the two sides has left before. */
  async function handle(incoming: IncomingMessage, response: ServerResponse, fault: ProxyFault): Promise<boolean> {
    const reset = () => incoming.socket.resetAndDestroy()
    const act = async (body?: Buffer) => (await fault.act?.(body?.toString() ?? '')) !== false
    switch (fault.does) {
      case 'reset':
        reset()
        return true
      case 'black hole':
        incoming.resume()
        return act()
      case 'answer':
        // After the body: some clients do not read an answer that comes before they have written everything.
        await drain(incoming)
        response.writeHead(fault.status, fault.headers).end(fault.body)
        await finished(response)
        return true
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.milliseconds))
    }
    // `Host` stays: signatures cover it. A server that asks for the body would ask the client itself.
    const { expect: _, ...headers } = incoming.headers
    const outgoing = request({ hostname, port, agent, method: incoming.method, path: incoming.url, headers })
    // A server that is restarted refuses at any time: whoever waits is told, and nobody may be waiting.
    outgoing.on('error', () => undefined)
    if (fault.does === 'cut request') {
      const body = await drain(incoming)
      await new Promise<void>((resolve, reject) => {
        outgoing.on('error', reject)
        const part = body.subarray(0, Math.floor(body.length * fault.at))
        outgoing.write(part, (error) => (error ? reject(error) : resolve()))
      })
      const acted = await act(body)
      outgoing.destroy()
      reset()
      return acted
    }
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy()
    })
    const sent: Buffer[] = []
    if (fault.does === 'lose answer') incoming.on('data', (chunk) => sent.push(chunk))
    incoming.pipe(outgoing)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    const status = answer.statusCode ?? 502
    onAnswer?.(incoming, status)
    const forward = async (body: Buffer) => {
      response.writeHead(status, answer.headers).end(body)
      await finished(response)
    }
    if (fault.does === 'pass' && fault.sees) {
      const body = await drain(answer)
      await forward(body)
      return fault.sees(body.toString())
    }
    if (fault.does === 'pass' || fault.does === 'delay') {
      response.writeHead(status, answer.headers)
      answer.on('error', reset)
      answer.pipe(response)
      await finished(response)
      return true
    }
    const body = await drain(answer)
    if (status >= 300 || (body.length === 0 && fault.does !== 'lose answer')) {
      await forward(body)
      return false
    }
    const part = 'at' in fault ? body.subarray(0, Math.max(0, Math.ceil(body.length * fault.at) - 1)) : body
    if (fault.does === 'lose answer') {
      const acted = await act(Buffer.concat(sent))
      reset()
      return acted
    }
    if (fault.does === 'short answer') {
      const { 'content-length': _, ...open } = answer.headers
      response.writeHead(status, open).end(part)
      await finished(response)
      return true
    }
    if (fault.does === 'flip') {
      const position = Math.min(body.length - 1, Math.floor(body.length * fault.at))
      body[position]! ^= 1 << fault.bit
      await forward(body)
      return true
    }
    response.writeHead(status, answer.headers)
    response.flushHeaders()
    await new Promise<void>((resolve, reject) => {
      response.write(part, (error) => (error ? reject(error) : resolve()))
    })
    // Time for the bytes to leave: a reset overtakes what is still in the socket.
    if (fault.does === 'reset answer') setTimeout(reset, 20)
    if (fault.does === 'end answer') incoming.socket.end()
    return act()
  }
}

async function drain(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
