// Ways to keep the same logs: what `npm run bench -- index` measures. One more is one line of `variants`.
import { indexTemplate } from '@flowferry/search'
import { flowPipeline } from './flow-pipeline.mjs'

const before = { codec: 'default', refreshInterval: '1s' }
const byInterface = [{ field: 'aws.vpcflow.interface_id' }, { field: '@timestamp' }]

/**
 * `options` are those of `setup`, `mapping` changes what it installs. Not every variant is of every `engine` and `format`,
 * and what one `needs` a server may lack.
 *
 * `documents`: `full` has each value under each of its names, `raw` is the line. @default as the parser gives them
 */
// biome-ignore format: a table
export const variants = [
  { name: 'yesterday', what: 'every value under each of its names, every field with an index, `.text` subfields, LZ4, refresh every second', documents: 'full', mapping: yesterday, options: before },
  { name: 'settings', what: 'the same with `best_compression` and refresh every 30 s', documents: 'full', mapping: yesterday },
  { name: 'default', what: 'what `setup` installs, and the documents that the parser gives' },
  { name: 'full', what: "the documents of `documents: 'full'`, and what `setup` installs for them", documents: 'full' },
  { name: 'full text', what: '`default` with the `.text` subfields of free-form fields', options: { fullText: true }, format: 'cloudtrail' },
  { name: 'wildcard', what: '`default` with the free-form fields as `wildcard`', mapping: asWildcard, engine: 'opensearch', format: 'cloudtrail' },
  { name: 'logsdb', what: "`default` with `mode: 'logsdb'`", options: { mode: 'logsdb' }, engine: 'elasticsearch' },
  { name: 'zstd', what: "`default` with `codec: 'zstd'`", options: { codec: 'zstd' }, engine: 'opensearch', needs: 'the plugin for codecs' },
  { name: 'sorted', what: '`default` sorted by `aws.vpcflow.interface_id` and `@timestamp`', options: { sort: byInterface }, format: 'vpc-flow' },
  { name: 'raw line + pipeline', what: "`yesterday`, its documents made by an ingest pipeline in the cluster from the line, as forwarders do", documents: 'raw', mapping: yesterday, options: before, pipeline: flowPipeline, format: 'vpc-flow', needs: 'the processors' },
]

/** The parser of a variant's documents, and of its mapping unless these are raw. */
export const parserOf = ({ documents }, parser) => (documents ? parser.full : parser)

/** The template of one shard without copies, as `setup` would install it. */
export function templateOf({ documents, options, mapping = (properties) => properties }, parser, engine) {
  const { format } = parserOf({ documents }, parser)
  const settings = { numberOfShards: 1, numberOfReplicas: 0, ...options }
  // Without the types that Elasticsearch's test server lacks.
  const { template, ...rest } = indexTemplate(format, engine, undefined, settings, { types: [] })
  const { mappings } = template
  const properties = mapping(mappings.properties)
  return { ...rest, template: { ...template, mappings: { ...mappings, properties } } }
}

/** Types of before, and what stood where one is of today. */
const typesOfBefore = new Set(
  'keyword text ip long integer double boolean date geo_point flattened flat_object'.split(' '),
)
const typeOfBefore = { match_only_text: 'text', wildcard: 'keyword', constant_keyword: 'keyword' }

/**
 * The mapping before fields were mapped by their use, from today's.
 *
 * @throws Error where it is not known how a field was mapped
 */
function yesterday(properties) {
  const { 'event.original': original, ...others } = properties
  const mapped = Object.entries(others).map(([name, property]) => {
    const { index: _, doc_values: __, norms: ___, value: ____, ...rest } = property
    const type = typeOfBefore[property.type] ?? property.type
    if (!typesOfBefore.has(type)) throw new Error(`how was ${name} mapped before it was ${type}?`)
    return [name, { ...rest, type }]
  })
  return fullText({ ...Object.fromEntries(mapped), 'event.original': original })
}

/** The mapping with free-form fields of the type that is made for parts of long texts. */
function asWildcard(properties) {
  const isText = ([, { type, doc_values: values, index = true }]) => type === 'keyword' && values === false && index
  const texts = Object.entries(properties).filter(isText)
  return { ...properties, ...Object.fromEntries(texts.map(([name]) => [name, { type: 'wildcard' }])) }
}

/** The mapping with free-form fields searchable by their words, too: those that have a flattened twin. */
function fullText(properties) {
  const texts = Object.keys(properties)
    .filter((name) => name.includes('.flattened.'))
    .map((name) => name.replace('.flattened.', '.'))
    .filter((name) => name in properties)
  const searchable = (name) => ({ ...properties[name], fields: { text: { type: 'text' } } })
  return { ...properties, ...Object.fromEntries(texts.map((name) => [name, searchable(name)])) }
}
