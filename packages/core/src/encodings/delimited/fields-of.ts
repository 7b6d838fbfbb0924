import { type AnyFacet, sourceOf } from '../../schema/derive.ts'
import type { Branch, LeafSource } from '../../schema/layout.ts'

/** Dotted fields that documents may have where lines have values of no other fields of the table. */
export function fieldsOf(tree: Branch, there: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(pathsIn(tree, '', there))
}

function* pathsIn(branch: Branch, above: string, there: ReadonlySet<string>): Generator<string> {
  for (const [name, node] of branch) {
    if (node instanceof Map) yield* pathsIn(node, `${above}${name}.`, there)
    else if (node.sources.some((source) => mayGive(source, there))) yield above + name
  }
}

function mayGive(source: LeafSource, there: ReadonlySet<string>): boolean {
  if (source.is === 'constant') return true
  if (source.is === 'field') return there.has(source.name)
  return source.derived.inputs.every((input) => !isNeeded(input) || there.has(sourceOf(input)))
}

/** Whether a function is not asked where the field is absent. */
const isNeeded = (input: string | AnyFacet): boolean =>
  typeof input === 'string' || (input.is !== 'present' && input.is !== 'optional')
