import type { Format, MappingProperty } from '@flowferry/core'
import { FlowferryError } from '@flowferry/core'
import { requireOneOf, requireOption, requirePositive } from '@flowferry/core/internal'

/** Which engine a template or a setting is of. */
export type SearchEngine = 'elasticsearch' | 'opensearch'

/**
 * Settings of the indices to come, under the engines' own names. What is left out stays as the installed template has
 * it; the defaults are those of the first installation. What each costs: docs/store-settings.md.
 */
export interface IndexSettings {
  /**
   * How stored fields are compressed: `default` is LZ4. `zstd` and `zstd_no_dict` are OpenSearch's.
   * @default 'best_compression': flow records take a third less disk, and no more CPU
   */
  readonly codec?: 'default' | 'best_compression' | 'zstd' | 'zstd_no_dict'
  /**
   * Time until a document can be found: a number with `ms`, `s`, `m` or `h`, or `-1` for never by itself.
   * @default '30s': fewer and larger segments, and less CPU than with a second
   */
  readonly refreshInterval?: string
  /**
   * Primary shards of an index, from 1 to 1,024.
   * @default the engine's own, 1
   */
  readonly numberOfShards?: number
  /**
   * Copies of each primary shard, from 0.
   * @default the engine's own, 1
   */
  readonly numberOfReplicas?: number
  /**
   * Elasticsearch's index mode. From 9.0 a cluster makes `logs-*-*` a `logsdb` by itself where the template says none.
   * @default 'standard': what `logsdb` saves rests on synthetic `_source`, which takes an Enterprise licence
   */
  readonly mode?: 'standard' | 'logsdb'
  /**
   * Fields by which the documents of a segment are sorted on disk. Each format needs all of them; an empty list takes an
   * earlier sort away.
   * @default none: `logsdb` then sorts by `host.name` and `@timestamp`
   */
  readonly sort?: readonly { readonly field: string; readonly order?: 'asc' | 'desc' }[]
  /**
   * Fields that an index takes, from 1: those of the template, and what AWS adds.
   * @default 2000: twice the engines' own, as CloudTrail has some hundreds
   */
  readonly totalFieldsLimit?: number
  /**
   * Whether CloudTrail's free-form texts, as `aws.cloudtrail.request_parameters`, are searched by their words, too, in a
   * subfield `.text`. Rules and wildcards search them without it.
   * @default false: words of parameters cost a quarter more CPU on CloudTrail, and a seventh more disk
   */
  readonly fullText?: boolean
}

/** Settings as the engines nest them; `null` takes one away. */
export interface SettingsTree {
  readonly [name: string]: SettingsTree | string | readonly string[] | null | undefined
}

/**
 * Refuses settings that the engine would refuse or misunderstand.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function checkSettings(options: IndexSettings, engine: SearchEngine, formats: readonly Format[]): void {
  const { codec, refreshInterval, numberOfShards, numberOfReplicas, mode, sort, totalFieldsLimit, fullText } = options
  const codecs = ['default', 'best_compression', ...(engine === 'opensearch' ? ['zstd', 'zstd_no_dict'] : [])]
  requireOneOf('codec', codec, codecs)
  if (refreshInterval !== undefined)
    requireOption(
      typeof refreshInterval === 'string' && /^(?:-1|[1-9]\d{0,8}(?:ms|s|m|h))$/.test(refreshInterval),
      'refreshInterval',
      refreshInterval,
      'a time as 1s, 30s or 5m, or -1',
    )
  if (numberOfShards !== undefined) {
    requirePositive('numberOfShards', numberOfShards)
    requireOption(numberOfShards <= 1024, 'numberOfShards', numberOfShards, 'a whole number up to 1024')
  }
  if (numberOfReplicas !== undefined) requirePositive('numberOfReplicas', numberOfReplicas, 0)
  if (totalFieldsLimit !== undefined) requirePositive('totalFieldsLimit', totalFieldsLimit)
  if (mode !== undefined && engine === 'opensearch')
    throw new FlowferryError('INVALID_OPTION', `mode is ${mode}, and only Elasticsearch has index modes: leave it out`)
  requireOneOf('mode', mode, ['standard', 'logsdb'])
  if (sort !== undefined) checkSort(sort, formats)
  if (fullText !== undefined) requireOption(typeof fullText === 'boolean', 'fullText', fullText, 'true or false')
}

function checkSort(sort: NonNullable<IndexSettings['sort']>, formats: readonly Format[]): void {
  requireOption(Array.isArray(sort), 'sort', sort, 'a list of fields, as [{ field: "@timestamp", order: "desc" }]')
  for (const entry of sort) {
    requireOption(typeof entry?.field === 'string', 'field of sort', entry?.field, 'the name of a field')
    const { field, order } = entry
    requireOneOf('order of sort', order, ['asc', 'desc'])
    // The template would be installed, and the first document refused.
    const without = formats.find(({ mapping }) => field !== '@timestamp' && !isSortable(mapping[field]))
    if (without)
      throw new FlowferryError(
        'INVALID_OPTION',
        `sort names ${field}, by which ${without.kind} cannot be sorted: set up its format by itself, with a sort of its own`,
      )
  }
}

function isSortable(property: MappingProperty | undefined): boolean {
  const types = ['keyword', 'ip', 'long', 'integer', 'double', 'boolean', 'date']
  return property !== undefined && property.doc_values !== false && types.includes(property.type)
}

/** The settings of an index: the defaults, over these what the installed template has, over these what is asked for. */
export function settingsTree(options: IndexSettings, engine: SearchEngine, installed: SettingsTree = {}): SettingsTree {
  const { codec, refreshInterval, numberOfShards, numberOfReplicas, mode, sort, totalFieldsLimit } = options
  const defaults = {
    index: {
      codec: 'best_compression',
      refresh_interval: '30s',
      ...(engine === 'elasticsearch' && { mode: 'standard' }),
      mapping: { total_fields: { limit: '2000' } },
    },
  }
  const sorted = sort && {
    field: sort.map(({ field }) => field),
    order: sort.map(({ order = 'asc' }) => order),
  }
  const asked = {
    index: {
      codec,
      refresh_interval: refreshInterval,
      number_of_shards: numberOfShards?.toString(),
      number_of_replicas: numberOfReplicas?.toString(),
      mode,
      sort: sorted?.field.length === 0 ? null : sorted,
      mapping: { total_fields: { limit: totalFieldsLimit?.toString() } },
    },
  }
  return merged(merged(defaults, installed), asked)
}

/** Both trees, the second before the first. */
export function merged(tree: SettingsTree, over: SettingsTree): SettingsTree {
  const result: Record<string, SettingsTree[string]> = { ...tree }
  for (const [name, value] of Object.entries(over)) {
    if (value === undefined) continue
    const below = result[name]
    if (value === null) delete result[name]
    else if (isTree(value)) result[name] = merged(isTree(below) ? below : {}, value)
    else result[name] = value
  }
  return result
}

function isTree(value: SettingsTree[string]): value is SettingsTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Names of the settings in which two trees differ: `index.codec`. The engines answer with some numbers as text. */
export function differingSettings(a: SettingsTree, b: SettingsTree, before = ''): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) => {
    const [left, right] = [a[name], b[name]]
    if (isTree(left) || isTree(right))
      return differingSettings(isTree(left) ? left : {}, isTree(right) ? right : {}, `${before}${name}.`)
    return String(left) === String(right) ? [] : [before + name]
  })
}
