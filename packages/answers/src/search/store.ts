import { asFlowferryError, type Format } from '@flowferry/core'
import { requireOneOf, requireOption, requirePositive } from '@flowferry/core/internal'
import { type IndexPer, refusalOf } from '@flowferry/search'
import { type Answer, partialBy, type Row, type Store, type StoreOptions, unlessStopped } from '../answer.ts'
import { fitsHaving, inOrder } from '../order.ts'
import { type DocumentsPlan, type GroupsPlan, type Plan, planOf } from '../plan.ts'
import type { Question } from '../question.ts'
import { documentRow, documentsBody, type Hit, searchAfter } from './documents.ts'
import { type Bucket, groupsAggregation, isApproximate, isHeavy, isInGroupsOrder, onlyAsked, rowOf } from './groups.ts'
import { queryOf } from './query.ts'

export interface SearchStoreOptions extends StoreOptions {
  /** `day` or `month` where the sink has the same option: dated indices. @default data streams */
  readonly indexPer?: IndexPer
  /** Name or pattern of indices of your own, whose documents may be of several datasets. @default data streams */
  readonly index?: string
  /** The one that was written to, as `ingest` takes it. @default every namespace */
  readonly namespace?: string
  /**
   * Milliseconds that the engine may search for one page, from 1. What is found by then makes a partial answer.
   * @default 30,000
   */
  readonly timeoutMilliseconds?: number
  /**
   * Most groups that are read to find the first in order, from 1: more make a partial answer. Groups in the order of their
   * own values are read as far as `limit`, where it fits one page.
   * @default 100,000
   */
  readonly maxGroups?: number
  /**
   * Most documents or groups of one response, 1 to 10,000: less where the cluster has a lower `index.max_result_window` or
   * `search.max_buckets`.
   * @default 10,000
   */
  readonly pageSize?: number
}

/** What differs from engine to engine. */
export interface SearchClient {
  readonly request: (
    method: 'POST' | 'DELETE',
    path: string,
    body: object | undefined,
    timeoutMilliseconds: number,
    /** Ends the request, and with its connection the search. */
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly status: number; readonly body: unknown }>
  /** A point in time holds pages together: `POST /<index><open>` gives its id under `id`, and `DELETE <close>` takes it. */
  readonly pointInTime: {
    readonly open: string
    readonly idOf: (body: unknown) => string
    readonly close: string
    readonly closing: (id: string) => object
  }
  /** Orders documents that are equal otherwise, within a point in time. */
  readonly tieBreaker: readonly object[]
}

interface SearchResponse {
  readonly timed_out?: boolean
  readonly _shards?: {
    readonly total: number
    readonly failed: number
    readonly failures?: readonly { readonly reason?: { readonly type?: string; readonly reason?: string } }[]
  }
  readonly pit_id?: string
  readonly hits?: { readonly total?: { readonly value?: number }; readonly hits?: readonly Hit[] }
  readonly aggregations?: { readonly all?: Page & Bucket }
}

interface Page {
  readonly buckets?: readonly Bucket[]
  readonly after_key?: object
}

/** The response to a page takes longer than the search. */
const transportMilliseconds = 5000
/** Pages whose buckets take kilobytes of the engine's memory. */
const heavyPageSize = 1000

