import type { Random } from './random.ts'
import type { SampleFile } from './sample-file.ts'
import type { Span } from './world.ts'

/** The 33 fields. https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html */
const fields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) ' +
  'cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken ' +
  'x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status ' +
  'fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len ' +
  'sc-range-start sc-range-end'

const distribution = 'E2EXAMPLE7ABCD'
const domain = 'd111111abcdef8.cloudfront.net'

interface Page {
  readonly method: string
  readonly uri: string
  readonly type: string
  readonly bytes: number
  readonly cached: boolean
  /** Share of requests that fail, and with what. */
  readonly failing?: readonly [share: number, status: number, why: string]
}

// biome-ignore format: one page a line
const pages: readonly (readonly [Page, number])[] = [
  [{ method: 'GET', uri: '/', type: 'text/html', bytes: 18_400, cached: true }, 22],
  [{ method: 'GET', uri: '/assets/app.js', type: 'text/javascript', bytes: 212_000, cached: true }, 26],
  [{ method: 'GET', uri: '/assets/site.css', type: 'text/css', bytes: 31_000, cached: true }, 20],
  [{ method: 'GET', uri: '/api/products', type: 'application/json', bytes: 9_200, cached: false, failing: [0.012, 503, 'OriginError'] }, 14],
  [{ method: 'GET', uri: '/api/search', type: 'application/json', bytes: 6_100, cached: false, failing: [0.05, 504, 'OriginCommError'] }, 9],
  [{ method: 'POST', uri: '/api/checkout', type: 'application/json', bytes: 900, cached: false, failing: [0.31, 502, 'OriginError'] }, 4],
  [{ method: 'GET', uri: '/api/orders', type: 'application/json', bytes: 4_700, cached: false, failing: [0.03, 500, 'OriginError'] }, 5],
]

const places = ['FRA60-P4', 'FRA56-P1', 'MUC50-C1', 'VIE50-P2', 'ZRH55-P1']
const viewers = ['198.51.100.23', '198.51.100.141', '203.0.113.9', '203.0.113.77', '203.0.113.200', '2001:db8:5a::17']
const agents = [
  'Mozilla/5.0%20(Macintosh;%20Intel%20Mac%20OS%20X%2010_15_7)%20AppleWebKit/605.1.15%20(KHTML,%20like%20Gecko)%20Version/18.0%20Safari/605.1.15',
  'Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:140.0)%20Gecko/20100101%20Firefox/140.0',
  'Mozilla/5.0%20(iPhone;%20CPU%20iPhone%20OS%2018_1%20like%20Mac%20OS%20X)%20AppleWebKit/605.1.15%20(KHTML,%20like%20Gecko)%20Mobile/15E148',
]

/** A file of CloudFront's standard logs, its requests in no order. */
export function cloudFrontFile(random: Random, span: Span): SampleFile {
  const lines = Array.from({ length: span.records }, () => request(random, span, random.weighted(pages)))
  const hour = new Date(span.from).toISOString().slice(0, 13).replace('T', '-')
  return {
    key: `cdn/${distribution}.${hour}.${random.hex(8)}.gz`,
    table: 'aws_cloudfront_logs',
    text: `#Version: 1.0\n#Fields: ${fields}\n${lines.join('\n')}\n`,
    records: lines.length,
  }
}

function request(random: Random, span: Span, page: Page): string {
  const [share, failStatus, why] = page.failing ?? [0, 0, '']
  const failed = random.next() < share
  const result = failed ? 'Error' : page.cached && random.next() < 0.94 ? 'Hit' : 'Miss'
  const [date, clock] = new Date(random.between(span.from, span.to)).toISOString().split(/[T.]/)
  const length = failed ? 1_100 : Math.round(page.bytes * (0.9 + random.next() / 5))
  const taken = (
    failed ? 4 + random.next() * 6 : result === 'Hit' ? random.next() / 50 : 0.05 + random.next() / 4
  ).toFixed(3)
  const query = page.uri === '/api/search' ? `q=${random.pick(['lamp', 'desk', 'chair', 'green%2520tea'])}` : '-'
  // biome-ignore format: in the header's order
  return [
    date, clock, random.pick(places), length + 420, random.pick(viewers), page.method, domain, page.uri, failed ? failStatus : 200, '-', random.pick(agents),
    query, '-', result, `${random.hex(32)}Example==`, 'shop.example.com', 'https', random.between(180, 900), taken,
    '-', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256', result, 'HTTP/2.0', '-',
    '-', random.between(32_768, 60_999), taken, failed ? why : result, page.type, length,
    '-', '-',
  ].join('\t')
}
