import type { IncomingMessage } from 'node:http'
import type { ProxyFault } from '../support/fault-proxy.ts'
import type { Random } from '../support/random.ts'

/** A kind of request that a fault may meet. */
export type Route = 's3' | 'receive' | 'delete' | 'visibility' | 'send' | 'bulk' | 'other'

export function awsRoute({ method, headers }: IncomingMessage): Route {
  const target = String(headers['x-amz-target'] ?? '')
  if (target.endsWith('.ReceiveMessage')) return 'receive'
  if (target.includes('.DeleteMessage')) return 'delete'
  if (target.includes('.ChangeMessageVisibility')) return 'visibility'
  if (target.includes('.SendMessage')) return 'send'
  return target === '' && method === 'GET' ? 's3' : 'other'
}

export const searchRoute = ({ url = '' }: IncomingMessage): Route => (url.startsWith('/_bulk') ? 'bulk' : 'other')

/** What a schedule can do to its own servers and processes. */
export interface Hands {
  /** False where no process is there to take it. */
  readonly kill: (signal: 'SIGKILL' | 'SIGTERM') => boolean
  /** Resolves when the index block is set; it is lifted after a while. */
  readonly block: (name: 'write' | 'read_only_allow_delete') => Promise<void>
  /** Resolves when the server is up again. */
  readonly restartServer: (signal: 'KILL' | 'TERM') => Promise<void>
}

interface Fault {
  readonly route: Route
  /** Requests in a row, by default 1. */
  readonly times?: number
  /** Which requests of the route; by default all. */
  readonly of?: (request: IncomingMessage) => boolean
  readonly make: (random: Random, hands: Hands) => ProxyFault
}

const somewhere = (random: Random) => (5 + random.int(90)) / 100
const slowDown = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>'
const xml = { 'content-type': 'application/xml' }
const json = { 'content-type': 'application/json' }
const sqsError = (type: string) => JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: 'by the test' })

/** Objects small enough to be held back until their checksum is known: see `docs/faults.md` on flipped bits. */
const smallObject = ({ url = '' }: IncomingMessage) => url.includes('small-')
const blocked = (answer: string) => answer.includes('cluster_block_exception')

