// What somebody writes in an hour for an application's JSON lines: readline, JSON.parse, mapping, JSON.stringify.
import { bulkBodies, inflatedLines } from './bodies.mjs'

export const outcome = (status) => (status >= 500 ? 'failure' : 'success')

/** The document of a record, by hand. */
function appDocument({ time, level, service, host, request, client, user, error }) {
  return {
    '@timestamp': new Date(time).toISOString(),
    event: { kind: 'event', dataset: 'custom.app', outcome: outcome(request.status) },
    custom: { app: { level, took: request.took, request_id: request.id } },
    service: { name: service },
    host: { name: host },
    http: { request: { method: request.method }, response: { status_code: request.status, bytes: request.bytes } },
    url: { path: request.path },
    source: { address: client.ip, ip: client.ip },
    user_agent: { original: client.agent },
    user: { name: user },
    ...(error && { error: { message: error } }),
    data_stream: { type: 'logs', dataset: 'custom.app', namespace: 'default' },
  }
}

export async function appLoop(file, keep) {
  const bodies = bulkBodies('custom.app', keep)
  for await (const line of inflatedLines(file)) bodies.add(appDocument(JSON.parse(line)))
  bodies.send()
  return bodies.total
}
