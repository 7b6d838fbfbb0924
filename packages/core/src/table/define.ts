import { FlowferryError } from '../errors.ts'
import { once } from '../once.ts'
import { requireOption } from '../options.ts'
import { formatOf } from '../records/lines.ts'
import type { FieldDoc, Format, MappingProperty, Parser } from '../types.ts'
import type { Target } from './ecs.ts'
import { type Field, keyword } from './fields.ts'
import {
  type AnyField,
  type Branch,
  checkTargets,
  type Derived,
  type Facet,
  layoutTree,
  mappingOf,
  namesUnder,
  pathOf,
} from './layout.ts'
import { freeName, reserved, snakeCase, takenNames } from './names.ts'
import { claimTable, parseTable } from './parse.ts'

type Fields = Readonly<Record<string, AnyField>>
type ValueOf<F> = F extends Field<infer V> ? V : never

/** A table's record: AWS's names, absent values left out. */
type TableRecord<K extends string, F extends Fields> = { readonly kind: K } & {
  readonly [N in keyof F]?: ValueOf<F[N]>
}

type Input<F extends Fields> = (keyof F & string) | Facet<keyof F & string, unknown>
type InputValue<F extends Fields, I> = I extends Facet<string, infer V> ? V : I extends keyof F ? ValueOf<F[I]> : never

/**
 * Adds a value that the log does not hold. The function is pure, gets each input present, and gives nothing (or an
 * array, for a target with `[]`) where there is nothing to say.
 */
export type Derive<F extends Fields> = <const I extends readonly Input<F>[]>(
  target: Target,
  inputs: I,
  compute: (
    ...values: { -readonly [X in keyof I]: InputValue<F, I[X]> }
  ) => string | number | readonly string[] | undefined,
) => Derived

export interface TableDefinition<K extends string, F extends Fields> {
  /** The records' literal `kind`. */
  readonly kind: K
  /** Written to the data stream `logs-<dataset>-<namespace>`. */
  readonly dataset: string
  /**
   * Where a field that is not in the table is kept, in snake case: `aws.vpcflow` keeps `new-field` as
   * `aws.vpcflow.new_field`. Where the table or another field has that name, it is `new_field_2`, or the next that is free:
   * the table's own places keep their type.
   */
  readonly root: `aws.${string}` | `custom.${string}`
  /** One character between values. */
  readonly delimiter: string
  /** What stands for "no value"; default `-`. */
  readonly absent?: string
  /**
   * The field names when the line is a header, `skip` when it is a comment, else undefined; `known` are the table's.
   * Default: no line is either.
   */
  readonly header?: (line: string, known: ReadonlySet<string>) => readonly string[] | 'skip' | undefined
  /**
   * The layout of a file without a header: all of its columns, in order, and whether its first record is one of that
   * layout (`() => true`, where all files are). Default: none.
   */
  readonly headerless?: {
    readonly fields: readonly (keyof F & string)[]
    readonly fits: (record: TableRecord<K, F>) => boolean
  }
  /** Keys of objects that are probably of this format, when their content does not say. */
  readonly keys?: RegExp
  /** Dotted document field to the value that every document has. */
  readonly constants: Readonly<Record<string, string | readonly string[]>>
  readonly fields: F
  readonly derived?: (derive: Derive<F>) => readonly Derived[]
}

/** A format declared as a table of its fields, and its parser. */
export interface Table<K extends string, F extends Fields> extends Parser<TableRecord<K, F>> {
  readonly format: Format
  /** The same format for files without a header line: the names of their columns, in order. */
  readonly withFields: (names: readonly string[]) => Parser<TableRecord<K, F>>
}

/** A field of a header that the table does not know: AWS's name, and its member of the record. */
export interface UnknownField {
  readonly name: string
  readonly key: string
}

/** What the parser needs of a table. */
export interface CompiledTable {
  readonly format: Format
  readonly fields: Fields
  readonly delimiter: string
  readonly absent: string
  readonly header: (line: string) => readonly string[] | 'skip' | undefined
  readonly headerless: { readonly fields: readonly string[]; readonly fits: (record: never) => boolean } | undefined
  readonly keys: RegExp | undefined
  /** The document's tree, with a place of its own for each field of the header that the table does not know. */
  readonly layout: (unknown: readonly UnknownField[]) => Branch
}

/**
 * Declares a format of delimited lines. From the one table come the record's type, the parser, the ECS document, the
 * index mapping and the documentation. A field that AWS adds later is kept under `root` and counted.
 *
 * @throws FlowferryError INVALID_OPTION where an option is not of its type, targets contradict each other or the root, or
 *   a field is called `kind` or as what every object has (`constructor`)
 */
