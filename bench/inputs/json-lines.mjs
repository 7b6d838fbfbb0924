// An application's own log: an object a line, some 300 B.
import { random, start } from './random.mjs'

const services = ['checkout', 'cart', 'search', 'payments', 'profile', 'catalog']
const paths = ['/api/orders', '/api/cart/items', '/search', '/api/users/me', '/healthz', '/api/products/']
const levels = ['INFO', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR']

export function* jsonLines(records) {
  const { next, between, pick, hex, share } = random(8)
  let milliseconds = start * 1000
  for (let i = 0; i < records; i++) {
    milliseconds += next(20)
    const method = share() < 0.7 ? 'GET' : 'POST'
    const status = share() < 0.93 ? 200 : pick([404, 500, 503])
    const event = {
      time: new Date(milliseconds).toISOString(),
      level: pick(levels),
      service: pick(services),
      host: `ip-10-0-${next(16)}-${next(250)}`,
      request: {
        id: hex(16),
        method,
        path: `${pick(paths)}${next(4000)}`,
        status,
        bytes: between(120, 90_000),
        took: between(1, 900),
      },
      client: {
        ip: `192.0.${next(128)}.${between(1, 255)}`,
        agent: pick(['okhttp/4.12.0', 'curl/8.7.1', 'Go-http-client/2.0']),
      },
      user: `u-${between(10_000, 60_000)}`,
      ...(status >= 500 && { error: 'upstream did not answer in time' }),
    }
    yield `${JSON.stringify(event)}\n`
  }
}
