import { FlowferryError } from '../errors.ts'
import {
  type AnyFacet,
  type Computed,
  type ComputedAll,
  type Derived,
  derive,
  type Facet,
  markOf,
  optional,
  sourceOf,
  valueFor,
} from './derive.ts'
import type { EcsField, EcsTypes, OwnField, Target } from './ecs.ts'
import { aliasesOf, type LayoutParts, type Leaf, type LeafSource, leavesByPath, sourceValue } from './layout.ts'
import { requireTarget, type TypedTarget } from './targets.ts'

/** A value as a document has it; a field of AWS's or of a user's own may hold any. */
type DocumentValue<T> = T extends EcsField ? (EcsTypes[T] extends 'long' ? number : string) : unknown

/** A field of the document, or a facet of one. */
type Input = EcsField | OwnField | Facet<EcsField | OwnField, unknown>
type InputValue<I> = I extends { readonly is: 'optional'; readonly source: infer N }
  ? DocumentValue<N> | undefined
  : I extends { readonly is: 'present' }
    ? boolean
    : I extends Facet<string, infer V>
      ? V
      : DocumentValue<I>
type InputValues<I extends readonly Input[]> = { -readonly [X in keyof I]: InputValue<I[X]> }

/**
 * As a format's own `derive`, but its inputs are fields of the document: `source.ip` is read in every format that has one,
 * and holds an address always. A format that lacks an input gets nothing of it, unless the input is `optional`.
 */
export interface DeriveFromDocument {
  <const I extends readonly Input[]>(
    target: Target | TypedTarget,
    inputs: I,
    compute: (...values: InputValues<I>) => Computed,
  ): Derived | undefined
  <const T extends readonly (Target | TypedTarget)[], const I extends readonly Input[]>(
    targets: T,
    inputs: I,
    compute: (...values: InputValues<I>) => ComputedAll<T>,
  ): Derived | undefined
}

/** What an enrichment is told of the format that it is bound to. */
export interface EnrichedFormat {
  /** The `kind` of its records. */
  readonly kind: string
  /** Whether the format fills the document's field itself, or an enrichment before this one does. */
  readonly fills: (target: EcsField | OwnField) => boolean
}

/**
 * Values that documents get where a format is used, and not where it is declared: what a database, a snapshot or a file of
 * one's own knows of their fields. One enrichment serves all formats. Its functions are synchronous, and pure for as long
 * as the parser lives: what they give is recalled by the bytes of their inputs.
 *
 * @example
 * const teams: Enrichment = {
 *   name: 'teams',
 *   derived: (derive) => [derive('labels.team', ['cloud.account.id'], (account) => teamOf.get(account))],
 * }
 */
export interface Enrichment {
  /** Stands in its errors. */
  readonly name: string
  /** @returns the derived values; where the format lacks the fields that they read, they are nothing */
  readonly derived: (derive: DeriveFromDocument, format: EnrichedFormat) => readonly (Derived | undefined)[]
}

type Parts = LayoutParts & { readonly kind: string; readonly root: string; readonly first: readonly string[] }

/**
 * The parts of a format with what the enrichments add, each upon those before it.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function enrichedBy(parts: Parts, enrichments: readonly Enrichment[]): Parts {
  let enriched = parts
  for (const enrichment of enrichments)
    enriched = { ...enriched, derived: [...enriched.derived, ...addedBy(enrichment, enriched)] }
  return enriched
}

function addedBy(enrichment: Enrichment | undefined, parts: Parts): readonly Derived[] {
  const { name, derived } = enrichment ?? {}
  if (typeof name !== 'string' || name === '' || typeof derived !== 'function')
    throw invalid('with() takes enrichments: { name, derived: (derive) => [derive(…)] }')
  const sources = sourcesByPath(parts)
  const deriveBound = (...[targets, inputs, compute]: Parameters<typeof derive>) =>
    bind(name, sources, derive(targets, inputs, compute, name))
  const added = derived(deriveBound as DeriveFromDocument, {
    kind: parts.kind,
    fills: (target) => sources.has(target),
  })
  if (!Array.isArray(added))
    throw invalid(`The enrichment ${name}: \`derived\` gave ${typeof added}; it gives a list of derive(…)`)
  return added.filter((one) => one !== undefined)
}

type Sources = ReadonlyMap<string, Leaf>

function sourcesByPath(parts: LayoutParts): Sources {
  const found = leavesByPath(parts)
  for (const [alias, { path }] of Object.entries(aliasesOf(parts))) found.set(alias, found.get(path)!)
  return found
}

/**
 * The derived value, which reads the document's fields, made to read the format's own; nothing where the format lacks one
 * that has to be there.
 */
