import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { asFlowferryError, errorCodes, printable, redact } from '@flowferry/core'
import { hasMethods, requireOption } from '@flowferry/core/internal'
import type { Failure } from '../api.ts'
import { bodyOf } from './body.ts'
import { headers, type Refusal, refuseForeign, refuseStranger } from './guard.ts'
import type { DashboardOptions } from './options.ts'
import { requestsFor } from './requests.ts'

/** A dashboard that listens. */
export interface ServedDashboard {
  /** The page with its token: whoever has it can ask the store. */
  readonly url: string
  /** Ends what is asked, and closes all connections. */
  readonly close: () => Promise<void>
}

/**
 * Serves the page over a store, on loopback alone, to whoever has the token. It only reads. A request that the page gives
 * up ends its question in the store.
 *
 * @throws FlowferryError INVALID_OPTION; an error of the system where the port is taken
 * @example
 * const store = duckdbStore({ connection: sink.connection, formats: parser.formats })
 * const { url, close } = await serveDashboard({ store, formats: parser.formats })
 * console.log(url)
 */
export async function serveDashboard(options: DashboardOptions): Promise<ServedDashboard> {
  const { store, formats, port = 0, token = randomBytes(32).toString('base64url') } = options
  requireOption(hasMethods(store, 'ask'), 'store', store, 'a store')
  requireOption(Array.isArray(formats) && formats.length > 0, 'formats', formats, "a parser's `formats`")
  requireOption(/^[\w-]{16,200}$/.test(token), 'token', '…', 'a text of 16 characters or more: A-Z a-z 0-9 _ -')
  const files = await pageFiles()
  const requests = requestsFor(options)
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  await listen(server, port)
  const { port: open } = server.address() as AddressInfo

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const foreign = refuseForeign(request, open)
    if (foreign) return refuse(response, foreign)
    const file = files.get(pathname)
    if (file) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, wrongMethod('GET'))
      response.writeHead(200, { ...headers, 'content-type': file.type })
      response.end(file.body)
      return
    }
    const [, name] = /^\/api\/([a-z]+)$/.exec(pathname) ?? []
    if (name === undefined || !Object.hasOwn(requests, name)) return refuse(response, notFound)
    if (request.method !== 'POST') return refuse(response, wrongMethod('POST'))
    const stranger = refuseStranger(request, token)
    if (stranger) return refuse(response, stranger)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const body = await bodyOf(request)
      const found = await requests[name as keyof typeof requests](body, gone.signal)
      send(response, 200, found)
    } catch (error) {
      // Nobody waits for it.
      if (gone.signal.aborted) return
      const failure = failureOf(error)
      send(response, failure.code === 'INVALID_OPTION' ? 400 : 502, { error: failure })
    }
  }

  return {
    url: `http://127.0.0.1:${open}/#token=${token}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(response: ServerResponse, status: number, value: object): void {
  // Of a connection that ended meanwhile nothing is written.
  if (response.destroyed) return
  response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(value))
}

function refuse(response: ServerResponse, { status, ...error }: Refusal): void {
  // What it sends is not read.
  response.setHeader('connection', 'close')
  send(response, status, { error })
}

const notFound: Refusal = {
  status: 404,
  code: 'NOT_FOUND',
  message: 'There is nothing at this address',
  advice: 'The page and its server may be of two versions: load the page again.',
}
const wrongMethod = (method: string): Refusal => ({
  status: 405,
  code: 'REQUEST',
  message: `This address takes ${method} alone`,
  advice: 'The dashboard only reads; its page asks for you.',
})

/** An error as a person reads it, without credentials. */
function failureOf(error: unknown): Failure {
  const { code, message } = asFlowferryError(error, 'TARGET_FAILED', 'The store failed')
  const { advice } = errorCodes[code]
  // The message of an error ends in its advice and code, which the page shows by themselves.
  const words = message.replace(`[${code}]`, '').replace(advice, '').trim()
  return { code, message: printable(redact(words)), advice }
}

interface PageFile {
  readonly type: string
  readonly body: Buffer
}

/** The page lies beside the build, which sources that are run as such need, too. */
const folder = new URL(import.meta.url.endsWith('.ts') ? '../../dist/page/' : './page/', import.meta.url)

async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const types = { 'index.html': 'text/html', 'page.js': 'text/javascript', 'page.css': 'text/css' }
  const files = await Promise.all(
    Object.entries(types).map(async ([name, type]) => {
      const body = await readFile(new URL(name, folder))
      return [`/${name === 'index.html' ? '' : name}`, { type: `${type}; charset=utf-8`, body }] as const
    }),
  )
  return new Map(files)
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
