import type { Format, MappingProperty } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'
import type { IndexPer } from './dates.ts'
import { isLifecycleAsked, type LifecycleOptions } from './lifecycle.ts'
import { type IndexSettings, merged, type SearchEngine, type SettingsTree, settingsTree } from './settings.ts'

/** Above the 200 of Elastic's own integrations, whose templates would run their pipelines. */
const priority = 250

/** Fields that `ingest` adds to every format's documents. */
const commonFields = ({ dataset }: Format): Readonly<Record<string, MappingProperty>> => ({
  '@timestamp': { type: 'date' },
  'data_stream.type': { type: 'keyword', constant: 'logs' },
  'data_stream.dataset': { type: 'keyword', constant: dataset },
  'data_stream.namespace': { type: 'keyword' },
  'event.original': { type: 'keyword', index: false, doc_values: false },
})

/**
 * Constants that no pipeline changes and no later version of ECS: those that Elastic's own integrations map so. Of
 * `event.kind` a pipeline may make `pipeline_error`, and an index refuses each value but the one.
 */
const neverChanged = ['data_stream.type', 'data_stream.dataset', 'event.module', 'event.dataset']

/** Types of fields that save disk or CPU where a cluster has them. */
export type SavingType = 'constant_keyword' | 'match_only_text'

/** Of OpenSearch's `constant_keyword`, terms aggregations give the index's name instead of the value (3.8.0). */
export const savingTypesOf: Readonly<Record<SearchEngine, readonly SavingType[]>> = {
  elasticsearch: ['constant_keyword', 'match_only_text'],
  opensearch: ['match_only_text'],
}

/**
 * The index template of a format: every known field typed, dates never guessed, new strings as keywords. It applies to
 * data streams, or with `indexPer` to plain indices, `logs-<dataset>-<namespace>-<date>`. Formats of one dataset have one
 * template: that of `datasets(formats)`.
 * https://www.elastic.co/docs/manage-data/data-store/templates
 *
 * @example
 * const [format] = vpcFlow.formats
 * await writeFile('template.json', JSON.stringify(indexTemplate(format, 'opensearch')))
 */
export function indexTemplate(
  format: Format,
  engine: SearchEngine,
  indexPer?: IndexPer,
  options: IndexSettings & LifecycleOptions = {},
  { installed = {}, types = savingTypesOf[engine] }: Cluster = {},
) {
  const name = templateName(format, indexPer)
  const isStream = indexPer === undefined
  const lifecycle = isStream && engine === 'elasticsearch' ? streamLifecycle(options, installed.lifecycle) : undefined
  const settings = settingsTree(options, engine, installed.settings)
  const { fullText = hasFullText(installed.mappings) } = options
  const policy = engine === 'elasticsearch' ? policyName(name, options, isStream, installed.settings) : undefined
  return {
    // No namespace has a hyphen, so no data stream's name fits the pattern of dated indices.
    index_patterns: [indexPer ? `logs-${format.dataset}-*-20*.*` : `logs-${format.dataset}-*`],
    priority: isStream ? priority : priority + 10,
    ...(isStream && { data_stream: {} }),
    template: {
      ...(lifecycle && { lifecycle }),
      settings: merged(settings, { index: { lifecycle: policy === undefined ? null : { name: policy } } }),
      mappings: indexMappings(format, engine, { template: name, types, fullText }),
    },
    _meta: { managed_by: 'flowferry', kind: format.kind },
  }
}

/** What is known of a cluster. */
export interface Cluster {
  /** The body of its template of this name. */
  readonly installed?: InstalledBody | undefined
  /** @default all that the engine's distribution has */
  readonly types?: readonly SavingType[]
}

export type IndexTemplate = ReturnType<typeof indexTemplate>

/** The body of an installed template: what a run does not speak of stays as it is. */
export interface InstalledBody {
  readonly settings?: SettingsTree
  readonly mappings?: Mapped
  readonly lifecycle?: StreamLifecycle
}

interface Mapped {
  readonly properties?: Readonly<Record<string, object>>
}

