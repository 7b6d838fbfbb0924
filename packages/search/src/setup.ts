import { asFlowferryError, datasets, FlowferryError, type Format } from '@flowferry/core'
import { requireOneOf, requireOption } from '@flowferry/core/internal'
import type { IndexPer } from './dates.ts'
import { putIlmPolicy, updateLifecycles } from './ilm.ts'
import { findIsmPolicies, type IsmPolicies, ismMissing, putIsmPolicy } from './ism.ts'
import { type BulkItemResponse, requestRefusal } from './items.ts'
import { checkLifecycle, isLifecycleAsked, type LifecycleOptions } from './lifecycle.ts'
import { mappingUpdate } from './mappings.ts'
import { matches } from './matches.ts'
import { offeredTypes, trial } from './offered.ts'
import { type InstalledTemplate, withOtherFormats } from './other-formats.ts'
import { reasonOf } from './response.ts'
import { checkSettings, differingSettings, type IndexSettings, type SearchEngine } from './settings.ts'
import {
  hasFullText,
  type IndexMeta,
  type IndexTemplate,
  indexTemplate,
  type SavingType,
  templateName,
} from './template.ts'
import type { SearchEngineRequest, SetupChange } from './types.ts'
import { anyDate, type ExpectedTemplate, findIntegration, refuseOtherTemplates } from './winners.ts'

export interface SetupOptions extends IndexSettings, LifecycleOptions {
  /**
   * Formats to install templates of: a parser's `formats`, as `vpcFlow.formats`. Those of one dataset get one template, and
   * an installed one keeps the fields of others that are not named.
   */
  readonly formats: readonly Format[]
  /**
   * `day` or `month` where the sink has the same option: templates for dated indices instead of data streams.
   * @default none: data streams, as the sink's default
   */
  readonly indexPer?: IndexPer
  /**
   * Namespaces of the data streams or indices that are written to, as `ingest` takes one.
   * @default ['default'], and those of the data streams that are there
   */
  readonly namespaces?: readonly string[]
  /**
   * Whether the changes are only listed, and nothing is written.
   * @default false
   */
  readonly dryRun?: boolean
}

/**
 * Installs the formats' index templates and lifecycle policies, and gives existing data streams and dated indices the
 * fields and the lifecycle that they lack. Their other settings stay until the next rollover.
 * Then asks the engine which template wins for each of them: a template of higher priority would undo it without a word.
 * A second run changes nothing.
 *
 * @throws FlowferryError INVALID_OPTION, TARGET_MISMATCH, TARGET_TEMPLATE, TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 * @example
 * const changes = await setupTemplates(request, 'opensearch', { formats: vpcFlow.formats, dryRun: true })
 * for (const { kind, name, action } of changes) console.log(kind, name, action)
 */
export async function setupTemplates(
  request: SearchEngineRequest,
  engine: SearchEngine,
  options: SetupOptions,
): Promise<SetupChange[]> {
  const { indexPer, namespaces = ['default'], dryRun = false } = options
  requireOption(Array.isArray(options.formats), 'formats', options.formats, "a parser's `formats`")
  const formats = datasets(options.formats)
  requireOneOf('indexPer', indexPer, ['day', 'month'])
  checkSettings(options, engine, formats)
  checkLifecycle(options, indexPer)
  const send = checked(request)
  const changes: SetupChange[] = []
  const expected: ExpectedTemplate[] = []
  if (!indexPer) for (const { dataset } of formats) await refusePlainIndices(send, dataset)
  const policies: IsmPolicies = engine === 'opensearch' ? await findIsmPolicies(send, options) : []
  const types = await offeredTypes(send, engine)
  const run: Run = { send, engine, options: { ...options, namespaces, dryRun }, policies, types }
  for (const format of formats) expected.push(await setUpFormat(run, format, changes))
  if ('missing' in policies && !indexPer) changes.push(ismMissing(policies))
  await refuseOtherTemplates(send, expected)
  return [...changes, ...(await findIntegration(send, formats))]
}

interface Run {
  readonly send: SearchEngineRequest
  readonly engine: SearchEngine
  readonly options: SetupOptions & { readonly namespaces: readonly string[]; readonly dryRun: boolean }
  readonly policies: IsmPolicies
  readonly types: readonly SavingType[]
}

/** Template, mappings and lifecycle of one format, with what changed after the `changes`. */
async function setUpFormat(
  { send, engine, options, policies, types }: Run,
  format: Format,
  changes: SetupChange[],
): Promise<ExpectedTemplate> {
  const { indexPer, namespaces, dryRun } = options
  const name = templateName(format, indexPer)
  const existing = await installedTemplate(send, name)
  const own = indexTemplate(format, engine, indexPer, options, { installed: existing?.template, types })
  const wanted = withOtherFormats(own, existing)
  const { settings, mappings, lifecycle } = wanted.template
  const differing = differingSettings(existing?.template?.settings ?? {}, settings)
  const sameRetention = existing?.template?.lifecycle?.data_retention === lifecycle?.data_retention
  const sameTexts = hasFullText(existing?.template?.mappings) === hasFullText(mappings)
  const same = matches(wanted, existing) && differing.length === 0 && sameRetention && sameTexts
  const sameMappings = matches(mappings, existing?.template?.mappings)
  const pattern = wanted.index_patterns[0]!
  const names = await (indexPer ? indicesOf(send, pattern) : streamsOf(send, pattern))
  changes.push(...(await putIlmPolicy(send, wanted, options)))
  const mapped = sameMappings ? [] : await updateMappings(send, names, wanted, dryRun)
  if (!dryRun) {
    // The template last: after a failed mapping, the next run finds the template changed and begins again.
    if (!same) await send('PUT', `/_index_template/${name}`, wanted)
  }
  const note = `changed: ${differing.join(', ')}; indices that are there keep theirs, a data stream's next one has the new`
  const action = same ? 'unchanged' : existing ? 'updated' : 'created'
  changes.push({ kind: 'index template', name, action, ...(existing && differing.length > 0 && { note }) })
  changes.push(...mapped)
  const all = [...namespaces.map((namespace) => `logs-${format.dataset}-${namespace}`), ...names.map(withoutDate)]
  const streams = [...new Set(all)]
  const ours = indexPer ? (isLifecycleAsked(options) ? await managedOf(send, names) : []) : names
  if (engine === 'elasticsearch') changes.push(...(await updateLifecycles(send, name, wanted, [...ours], options)))
  else if (!('missing' in policies)) {
    const fitting = indexPer ? streams.map((stream) => stream + anyDate) : streams
    const target = { name, template: wanted, names: [...ours], streams: fitting }
    changes.push(...(await putIsmPolicy(send, policies, target, options)))
  }
  return { name, template: wanted, isInstalled: existing !== undefined || !dryRun, streams }
}

