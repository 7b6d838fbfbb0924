import * as map from './engine/map.ts'
import { type ByteClass, byteClassOf } from './fields.ts'
import type { AnyField, Branch, Derived, Facet, Leaf, LeafSource } from './layout.ts'
import { type Emit, type Node, type Step, stepsOf } from './steps.ts'

/** Inputs whose pure functions are recalled together: columns, or facets of columns. */
export interface Group {
  readonly inputs: readonly { readonly column: number; readonly marks: string }[]
  readonly neighbours: boolean
  /** What the functions give for a key, as JSON with a comma behind each item. */
  readonly textsOf: (key: string) => readonly string[]
  targets: number
}

/** The document's tree and a header's columns, from which the engine's steps are made. */
export interface Program {
  readonly delimiter: number
  readonly absent: number
  readonly kinds: readonly number[]
  readonly nodes: readonly Node[]
  /** The steps for any line. */
  readonly steps: readonly Step[]
  readonly groups: readonly Group[]
  /** Bytes that a document needs at most: this, and a line's length times `copies`. */
  readonly room: number
  readonly copies: number
}

/** Results longer than this are left to the plain path, so that the room that a document needs has a bound. */
export const longestFragment = 1024

/** Most digits that are exact; those of seconds up to the year 9999 are fewer than 12; -1 for decimal numbers. */
const kindOf: Partial<Record<ByteClass, number>> = { digits: 15, seconds: 11, decimal: -1 }

/** Gives a value for the inputs' texts; `known` are items that a list has before. */
interface Compute {
  readonly of: (inputs: readonly string[]) => unknown
  readonly known: ReadonlySet<string>
  readonly list: boolean
}
type Place = Pick<Compute, 'known' | 'list'> & { readonly repeatable: boolean }

const nothing = { json: '', column: 0, quoted: false, group: 0, target: 0, inputs: [] }

