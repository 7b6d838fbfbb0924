import { type ByteClass, byteClassOf } from './fields.ts'
import type { AnyField, Branch, Derived, Facet, Leaf, LeafSource } from './layout.ts'
import { createRecall, longestFragment, type Recall, type Recalled } from './recall.ts'
import { overrun, type Text, textOf } from './text.ts'

/** How one source of a place is written. `distinct`: none of its items can stand in the list already. */
export type Emit =
  /** The column's bytes, in quotes or as they are: always, only for an address, or only where no `%` is among them. */
  | {
      readonly is: 'copy'
      readonly distinct: boolean
      readonly column: number
      readonly quoted: boolean
      readonly only?: 'address' | 'undecoded'
      readonly otherwise?: RecallEmit
    }
  | RecallEmit
  | { readonly is: 'constant'; readonly distinct: boolean; readonly json: string }
interface RecallEmit {
  readonly is: 'recall'
  readonly distinct: boolean
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
  readonly columns: readonly number[]
  /** Asked only where a copy is not possible; the others are asked once a record. */
  readonly lazy: boolean
  readonly recall: Recall
  /** Where its inputs are neighbours, the line's own bytes are the key; where all are facets, this holds every answer. */
  readonly neighbours: boolean
  readonly every: readonly Recalled[] | undefined
}

export interface Program {
  readonly steps: readonly Step[]
  readonly recalls: readonly RecallGroup[]
  readonly absent: number
  /** Bytes that a document needs at most: this, and a line's length times `copies`. */
  readonly room: number
  readonly copies: number
}

/** A facet's value among several inputs of a recall: this, and its index. */
export const facetBase = 0x30

/** Gives a value for the inputs' texts; `known` are items that a list has before. */
interface Compute {
  readonly of: (inputs: readonly string[]) => unknown
  readonly known: ReadonlySet<string>
}
type Place = Pick<Compute, 'known'> & { readonly distinct: boolean }

