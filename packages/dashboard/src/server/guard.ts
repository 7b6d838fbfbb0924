import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Why a request is not answered. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly advice: string
}

/**
 * A page elsewhere may send requests to loopback, under a name of its own that leads there: they have its Host, and its
 * Origin. A link in a chat may lead to the page itself, in a tab: what sent it reads nothing of that.
 */
export function refuseForeign({ headers, method }: IncomingMessage, port: number): Refusal | undefined {
  const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers
  // Browsers leave the port of HTTP away.
  const hosts = ['127.0.0.1', 'localhost'].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])])
  if (!hosts.includes(host.toLowerCase()))
    return {
      status: 421,
      code: 'HOST',
      message: 'The dashboard answers to its own address alone',
      advice: `Open http://127.0.0.1:${port}, as flowferry serve printed it. Through a tunnel, forward the same port.`,
    }
  const isForeign = origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`
  const isLink = method === 'GET' && mode === 'navigate' && dest === 'document'
  if (isForeign || (site !== undefined && !['same-origin', 'none'].includes(String(site)) && !isLink))
    return {
      status: 403,
      code: 'ORIGIN',
      message: 'Another page sent this request',
      advice: 'Open the address that flowferry serve printed.',
    }
  return undefined
}

/** The bearer token, compared in a time that tells nothing of it. */
export function refuseStranger({ headers }: IncomingMessage, token: string): Refusal | undefined {
  const [, given = ''] = /^Bearer (\S{1,200})$/.exec(headers.authorization ?? '') ?? []
  const [one, other] = [given, token].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  if (timingSafeEqual(one, other)) return undefined
  return {
    status: 401,
    code: 'TOKEN',
    message: given === '' ? 'The address has no token' : 'The token is of another run of flowferry serve',
    advice: 'Open the address that flowferry serve printed when it was started last.',
  }
}

/** What the page may do: nothing but its own script, its own style, and requests to where it came from. */
export const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
} as const