function bind(name: string, sources: Sources, unbound: Derived): Derived | undefined {
  for (const { path } of unbound.targets) requireTarget(path, `The enrichment ${name} fills`)
  const readings = unbound.inputs.map((input) => readingOf(name, sources, input))
  const lacks = readings.some(({ found, required }) => required && !found)
  // What is the same in every document is no input to look anything up by.
  if (lacks || readings.every(({ inputs }) => inputs.length === 0)) return undefined
  const { operation, ...derived } = unbound
  const operands = unbound.inputs.map((input) => operandsOf(sources, input))
  return {
    ...derived,
    ...(operation &&
      operands.every((operand) => operand !== undefined) && {
        operation: { ...operation, operands: operands.map(([name]) => name) },
      }),
    inputs: readings.flatMap(({ inputs }) => inputs),
    compute: (...args) => {
      const values: unknown[] = []
      let at = 0
      for (const { inputs, required, read } of readings) {
        const value = read(args.slice(at, at + inputs.length))
        if (required && value === undefined) return undefined
        values.push(value)
        at += inputs.length
      }
      return unbound.compute(...values)
    },
  }
}

/** How a field of the document is read from the format's own: the inputs, and their value. */
interface Reading {
  /** Whether the format fills it at all. */
  readonly found: boolean
  readonly inputs: Derived['inputs']
  readonly required: boolean
  readonly read: (args: readonly unknown[]) => unknown
}

/** The one field that fills the input in every record that has it, or none where nothing does; undefined for any other. */
function operandsOf(known: Sources, input: string | AnyFacet): readonly string[] | undefined {
  const { sources } = known.get(sourceOf(input)) ?? { sources: [] }
  const [source, ...more] = sources
  if (!source) return []
  return source.is === 'field' && !source.when && more.length === 0 ? [source.name] : undefined
}

function readingOf(name: string, known: Sources, input: string | AnyFacet): Reading {
  const path = sourceOf(input)
  const facet = typeof input === 'string' ? undefined : input
  requireInput(name, path)
  const { list, sources } = known.get(path) ?? { list: false, sources: [] }
  if (list)
    throw invalid(`The enrichment ${name} reads ${path}, which is a list in this format; it takes single values`)
  if (sources.some((source) => source.is === 'derived' && source.derived.ofBatch))
    throw invalid(`The enrichment ${name} reads ${path}, which no record tells: it is known of a batch alone`)
  const required = facet === undefined || facet.is === 'marks'
  const found = sources.length > 0
  const only = required && sources.length === 1 && sources[0]!.when === undefined ? sources[0] : undefined
  if (only?.is === 'field') {
    const { name: source } = only
    if (facet?.is === 'marks') return { found, inputs: [{ ...facet, source }], required, read: ([value]) => value }
    return { found, inputs: [source], required, read: ([value]) => single(sourceValue(only, () => value)) }
  }
  if (only?.is === 'derived' && !facet) {
    const { derived, target } = only
    const read = (args: readonly unknown[]) => single(valueFor(derived, target, derived.compute(...args)))
    return { found, inputs: derived.inputs, required, read }
  }
  // Several fields that may fill it: each may be absent.
  const names = [...new Set(sources.flatMap(namesOf))]
  return {
    found,
    inputs: names.map(optional),
    required,
    read: (args) => {
      const value = firstOf(sources, (name) => args[names.indexOf(name)])
      if (facet?.is === 'present') return value !== undefined
      return facet?.is === 'marks' && value !== undefined ? markOf(facet, String(value)) : value
    },
  }
}

function requireInput(name: string, path: string): void {
  if (path.endsWith('[]')) throw invalid(`The enrichment ${name} reads ${path}, a list; it takes single values`)
  requireTarget(path, `The enrichment ${name} reads`)
}

function namesOf(source: LeafSource): readonly string[] {
  const names =
    source.is === 'field' ? [source.name] : source.is === 'derived' ? source.derived.inputs.map(sourceOf) : []
  return source.when ? [source.when.field, ...names] : names
}

function firstOf(sources: readonly LeafSource[], get: (name: string) => unknown): unknown {
  for (const source of sources) {
    const value = sourceValue(source, get)
    if (value !== undefined) return single(value)
  }
  return undefined
}

/** JSON may hold a list where a text is expected, and an enrichment's function is not to meet it. */
function single(value: unknown): unknown {
  return typeof value === 'object' ? undefined : value
}

function invalid(what: string): FlowferryError {
  return new FlowferryError('INVALID_OPTION', what)
}
