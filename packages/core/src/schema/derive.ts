import { FlowferryError } from '../errors.ts'
import type { MappingProperty, SourceObject } from '../types.ts'
import type { Target } from './ecs.ts'
import type { AnyField, Field } from './fields.ts'
import { keywordMapping, type TargetUse, type TypedTarget, useOf } from './targets.ts'

/**
 * A look at a field that has few values where the field itself has many, or that is there where the field is not: an
 * engine recalls by it. `marks`: by the one of these ASCII characters that stands first in the text.
 */
export type Facet<N extends string, V> = { readonly source: N; readonly value?: V } & (
  | { readonly is: 'marks'; readonly marks: string; readonly values: readonly V[] }
  | { readonly is: 'present' }
  | { readonly is: 'optional' }
)

export type AnyFacet = Facet<string, unknown>

/** Values that are computed from others by a pure function, so that its result may be recalled instead. */
export interface Derived {
  readonly targets: readonly TargetUse[]
  /** The fields, or facets of fields, that it reads; a field that is absent means: no value. */
  readonly inputs: readonly (string | AnyFacet)[]
  /** Gives the target's value; where there are several targets, an object of values by their paths. */
  readonly compute: (...values: unknown[]) => unknown
  /** The enrichment that adds it; none where the format itself has it. */
  readonly enrichment?: string
  /** What an engine may do in place of the function; none where it is to recall what that gave. */
  readonly operation?: Operation
  /** In place of the function, of what no record tells: the value of all records of a batch of the object. */
  readonly ofBatch?: (object: SourceObject) => string | undefined
}

/**
 * What a function does that gives something new for nearly every record, so that there is nothing to recall. `ingested` is
 * the time of the batch.
 */
interface Operates {
  readonly is: TextOperation | 'communityId' | 'entities' | 'ingested' | 'values'
  /** Of a hash: goes into it before all else. */
  readonly seed?: number
  /** Of `values`: which members of a list's objects. */
  readonly values?: ValuesWhere
}

/** What engines do with the bytes of one text. */
export type TextOperation = 'extension' | 'sessionName' | 'sessionEmail' | 'dnsName' | 'hostName' | 'reverseAddress'
const textOperations: ReadonlySet<string> = new Set<TextOperation>([
  'extension',
  'sessionName',
  'sessionEmail',
  'dnsName',
  'hostName',
  'reverseAddress',
])

/** Values of the objects in a list whose other member is one of some texts. */
export interface ValuesWhere {
  /** The member whose value it is, as AWS names it. */
  readonly value: string
  /** The member that tells. */
  readonly where: string
  readonly is: readonly string[]
  /** Addresses alone; else names of DNS as well, without their last dot. */
  readonly addresses: boolean
}

/** The same, and the fields that it is done with, in the function's order; undefined for one that the format lacks. */
export interface Operation extends Operates {
  readonly operands: readonly (string | undefined)[]
}

/** A function that engines have an operation for. They know it by this mark, and give the same for the same fields. */
export function operating<F extends (...values: never[]) => Computed>(operates: Operates, compute: F): F {
  return Object.assign(compute, { operates })
}

/** What a field's values are in a record. */
export type ValueOf<F> = F extends Field<infer V> ? V : F extends AnyField ? unknown : never

export type Fields = Readonly<Record<string, AnyField>>

/** A field of the table, a path inside one that holds objects, or a facet of either. */
type Input<F extends Fields> = NameOf<F> | Facet<NameOf<F>, unknown>
type NameOf<F extends Fields> = (keyof F & string) | `${keyof F & string}.${string}`
type InputValue<F extends Fields, I> = I extends { readonly is: 'optional'; readonly source: infer N }
  ? (N extends keyof F ? ValueOf<F[N]> : unknown) | undefined
  : I extends { readonly is: 'present' }
    ? boolean
    : I extends Facet<string, infer V>
      ? V
      : I extends keyof F
        ? ValueOf<F[I]>
        : unknown

/** What a document may get: nothing, a value, or several for a target with `[]`. */
export type Computed = string | number | boolean | readonly (string | number)[] | undefined

/** A target's path, as an object of several targets' values has it. */
type PathOf<T> = T extends { readonly target: infer N } ? PathOf<N> : T extends `${infer P}[]` ? P : T & string