/** Compiles the tree for the columns of a header; nothing where a column reads in a way of its own. */
export function compileProgram(
  tree: Branch,
  columns: readonly { readonly name: string; readonly field: AnyField }[],
  { delimiter, absent }: { readonly delimiter: string; readonly absent: string },
): Program | undefined {
  const classes = columns.map(({ field }) => byteClassOf(field))
  const plain = [delimiter, absent].every((text) => text.length === 1 && text.charCodeAt(0) < 0x7f)
  if (!plain || columns.length > map.mostColumns || classes.includes(undefined)) return undefined

  const groups = new Map<string, { inputs: Group['inputs']; facets: boolean; computes: Compute[] }>()
  const columnOf = new Map(columns.map(({ name }, column) => [name, column]))

  const recall = (inputs: Group['inputs'], place: Place, of: Compute['of']): Emit => {
    const key = JSON.stringify(inputs)
    const group = groups.get(key) ?? { inputs, facets: inputs.some(({ marks }) => marks !== ''), computes: [] }
    groups.set(key, group)
    group.computes.push({ ...place, of })
    const number = [...groups.keys()].indexOf(key)
    const target = group.computes.length - 1
    const { repeatable } = place
    return {
      ...nothing,
      is: map.isRecall,
      repeatable,
      group: number,
      target,
      inputs: inputs.map(({ column }) => column),
    }
  }

  const emitColumn = (column: number, source: Extract<LeafSource, { is: 'column' }>, place: Place): Emit => {
    const { field, type } = source
    const name = classes[column]!
    const repeatable = place.repeatable || place.known.size > 0
    const copy = { ...nothing, is: map.isCopy, repeatable, column, quoted: true }
    const otherwise = () =>
      recall([{ column, marks: '' }], { ...place, repeatable }, ([text]) => {
        const value = field.read(text!)
        return value === undefined ? undefined : field.write(value, type)
      })
    if (name === 'digits' || (name === 'seconds' && type !== 'date'))
      return { ...copy, quoted: type === 'keyword' || type === 'text' }
    if (type === 'ip' && name !== 'encoded') return { ...otherwise(), is: map.isAddress, column, quoted: true }
    if (name === 'text' || name === 'ip') return copy
    if (name === 'encoded' && type !== 'ip') return { ...otherwise(), is: map.isUndecoded, column, quoted: true }
    return otherwise()
  }

  const emitDerived = (derived: Derived, place: Place): Emit | undefined => {
    const inputs: { column: number; marks: string }[] = []
    for (const input of derived.inputs) {
      const column = columnOf.get(typeof input === 'string' ? input : input.source)
      if (column === undefined) return undefined
      inputs.push({ column, marks: typeof input === 'string' ? '' : input.marks })
    }
    return recall(inputs, place, (texts) => {
      const args = derived.inputs.map((input, i) =>
        typeof input === 'string' ? columns[inputs[i]!.column]!.field.read(texts[i]!) : facetAt(input, texts[i]!),
      )
      return args.includes(undefined) ? undefined : derived.compute(...args)
    })
  }

  const emitsOf = (leaf: Leaf): Emit[] => {
    const { list } = leaf
    const emits: Emit[] = []
    const known = new Set<string>()
    for (const source of leaf.sources) {
      // Constants are told apart now, so that only what comes behind another source is looked for in the list.
      const repeatable = list && emits.some(({ is }) => is !== map.isText)
      const place = { repeatable, list, known: new Set(known) }
      if (source.is === 'constant') {
        const values = list && Array.isArray(source.value) ? source.value : [source.value]
        for (const json of values.map((value) => JSON.stringify(value))) {
          if (!known.has(json)) emits.push({ ...nothing, is: map.isText, repeatable, json })
          if (list) known.add(json)
        }
      } else {
        const column = source.is === 'column' ? columnOf.get(source.name) : undefined
        const emit = source.is === 'derived' ? emitDerived(source.derived, place) : undefined
        if (emit) emits.push(emit)
        else if (column !== undefined) emits.push(emitColumn(column, source as never, place))
      }
    }
    return emits
  }

  let deepest = 0
  const nodesOf = (branch: Branch, depth: number): Node[] => {
    deepest = Math.max(deepest, depth)
    const nodes: Node[] = []
    for (const [name, node] of branch) {
      const key = `${JSON.stringify(name)}:`
      if (node instanceof Map) nodes.push({ is: 'object', key: `${key}{`, nodes: nodesOf(node, depth + 1) })
      else if (node.list) nodes.push({ is: 'list', key: `${key}[`, emits: emitsOf(node) })
      else nodes.push({ is: 'value', key, emits: emitsOf(node) })
    }
    return nodes
  }
  const nodes = nodesOf(tree, 0)
  if (deepest > map.deepest) return undefined

  const steps = stepsOf(nodes, () => undefined)
  return {
    delimiter: delimiter.charCodeAt(0),
    absent: absent.charCodeAt(0),
    kinds: classes.map((name) => kindOf[name!] ?? 0),
    nodes,
    steps,
    groups: [...groups.values()].map(({ inputs, facets, computes }): Group => {
      const neighbours = !facets && inputs.every(({ column }, i) => column === inputs[0]!.column + i)
      const separator = neighbours ? delimiter : '\0'
      return {
        inputs,
        neighbours,
        targets: computes.length,
        textsOf: (key) => textsOf(inputs.length > 1 ? key.split(separator) : [key], computes),
      }
    }),
    room:
      128 +
      steps.reduce((sum, { before, text }) => sum + Buffer.byteLength(before + text) + 3, 0) +
      steps.filter(({ is }) => is >= map.isAddress).length * longestFragment,
    copies: steps.filter(({ is }) => is >= map.isSure && is !== map.isRecall).length,
  }
}

/** A facet's value, from the byte that stands for it in a key. */
function facetAt({ values }: Facet<string, unknown>, key: string): unknown {
  return values[key.charCodeAt(0) - map.facetBase]
}

function textsOf(inputs: readonly string[], computes: readonly Compute[]): string[] {
  return computes.map(({ of, known, list }) => {
    const value = of(inputs)
    const values = value === undefined ? [] : list && Array.isArray(value) ? value : [value]
    const items = new Set(values.map((item) => JSON.stringify(item)).filter((json) => !known.has(json)))
    return [...items].map((json) => `${json},`).join('')
  })
}
