import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { asFlowferryError, type FlowferryError, prometheus, type Report } from '@flowferry/core'
import { invalid, wholeNumber } from '../queue/options.ts'
import { maxVisibilitySeconds } from '../queue/queue.ts'
import type { BatchResult } from './run-batch.ts'

/** What a worker tells over HTTP, and where. */
export interface EndpointOptions {
  /** Port to listen on, 1 to 65,535. */
  readonly port: number
  /**
   * Address to listen on: `0.0.0.0` or `::` for probes of Kubernetes and for Prometheus. Nobody is asked who they are.
   * @default '127.0.0.1': this machine alone, or this container, as a health check of ECS is run within it
   */
  readonly host?: string
  /**
   * Seconds without a receive after which the worker is no longer alive, 1 to 86,400. A poll, its time-out and the pause
   * after an error take up to 95.
   * @default 120
   */
  readonly aliveSeconds?: number
}

/** What the worker does now. Times are of `Date.now()`. */
export interface WorkerState {
  /** Of batches that are over. */
  readonly totals: Omit<BatchResult, 'threw'> & { readonly received: number }
  /** When SQS last answered a receive. */
  readonly receivedAt: number | undefined
  /** When the worker last received, failed to, or had room for another batch. */
  readonly turnedAt: number
  /** Whether it receives nothing for the batches that are in work. */
  readonly full: boolean
  /** When each batch in work was begun. */
  readonly begunAt: readonly number[]
  /** Whether an outage of the target or the source is waited out. */
  readonly paused: boolean
  readonly stopping: boolean
}

export interface Endpoint {
  readonly onReport: (report: Report) => void
  readonly close: () => Promise<void>
}

export function checkEndpoint({ port, host, aliveSeconds }: EndpointOptions): void {
  wholeNumber('http.port', port, 1, 65_535)
  if (host !== undefined && (typeof host !== 'string' || host === ''))
    throw invalid('`http.host` must be an address or a name to listen on')
  if (aliveSeconds !== undefined) wholeNumber('http.aliveSeconds', aliveSeconds, 1, 86_400)
}

/**
 * Serves `/healthz`, `/readyz` and `/metrics` until it is closed.
 *
 * @throws FlowferryError INVALID_OPTION when the port cannot be had
 */
export async function serveEndpoint(
  { port, host = '127.0.0.1', aliveSeconds = 120 }: EndpointOptions,
  state: () => WorkerState,
  onError: (error: FlowferryError) => void,
): Promise<Endpoint> {
  const metrics = prometheus()
  const server = createServer(({ method, url = '' }, response) => {
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
    const now = Date.now()
    switch (url.split('?', 1)[0]) {
      case '/healthz':
        return health(response, isAlive(state(), now, aliveSeconds * 1000), state())
      case '/readyz':
        return health(response, isReady(state(), now, aliveSeconds * 1000), state())
      case '/metrics':
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        return void response.end(metrics.text() + workerText(state()))
      default:
        return void response.writeHead(404).end()
    }
  })
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    throw invalid(`\`http\` cannot listen on port ${port} of ${host}: ${(error as Error).message}`)
  }
  // Of a connection that cannot be taken, for want of file descriptors.
  server.on('error', (error) => onError(asFlowferryError(error, 'HANDLER_FAILED', 'The HTTP endpoint failed')))
  return {
    onReport: ({ messages }) => {
      for (const { objects } of messages) for (const object of objects) metrics.onObject(object)
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      // A client that keeps its connection does not keep the worker.
      server.closeAllConnections()
      await closed
    },
  }
}

/**
 * Whether a restart would not help: the worker receives, or tries to, or has its hands full. A large file or an outage
 * that lasts for hours is no reason to end it; a batch that is older than SQS hides any message is one, since nobody
 * waits for it any more.
 */
function isAlive({ stopping, full, begunAt, turnedAt }: WorkerState, now: number, aliveMilliseconds: number): boolean {
  // The drain has an end of its own.
  if (stopping) return true
  if (begunAt.some((time) => now - time > maxVisibilitySeconds * 1000)) return false
  return full || now - turnedAt <= aliveMilliseconds
}

/** Whether messages are taken: SQS answers, no outage is waited out, and the worker is not about to end. */
function isReady({ stopping, paused, full, receivedAt }: WorkerState, now: number, aliveMilliseconds: number): boolean {
  if (stopping || paused || receivedAt === undefined) return false
  return full || now - receivedAt <= aliveMilliseconds
}

function health(response: ServerResponse, well: boolean, { receivedAt, begunAt, paused, stopping }: WorkerState): void {
  const told = {
    ok: well,
    ...(receivedAt !== undefined && { lastReceive: new Date(receivedAt).toISOString() }),
    batches: begunAt.length,
    paused,
    stopping,
  }
  response.writeHead(well ? 200 : 503, { 'content-type': 'application/json' }).end(`${JSON.stringify(told)}\n`)
}

function workerText({ totals, receivedAt, begunAt, paused, stopping }: WorkerState): string {
  const { received, reports, ...settled } = totals
  const inWork = Object.values(settled).reduce((left, messages) => left - messages, received)
  const gauge = (name: string, description: string, value: number) =>
    `# HELP ${name} ${description}\n# TYPE ${name} gauge\n${name} ${value}\n`
  return [
    '# HELP flowferry_messages_received_total Messages received, each redelivery counted\n',
    `# TYPE flowferry_messages_received_total counter\nflowferry_messages_received_total ${received}\n`,
    '# HELP flowferry_messages_total Messages by what became of them\n# TYPE flowferry_messages_total counter\n',
    ...Object.entries(settled).map(([fate, messages]) => {
      const label = fate.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      return `flowferry_messages_total{flowferry_fate="${label}"} ${messages}\n`
    }),
    gauge('flowferry_messages_in_work', 'Messages received and not settled', inWork),
    gauge('flowferry_batches_in_work', 'Batches of messages in work', begunAt.length),
    gauge('flowferry_paused', '1 while an outage of the target or the source is waited out', Number(paused)),
    gauge('flowferry_stopping', '1 once the worker was stopped', Number(stopping)),
    ...(receivedAt === undefined
      ? []
      : [gauge('flowferry_last_receive_timestamp_seconds', 'When SQS last answered a receive', receivedAt / 1000)]),
  ].join('')
}