/** The values of several targets, each of which may be left out. */
export type ComputedAll<T extends readonly (Target | TypedTarget)[]> =
  | { readonly [P in PathOf<T[number]>]?: Computed }
  | undefined

/**
 * Adds a value that the log does not hold. The function is pure, gets each input present unless it is `optional`, and
 * gives nothing (or an array, for a target with `[]`) where there is nothing to say. For several targets it gives an
 * object of their values, by their paths without `[]`.
 */
export interface Derive<F extends Fields> {
  <const I extends readonly Input<F>[]>(
    target: Target | TypedTarget,
    inputs: I,
    compute: (...values: { -readonly [X in keyof I]: InputValue<F, I[X]> }) => Computed,
  ): Derived
  <const T extends readonly (Target | TypedTarget)[], const I extends readonly Input<F>[]>(
    targets: T,
    inputs: I,
    compute: (...values: { -readonly [X in keyof I]: InputValue<F, I[X]> }) => ComputedAll<T>,
  ): Derived
}

/** Derived values are keywords where neither ECS nor the target says else. */
const derivedMapping: MappingProperty = keywordMapping

/** @throws FlowferryError INVALID_OPTION where it names no target or input, or its function is none or is async */
export function derive(
  targets: Target | TypedTarget | readonly (Target | TypedTarget)[],
  inputs: Derived['inputs'],
  compute: Derived['compute'],
  enrichment?: string,
): Derived {
  const all = Array.isArray(targets) ? (targets as readonly (Target | TypedTarget)[]) : [targets as Target]
  const names = all.map((one) => (typeof one === 'string' ? one : one?.target))
  const whose = `${enrichment === undefined ? 'The' : `The enrichment ${enrichment}: the`} derived value ${names.join(', ')}`
  const refuse = (what: string) => {
    throw new FlowferryError('INVALID_OPTION', `${whose} ${what}`)
  }
  if (names.length === 0 || !names.every((name) => typeof name === 'string')) refuse('has no target: a name, or a list')
  if (!Array.isArray(inputs) || inputs.length === 0)
    refuse('reads no field; name its inputs in a list, or put a value that never changes into `constants`')
  if (typeof compute !== 'function') refuse(`has ${typeof compute} for a function`)
  if (compute.constructor.name === 'AsyncFunction')
    refuse('is async, and nothing is awaited for a record: look it up before, and give a function that has it at hand')
  const { operates } = compute as { readonly operates?: Operates }
  const isOperation = operates && all.length === 1 && inputs.every(isOperand)
  return {
    targets: all.map((target) => useOf(target, derivedMapping)),
    inputs,
    compute: guarded(enrichment === undefined ? whose : `The enrichment ${enrichment}`, compute, all.length > 1),
    ...(enrichment !== undefined && { enrichment }),
    ...(isOperation && { operation: { ...operates, operands: inputs.map(sourceOf) } }),
  }
}