/** The request, of which only responses to read come back; any other is an error. */
function checked(request: SearchEngineRequest): SearchEngineRequest {
  return async (method, path, body) => {
    const response = await request(method, path, body).catch((error: unknown) => {
      throw asFlowferryError(error, 'TARGET_UNREACHABLE', `${method} ${path} got no answer`)
    })
    const { status } = response
    if (status < 300 || (method === 'GET' && status === 404)) return response
    // A simulation: an engine may have none, and OpenSearch fails at some names.
    if (method === 'POST' && (status === 404 || status === 500 || (status === 400 && path === trial))) return response
    const error = (response.body as { error?: BulkItemResponse['error'] } | null | undefined)?.error
    const reason = reasonOf(response.body)
    // Two templates of one priority may not have patterns that meet.
    const code = /matching patterns from existing templates/.test(reason)
      ? 'TARGET_TEMPLATE'
      : requestRefusal(status, error)
    throw new FlowferryError(code ?? 'TARGET_FAILED', `${method} ${path} answered ${status}${reason}`)
  }
}

interface ExistingTemplates {
  readonly index_templates?: readonly { readonly index_template: InstalledTemplate }[]
}

async function installedTemplate(send: SearchEngineRequest, name: string) {
  const { status, body } = await send('GET', `/_index_template/${name}`)
  return status === 404 ? undefined : (body as ExistingTemplates).index_templates?.[0]?.index_template
}

/** The name of a dated index without its date; any other name as it is. */
function withoutDate(name: string): string {
  return name.replace(/-20\d\d\.\d\d(\.\d\d)?$/, '')
}

/** A plain index of the data stream's name would keep its own mapping, whatever the template says. */
async function refusePlainIndices(send: SearchEngineRequest, dataset: string): Promise<void> {
  const start = `logs-${dataset}-`
  const plain = (await indicesOf(send, `${start}*`)).find(
    (name) => name.startsWith(start) && !name.slice(start.length).includes('-'),
  )
  if (plain !== undefined)
    throw new FlowferryError(
      'TARGET_MISMATCH',
      `A plain index has the data stream's name ${plain}: delete it, or reindex it under another name first`,
    )
}

/** A template applies to later indices only, so existing ones get the new fields directly. */
async function updateMappings(
  send: SearchEngineRequest,
  names: readonly string[],
  { data_stream: isStream, template: { mappings } }: IndexTemplate,
  dryRun: boolean,
): Promise<SetupChange[]> {
  const { _meta } = mappings
  const ours = isStream ? new Set() : await managedOf(send, names)
  const changes: SetupChange[] = []
  for (const name of names) {
    const { properties, kept } = await mappingUpdate(send, name, mappings.properties)
    if (!dryRun) await send('PUT', `/${name}/_mapping`, { properties, ...(ours.has(name) && { _meta }) })
    const next = isStream ? `its next one has them: POST /${name}/_rollover` : 'the next date has them'
    const note = `${kept.length} fields stay as they are in this index, ${next}. Until then documents leave out those that are aliases: ${listed(kept)}`
    changes.push({ kind: 'mapping', name, action: 'updated', ...(kept.length > 0 && { note }) })
  }
  return changes
}

const listed = (names: readonly string[]) => names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '')

/** The indices whose mapping is ours: those may be told by which template they are covered from now on, and may end. */
async function managedOf(send: SearchEngineRequest, names: readonly string[]): Promise<Set<string>> {
  const ours = new Set<string>()
  for (const name of names) {
    const { body } = await send('GET', `/${name}/_mapping?filter_path=*.mappings._meta`)
    const index = (body as Record<string, { mappings?: { _meta?: IndexMeta } } | undefined> | undefined)?.[name]
    if (index?.mappings?._meta?.managed_by === 'flowferry') ours.add(name)
  }
  return ours
}

async function streamsOf(send: SearchEngineRequest, pattern: string): Promise<string[]> {
  const { body } = await send('GET', `/_data_stream/${pattern}`)
  return ((body as { data_streams?: { name: string }[] } | undefined)?.data_streams ?? []).map(({ name }) => name)
}

/** `filter_path` leaves only the names, since the settings of hundreds of indices are megabytes. */
async function indicesOf(send: SearchEngineRequest, pattern: string): Promise<string[]> {
  const { status, body } = await send('GET', `/${pattern}/_settings?filter_path=*.settings.index.provided_name`)
  return status === 404 ? [] : Object.keys((body as object | undefined) ?? {})
}
