import { type ByteClass, byteClassOf } from './fields.ts'
import type { AnyField, Branch, Derived, Facet, Leaf, LeafSource } from './layout.ts'
import { createRecall, longestFragment, type Recalled } from './recall.ts'
import { viewOf } from './scan.ts'

/** How one source of a place is written. */
export type Emit =
  /** The column's bytes, in quotes or as they are: always, only for an address, or only where no `%` is among them. */
  | {
      readonly is: 'copy'
      readonly column: number
      readonly quoted: boolean
      readonly only?: 'address' | 'undecoded'
      readonly otherwise?: RecallEmit
    }
  | RecallEmit
  | { readonly is: 'constant'; readonly json: string }
export interface RecallEmit {
  readonly is: 'recall'
  readonly recall: number
  readonly target: number
}

/** A document as a list of steps. Every member is written with a comma behind it; `close` puts a brace over the last. */
export type Step =
  | { readonly is: 'literal'; readonly text: string }
  | { readonly is: 'open'; readonly text: string }
  | { readonly is: 'close' }
  | { readonly is: 'value'; readonly key: string; readonly sources: readonly Emit[] }
  | { readonly is: 'list'; readonly key: string; readonly sources: readonly Emit[] }

/** Inputs whose pure functions are recalled together. */
export interface RecallGroup {
  readonly inputs: readonly (number | { readonly column: number; readonly facet: Facet<string, unknown> })[]
  /** Asked only where a copy is not possible; the others are asked once a record. */
  readonly lazy: boolean
  readonly recall: ReturnType<typeof createRecall>
}

export interface Program {
  readonly steps: readonly Step[]
  readonly recalls: readonly RecallGroup[]
  readonly absent: number
  /** Bytes that a document needs at most: this, and a line's length times `copies`. */
  readonly room: number
  readonly copies: number
}

/** Stands between several inputs of a recall: a byte that no regular line has. */
const separator = '\0'
/** A facet's value among them: this, and its index. */
export const facetBase = 0x30

type Compute = (inputs: readonly string[]) => unknown

