import { isDeepStrictEqual } from 'node:util'
import { asFlowferryError, FlowferryError } from '../errors.ts'
import type { Format, MappingProperty } from '../types.ts'
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
 * The index template of a format: every known field typed, dates never guessed, new strings as keywords.
 * https://www.elastic.co/docs/manage-data/data-store/templates
 */
export function indexTemplate(format: Format, engine: Engine) {
  const properties = Object.fromEntries(
    Object.entries({ ...common, ...format.mapping }).map(([name, property]) => [name, propertyFor(engine, property)]),
  )
  return {
    index_patterns: [`logs-${format.dataset}-*`],
    priority,
    data_stream: {},
    template: {
      settings: { index: { mapping: { total_fields: { limit: '2000' } } } },
      mappings: {
        date_detection: false,
        dynamic_templates: [
          { strings: { match_mapping_type: 'string', mapping: { type: 'keyword', ignore_above: 8191 } } },
        ],
        properties,
      },
    },
    _meta: { managed_by: 'flowferry', kind: format.kind },
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
  /** Says what would change and changes nothing. Default false. */
  readonly dryRun?: boolean
}

/** What `setup` did, or would do. */
export interface SetupChange {
  readonly kind: 'index template' | 'mapping'
  /** The template's or the data stream's name. */
  readonly name: string
  readonly action: 'created' | 'updated' | 'unchanged'
}

/**
 * Installs the formats' index templates, and gives existing data streams the fields that they lack. Run again it
 * changes nothing.
 *
 * @throws FlowferryError TARGET_UNAUTHORIZED, TARGET_FAILED, TARGET_UNREACHABLE
 */
export async function setupTemplates(
  request: EngineRequest,
  engine: Engine,
  options: SetupOptions,
): Promise<SetupChange[]> {
  const { formats, dryRun = false } = options
  const ask = async (method: 'GET' | 'PUT', path: string, body?: unknown) => {
    const answer = await request(method, path, body).catch((error: unknown) => {
      throw asFlowferryError(error, 'TARGET_UNREACHABLE', `${method} ${path} got no answer`)
    })
    if (answer.status < 300 || (method === 'GET' && answer.status === 404)) return answer
    const code = answer.status === 401 || answer.status === 403 ? 'TARGET_UNAUTHORIZED' : 'TARGET_FAILED'
    throw new FlowferryError(code, `${method} ${path} answered ${answer.status}${reasonOf(answer.body)}`)
  }
  const changes: SetupChange[] = []
  for (const format of formats) {
    const name = `flowferry-${format.dataset}`
    const wanted = indexTemplate(format, engine)
    const found = await ask('GET', `/_index_template/${name}`)
    const existing =
      found.status === 404 ? undefined : (found.body as ExistingTemplates).index_templates?.[0]?.index_template
    const same = existing !== undefined && matches(wanted, existing)
    // The template last: where a stream fails, the next run begins again.
    const streams = same ? [] : await updateStreams(ask, wanted, dryRun)
    if (!same && !dryRun) await ask('PUT', `/_index_template/${name}`, wanted)
    changes.push({ kind: 'index template', name, action: same ? 'unchanged' : existing ? 'updated' : 'created' })
    changes.push(...streams)
  }
  return changes
}

interface ExistingTemplates {
  readonly index_templates?: readonly { readonly index_template: unknown }[]
}

/** A template reaches only indices that come after it; those that are there get the new fields directly. */
async function updateStreams(
  ask: EngineRequest,
  template: ReturnType<typeof indexTemplate>,
  dryRun: boolean,
): Promise<SetupChange[]> {
  const found = await ask('GET', `/_data_stream/${template.index_patterns[0]}`)
  const streams =
    (found.body as { data_streams?: readonly { readonly name: string }[] } | undefined)?.data_streams ?? []
  const { properties } = template.template.mappings
  for (const { name } of streams) if (!dryRun) await ask('PUT', `/${name}/_mapping`, { properties })
  return streams.map(({ name }) => ({ kind: 'mapping', name, action: 'updated' }))
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
