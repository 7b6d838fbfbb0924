import { gunzipSync } from 'node:zlib'
import { type ErrorCode, FlowferryError, redact } from '../errors.ts'

/** An answer to a `_bulk` request, whatever its status. */
export interface BulkAnswer {
  readonly status: number
  /** The body, parsed where it is JSON. */
  readonly body: unknown
  /** From `Retry-After`. */
  readonly retryAfterSeconds?: number
}

/** What an item's answer means. */
export type Fate =
  | { readonly is: 'written' | 'duplicate' }
  | { readonly is: 'rejected'; readonly type: string; readonly reason: string }
  | Refusal

/** Not stored, and nothing wrong with the document, or nothing that the store could tell. */
export interface Refusal {
  readonly is: 'retry' | 'stop'
  readonly code: ErrorCode
  readonly type: string
  readonly reason: string
}

type ItemAnswer = { readonly status: number; readonly error?: { readonly type?: string; readonly reason?: string } }
interface BulkResponse {
  readonly errors: boolean
  readonly items?: readonly Readonly<Record<string, ItemAnswer>>[]
}

const written: Fate = { is: 'written' }
const duplicate: Fate = { is: 'duplicate' }

/** The fate of each item of an answer with status 200, in order; undefined where all are written. */
export function itemFates(answer: BulkAnswer, items: number): Fate[] | undefined {
  const response = answer.body as BulkResponse | undefined
  if (response?.errors === false) return undefined
  const told = response?.items ?? []
  if (told.length !== items)
    throw new FlowferryError('TARGET_FAILED', `The answer to ${items} bulk items has ${told.length} items`)
  return told.map((item) => {
    const [op, { status, error }] = Object.entries(item)[0]!
    return itemFate(op, status, error?.type ?? `status ${status}`, withoutContent(error?.reason ?? ''))
  })
}

/** The engines quote what they refuse: the value, or the bytes of a term. Logs must not hold it. */
function withoutContent(reason: string): string {
  return redact(reason)
    .replace(/(Preview of field's value: )'.*'/s, "$1'***'")
    .replace(/(prefix of the first immense term is: )'\[[^\]]*\][^']*'/, "$1'***'")
}

/**
 * Refusals that are answered as 400 for each document, and yet are about the target: no other document fares better.
 * Whole texts, or their beginning: a reason may also quote a document.
 */
const targetRefusals: readonly [reason: RegExp, code: ErrorCode][] = [
  [/^only write ops with an op_type of create are allowed in data streams$/, 'TARGET_MISMATCH'],
  // OpenSearch Serverless, time series and vector search collections.
  // https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-overview.html#serverless-usecase
  [/^Document ID is not supported in create\/index operation request$/, 'TARGET_MISMATCH'],
  // A new index where the cluster has `cluster.max_shards_per_node` of them.
  [/^Validation Failed: 1: this action would add \[/, 'TARGET_BLOCKED'],
]

function itemFate(op: string, status: number, type: string, reason: string): Fate {
  if (status >= 200 && status < 300) return written
  // Nothing is there already for an `index`: such a conflict is the store's own.
  if (status === 409) return op === 'create' ? duplicate : { is: 'retry', code: 'TARGET_FAILED', type, reason }
  // A block with 503 is a cluster that looks for its master.
  if (status === 503) return { is: 'retry', code: 'TARGET_OVERLOADED', type, reason }
  if (status >= 500) return { is: 'retry', code: 'TARGET_FAILED', type, reason }
  // Flood stage answers 429 for each item, and a write block 403; no quick retry cures either.
  if (type === 'cluster_block_exception') return { is: 'stop', code: 'TARGET_BLOCKED', type, reason }
  if (status === 429) return { is: 'retry', code: 'TARGET_OVERLOADED', type, reason }
  if (status === 401 || status === 403) return { is: 'stop', code: 'TARGET_UNAUTHORIZED', type, reason }
  if (status === 404) return { is: 'stop', code: 'TARGET_NOT_FOUND', type, reason }
  const code = targetRefusal(reason)
  return code ? { is: 'stop', code, type, reason } : { is: 'rejected', type, reason }
}

/** The code of a refusal that is about the target, whatever was asked. */
export function targetRefusal(reason: string): ErrorCode | undefined {
  return targetRefusals.find(([pattern]) => pattern.test(reason))?.[1]
}

/** What an answer other than 200 means for the whole request. */
export function requestFate(answer: BulkAnswer): 'retry' | 'split' | FlowferryError {
  const { status } = answer
  if (status === 413) return 'split'
  if (status === 408 || status === 429 || status >= 500) return 'retry'
  const code =
    status === 401 || status === 403 ? 'TARGET_UNAUTHORIZED' : status === 404 ? 'TARGET_NOT_FOUND' : 'TARGET_FAILED'
  return new FlowferryError(code, `The store answered ${status}${reasonOf(answer.body)}`)
}

/** The reason in an error body of the engines, or of a proxy before them. */
export function reasonOf(body: unknown): string {
  if (typeof body === 'string') return body === '' ? '' : `: ${redact(body.slice(0, 300))}`
  const error = (body as { error?: { reason?: unknown; type?: unknown } | string } | null)?.error
  if (typeof error === 'string') return `: ${redact(error)}`
  return error ? `: ${redact(`${error.type}: ${error.reason}`)}` : ''
}

/** How an answer begins with which all is well, whatever the order of its members was before `filter_path`. */
const success = Buffer.from('{"errors":false')

/**
 * Reads an answer to its end, from the client's `asStream`. One without errors is neither kept nor parsed.
 */
export async function streamedAnswer(
  status: number | null | undefined,
  headers: Readonly<Record<string, unknown>> | null | undefined,
  body: AsyncIterable<Uint8Array | string>,
): Promise<BulkAnswer> {
  const packed = /gzip/i.test(String(headers?.['content-encoding'] ?? ''))
  const chunks: Uint8Array[] = []
  let kept = 0
  let isSuccess = packed || status !== 200 ? false : undefined
  for await (const chunk of body) {
    if (isSuccess) continue
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    kept += chunk.length
    if (kept >= success.length) isSuccess ??= Buffer.concat(chunks).subarray(0, success.length).equals(success)
  }
  const retryAfterSeconds = secondsOf(headers?.['retry-after'])
  return {
    status: status ?? 0,
    body: isSuccess ? { errors: false } : parsed(packed ? gunzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks)),
    ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
  }
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
 * The answer that an official client threw: they raise an error for a status from 400. An error without a status means
 * that no answer came, and is thrown on.
 */
export function thrownAnswer(error: unknown): BulkAnswer {
  const { meta } = error as {
    meta?: { statusCode?: number | null; body?: unknown; headers?: Record<string, unknown> | null }
  }
  if (!meta?.statusCode || meta.statusCode < 400) throw error
  const retryAfterSeconds = secondsOf(meta.headers?.['retry-after'])
  return { status: meta.statusCode, body: meta.body, ...(retryAfterSeconds > 0 && { retryAfterSeconds }) }
}

/** Seconds, or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function secondsOf(retryAfter: unknown): number {
  const seconds = Number(retryAfter)
  return Number.isNaN(seconds) ? (Date.parse(String(retryAfter)) - Date.now()) / 1000 : seconds
}
