import type { Format } from '@flowferry/core'
import { asFlowferryError, FlowferryError } from '@flowferry/core'
import { type BulkItemResponse, requestRefusal } from './items.ts'
import { reasonOf } from './response.ts'
import type { SearchEngine } from './settings.ts'
import { type IndexMeta, indexMappings } from './template.ts'
import type { SearchEngineRequest } from './types.ts'

type EngineResponse = Awaited<ReturnType<SearchEngineRequest>>

/**
 * Makes sure that a data stream is there, and creates it from its template. Without a template OpenSearch would create
 * a plain index of the same name, and guess the types. Sends `GET /_data_stream/<name>`, and `PUT` where there is none.
 *
 * @throws FlowferryError TARGET_NOT_FOUND, TARGET_UNAUTHORIZED, TARGET_OVERLOADED, TARGET_UNREACHABLE, TARGET_FAILED
 * @example
 * const check: TargetCheck = (name) => ensureDataStream(request, name)
 * const sink = bulkSink(send, options, check)
 */
export async function ensureDataStream(request: SearchEngineRequest, name: string): Promise<void> {
  const path = `/_data_stream/${encodeURIComponent(name)}`
  const exists = async () => {
    const found = await send(request, 'GET', path)
    return found.status === 200 && ((found.body as { data_streams?: unknown[] }).data_streams?.length ?? 0) > 0
  }
  if (await exists()) return
  const created = await send(request, 'PUT', path)
  // Another worker may have created it meanwhile.
  if (created.status === 200 || (await exists())) return
  throw new FlowferryError('TARGET_NOT_FOUND', `There is no data stream ${name}${reasonOf(created.body)}`)
}

/**
 * Makes sure that an index of a day or month is there with the format's mapping, and creates it. Sends
 * `GET /<name>/_mapping`, and `PUT /<name>` where there is none. The index has to be one that the template of `setup`
 * applies to: should it be deleted, the next document would make it again, and without the template with guessed types.
 *
 * @throws FlowferryError TARGET_MISMATCH, TARGET_TEMPLATE, TARGET_BLOCKED, TARGET_UNAUTHORIZED, TARGET_OVERLOADED, TARGET_UNREACHABLE,
 *   TARGET_FAILED
 * @example
 * const check: TargetCheck = (name, format) => ensureIndex(request, 'opensearch', name, format)
 * const sink = bulkSink(send, { ...options, indexPer: 'day' }, check)
 */
export async function ensureIndex(
  request: SearchEngineRequest,
  engine: SearchEngine,
  name: string,
  format: Format,
): Promise<void> {
  const path = `/${encodeURIComponent(name)}`
  const exists = async () => {
    const { status, body } = await send(request, 'GET', `${path}/_mapping`)
    if (status !== 200) return false
    const index = (body as Record<string, { mappings?: { _meta?: IndexMeta } } | undefined>)[name]
    if (!index) throw new FlowferryError('TARGET_MISMATCH', `${name} is no index but an alias or a data stream`)
    const { managed_by: owner, template } = index.mappings?._meta ?? {}
    if (owner !== 'flowferry') throw new FlowferryError('TARGET_MISMATCH', `${name} has another mapping`)
    if (template === undefined)
      throw new FlowferryError('TARGET_TEMPLATE', `No template of flowferry's applies to the index ${name}`)
    return true
  }
  if (await exists()) return
  // The settings are the template's alone: those of a request would win over them.
  const created = await send(request, 'PUT', path, { mappings: indexMappings(format, engine) })
  if (await exists()) return
  const code = requestRefusal(created.status, errorOf(created)) ?? 'TARGET_MISMATCH'
  throw new FlowferryError(code, `The index ${name} could not be created${reasonOf(created.body)}`)
}

const errorOf = ({ body }: EngineResponse) => (body as { error?: BulkItemResponse['error'] } | undefined)?.error

/** A response of 200, 400 or 404; any other status is an error. */
async function send(
  request: SearchEngineRequest,
  method: 'GET' | 'PUT',
  path: string,
  body?: unknown,
): Promise<EngineResponse> {
  const response = await request(method, path, body).catch((error: unknown) => {
    throw asFlowferryError(error, 'TARGET_UNREACHABLE', `${method} ${path} got no answer`)
  })
  const { status } = response
  if (status === 200 || status === 400 || status === 404) return response
  const code =
    requestRefusal(status, errorOf(response)) ??
    (status === 429 || status >= 500 ? 'TARGET_OVERLOADED' : 'TARGET_FAILED')
  const hint = code === 'TARGET_UNAUTHORIZED' ? '; this check is left out with `checkTarget: false`' : ''
  throw new FlowferryError(code, `${method} ${path} answered ${status}${reasonOf(response.body)}${hint}`)
}
