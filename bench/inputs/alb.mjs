// Access logs of an Application Load Balancer with 34 fields.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
import { browsers, random, start } from './random.mjs'

const agents = [...browsers(24), 'curl/8.7.1', 'okhttp/4.12.0', 'Googlebot/2.1 (+http://www.google.com/bot.html)']

export function* alb(records) {
  const { share, next, between, pick, hex, exponential } = random(37)
  const arn = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup'
  const groups = ['web', 'orders', 'search', 'users'].map((name) => `${arn}/${name}/${hex(16)}`)
  const certificate = 'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012'
  const clients = [
    ...Array.from({ length: 15_000 }, () => `${between(1, 224)}.${next(256)}.${next(256)}.${between(1, 255)}`),
    ...Array.from({ length: 3000 }, () => `[2001:db8:${hex(4)}:${hex(4)}::${hex(4)}]`),
  ]
  const paths = ['users', 'orders', 'items', 'search'].flatMap((name) =>
    Array.from({ length: 100 }, (_, i) => `/api/v1/${name}/${i}`),
  )
  for (let i = 0; i < records; i++) {
    const end = start * 1000 + Math.floor((i * 3_600_000) / records)
    const time = (milliseconds) => new Date(milliseconds).toISOString().replace('Z', `${100 + next(900)}Z`)
    const taken = exponential(1 / 12)
    const target = `10.0.${next(4)}.${between(1, 60)}:8080`
    const status = share() < 0.96 ? pick([200, 200, 200, 201, 204, 301]) : pick([403, 404, 502])
    const query = share() < 0.7 ? '' : `?q=${hex(6)}&page=${next(20)}`
    const method = share() < 0.9 ? 'GET' : pick(['POST', 'PUT', 'DELETE'])
    yield `${[
      pick(['https', 'h2', 'h2']),
      time(end),
      'app/shop/50dc6c495c0c9188',
      `${pick(clients)}:${between(1024, 65_536)}`,
      target,
      pick(['0.000', '0.001', '0.002']),
      taken.toFixed(3),
      '0.000',
      status,
      status,
      between(30, 1500),
      between(200, 60_000),
      `"${method} https://www.example.com:443${pick(paths)}${query} HTTP/2.0"`,
      `"${pick(agents)}"`,
      'TLS_AES_128_GCM_SHA256',
      'TLSv1.3',
      pick(groups),
      `"Root=1-${hex(8)}-${hex(24)}"`,
      '"www.example.com"',
      `"${certificate}"`,
      pick([0, 1, 2, 10]),
      time(end - taken * 1000),
      '"forward"',
      '"-"',
      '"-"',
      `"${target}"`,
      `"${status}"`,
      '"-"',
      '"-"',
      `TID_${hex(32)}`,
      '"-"',
      '"-"',
      '"-"',
      `198.51.100.${between(1, 5)}`,
    ].join(' ')}\n`
  }
}
