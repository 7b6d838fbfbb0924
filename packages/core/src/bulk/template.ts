import { isDeepStrictEqual } from 'node:util'
import { asFlowferryError, FlowferryError } from '../errors.ts'
import { requireOneOf, requireOption } from '../options.ts'
import type { Format, MappingProperty } from '../types.ts'
import type { IndexPer } from './dates.ts'
import { reasonOf } from './response.ts'

export type Engine = 'elasticsearch' | 'opensearch'

/** Above Elastic's own integrations, which are at 200 and would run their pipelines. */
const priority = 250

/** Fields that the pipeline adds to every format's documents. */
const common: Readonly<Record<string, MappingProperty>> = {
  '@timestamp': { type: 'date' },
  'data_stream.type': { type: 'keyword' },
  'data_stream.dataset': { type: 'keyword' },
  'data_stream.namespace': { type: 'keyword' },
  'event.original': { type: 'keyword', index: false, doc_values: false },
}

/**
 * The index template of a format: every known field typed, dates never guessed, new strings as keywords. It makes data
 * streams, or with `indexPer` plain indices, `logs-<dataset>-<namespace>-<date>`.
 * https://www.elastic.co/docs/manage-data/data-store/templates
 */
export function indexTemplate(format: Format, engine: Engine, indexPer?: IndexPer) {
  return {
    // No namespace has a hyphen, so no data stream's name fits the second one.
    index_patterns: [indexPer ? `logs-${format.dataset}-*-20*.*` : `logs-${format.dataset}-*`],
    priority: indexPer ? priority + 10 : priority,
    ...(indexPer === undefined && { data_stream: {} }),
    template: indexBody(format, engine),
    _meta: { managed_by: 'flowferry', kind: format.kind },
  }
}

/** Settings and mappings of a format's index. */
export function indexBody(format: Format, engine: Engine) {
  const properties = Object.fromEntries(
    Object.entries({ ...common, ...format.mapping }).map(([name, property]) => [name, propertyFor(engine, property)]),
  )
  return {
    settings: { index: { mapping: { total_fields: { limit: '2000' } } } },
    mappings: {
      _meta: { managed_by: 'flowferry' },
      date_detection: false,
      dynamic_templates: [
        { strings: { match_mapping_type: 'string', mapping: { type: 'keyword', ignore_above: 8191 } } },
      ],
      properties,
    },
  }
}

function propertyFor(engine: Engine, property: MappingProperty) {
  if (property.type !== 'flattened') return property
  // flat_object takes no parameters; flattened stops at 20 levels unless told.
  return engine === 'opensearch' ? { type: 'flat_object' } : { ...property, depth_limit: 256 }
}

/** Asks the engine. Resolves with any answer; rejects where there was none. */
export type EngineRequest = (
  method: 'GET' | 'PUT',
  path: string,
  body?: unknown,
) => Promise<{ readonly status: number; readonly body: unknown }>

export interface SetupOptions {
  /** What to install: `vpcFlow.formats`, or a parser's of several. */
  readonly formats: readonly Format[]
  /** As the sink's: templates for indices of a day or month, instead of data streams. */
  readonly indexPer?: IndexPer
  /** Says what would change and changes nothing. Default false. */
  readonly dryRun?: boolean
}

/** What `setup` did, or would do. */
export interface SetupChange {
  readonly kind: 'index template' | 'mapping'
  /** The template's name, the data stream's or the index's. */
  readonly name: string
  readonly action: 'created' | 'updated' | 'unchanged'
}

/**
 * Installs the formats' index templates, and gives existing data streams the fields that they lack. Run again it
 * changes nothing.
 *
 * @throws FlowferryError INVALID_OPTION, TARGET_MISMATCH, TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 */
