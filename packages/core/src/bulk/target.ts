import { asFlowferryError, type ErrorCode, FlowferryError } from '../errors.ts'
import type { Format } from '../types.ts'
import { reasonOf, targetRefusal } from './response.ts'
import { type EngineRequest, indexBody } from './template.ts'

type Answer = Awaited<ReturnType<EngineRequest>>

/**
 * Makes sure that a data stream is one. Without a template OpenSearch would make a plain index of its name, and guess
 * the types. Asks `GET /_data_stream/<name>`, and `PUT` where there is none.
 *
 * @throws FlowferryError TARGET_NOT_FOUND, TARGET_UNAUTHORIZED, TARGET_OVERLOADED, TARGET_UNREACHABLE, TARGET_FAILED
 */
export async function existingStream(request: EngineRequest, name: string): Promise<void> {
  const path = `/_data_stream/${encodeURIComponent(name)}`
  const isThere = async () => {
    const found = await ask(request, 'GET', path)
    return found.status === 200 && ((found.body as { data_streams?: unknown[] }).data_streams?.length ?? 0) > 0
  }
  if (await isThere()) return
  const made = await ask(request, 'PUT', path)
  // Another worker may have made it meanwhile.
  if (made.status === 200 || (await isThere())) return
  throw new FlowferryError('TARGET_NOT_FOUND', `There is no data stream ${name}${reasonOf(made.body)}`)
}

/**
 * Makes sure that an index of a day or month is there with the format's mapping, and creates it. Asks
 * `GET /<name>/_mapping`, and `PUT /<name>` where there is none.
 *
 * @throws FlowferryError TARGET_MISMATCH, TARGET_BLOCKED, TARGET_UNAUTHORIZED, TARGET_OVERLOADED, TARGET_UNREACHABLE, TARGET_FAILED
 */
export async function createdIndex(
  request: EngineRequest,
  engine: 'elasticsearch' | 'opensearch',
  name: string,
  format: Format,
): Promise<void> {
  const path = `/${encodeURIComponent(name)}`
  const isThere = async () => {
    const { status, body } = await ask(request, 'GET', `${path}/_mapping`)
    if (status !== 200) return false
    const mapping = (body as Record<string, { mappings?: { _meta?: { managed_by?: unknown } } } | undefined>)[name]
    if (mapping?.mappings?._meta?.managed_by === 'flowferry') return true
    throw new FlowferryError(
      'TARGET_MISMATCH',
      mapping ? `${name} has another mapping` : `${name} is no index but an alias or a data stream`,
    )
  }
  if (await isThere()) return
  const made = await ask(request, 'PUT', path, indexBody(format, engine))
  if (made.status === 200 || (await isThere())) return
  const { reason } = (made.body as { error?: { reason?: unknown } } | undefined)?.error ?? {}
  const code = targetRefusal(String(reason)) ?? 'TARGET_MISMATCH'
  throw new FlowferryError(code, `The index ${name} could not be made${reasonOf(made.body)}`)
}

/** An answer of 200, 400 or 404; anything else is an error. */
async function ask(request: EngineRequest, method: 'GET' | 'PUT', path: string, body?: unknown): Promise<Answer> {
  const answer = await request(method, path, body).catch((error: unknown) => {
    throw asFlowferryError(error, 'TARGET_UNREACHABLE', `${method} ${path} got no answer`)
  })
  const { status } = answer
  if (status === 200 || status === 400 || status === 404) return answer
  const unauthorized = status === 401 || status === 403
  const code: ErrorCode = unauthorized
    ? 'TARGET_UNAUTHORIZED'
    : status === 429 || status >= 500
      ? 'TARGET_OVERLOADED'
      : 'TARGET_FAILED'
  const hint = unauthorized ? '; this check is left out with `checkTarget: false`' : ''
  throw new FlowferryError(code, `${method} ${path} answered ${status}${reasonOf(answer.body)}${hint}`)
}
