// An application's own JSON lines, as its owner declares them.
import { format, json } from '@flowferry/core'
import { ip, iso8601, keyword, long } from '@flowferry/core/schema'
import { outcome } from './app-loop.mjs'

export const app = format({
  kind: 'app',
  dataset: 'custom.app',
  root: 'custom.app',
  constants: { 'event.kind': 'event', 'event.dataset': 'custom.app' },
  // biome-ignore format: one line a field
  fields: {
    'time': iso8601(['@timestamp'], 'When it was answered.'),
    'level': keyword(['custom.app.level'], 'INFO, WARN or ERROR.'),
    'service': keyword(['service.name'], 'Service.'),
    'host': keyword(['host.name'], 'Host.'),
    'request.id': keyword(['custom.app.request_id'], 'Id of the request.'),
    'request.method': keyword(['http.request.method'], 'Method.'),
    'request.path': keyword(['url.path'], 'Path.'),
    'request.status': long(['http.response.status_code'], 'Status.'),
    'request.bytes': long(['http.response.bytes'], 'Bytes of the answer.'),
    'request.took': long(['custom.app.took'], 'Milliseconds that it took.'),
    'client.ip': ip(['source.address', 'source.ip'], 'Who asked.'),
    'client.agent': keyword(['user_agent.original'], 'With what.'),
    'user': keyword(['user.name'], 'For whom.'),
    'error': keyword(['error.message'], 'What went wrong.'),
  },
  derived: (derive) => [derive('event.outcome', ['request.status'], outcome)],
  encodings: [json({ records: 'each' })],
})