export async function setupTemplates(
  request: EngineRequest,
  engine: Engine,
  options: SetupOptions,
): Promise<SetupChange[]> {
  const { formats, indexPer, dryRun = false } = options
  requireOption(Array.isArray(formats), 'formats', formats, "a parser's `formats`")
  requireOneOf('indexPer', indexPer, ['day', 'month'])
  const ask = async (method: 'GET' | 'PUT', path: string, body?: unknown) => {
    const answer = await request(method, path, body).catch((error: unknown) => {
      throw asFlowferryError(error, 'TARGET_UNREACHABLE', `${method} ${path} got no answer`)
    })
    if (answer.status < 300 || (method === 'GET' && answer.status === 404)) return answer
    const code = answer.status === 401 || answer.status === 403 ? 'TARGET_UNAUTHORIZED' : 'TARGET_FAILED'
    throw new FlowferryError(code, `${method} ${path} answered ${answer.status}${reasonOf(answer.body)}`)
  }
  const changes: SetupChange[] = []
  if (!indexPer) for (const { dataset } of formats) await refusePlainIndices(ask, dataset)
  for (const format of formats) {
    const name = `flowferry-${format.dataset}${indexPer ? '-dated' : ''}`
    const wanted = indexTemplate(format, engine, indexPer)
    const found = await ask('GET', `/_index_template/${name}`)
    const existing =
      found.status === 404 ? undefined : (found.body as ExistingTemplates).index_templates?.[0]?.index_template
    const same = existing !== undefined && matches(wanted, existing)
    // The template last: where a stream fails, the next run begins again.
    const streams = same ? [] : await updateTargets(ask, wanted, dryRun)
    if (!same && !dryRun) await ask('PUT', `/_index_template/${name}`, wanted)
    changes.push({ kind: 'index template', name, action: same ? 'unchanged' : existing ? 'updated' : 'created' })
    changes.push(...streams)
  }
  return changes
}

interface ExistingTemplates {
  readonly index_templates?: readonly { readonly index_template: unknown }[]
}

/** A template would say `created` and change nothing while an index of the data stream's name is there. */
async function refusePlainIndices(ask: EngineRequest, dataset: string): Promise<void> {
  const start = `logs-${dataset}-`
  const plain = (await indicesOf(ask, `${start}*`)).find(
    (name) => name.startsWith(start) && !name.slice(start.length).includes('-'),
  )
  if (plain !== undefined)
    throw new FlowferryError(
      'TARGET_MISMATCH',
      `A plain index has the data stream's name ${plain}: delete it, or reindex it under another name first`,
    )
}

/** A template reaches only indices that come after it; those that are there get the new fields directly. */
async function updateTargets(
  ask: EngineRequest,
  template: ReturnType<typeof indexTemplate>,
  dryRun: boolean,
): Promise<SetupChange[]> {
  const pattern = template.index_patterns[0]!
  const { mappings } = template.template
  const names = await (template.data_stream ? streamsOf(ask, pattern) : indicesOf(ask, pattern))
  for (const name of names) if (!dryRun) await ask('PUT', `/${name}/_mapping`, { properties: mappings.properties })
  return names.map((name) => ({ kind: 'mapping', name, action: 'updated' }))
}

async function streamsOf(ask: EngineRequest, pattern: string): Promise<string[]> {
  const { body } = await ask('GET', `/_data_stream/${pattern}`)
  return ((body as { data_streams?: { name: string }[] } | undefined)?.data_streams ?? []).map(({ name }) => name)
}

/** Of the settings only the name: `filter_path` keeps the rest of hundreds of indices out of the answer. */
async function indicesOf(ask: EngineRequest, pattern: string): Promise<string[]> {
  const { status, body } = await ask('GET', `/${pattern}/_settings?filter_path=*.settings.index.provided_name`)
  return status === 404 ? [] : Object.keys((body as object | undefined) ?? {})
}

/** Whether everything wanted is there as wanted; the engine may add defaults of its own beside it. */
function matches(wanted: unknown, existing: unknown): boolean {
  if (Array.isArray(wanted) || typeof wanted !== 'object' || wanted === null)
    return isDeepStrictEqual(plain(wanted), plain(existing))
  if (typeof existing !== 'object' || existing === null) return false
  return Object.entries(wanted).every(([name, value]) => matches(value, (existing as Record<string, unknown>)[name]))
}

function plain(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}
