import { requireOption } from '../check-options.ts'
import type { BoundEncoding, Encoding } from '../encodings/encoding.ts'
import { formatOf } from '../encodings/record-format.ts'
import { FlowferryError } from '../errors.ts'
import { once } from '../once.ts'
import { parseByHead } from '../read/peek.ts'
import type { Archive, Format, NearMiss, ObjectHead, Parser } from '../types.ts'
import { checkFormat, checkMembers } from './check.ts'
import { type Derive, type Derived, derive, type Fields } from './derive.ts'
import type { Target } from './ecs.ts'
import { type Enrichment, enrichedBy } from './enrichment.ts'
import { type Case, withoutAliases } from './layout.ts'
import type { RecordFrom } from './record.ts'
import { type Schema, schemaOf } from './schema.ts'

/** What `format` is declared by. */
export interface FormatDefinition<K extends string, F extends Fields> {
  /** Told apart by it: becomes the records' literal `kind`. */
  readonly kind: K
  /** The format's name in words, as AWS has it: `VPC Flow Logs`. @default `kind` */
  readonly title?: string
  /** Written to the data stream `logs-<dataset>-<namespace>`. */
  readonly dataset: string
  /**
   * Where a field that is not in the table is kept, in snake case: `aws.vpcflow` keeps `new-field` as
   * `aws.vpcflow.new_field`. Where the table or another field has that name, it is `new_field_2`, or the next that is free:
   * the table's own places keep their type.
   */
  readonly root: `aws.${string}` | `custom.${string}`
  /**
   * Names below `root` where other formats of the dataset keep what is no text: of a field that is not in the table, such a
   * name gets a number as well. An index would refuse the document.
   *
   * @default none
   */
  readonly taken?: readonly string[]
  /** Dotted document field to the value that every document has; `aws('vpcflow')` gives those of AWS's logs. */
  readonly constants: Readonly<Record<string, string | readonly string[]>>
  /**
   * Targets of one value that several fields may fill: the first field that is present counts, in the table's order. A
   * target that several fill and that is not among these is refused. `@timestamp` always is.
   *
   * @default none
   */
  readonly first?: readonly Target[]
  /** AWS's names, dotted where a record is nested, and what becomes of each. */
  readonly fields: F
  /** What applies where a field has a certain value: `when('event.event_type', { alert: { fields: {…} } })`. */
  readonly cases?: readonly (readonly Case[])[]
  /** Values that the log does not hold. @default none */
  readonly derived?: (derive: Derive<F>) => readonly Derived[]
  /**
   * The view of a DuckDB file that shows its documents under names without dots: `flows` has `source_ip`. a-z, 0-9 and
   * `_`, no digit first. Formats with the same view stand in it together.
   *
   * @default that of its table alone: `aws_waf_view` for the dataset `aws.waf`
   */
  readonly view?: string
  /** Where its files lie on S3, for `archiveObjects`. @default nowhere */
  readonly archive?: readonly Archive[]
  /** The ways in which its records are written. An object is read by the first that claims it. */
  readonly encodings: readonly Encoding[]
}

/** A declared format and its parser. */
export interface FormatParser<R> extends Parser<R> {
  readonly format: Format
  /** What an encoding of another package compiles its parser from: `parquet(cloudFront)`. */
  readonly schema: Schema
  /** Whether an encoding of its own names the fields, as columns of Parquet do: real-time logs, for one, have bare values. */
  readonly namesFields: boolean
  /**
   * The same format for files that do not name their columns: the names, in order, or AWS's own format string,
   * `${srcaddr} ${dstaddr}`.
   *
   * @throws FlowferryError INVALID_OPTION where the format has no delimited encoding, or the string names no field
   */
  readonly withFields: (names: readonly string[] | string) => Parser<R>
  /**
   * The same format with values that are known where it is used: `vpcFlow.with(places, teams)`. Mapping,
   * documentation and documents have them, and the engine recalls them by the bytes of the fields that they are made from.
   * To be called once, where the parser is made: each call compiles a parser of its own. An enrichment that finds none of
   * its fields in the format adds nothing: `'labels.team' in parser.format.mapping` tells.
   *
   * @throws FlowferryError INVALID_OPTION where an enrichment reads or fills what no document has, or fills what the format
   *   or another enrichment fills already
   *
   * @example
   * const parser = detect([vpcFlow.with(teams), cloudFront.with(teams)])
   */
  readonly with: (...enrichments: readonly Enrichment[]) => FormatParser<R>
  /**
   * The same format with documents that hold a value under each of its names, where those of the format itself leave it to
   * an index's field aliases: for whoever reads `_source`. The index has to be set up with its `formats`, too: one that
   * has aliases refuses these documents.
   */
  readonly full: FormatParser<R>
}

/**
 * Declares a format. From the one table come the record's type, the parsers of all its encodings, the ECS document, the
 * index mapping and the documentation. A field that AWS adds later is kept and counted.
 *
 * @throws FlowferryError INVALID_OPTION where a member is missing, misspelt or not of its type, targets contradict each
 *   other, a field's type or the root, a derived value reads what is no field, or an encoding refuses the table
 *
 * @example
 * export const proxy = format({
 *   kind: 'proxy', dataset: 'custom.proxy', root: 'custom.proxy', constants: {},
 *   fields: { time: iso8601(['@timestamp'], 'When.'), client: ip(['source.address', 'source.ip'], 'Who.') },
 *   encodings: [delimited({ delimiter: '\t', headerless: { fields: ['time', 'client'], fits: () => true } })],
 * })
 */
