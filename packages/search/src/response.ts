import { gunzipSync } from 'node:zlib'
import { FlowferryError, redact } from '@flowferry/core'
import { type BulkItemResponse, type ItemResult, itemResult, requestRefusal } from './items.ts'

/** The response to a `_bulk` request, whatever its status. */
export interface BulkResponse {
  readonly status: number
  /** The body, parsed where it is JSON. */
  readonly body: unknown
  /** The number of items, where all are created and the body is not parsed. */
  readonly created?: number
  /** From the header `Retry-After`. */
  readonly retryAfterSeconds?: number
}

interface BulkResponseBody {
  readonly items?: readonly (Readonly<Record<string, BulkItemResponse>> | null | undefined)[]
}

/**
 * The result of each item of a response with status 200, in order; undefined where all are created. `errors` is not
 * asked: a dropped document and one in the failure store are no errors to the engines.
 *
 * @throws FlowferryError TARGET_FAILED for a response of another length
 */
export function itemResults({ body, created }: BulkResponse, length: number): ItemResult[] | undefined {
  if (created === length) return undefined
  const { items } = (body ?? {}) as BulkResponseBody
  const found = created ?? (Array.isArray(items) ? items.length : 0)
  if (found !== length || !items)
    throw new FlowferryError('TARGET_FAILED', `The answer to ${length} bulk items has ${found} items`)
  return items.map((item) => {
    const [op, result] = Object.entries(item ?? {})[0] ?? ['', undefined]
    return itemResult(op, result ?? {})
  })
}

/** The way on after a response other than 200: the same request again, two halves of it, or the error to stop with. */
export function requestResult(response: BulkResponse): 'retry' | 'split' | FlowferryError {
  const { status } = response
  if (status === 413) return 'split'
  const code = requestRefusal(status, (response.body as { error?: object } | null | undefined)?.error)
  if (!code && (status === 408 || status === 429 || status >= 500)) return 'retry'
  return new FlowferryError(code ?? 'TARGET_FAILED', `The store answered ${status}${reasonOf(response.body)}`)
}

/** The reason in an error body of the engines, or of a proxy before them. */
export function reasonOf(body: unknown): string {
  if (typeof body === 'string') return body === '' ? '' : `: ${redact(body.slice(0, 300))}`
  const error = (body as { error?: { reason?: unknown; type?: unknown } | string } | null)?.error
  if (typeof error === 'string') return `: ${redact(error)}`
  return error ? `: ${redact(`${error.type}: ${error.reason}`)}` : ''
}

interface SearchError {
  readonly type?: unknown
  readonly reason?: unknown
  readonly root_cause?: readonly { readonly reason?: unknown }[]
}

/**
 * The error of a response that is none to work with, whatever was asked: `what` is the request, `POST /logs/_search`. Where
 * a search failed on all shards, the reason of the first stands behind it.
 *
 * @example
 * if (response.status >= 300) throw refusalOf(response, 'POST /logs/_search')
 */
export function refusalOf({ status, body }: Pick<BulkResponse, 'status' | 'body'>, what: string): FlowferryError {
  const error = (body as { error?: SearchError } | null | undefined)?.error
  const isBusy = status === 408 || status === 429 || status >= 500
  const code = requestRefusal(status, error) ?? (isBusy ? 'TARGET_OVERLOADED' : 'TARGET_FAILED')
  const cause = error?.root_cause?.[0]?.reason
  // Of an error of no shard, as of a 401, the root cause is the error itself.
  const shard = typeof cause === 'string' && cause !== error?.reason ? redact(`; ${cause}`) : ''
  return new FlowferryError(code, `${what} answered ${status}${reasonOf(body)}${shard}`)
}

/** Members of a bulk response that say what became of each item. The other members are most of its bytes. */
export const bulkFilter =
  'errors,items.*.status,items.*.result,items.*.failure_store,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason'

/** The response to items that are all created, as both engines write it with `bulkFilter`. */
const createdStart = Buffer.from('{"errors":false,"items":[')
const createdItem = Buffer.from('{"create":{"result":"created","status":201}},')

/**
 * Reads a response of the client's `asStream` to its end. Items that are all created are counted by their bytes, and
 * not parsed: a tenth of the time (`bulk answer` in bench/RESULTS.md).
 *
 * @example
 * const { statusCode, headers, body } = await client.transport.request(params, { meta: true, asStream: true })
 * const response = await readBulkResponse(statusCode, headers, body)
 */
export async function readBulkResponse(
  status: number | null | undefined,
  headers: Readonly<Record<string, unknown>> | null | undefined,
  body: AsyncIterable<Uint8Array | string>,
): Promise<BulkResponse> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  const all = Buffer.concat(chunks)
  const bytes = /gzip/i.test(String(headers?.['content-encoding'] ?? '')) ? gunzipSync(all) : all
  const created = status === 200 ? countCreated(bytes) : undefined
  const retryAfterSeconds = secondsOf(headers?.['retry-after'])
  return {
    status: status ?? 0,
    body: created === undefined ? parsed(bytes) : undefined,
    ...(created !== undefined && { created }),
    ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
  }
}

let createdItems = createdItem

/** The number of items where all are created; undefined for any other response. */
function countCreated(bytes: Buffer): number | undefined {
  // The last item has no comma, and `]}` follows it.
  const count = (bytes.length - createdStart.length - 1) / createdItem.length
  if (!Number.isInteger(count)) return undefined
  const end = bytes.length - 2
  if (!bytes.subarray(0, createdStart.length).equals(createdStart) || bytes.toString('latin1', end) !== ']}')
    return undefined
  const length = end - createdStart.length
  if (createdItems.length < length) createdItems = Buffer.alloc(length, createdItem)
  return bytes.subarray(createdStart.length, end).equals(createdItems.subarray(0, length)) ? count : undefined
}

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * The response in an error of an official client: for a status from 400 the clients throw. An error without a status
 * means that no response came.
 *
 * @throws the error itself where it holds no response
 * @example
 * const send: BulkSend = (body, signal) => request(body, signal).catch(responseOfError)
 */
export function responseOfError(error: unknown): BulkResponse {
  const { meta } = error as {
    meta?: { statusCode?: number | null; body?: unknown; headers?: Record<string, unknown> | null }
  }
  if (!meta?.statusCode || meta.statusCode < 400) throw error
  const retryAfterSeconds = secondsOf(meta.headers?.['retry-after'])
  return { status: meta.statusCode, body: meta.body, ...(retryAfterSeconds > 0 && { retryAfterSeconds }) }
}

/** The header holds seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function secondsOf(retryAfter: unknown): number {
  const seconds = Number(retryAfter)
  return Number.isNaN(seconds) ? (Date.parse(String(retryAfter)) - Date.now()) / 1000 : seconds
}