export function table<const K extends string, F extends Fields>(definition: TableDefinition<K, F>): Table<K, F> {
  const { kind, dataset, root, fields, constants } = definition
  requireOptions(definition)
  const derived = definition.derived?.(derive as Derive<F>) ?? []
  const mapping = once(() => tableMapping(definition, derived))
  const docs = once(() => fieldDocs(fields, derived))
  const format = formatOf({
    kind,
    dataset,
    get mapping() {
      return mapping()
    },
    get fields() {
      return docs()
    },
  })
  checkTargets({ constants, fields, derived }, root)
  const names = new Set(Object.keys(fields))
  const known = once(() => layoutTree({ constants, fields, derived }))
  const compiled: CompiledTable = {
    format,
    fields,
    delimiter: definition.delimiter,
    absent: definition.absent ?? '-',
    header: (line) => definition.header?.(line, names),
    headerless: definition.headerless as CompiledTable['headerless'],
    keys: definition.keys,
    layout: (unknown) => {
      if (unknown.length === 0) return known()
      const taken = takenNames(namesUnder(known(), root))
      const kept = unknown.map(
        ({ name, key }) => [key, keyword([`${root}.${freeName(snakeCase(name), taken)}`], '')] as const,
      )
      return layoutTree({ constants, fields: { ...fields, ...Object.fromEntries(kept) }, derived })
    },
  }
  return {
    format,
    formats: [format],
    claims: (head) => claimTable(compiled, head),
    parse: (object, context) => parseTable<TableRecord<K, F>>(compiled, undefined, object, context),
    withFields: (names) => ({
      formats: [format],
      claims: () => undefined,
      parse: (object, context) => parseTable<TableRecord<K, F>>(compiled, names, object, context),
    }),
  }
}

function requireOptions({
  delimiter,
  header,
  headerless,
  fields,
}: Pick<TableDefinition<string, Fields>, 'delimiter' | 'header' | 'fields'> & {
  readonly headerless?: { readonly fields: unknown; readonly fits: unknown } | undefined
}): void {
  const refuse = (what: string) => {
    throw new FlowferryError('INVALID_OPTION', what)
  }
  if (typeof delimiter !== 'string' || delimiter.length !== 1)
    refuse(`delimiter is "${delimiter}"; it takes one character`)
  requireOption(header === undefined || typeof header === 'function', 'header', header, 'a function')
  for (const name of Object.keys(fields))
    if (reserved.has(name))
      refuse(`A column is called ${name}, as a member that every record has; give it another name in fields and header`)
  if (headerless === undefined) return
  const names: unknown = headerless?.fields
  if (!Array.isArray(names) || typeof headerless.fits !== 'function')
    refuse(
      'headerless takes { fields, fits }: the names of all columns in order, and a function that says whether the first record is one',
    )
  for (const name of names as readonly string[])
    if (!Object.hasOwn(fields, name)) refuse(`headerless.fields has ${name}, which is no column of fields`)
}

function derive(target: Target, inputs: Derived['inputs'], compute: (...values: unknown[]) => unknown): Derived {
  return { target, inputs, compute }
}

const sourceOf = (input: string | Facet<string, unknown>) => (typeof input === 'string' ? input : input.source)

/** A value found in a table of values; a Map, since an object would find `constructor`. */
export function lookup<V extends string>(
  entries: Readonly<Record<string, V>>,
): (value: string | number) => V | undefined {
  const map = new Map(Object.entries(entries))
  return (value) => map.get(String(value))
}

/** `ipv4` or `ipv6`, by the separator that comes first. */
export function family<const N extends string>(source: N): Facet<N, 'ipv4' | 'ipv6'> {
  return { source, marks: '.:', values: ['ipv4', 'ipv6'] }
}

function tableMapping(
  definition: Pick<TableDefinition<string, Fields>, 'constants' | 'fields'>,
  derived: readonly Derived[],
): Record<string, MappingProperty> {
  const result: Record<string, MappingProperty> = {}
  const add = (target: Target, own: MappingProperty) => {
    result[pathOf(target)] ??= mappingOf(target, own)
  }
  const text: MappingProperty = keyword([], '').mapping
  add('@timestamp', { type: 'date' })
  for (const path of Object.keys(definition.constants)) add(path as Target, text)
  for (const field of Object.values(definition.fields)) for (const target of field.targets) add(target, field.mapping)
  for (const { target } of derived) add(target, text)
  return result
}

function fieldDocs(fields: Fields, derived: readonly Derived[]): FieldDoc[] {
  return Object.entries(fields).map(([name, { type, description, targets }]) => ({
    name,
    type,
    description,
    targets: [
      ...new Set(
        [
          ...targets,
          ...derived
            .filter(({ inputs }) => inputs.some((input) => sourceOf(input) === name))
            .map(({ target }) => target),
        ].map(pathOf),
      ),
    ],
  }))
}