export function format<const K extends string, const F extends Fields>(
  definition: FormatDefinition<K, F>,
): FormatParser<RecordFrom<K, F>> {
  checkMembers(definition)
  return checkedParserOf(partsOf(definition), definition, definition.encodings)
}

/**
 * `format` for a log of AWS's in this package: its members are held by their types, and its table by a test, so that no start
 * of a Lambda checks either again.
 */
export function awsFormat<const K extends string, const F extends Fields>(
  definition: FormatDefinition<K, F>,
): FormatParser<RecordFrom<K, F>> {
  return parserOf(partsOf(definition), definition, definition.encodings)
}

function partsOf<F extends Fields>(definition: FormatDefinition<string, F>): Parts {
  const { kind, constants, fields, cases = [], root, taken = [], first = [] } = definition
  return { kind, constants, fields, cases: cases.flat(), derived: derivedOf(definition), root, taken, first }
}

function derivedOf<F extends Fields>({ derived }: Pick<FormatDefinition<string, F>, 'derived'>): readonly Derived[] {
  const plain = (...[targets, inputs, compute]: Parameters<typeof derive>) => derive(targets, inputs, compute)
  const all: unknown = derived?.(plain as unknown as Derive<F>) ?? []
  requireOption(Array.isArray(all), 'derived', all, 'a function that gives a list of derive(…)')
  return all as readonly Derived[]
}

type Parts = Parameters<typeof checkFormat>[0]
type Travelling = Pick<FormatDefinition<string, Fields>, 'kind' | 'dataset' | 'title' | 'view' | 'archive'>

function checkedParserOf<R>(...[parts, travelling, encodings]: Parameters<typeof parserOf>): FormatParser<R> {
  checkFormat(parts)
  return parserOf(parts, travelling, encodings)
}

function parserOf<R>(parts: Parts, travelling: Travelling, encodings: readonly Encoding[]): FormatParser<R> {
  const { kind, dataset, title, view, archive } = travelling
  const names = {
    kind,
    dataset,
    ...(title !== undefined && { title }),
    ...(view !== undefined && { view }),
    ...(archive && { archive }),
  }
  const more = Object.assign({}, ...encodings.map(({ mapping }) => mapping?.(parts.root) ?? {})) as Format['mapping']
  const schema = schemaOf(
    parts,
    formatOf(names, () => undefined),
    more,
  )
  const bound = encodings.map(({ bind }) => bind(schema))
  const columns = bound.find(({ withFields }) => withFields)
  const full = once(() => checkedParserOf<R>(withoutAliases(parts), travelling, encodings))
  return {
    format: schema.format,
    formats: [schema.format],
    schema,
    namesFields: bound.some(({ namesFields }) => namesFields),
    claims: (head) => claimOf(bound, head)?.claim,
    near: (head) => nearest(bound, head),
    parse: parseWith(bound) as Parser<R>['parse'],
    withFields: (names) => {
      if (!columns?.withFields)
        throw new FlowferryError('INVALID_OPTION', `withFields: no encoding of ${kind} has columns without names`)
      const { claims, near, parse } = columns.withFields(typeof names === 'string' ? requiredNames(names) : names)
      return { formats: [schema.format], claims, ...(near && { near }), parse: parse as Parser<R>['parse'] }
    },
    with: (...enrichments) => checkedParserOf(enrichedBy(parts, enrichments), travelling, encodings),
    get full() {
      return full()
    },
  }
}

/** The names in a format string of AWS's; none in other text. */
export function namesInFormat(text: string): readonly string[] {
  return Array.from(text.matchAll(/\$\{([^}]+)\}/g), ([, name]) => name!)
}

function requiredNames(text: string): readonly string[] {
  const names = namesInFormat(text)
  if (names.length > 0) return names
  throw new FlowferryError('INVALID_OPTION', `withFields takes names, or a format string as AWS has it: \${srcaddr} …`)
}

function claimOf(bound: readonly BoundEncoding[], head: ObjectHead) {
  let byKey: { readonly encoding: BoundEncoding; readonly claim: 'content' | 'key' } | undefined
  for (const encoding of bound) {
    const claim = encoding.claims(head)
    if (claim === 'content') return { encoding, claim }
    if (claim === 'key') byKey ??= { encoding, claim }
  }
  return byKey
}

/** Of several encodings what the nearest one says. */
function nearest(bound: readonly BoundEncoding[], head: ObjectHead): NearMiss | undefined {
  const all = bound.flatMap(({ near }) => near?.(head) ?? [])
  return all.sort((a, b) => b.share - a.share)[0]
}

/** Of several encodings the object's beginning decides; where it does not, the first one says what is wrong. */
function parseWith(bound: readonly BoundEncoding[]): BoundEncoding['parse'] {
  return bound.length === 1 ? bound[0]!.parse : parseByHead((head) => claimOf(bound, head)?.encoding ?? bound[0]!)
}

/** What every document of an AWS log has; `dataset` without its `aws.`, as in `aws('vpcflow')`. */
export function aws<C extends Readonly<Record<string, string | readonly string[]>>>(dataset: string, more?: C) {
  return {
    'ecs.version': '8.11.0',
    'event.kind': 'event',
    'event.module': 'aws',
    'event.dataset': `aws.${dataset}`,
    ...more,
    'cloud.provider': 'aws',
  }
}

/** Constants and fields of the records in which a field has one of these values. */
export function when(
  field: string,
  cases: Readonly<Record<string, { readonly constants?: Case['constants']; readonly fields?: Fields }>>,
): readonly Case[] {
  return Object.entries(cases).map(([value, { constants = {}, fields = {} }]) => ({
    when: { field, value },
    constants,
    fields,
  }))
}