/** Faults of the connections, each at one request, and what happens at such a request to a process or an index. */
const faults = {
  'S3 answers 503 twice': {
    route: 's3',
    times: 2,
    make: () => ({ does: 'answer', status: 503, headers: xml, body: slowDown }),
  },
  'S3 answers 503 until the SDK gives up': {
    route: 's3',
    times: 5,
    make: () => ({ does: 'answer', status: 503, headers: xml, body: slowDown }),
  },
  'S3 answers 429 with Retry-After': {
    route: 's3',
    make: () => ({ does: 'answer', status: 429, headers: { ...xml, 'retry-after': '1' }, body: slowDown }),
  },
  'S3 resets before it answers': { route: 's3', make: () => ({ does: 'reset' }) },
  'S3 resets in a body': { route: 's3', make: (random) => ({ does: 'reset answer', at: somewhere(random) }) },
  'S3 closes in a body': { route: 's3', make: (random) => ({ does: 'end answer', at: somewhere(random) }) },
  'S3 body without length lacks its end': {
    route: 's3',
    make: (random) => ({ does: 'short answer', at: somewhere(random) }),
  },
  'bit flipped in an S3 body': {
    route: 's3',
    of: smallObject,
    make: (random) => ({ does: 'flip', at: somewhere(random), bit: random.int(8) }),
  },
  'S3 stalls in a body': { route: 's3', make: (random) => ({ does: 'stall', at: somewhere(random) }) },
  'S3 stalls in a large body': {
    route: 's3',
    of: ({ url = '' }) => url.includes('big-'),
    make: () => ({ does: 'stall', at: 0.9 }),
  },
  'S3 never answers': { route: 's3', make: () => ({ does: 'black hole' }) },
  'S3 answers late': { route: 's3', make: (random) => ({ does: 'delay', milliseconds: 200 + random.int(1200) }) },
  'SQS answers 503 to a receive': {
    route: 'receive',
    times: 4,
    make: () => ({ does: 'answer', status: 503, headers: json, body: sqsError('ServiceUnavailable') }),
  },
  'SQS throttles a receive': {
    route: 'receive',
    make: () => ({ does: 'answer', status: 400, headers: json, body: sqsError('ThrottlingException') }),
  },
  'SQS resets a receive': { route: 'receive', make: () => ({ does: 'reset' }) },
  'received messages are lost': { route: 'receive', make: () => ({ does: 'lose answer' }) },
  'SQS never answers a receive': { route: 'receive', make: () => ({ does: 'black hole' }) },
  'SQS answers 503 to a delete': {
    route: 'delete',
    times: 4,
    make: () => ({ does: 'answer', status: 503, headers: json, body: sqsError('ServiceUnavailable') }),
  },
  'answer to a delete is lost': { route: 'delete', make: () => ({ does: 'lose answer' }) },
  // Once more than the SDK tries, so that a heartbeat fails.
  'SQS resets a change of visibility': { route: 'visibility', times: 4, make: () => ({ does: 'reset' }) },
  // A function sends what it goes on with, too: such an answer is lost beside.
  'answer to a dead letter is lost': {
    route: 'send',
    make: () => ({ does: 'lose answer', act: (request) => request.includes('-dead"') }),
  },
  'bulk answered 503': {
    route: 'bulk',
    times: 3,
    make: () => ({ does: 'answer', status: 503, headers: json, body: '{"error":"unavailable"}' }),
  },
  'bulk answered 429 with Retry-After': {
    route: 'bulk',
    times: 2,
    make: () => ({ does: 'answer', status: 429, headers: { ...json, 'retry-after': '1' }, body: '{}' }),
  },
  'bulk answered 500': { route: 'bulk', make: () => ({ does: 'answer', status: 500, headers: json, body: '{}' }) },
  'bulk answered 413 by a proxy': {
    route: 'bulk',
    make: () => ({ does: 'answer', status: 413, headers: { 'content-type': 'text/html' }, body: '<h1>413</h1>' }),
  },
  'bulk answered 401': {
    route: 'bulk',
    make: () => ({ does: 'answer', status: 401, headers: json, body: '{"error":{"type":"security_exception"}}' }),
  },
  'bulk reset before it is read': { route: 'bulk', make: () => ({ does: 'reset' }) },
  'bulk cut in the request': { route: 'bulk', make: (random) => ({ does: 'cut request', at: somewhere(random) }) },
  'bulk answer lost': { route: 'bulk', make: () => ({ does: 'lose answer' }) },
  'bulk answer reset in its middle': { route: 'bulk', make: () => ({ does: 'reset answer', at: 0.5 }) },
  'bulk answer lacks its end': { route: 'bulk', make: () => ({ does: 'short answer', at: 0.5 }) },
  'bit flipped in a bulk answer': {
    route: 'bulk',
    make: (random) => ({ does: 'flip', at: somewhere(random), bit: random.int(8) }),
  },
  'bulk answer stalls': { route: 'bulk', make: () => ({ does: 'stall', at: 0.5 }) },
  'bulk never answered': { route: 'bulk', make: () => ({ does: 'black hole' }) },
  'bulk answered late': { route: 'bulk', make: (random) => ({ does: 'delay', milliseconds: 200 + random.int(1500) }) },
  'worker killed in a read': {
    route: 's3',
    make: (random, { kill }) => ({
      does: 'stall',
      at: somewhere(random),
      // Time to work on what came.
      act: () => new Promise((resolve) => setTimeout(() => resolve(kill('SIGKILL')), 100)),
    }),
  },
  'worker killed in a bulk': {
    route: 'bulk',
    make: (random, { kill }) => ({ does: 'cut request', at: somewhere(random), act: () => kill('SIGKILL') }),
  },
  'worker killed between a bulk and its answer': {
    route: 'bulk',
    make: (_, { kill }) => ({ does: 'lose answer', act: () => kill('SIGKILL') }),
  },
  'worker killed before a delete': {
    route: 'delete',
    make: (_, { kill }) => ({ does: 'black hole', act: () => kill('SIGKILL') }),
  },
  'SIGTERM in work': { route: 'bulk', make: (_, { kill }) => ({ does: 'pass', before: () => kill('SIGTERM') }) },
  'write block': {
    route: 'bulk',
    make: (_, { block }) => ({ does: 'pass', before: () => block('write'), sees: blocked }),
  },
  'flood-stage block': {
    route: 'bulk',
    make: (_, { block }) => ({ does: 'pass', before: () => block('read_only_allow_delete'), sees: blocked }),
  },
  // It holds a part of the request when it dies.
  'server killed in a bulk': {
    route: 'bulk',
    make: (random, { restartServer }) => ({
      does: 'cut request',
      at: somewhere(random),
      act: () => restartServer('KILL'),
    }),
  },
  'server restarted in work': {
    route: 'bulk',
    make: (_, { restartServer }) => ({ does: 'pass', before: () => void restartServer('TERM') }),
  },
} satisfies Record<string, Fault>