/** Compiles the document's tree for the columns of a header into steps over bytes. */
export function compileProgram(
  tree: Branch,
  columns: readonly { name: string; field: AnyField }[],
  absent: number,
): Program {
  const steps: Step[] = []
  const groups = new Map<string, { inputs: RecallGroup['inputs']; lazy: boolean; computes: Compute[] }>()
  const columnOf = new Map(columns.map(({ name }, column) => [name, column]))

  const recall = (key: string, inputs: RecallGroup['inputs'], lazy: boolean, compute: Compute): RecallEmit => {
    const group = groups.get(key) ?? { inputs, lazy, computes: [] }
    groups.set(key, group)
    group.computes.push(compute)
    return { is: 'recall', recall: [...groups.keys()].indexOf(key), target: group.computes.length - 1 }
  }

  const emitColumn = (column: number, { field, type }: Extract<LeafSource, { is: 'column' }>): Emit => {
    const name = byteClassOf(field) as ByteClass
    const computed = (lazy: boolean) =>
      recall(lazy ? `${column}, lazy` : `${column}`, [column], lazy, ([text]) => {
        const value = field.read(text!)
        return value === undefined ? undefined : field.write(value, type)
      })
    if (name === 'digits' || (name === 'seconds' && type !== 'date'))
      return { is: 'copy', column, quoted: type === 'keyword' || type === 'text' }
    if (type === 'ip' && name !== 'encoded')
      return { is: 'copy', column, quoted: true, only: 'address', otherwise: computed(true) }
    if (name === 'text' || name === 'ip') return { is: 'copy', column, quoted: true }
    if (name === 'encoded' && type !== 'ip')
      return { is: 'copy', column, quoted: true, only: 'undecoded', otherwise: computed(true) }
    return computed(false)
  }

  const emitDerived = (derived: Derived): Emit | undefined => {
    const inputs = derived.inputs.map((input) => {
      const column = columnOf.get(typeof input === 'string' ? input : input.source)
      return column === undefined ? undefined : typeof input === 'string' ? column : { column, facet: input }
    })
    if (inputs.some((input) => input === undefined)) return undefined
    const key = derived.inputs.map((input, i) =>
      typeof input === 'string' ? `${inputs[i]}` : `${input.source}/${facetNumber(input)}`,
    )
    return recall(key.join(','), inputs as RecallGroup['inputs'], false, (texts) => {
      const args = derived.inputs.map((input, i) =>
        typeof input === 'string'
          ? columns[columnOf.get(input)!]!.field.read(texts[i]!)
          : input.values[texts[i]!.charCodeAt(0) - facetBase],
      )
      return args.includes(undefined) ? undefined : derived.compute(...args)
    })
  }

  const scans: Facet<string, unknown>['scan'][] = []
  const facetNumber = ({ scan }: Facet<string, unknown>) =>
    scans.includes(scan) ? scans.indexOf(scan) : scans.push(scan) - 1

  const emitsOf = (leaf: Leaf): Emit[] =>
    leaf.sources.flatMap((source): Emit[] => {
      if (source.is === 'constant') {
        const values = leaf.list && Array.isArray(source.value) ? source.value : [source.value]
        return values.map((value) => ({ is: 'constant', json: JSON.stringify(value) }))
      }
      if (source.is === 'derived') {
        const emit = emitDerived(source.derived)
        return emit ? [emit] : []
      }
      const column = columnOf.get(source.name)
      return column === undefined ? [] : [emitColumn(column, source)]
    })

  const walk = (branch: Branch) => {
    for (const [name, node] of branch) {
      const key = `${JSON.stringify(name)}:`
      if (node instanceof Map) {
        steps.push({ is: 'open', text: `${key}{` })
        walk(node)
        steps.push({ is: 'close' })
        continue
      }
      const sources = emitsOf(node)
      if (sources.length === 0) continue
      if (node.list && sources.every(({ is }) => is === 'constant'))
        steps.push({
          is: 'literal',
          text: `${key}[${[...new Set(sources.map((emit) => (emit as { json: string }).json))].join(',')}],`,
        })
      else if (node.list) steps.push({ is: 'list', key: `${key}[`, sources })
      else if (sources[0]!.is === 'constant') steps.push({ is: 'literal', text: `${key}${sources[0]!.json},` })
      else steps.push({ is: 'value', key, sources })
    }
  }
  walk(tree)

  const recalls = [...groups.values()].map(({ inputs, lazy, computes }) => ({
    inputs,
    lazy,
    recall: createRecall((text) => recalled(text, computes)),
  }))
  const emits = steps.flatMap((step) => ('sources' in step ? step.sources : []))
  const literals = steps.reduce(
    (sum, step) => sum + ('text' in step ? step.text.length : 'key' in step ? step.key.length + 4 : 2),
    64,
  )
  return {
    steps: mergeLiterals(steps),
    recalls,
    absent,
    room:
      literals +
      emits.length * 4 +
      emits.filter(({ is, ...emit }) => is === 'recall' || 'otherwise' in emit).length * longestFragment,
    copies: emits.filter(({ is }) => is === 'copy').length,
  }
}

function recalled(text: string, computes: readonly Compute[]): Recalled {
  const inputs = text.split(separator)
  let tooLong = false
  const items = computes.map((compute) => {
    const value = compute(inputs)
    const values = value === undefined ? [] : Array.isArray(value) ? value : [value]
    const written = values.map((item) => viewOf(Buffer.from(`${JSON.stringify(item)},`)))
    tooLong ||= written.reduce((sum, { byteLength }) => sum + byteLength, 0) > longestFragment
    return written
  })
  return { items, tooLong }
}

function mergeLiterals(steps: readonly Step[]): Step[] {
  const merged: Step[] = []
  for (const step of steps) {
    const last = merged.at(-1)
    if (step.is === 'literal' && last?.is === 'literal')
      merged[merged.length - 1] = { is: 'literal', text: last.text + step.text }
    else merged.push(step)
  }
  return merged
}