/** Whether texts have a subfield of their words. */
export function hasFullText({ properties = {} }: Mapped = {}): boolean {
  const isText = (property: object) => 'fields' in property && isObject(property.fields) && 'text' in property.fields
  return Object.values(properties).some(isText)
}

/** https://www.elastic.co/docs/manage-data/lifecycle/data-stream */
export interface StreamLifecycle {
  readonly enabled?: boolean
  readonly data_retention?: string
}

/** A data stream of Elasticsearch that had none would never roll over, and its one shard holds 2^31 documents. */
function streamLifecycle(options: LifecycleOptions, installed: StreamLifecycle | undefined): StreamLifecycle {
  if (!isLifecycleAsked(options)) return installed ?? { enabled: true }
  return { enabled: true, ...(options.retention && { data_retention: options.retention }) }
}

/** The ILM policy of the indices. It goes before the stream's own lifecycle, unless `index.lifecycle.prefer_ilm` is off. */
function policyName(
  name: string,
  options: LifecycleOptions,
  isStream: boolean,
  installed: SettingsTree = {},
): string | undefined {
  if (isLifecycleAsked(options)) return (isStream ? options.rollover : options.retention) ? name : undefined
  return ilmPolicyOf(installed)
}

/** The ILM policy that these settings name. */
export function ilmPolicyOf(settings: SettingsTree): string | undefined {
  const { lifecycle } = (settings.index ?? {}) as { readonly lifecycle?: { readonly name?: string } }
  return lifecycle?.name
}

/** The name under which `setup` installs a format's template. */
export function templateName({ dataset }: Format, indexPer?: IndexPer): string {
  return `flowferry-${dataset}${indexPer ? '-dated' : ''}`
}

/** Members of a mapping that tell who made it. The engines merge a template's with those of a request. */
export interface IndexMeta {
  readonly managed_by?: unknown
  /** The template that applied when the index was made; none where none did. */
  readonly template?: unknown
}

interface MappingOptions {
  /** Name of the template that holds the mappings, if one does. */
  readonly template?: string
  /** What the cluster has of the types that save. */
  readonly types?: readonly SavingType[]
  readonly fullText?: boolean
}

/** Mappings of a format's index. */
export function indexMappings(format: Format, engine: SearchEngine, options: MappingOptions = {}) {
  const { template } = options
  const properties: Record<string, IndexProperty> = {}
  for (const [name, property] of Object.entries({ ...commonFields(format), ...format.mapping }))
    properties[name] = propertyFor(engine, name, property, options)
  for (const [name, { path, type }] of Object.entries(format.aliases ?? {})) {
    const { type: ofField, copy_to: copies = [], ...field } = properties[path]!
    if (type === ofField) properties[name] = { type: 'alias', path }
    else {
      // Found by what it is sorted by: an index of its own would cost as much as that of the address.
      properties[name] = { type, index: false }
      properties[path] = { type: ofField, ...field, copy_to: [...copies, name] }
    }
  }
  return {
    _meta: { managed_by: 'flowferry', ...(template !== undefined && { template }) },
    date_detection: false,
    dynamic_templates: [
      { strings: { match_mapping_type: 'string', mapping: { type: 'keyword', ignore_above: 8191 } } },
    ],
    properties,
  }
}

/** A property as the engines have it. */
interface IndexProperty {
  readonly type: string
  readonly path?: string
  readonly value?: string
  readonly copy_to?: readonly string[]
  readonly [parameter: string]: unknown
}

/** Elasticsearch maps a list as one of its items, so `list` is left out. */
function propertyFor(
  engine: SearchEngine,
  name: string,
  { list: _, constant, fullText, ...property }: MappingProperty,
  options: MappingOptions,
): IndexProperty {
  const { types = [] } = options
  if (constant !== undefined && neverChanged.includes(name) && types.includes('constant_keyword'))
    return { type: 'constant_keyword', value: constant }
  if (fullText && options.fullText)
    return { ...property, fields: { text: { type: types.includes('match_only_text') ? 'match_only_text' : 'text' } } }
  if (property.type !== 'flattened') return property
  // flat_object takes no parameters; flattened refuses more than 20 levels by default.
  return engine === 'opensearch' ? { type: 'flat_object' } : { ...property, depth_limit: 256 }
}