/** Compiles the document's tree for the columns of a header into steps over bytes. */
export function compileProgram(
  tree: Branch,
  columns: readonly { name: string; field: AnyField }[],
  { absent, delimiter }: { readonly absent: number; readonly delimiter: number },
): Program {
  const steps: Step[] = []
  const groups = new Map<string, { inputs: RecallGroup['inputs']; lazy: boolean; computes: Compute[] }>()
  const columnOf = new Map(columns.map(({ name }, column) => [name, column]))

  const recall = (
    key: string,
    inputs: RecallGroup['inputs'],
    lazy: boolean,
    { distinct, known }: Place,
    of: Compute['of'],
  ): RecallEmit => {
    const group = groups.get(key) ?? { inputs, lazy, computes: [] }
    groups.set(key, group)
    group.computes.push({ of, known })
    return { is: 'recall', distinct, recall: [...groups.keys()].indexOf(key), target: group.computes.length - 1 }
  }

  const emitColumn = (column: number, source: Extract<LeafSource, { is: 'column' }>, place: Place): Emit => {
    const { field, type } = source
    const distinct = place.distinct && place.known.size === 0
    const name = byteClassOf(field) as ByteClass
    const computed = (lazy: boolean) =>
      recall(lazy ? `${column}, lazy` : `${column}`, [column], lazy, place, ([text]) => {
        const value = field.read(text!)
        return value === undefined ? undefined : field.write(value, type)
      })
    if (name === 'digits' || (name === 'seconds' && type !== 'date'))
      return { is: 'copy', distinct, column, quoted: type === 'keyword' || type === 'text' }
    if (type === 'ip' && name !== 'encoded')
      return { is: 'copy', distinct, column, quoted: true, only: 'address', otherwise: computed(true) }
    if (name === 'text' || name === 'ip') return { is: 'copy', distinct, column, quoted: true }
    if (name === 'encoded' && type !== 'ip')
      return { is: 'copy', distinct, column, quoted: true, only: 'undecoded', otherwise: computed(true) }
    return computed(false)
  }

  const emitDerived = (derived: Derived, place: Place): Emit | undefined => {
    const inputs = derived.inputs.map((input) => {
      const column = columnOf.get(typeof input === 'string' ? input : input.source)
      return column === undefined ? undefined : typeof input === 'string' ? column : { column, facet: input }
    })
    if (inputs.some((input) => input === undefined)) return undefined
    const key = derived.inputs.map((input, i) =>
      typeof input === 'string' ? `${inputs[i]}` : `${input.source}/${facetNumber(input)}`,
    )
    return recall(key.join(','), inputs as RecallGroup['inputs'], false, place, (texts) => {
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

  const emitsOf = (leaf: Leaf): Emit[] => {
    const emits: Emit[] = []
    const known = new Set<string>()
    for (const source of leaf.sources) {
      // Constants are told apart now, so that only what comes behind another source is looked for in the list.
      const distinct = !leaf.list || emits.every(({ is }) => is === 'constant')
      const place = { distinct, known: leaf.list ? new Set(known) : known }
      if (source.is === 'constant') {
        const values = leaf.list && Array.isArray(source.value) ? source.value : [source.value]
        for (const json of values.map((value) => JSON.stringify(value))) {
          if (!known.has(json)) emits.push({ is: 'constant', distinct, json })
          if (leaf.list) known.add(json)
        }
      } else if (source.is === 'derived') {
        const emit = emitDerived(source.derived, place)
        if (emit) emits.push(emit)
      } else {
        const column = columnOf.get(source.name)
        if (column !== undefined) emits.push(emitColumn(column, source, place))
      }
    }
    return emits
  }

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

  const recalls = [...groups.values()].map(({ inputs, lazy, computes }): RecallGroup => {
    const first = inputs[0]!
    const neighbours = inputs.every((input, i) => typeof first === 'number' && input === first + i)
    const separator = String.fromCharCode(neighbours ? delimiter : 0)
    return {
      inputs,
      columns: inputs.map((input) => (typeof input === 'number' ? input : input.column)),
      lazy,
      neighbours,
      recall: createRecall((text) => recalled(inputs.length > 1 ? text.split(separator) : [text], computes)),
      every: everyAnswer(inputs, computes),
    }
  })
  const emits = steps.flatMap((step) => ('sources' in step ? step.sources : []))
  const literals = steps.reduce(
    (sum, step) => sum + ('text' in step ? byteLength(step.text) : 'key' in step ? byteLength(step.key) + 4 : 2),
    64 + overrun,
  )
  return {
    steps: mergeLiterals(steps),
    recalls,
    absent,
    room:
      literals +
      emits.reduce((sum, emit) => sum + 4 + (emit.is === 'constant' ? byteLength(emit.json) : 0), 0) +
      emits.filter(({ is, ...emit }) => is === 'recall' || 'otherwise' in emit).length * longestFragment,
    copies: emits.filter(({ is }) => is === 'copy').length,
  }
}

const { byteLength } = Buffer

function recalled(inputs: readonly string[], computes: readonly Compute[]): Recalled {
  const items = computes.map(({ of, known }) => {
    const value = of(inputs)
    const values = value === undefined ? [] : Array.isArray(value) ? value : [value]
    return [...new Set(values.map((item) => JSON.stringify(item)))].filter((json) => !known.has(json))
  })
  // Pushed, not mapped: what `map` makes is now of one kind of array and now of another, which made V8
  // optimize CloudFront's code twelve times instead of four, at 250 ms each.
  const texts: (Text | undefined)[] = []
  const parts: Text[][] = []
  for (const one of items) {
    texts.push(one.length > 0 ? textOf(one.map((json) => `${json},`).join('')) : undefined)
    const list: Text[] = []
    for (const json of one) list.push(textOf(`${json},`))
    parts.push(list)
  }
  return {
    texts,
    items: parts,
    tooLong: texts.some((text) => text !== undefined && text.length > longestFragment),
  }
}

/** The answers for all values of a few facets, the last input's values next to each other. */
function everyAnswer(inputs: RecallGroup['inputs'], computes: readonly Compute[]): Recalled[] | undefined {
  let texts: string[][] = [[]]
  for (const input of inputs) {
    if (typeof input === 'number') return undefined
    texts = texts.flatMap((before) =>
      input.facet.values.map((_, value) => [...before, String.fromCharCode(facetBase + value)]),
    )
    if (texts.length > 64) return undefined
  }
  return texts.map((text) => recalled(text, computes))
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