export function searchStore(client: SearchClient, options: SearchStoreOptions): Store {
  const { formats = [], index, indexPer, namespace, pageSize = 10_000 } = options
  const { timeoutMilliseconds = 30_000, maxGroups = 100_000 } = options
  requireOption(Array.isArray(formats), 'formats', formats, "a parser's `formats`")
  requireOneOf('indexPer', indexPer, ['day', 'month'])
  const isName = (name: unknown) => typeof name === 'string' && /^[^-/?#\s][^/?#\s]*$/.test(name)
  requireOption(index === undefined || isName(index), 'index', index, 'the name of an index, or a pattern')
  requireOption(index === undefined || indexPer === undefined, 'indexPer', indexPer, 'nothing beside index')
  requireOption(namespace === undefined || isName(namespace), 'namespace', namespace, 'a namespace')
  requirePositive('timeoutMilliseconds', timeoutMilliseconds)
  requirePositive('maxGroups', maxGroups)
  requirePositive('pageSize', pageSize)
  requireOption(pageSize <= 10_000, 'pageSize', pageSize, 'a whole number from 1 to 10,000')

  const send: Send = async (method, path, body, signal) => {
    signal?.throwIfAborted()
    const time = timeoutMilliseconds + transportMilliseconds
    const response = await client.request(method, path, body, time, signal).catch((error: unknown) => {
      throw asFlowferryError(error, 'TARGET_UNREACHABLE', `${method} ${path} got no answer`)
    })
    if (response.status >= 300) throw refusalOf(response, `${method} ${path}`)
    return response.body
  }
  const answerTo = async (question: Question, signal: AbortSignal | undefined): Promise<Answer> => {
    const plan = planOf(question, formats)
    const reasons: string[] = []
    let absent = false
    const target = targetOf(plan.formats, options)
    const query = queryOf(plan, index !== undefined)
    const common = { query, track_total_hits: false, timeout: `${timeoutMilliseconds}ms` }
    const search: Search = async (body, path = `/${target}/_search?ignore_unavailable=true`) => {
      const response = (await send('POST', path, { ...common, ...body }, signal)) as SearchResponse
      absent ||= (response._shards?.total ?? 0) === 0
      reasons.push(...missingIn(response, target, timeoutMilliseconds))
      return response
    }
    const asked = { search, send, signal, client, target, pageSize, maxGroups, reasons }
    const rows = plan.kind === 'groups' ? await groupRows(plan, asked) : await documentRows(plan, asked)
    if (index !== undefined && !absent && isEmpty(plan, rows)) {
      const missing = await datasetsNotIn(plan.formats, search)
      reasons.push(...missing.map((dataset) => `${index} has no document of ${dataset}`))
      absent = missing.length === plan.formats.length
    }
    return { rows, approximate: approximateIn(plan), ...partialBy(reasons, absent) }
  }
  return { ask: (question, signal) => unlessStopped(signal, () => answerTo(question, signal)) }
}

type Search = (body: object, path?: string) => Promise<SearchResponse>
type Send = (method: 'POST' | 'DELETE', path: string, body?: object, signal?: AbortSignal) => Promise<unknown>
interface Asked {
  readonly search: Search
  readonly send: Send
  readonly signal: AbortSignal | undefined
  readonly client: SearchClient
  readonly target: string
  readonly pageSize: number
  readonly maxGroups: number
  /** Why the answer is partial. */
  readonly reasons: string[]
}

/** No namespace has a hyphen, so no data stream has the name of a dated index. */
function targetOf(formats: readonly Format[], { index, indexPer, namespace = '*' }: SearchStoreOptions): string {
  const names = formats.flatMap(({ dataset }) => {
    const stream = `logs-${dataset}-${namespace}`
    const dated = `${stream}-20*.*`
    if (indexPer) return [dated]
    return namespace.includes('*') ? [stream, `-${dated}`] : [stream]
  })
  return (index === undefined ? names : [index]).map(encodeURIComponent).join(',')
}

/** A row without groups is there without documents, too. */
const isEmpty = (plan: Plan, rows: readonly Row[]): boolean =>
  rows.length === 0 || (plan.kind === 'groups' && plan.groups.length === 0)

/** An index of several formats is there whether it has documents of one of them or not. */
async function datasetsNotIn(formats: readonly Format[], search: Search): Promise<string[]> {
  const missing: string[] = []
  for (const { dataset } of formats) {
    const query = { term: { 'data_stream.dataset': dataset } }
    const { hits } = await search({ query, size: 0, track_total_hits: 1, terminate_after: 1 })
    if ((hits?.total?.value ?? 0) === 0) missing.push(dataset)
  }
  return missing
}

function missingIn({ timed_out: timedOut, _shards: shards }: SearchResponse, target: string, time: number): string[] {
  const { total = 0, failed = 0, failures = [] } = shards ?? {}
  const { type, reason } = failures[0]?.reason ?? {}
  return [
    ...(total === 0 ? [`no index is there for ${decodeURIComponent(target)}`] : []),
    ...(failed > 0 ? [`${failed} of ${total} shards failed${type === undefined ? '' : `: ${type}: ${reason}`}`] : []),
    ...(timedOut ? [`the search was ended after ${time} ms`] : []),
  ]
}

function approximateIn(plan: Plan): Answer['approximate'] {
  return plan.kind === 'groups' ? plan.measures.filter(isApproximate).map(({ name }) => name) : []
}

async function groupRows(plan: GroupsPlan, { search, pageSize, maxGroups, reasons }: Asked): Promise<Row[]> {
  const { limit } = plan
  const page = Math.min(isHeavy(plan) ? heavyPageSize : pageSize, pageSize)
  const inGroupsOrder = isInGroupsOrder(plan) && limit <= page
  const most = inGroupsOrder ? limit : maxGroups
  const size = Math.min(page, most)
  const isAsked = onlyAsked(plan)
  const rows: Row[] = []
  let read = 0
  let after: object | undefined
  do {
    const { aggregations, timed_out: timedOut } = await search({
      size: 0,
      aggs: groupsAggregation(plan, size, inGroupsOrder, after),
    })
    const { buckets = plan.groups.length === 0 ? [aggregations?.all ?? { doc_count: 0 }] : [], after_key: next } =
      aggregations?.all ?? {}
    read += buckets.length
    rows.push(
      ...buckets.map((bucket) => rowOf(plan, bucket)).filter((row) => isAsked(row) && fitsHaving(row, plan.having)),
    )
    after = timedOut ? undefined : next
  } while (after && read < most)
  if (after && !inGroupsOrder && (await hasMore(plan, search, after)))
    reasons.push(`there are more than ${read} groups, and the first in order are of those that were read`)
  return inOrder(rows, plan.order).slice(0, limit)
}

/** The last group of all has a successor's key, too. */
async function hasMore(plan: GroupsPlan, search: Search, after: object): Promise<boolean> {
  const { aggregations } = await search({ size: 0, aggs: groupsAggregation(plan, 1, false, after) })
  return (aggregations?.all?.buckets ?? []).length > 0
}

async function documentRows(plan: DocumentsPlan, asked: Asked): Promise<Row[]> {
  const { search, pageSize } = asked
  const body = documentsBody(plan)
  const hitsOf = ({ hits }: SearchResponse) => hits?.hits ?? []
  const rowsOf = (hits: readonly Hit[]) => hits.map((hit) => documentRow(plan, hit))
  if (plan.limit <= pageSize) return rowsOf(hitsOf(await search({ ...body, size: plan.limit })))
  return withPointInTime(asked, async (page) => {
    const rows: Row[] = []
    let after: unknown[] | undefined
    do {
      const size = Math.min(pageSize, plan.limit - rows.length)
      const response = await page({ ...body, size, ...(after && { search_after: after }) })
      const hits = hitsOf(response)
      rows.push(...rowsOf(hits))
      after = hits.length === size && !response.timed_out ? searchAfter(hits.at(-1)!) : undefined
    } while (after && rows.length < plan.limit)
    return rows
  })
}

interface PageBody {
  readonly sort: readonly object[]
  readonly [member: string]: unknown
}

/** Searches that see the same documents, whatever is written meanwhile. */
async function withPointInTime<T>(
  { search, send, signal, client, target }: Asked,
  run: (page: (body: PageBody) => Promise<SearchResponse>) => Promise<T>,
): Promise<T> {
  const { open, idOf, close, closing } = client.pointInTime
  const path = `/${target}${open}?keep_alive=1m&ignore_unavailable=true`
  const opened = await send('POST', path, undefined, signal).catch((error) => {
    // OpenSearch answers so where no index is there, and a search says that.
    if (/invalid id: \[null\]/.test(String(error))) return undefined
    throw error
  })
  if (opened === undefined) return run((body) => search(body))
  let id = idOf(opened)
  try {
    return await run(async ({ sort, ...body }) => {
      const pit = { id, keep_alive: '1m' }
      const response = await search({ ...body, sort: [...sort, ...client.tieBreaker], pit }, '/_search')
      id = response.pit_id ?? id
      return response
    })
  } finally {
    // It ends by itself within a minute.
    const closed = send('DELETE', close, closing(id)).catch(() => undefined)
    if (!signal?.aborted) await closed
  }
}
