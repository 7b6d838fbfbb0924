import { asFlowferryError, FlowferryError } from '@flowferry/core'
import { UsageError } from './io.ts'

export type Engine = 'elasticsearch' | 'opensearch'

/** What answers at an address, as far as it tells. */
type Product = Engine | 'kibana' | 'opensearch-dashboards' | 'page'

interface Answer {
  readonly status?: number | null | undefined
  readonly headers?: Readonly<Record<string, unknown>> | null | undefined
  readonly body?: unknown
}

/**
 * What answered. Elasticsearch, Kibana and Dashboards say so in headers, even where they refuse, and so does OpenSearch from
 * version 3 on; before, it does in the body, which a user without `cluster:monitor/main` is not shown.
 *
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-info
 */
function productOf({ status, headers, body }: Answer): Product | undefined {
  const header = (name: string) => String(headers?.[name] ?? '')
  if (header('x-elastic-product') === 'Elasticsearch') return 'elasticsearch'
  if (header('kbn-name') !== '' || header('kbn-license-sig') !== '') return 'kibana'
  if (header('osd-name') !== '') return 'opensearch-dashboards'
  if (/^OpenSearch/.test(header('x-opensearch-version'))) return 'opensearch'
  const { version } = (typeof body === 'object' && body !== null ? body : {}) as {
    version?: { distribution?: unknown }
  }
  if (version?.distribution === 'opensearch') return 'opensearch'
  // One with an error's status may be of a proxy, whose engine is away.
  const isAnswer = Number(status) >= 200 && Number(status) < 400
  const isPage = /^text\/html/i.test(header('content-type')) || (typeof body === 'string' && body.trim() !== '')
  return isAnswer && isPage ? 'page' : undefined
}

const names = { elasticsearch: 'Elasticsearch', opensearch: 'OpenSearch' } as const

function wrong(engine: Engine, product: Product, name: string): string {
  if (product === 'elasticsearch' || product === 'opensearch')
    return `${name} is ${names[product]}, not ${names[engine]}: name ${product} in place of ${engine}`
  if (product === 'page')
    return `${name} answers with a page, not with JSON, and is no ${names[engine]}: take the address of its API, without what stands before it`
  const [ui, stores] =
    product === 'kibana' ? (['Kibana', 'elasticsearch'] as const) : (['OpenSearch Dashboards', 'opensearch'] as const)
  return `${name} is ${ui}, which stores nothing: take the address of ${names[stores]} behind it, mostly of port 9200`
}

/** Seen to be what it is to be, in this process: `serve`, `mcp` and `alerts` open a store for each question. */
const seen = new Set<string>()

/**
 * Asks what is there, and throws where it is something else. Where it does not tell, all goes on.
 *
 * @param ask Sends `GET /` and resolves with the answer, or rejects with a client's error
 * @throws UsageError where something else is there
 * @throws FlowferryError ABORTED; TARGET_UNREACHABLE where nothing answers
 */
export async function requireEngine(
  engine: Engine,
  name: string,
  ask: () => Promise<Answer>,
  signal?: AbortSignal,
): Promise<void> {
  const place = `${engine} ${name}`
  if (seen.has(place)) return
  const answer = await ask().catch((error: unknown) => {
    if (signal?.aborted) throw new FlowferryError('ABORTED', `${name} was to tell what it is, and the user ended it`)
    return answerOf(error, name)
  })
  const product = productOf(answer)
  if (product !== undefined && product !== engine) throw new UsageError(wrong(engine, product, name))
  // Its client reads no answer without the header that Elasticsearch has had since 7.14.
  if (engine === 'elasticsearch' && product === undefined && Number(answer.status) < 300)
    throw new UsageError(
      `${name} is no Elasticsearch: where it is OpenSearch, name opensearch in place of elasticsearch`,
    )
  if (product === engine) seen.add(place)
}

/** A client rejects with what it does not understand, too: the answer hangs on its error. */
function answerOf(error: unknown, name: string): Answer {
  const {
    meta,
    message,
    name: kind,
  } = error as Error & { readonly meta?: (Answer & { readonly statusCode?: number | null }) | null }
  // What comes next tells it as well, or is answered.
  if (kind === 'TimeoutError') return {}
  if (meta?.statusCode) return { status: meta.statusCode, headers: meta.headers, body: meta.body }
  // OpenSSL's words for an answer that is no TLS.
  if (/wrong version number|packet length too long/.test(message))
    throw new UsageError(`${name}: the server speaks http, and not https: take http:// in place of https://`)
  if (name.startsWith('http:') && /Parse Error: Expected HTTP|does not match the HTTP\/1\.1 protocol/.test(message))
    throw new UsageError(`${name}: the server speaks no http: take https:// in place of http://`)
  const what =
    name.startsWith('http:') && /socket hang up|other side closed|ECONNRESET/.test(message)
      ? `${name} ended the connection without an answer: where it speaks https, take https:// in place of http://`
      : `${name} got no answer`
  throw asFlowferryError(error, 'TARGET_UNREACHABLE', what)
}
