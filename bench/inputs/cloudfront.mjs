// CloudFront standard logs with 33 fields.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
import { browsers, random, start } from './random.mjs'

const fields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end'

const agents = [
  ...browsers(18),
  ...Array.from(
    { length: 6 },
    (_, i) =>
      `Mozilla/5.0 (iPhone; CPU iPhone OS 17_${i} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.${i} Mobile/15E148 Safari/604.1`,
  ),
  'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
  'curl/8.7.1',
  'Googlebot/2.1 (+http://www.google.com/bot.html)',
  'okhttp/4.12.0',
].map((agent) => agent.replaceAll(' ', '%20'))
const referers = [
  '-',
  '-',
  'https://www.example.com/',
  'https://www.google.com/',
  'https://shop.example.com/shoes?page=2',
]
const contentTypes = {
  js: 'application/javascript',
  css: 'text/css',
  woff2: 'font/woff2',
  png: 'image/png',
  svg: 'image/svg+xml',
  webp: 'image/webp',
}
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export function* cloudFront(records) {
  const { share, next, between, pick, text, hex, exponential, normal } = random(31)
  const host = `d${text('abcdefghijklmnopqrstuvwxyz0123456789', 13)}.cloudfront.net`
  const paths = [
    ...Object.keys(contentTypes).flatMap((type) =>
      Array.from({ length: 40 }, () => `/assets/${pick(['app', 'vendor', 'main', 'chunk'])}.${hex(8)}.${type}`),
    ),
    ...['users', 'orders', 'items', 'search'].flatMap((name) =>
      Array.from({ length: 100 }, (_, i) => `/api/v1/${name}/${i}`),
    ),
    '/',
    '/index.html',
    '/favicon.ico',
    '/robots.txt',
  ]
  const clients = [
    ...Array.from({ length: 15_000 }, () => `${between(1, 224)}.${next(256)}.${next(256)}.${between(1, 255)}`),
    ...Array.from({ length: 3000 }, () => `2001:db8:${hex(4)}:${hex(4)}::${hex(4)}`),
  ]
  const statusOf = { Hit: 200, Miss: 200, RefreshHit: 200, Redirect: 301 }
  yield `#Version: 1.0\n#Fields: ${fields}\n`
  for (let i = 0; i < records; i++) {
    const when = new Date((start + Math.floor((i * 3600) / records)) * 1000).toISOString()
    const path = pick(paths)
    const drawn = share()
    const result =
      drawn < 0.7 ? 'Hit' : drawn < 0.9 ? 'Miss' : drawn < 0.95 ? 'RefreshHit' : drawn < 0.98 ? 'Error' : 'Redirect'
    const method = share() < 0.9 ? 'GET' : pick(['POST', 'POST', 'POST', 'HEAD', 'OPTIONS'])
    const taken = exponential(1 / 12)
    const length = Math.floor(Math.exp(normal(9, 1.6)))
    const query = share() < 0.7 ? '-' : `q=${hex(6)}&page=${next(20)}&utm_source=${pick(['google', 'mail', 'x'])}`
    yield `${[
      when.slice(0, 10),
      when.slice(11, 19),
      `${pick(['IAD89', 'FRA56', 'LHR61', 'NRT20', 'SIN2', 'GRU3'])}-${pick('CP')}${between(1, 5)}`,
      length + between(200, 700),
      pick(clients),
      method,
      host,
      path,
      statusOf[result] ?? pick([403, 404, 502]),
      pick(referers),
      pick(agents),
      query,
      '-',
      result,
      `${text(letters, 54)}==`,
      'www.example.com',
      'https',
      between(30, 1500),
      taken.toFixed(3),
      '-',
      'TLSv1.3',
      'TLS_AES_128_GCM_SHA256',
      result,
      pick(['HTTP/2.0', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/1.1']),
      '-',
      '-',
      between(1024, 65_536),
      (taken * 0.9).toFixed(3),
      result,
      contentTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/json',
      length,
      '-',
      '-',
    ].join('\t')}\n`
  }
}
