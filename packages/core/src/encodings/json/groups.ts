import { type AnyFacet, type Derived, markOf, sourceOf, valueFor } from '../../schema/derive.ts'
import type { AnyField } from '../../schema/fields.ts'
import { fitting, isHeld } from '../../schema/held.ts'
import { useOf } from '../../schema/targets.ts'
import { facetBase } from '../engine/memo.ts'

/** What the engine recalls: the texts that pure functions give for the bytes of their inputs. */
export interface Group {
  /** The texts for the inputs' bytes, each as JSON or, for a facet, one character: two texts for each target. */
  readonly textsOf: (inputs: readonly string[]) => readonly string[]
  readonly texts: number
}

/** How an input stands in a record: its bytes, its facet, or known from the record's shape. */
export type InputState = 'bytes' | 'marks' | 'absent' | 'present'

/** A value as JSON, and as items of a list with a comma behind each: nothing where it is nothing. */
function textsOf(value: unknown): readonly [string, string] {
  if (value === undefined || value === null) return ['', '']
  const text = JSON.stringify(value)
  if (!Array.isArray(value)) return [text, `${text},`]
  const items = new Set(value.map((item) => JSON.stringify(item)))
  return [text, [...items].map((item) => `${item},`).join('')]
}

/** A field that is recalled by its bytes. */
export function fieldGroup(field: AnyField): Group {
  const uses = field.targets.map((target) => useOf(target, field.mapping))
  return {
    texts: uses.length * 2,
    textsOf: ([token]) => {
      const value = field.read(JSON.parse(token!) as unknown)
      // The plain path keeps it with what is unknown.
      if (value === undefined || !isHeld(field, value)) throw new TypeError('unreadable')
      return uses.flatMap(({ mapping, path }) => textsOf(field.write(value as never, mapping.type, path)))
    },
  }
}

/** Derived values that have the same inputs. */
export interface DerivedGroup {
  readonly inputs: Derived['inputs']
  readonly derived: readonly Derived[]
}

export function derivedGroups(derived: readonly Derived[]): DerivedGroup[] {
  const groups = new Map<string, { inputs: Derived['inputs']; derived: Derived[] }>()
  for (const one of derived) {
    const key = JSON.stringify(one.inputs)
    const group = groups.get(key) ?? { inputs: one.inputs, derived: [] }
    groups.set(key, group)
    group.derived.push(one)
  }
  return [...groups.values()]
}

/** Which of a group's texts are a derived value's target's. */
export function textAt({ derived }: DerivedGroup, one: Derived, target: number): number {
  let at = 0
  for (const other of derived) {
    if (other === one) return at + target * 2
    at += other.targets.length * 2
  }
  return at
}

/** The group for records in which the inputs stand so. `fieldFor` gives an input's field, where it is one. */
export function groupFor(
  { inputs, derived }: DerivedGroup,
  states: readonly InputState[],
  fieldFor: (name: string) => AnyField | undefined,
): Group {
  const fields = inputs.map((input) => fieldFor(sourceOf(input)))
  const texts = derived.reduce((sum, { targets }) => sum + targets.length * 2, 0)
  return {
    texts,
    textsOf: (given) => {
      let next = 0
      const values: unknown[] = []
      for (const [i, input] of inputs.entries()) {
        const state = states[i]!
        const text = state === 'bytes' || state === 'marks' ? given[next++]! : ''
        const value = argumentOf(input, state, text, fields[i])
        if (value === undefined && !isOptional(input)) return new Array<string>(texts).fill('')
        values.push(value)
      }
      return derived.flatMap((one) => {
        const computed = one.compute(...values)
        return one.targets.flatMap((_, target) => textsOf(valueFor(one, target, computed)))
      })
    },
  }
}

function isOptional(input: string | AnyFacet): boolean {
  return typeof input === 'object' && input.is === 'optional'
}

function argumentOf(input: string | AnyFacet, state: InputState, text: string, field: AnyField | undefined): unknown {
  if (state === 'absent') return typeof input === 'object' && input.is === 'present' ? false : undefined
  if (state === 'present') return true
  if (state === 'marks') return (input as Extract<AnyFacet, { is: 'marks' }>).values[text.charCodeAt(0) - facetBase]
  const given = JSON.parse(text) as unknown
  const value = field ? fitting(field, field.read(given)) : given
  if (typeof input === 'string' || input.is === 'optional') return value
  if (input.is === 'present') return value !== undefined
  return value === undefined ? undefined : markOf(input, String(value))
}