/** The function, held to what it may give; its error says whose it is. */
function guarded(whose: string, compute: Derived['compute'], several: boolean): Derived['compute'] {
  return (...values) => {
    let result: unknown
    try {
      result = compute(...values)
    } catch (error) {
      throw new Error(`${whose} threw: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
    requireValue(whose, result)
    if (!several || result === undefined || result === null) return result ?? undefined
    if (typeof result !== 'object' || Array.isArray(result))
      throw new TypeError(`${whose} gave ${typeof result}; for several targets it gives an object of their values`)
    for (const value of Object.values(result)) requireValue(whose, value)
    return result
  }
}

/** Of JavaScript's values those that JSON has. */
function requireValue(whose: string, value: unknown): void {
  if (value instanceof Promise) {
    value.catch(() => undefined)
    throw new TypeError(`${whose} gave a promise, and nothing is awaited for a record: make it synchronous`)
  }
  if (Array.isArray(value)) for (const item of value) requireValue(whose, item)
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    throw new TypeError(`${whose} gave a ${typeof value}; it gives text, numbers, booleans or nothing`)
}

/** Whether an operation may read the field itself. */
function isOperand(input: string | AnyFacet): boolean {
  return typeof input === 'string' || input.is === 'optional'
}

export function sourceOf(input: string | AnyFacet): string {
  return typeof input === 'string' ? input : input.source
}

/** What a derived value gives to one of its targets. */
export function valueFor({ targets }: Derived, target: number, computed: unknown): unknown {
  if (targets.length === 1) return computed
  return (computed as Readonly<Record<string, unknown>> | undefined)?.[targets[target]!.path] ?? undefined
}

/** Calls the function, or gives undefined where an input has no value. `get` gives a field's value as it was read. */
export function computeDerived({ inputs, compute }: Derived, get: (name: string) => unknown): unknown {
  const values: unknown[] = []
  for (const input of inputs) {
    const value = get(sourceOf(input))
    if (typeof input === 'object' && input.is === 'present') values.push(value !== undefined)
    else if (typeof input === 'object' && input.is === 'optional') values.push(value)
    else {
      const arg = value === undefined || typeof input === 'string' ? value : markOf(input, String(value))
      if (arg === undefined) return undefined
      values.push(arg)
    }
  }
  return compute(...values)
}

/** A facet's value for a text. */
export function markOf({ marks, values }: Extract<AnyFacet, { is: 'marks' }>, text: string): unknown {
  let first = text.length
  let found: unknown
  for (let mark = 0; mark < marks.length; mark++) {
    const at = text.indexOf(marks[mark]!)
    if (at === -1 || at >= first) continue
    first = at
    found = values[mark]
  }
  return found
}

/** A value found in a table of values; a Map, since an object would find `constructor`. */
export function lookup<V extends string>(
  entries: Readonly<Record<string, V>>,
): (value: string | number) => V | undefined {
  const map = new Map(Object.entries(entries))
  return (value) => map.get(String(value))
}

/**
 * The name of a session in the id of its principal, behind the colon: `AROA…:session` of a role that was assumed,
 * `123456789012:name` of a federated user; undefined for any other text. JSON's engine reads it by bytes where a derived
 * value is this very function of one field: nearly each name is new.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
 */
export const sessionName = /* @__PURE__ */ operating(
  { is: 'sessionName' },
  (principal: string): string | undefined => /^(?:AROA[A-Z0-9]*|\d{12}):(.+)$/s.exec(principal)?.[1],
)

/**
 * An address of e-mail, which identity providers take for a user's name; undefined for any other text: something, `@` and
 * something.
 */
export function emailOf(text: string): string | undefined {
  return /^[^@]+@[^@]+$/.test(text) ? text : undefined
}

/** `sessionName` where it is an address of e-mail, as it is of whoever comes by an identity provider. */
export const sessionEmail = /* @__PURE__ */ operating({ is: 'sessionEmail' }, (principal: string): string | undefined =>
  emailOf(sessionName(principal) ?? ''),
)

/** What an engine does with the bytes of one field's text in place of the function, and the field. */
export function textOperation({ inputs, operation }: Derived): { is: TextOperation; source: string } | undefined {
  const source = inputs.length === 1 && typeof inputs[0] === 'string' ? operation?.operands[0] : undefined
  if (!operation || source === undefined || !textOperations.has(operation.is)) return undefined
  return { is: operation.is as TextOperation, source }
}

/** A value that a batch has, and no record tells. */
export function ofBatch(target: Exclude<Target, `${string}[]`>, value: NonNullable<Derived['ofBatch']>): Derived {
  return { targets: [useOf(target, derivedMapping)], inputs: [], compute: () => undefined, ofBatch: value }
}

/** What the batch that is read now has for all its records; of a value that it lacks, nothing. */
export type BatchValues = ReadonlyMap<Derived, string>

export function valuesOfBatch(
  { derived }: { readonly derived: readonly Derived[] },
  object: SourceObject,
): BatchValues {
  return new Map(
    derived.flatMap((one) => {
      const value = one.ofBatch?.(object)
      return value === undefined ? [] : [[one, value] as const]
    }),
  )
}

/** `ipv4` or `ipv6`, by the separator that comes first in the address. */
export function family<const N extends string>(source: N): Facet<N, 'ipv4' | 'ipv6'> & { readonly is: 'marks' } {
  return { source, is: 'marks', marks: '.:', values: ['ipv4', 'ipv6'] }
}

/** Whether the field has a value. */
export function present<const N extends string>(source: N): Facet<N, boolean> & { readonly is: 'present' } {
  return { source, is: 'present' }
}

/** The field's value, or undefined where it has none: the function is asked all the same. */
export function optional<const N extends string>(source: N): Facet<N, unknown> & { readonly is: 'optional' } {
  return { source, is: 'optional' }
}