export type FaultKind = keyof typeof faults
const kinds = Object.keys(faults) as FaultKind[]

/** They need a server of the schedule's own. */
export const serverKinds = kinds.filter((kind) => kind.startsWith('server '))
export const commonKinds = kinds.filter((kind) => !kind.startsWith('server '))

/** What a schedule's queues and files always hold, or the small limits of its own server give; counted beside the faults. */
export type Circumstance =
  | 'message twice'
  | 'messages in another order'
  | 'one message for several objects'
  | 's3:TestEvent'
  | 'unreadable object'
  | 'Lambda out of time'
  | 'object continued by the next invocation'
  | '413 of the server'
  | '429 of the server'

export const circumstances: readonly Circumstance[] = [
  'message twice',
  'messages in another order',
  'one message for several objects',
  's3:TestEvent',
  'unreadable object',
  'Lambda out of time',
  'object continued by the next invocation',
  '413 of the server',
  '429 of the server',
]

export interface FaultPlan {
  readonly choose: (route: Route, request: IncomingMessage) => ProxyFault | undefined
  /** Those that have not happened yet as often as they shall. */
  readonly waiting: () => FaultKind[]
}

/**
 * Gives each fault to the first request of its route, and of its own condition, from the place in the row on that it
 * was given by chance. One that did not happen there, since the client left or the server refused, goes to the next.
 */
export function faultPlan(
  chosen: readonly FaultKind[],
  random: Random,
  hands: Hands,
  happened: (kind: FaultKind) => void,
): FaultPlan {
  const places = new Map<Route, number>()
  const seen = new Map<Route, number>()
  const plans = chosen.map((kind) => {
    const fault: Fault = faults[kind]
    const place = (places.get(fault.route) ?? 0) + 1 + random.int(2)
    places.set(fault.route, place)
    const times = fault.times ?? 1
    return { kind, ...fault, place, left: times, missing: times, url: undefined as string | undefined }
  })
  const holdsBack = plans.find(({ route }) => route === 'visibility')
  const choose = (route: Route, request: IncomingMessage): ProxyFault | undefined => {
    const number = (seen.get(route) ?? 0) + 1
    seen.set(route, number)
    const next = plans.find(
      (fault) =>
        fault.left > 0 &&
        fault.route === route &&
        fault.place <= number &&
        (fault.of?.(request) ?? true) &&
        (fault.url ?? request.url) === request.url,
    )
    if (!next) {
      // A heartbeat comes at half the visibility timeout: work has to last longer.
      const slow = route === 'bulk' && holdsBack !== undefined && holdsBack.missing > 0
      return slow ? { does: 'delay', milliseconds: 3500 } : undefined
    }
    next.left--
    // The SDK tries the same object again: several times are of one reading, not of several.
    if (route === 's3' && next.missing > 1) next.url ??= request.url
    const outcome = (did: boolean) => {
      if (!did) next.left++
      else {
        next.missing--
        happened(next.kind)
      }
    }
    return { ...next.make(random, hands), outcome }
  }
  return { choose, waiting: () => plans.filter(({ missing }) => missing > 0).map(({ kind }) => kind) }
}
