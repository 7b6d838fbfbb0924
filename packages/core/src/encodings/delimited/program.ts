import { takesClosing } from '../../schema/around.ts'
import { type AnyFacet, type Derived, type Operation, sourceOf, textOperation, valueFor } from '../../schema/derive.ts'
import { type AnyField, kindOf, type ValueKind } from '../../schema/fields.ts'
import { fitting, isHeld, mayRefuse } from '../../schema/held.ts'
import type { Branch, Leaf, LeafSource } from '../../schema/layout.ts'
import { type Part, partAt } from '../../schema/parts.ts'
import type { MappingType } from '../../types.ts'
import { facetBase } from '../engine/memo.ts'
import type { CompiledTable } from './compiled.ts'
import * as map from './engine/map.ts'
import { type Condition, type Emit, type Node, type Step, stepsOf } from './steps.ts'

/** A column that is looked at: `look` says at what of it, `marks` are those of a facet. */
interface Input {
  readonly column: number
  readonly look: number
  readonly marks: string
}

/** Inputs whose pure functions are recalled together: columns, or facets of columns. */
export interface Group {
  readonly inputs: readonly Input[]
  readonly neighbours: boolean
  /** What the functions give for a key, as JSON with a comma behind each item. */
  readonly textsOf: (key: string) => readonly string[]
  targets: number
}

/** The document's tree and a header's columns, from which the engine's steps are made. */
export interface Program {
  readonly delimiter: number
  readonly absent: number
  /** Bits for what may open a value. */
  readonly wraps: number
  /** Bits for the first 64 columns, two words each: which may stand in quotes, and which do where they have a value. */
  readonly mayQuote: readonly [number, number]
  readonly mustQuote: readonly [number, number]
  /** How many columns are enough in a line. */
  readonly least: number
  readonly kinds: readonly number[]
  /** For each column, the texts that stand for no value in it alone. */
  readonly absents: readonly (readonly string[])[]
  readonly nodes: readonly Node[]
  /** Whether they have the places of what stood around records. */
  readonly takesClosing: boolean
  /** What a batch has for all its records, and the name in its object: the engine's steps have their number. */
  readonly ofBatch: readonly { readonly derived: Derived; readonly key: string }[]
  /** The steps for any line. */
  readonly steps: readonly Step[]
  readonly groups: readonly Group[]
  /** Bytes that a document needs at most: this, and a line's length times `copies`. */
  readonly room: number
  readonly copies: number
}

/** Results longer than this are left to the plain path, so that the room that a document needs has a bound. */
export const longestFragment = 1024

/** What a column's bytes have to be: the most digits that are exact, or another kind of the engine's; 0 for any text. */
const kindsOf: Partial<Record<ValueKind, number>> = {
  text: 0,
  encoded: 0,
  ip: 0,
  list: 0,
  addressPort: 0,
  requestLine: 0,
  digits: 15,
  // Below the year 10000: 12 and 15 digits may be above it.
  seconds: 11,
  milliseconds: 14,
  epoch: 14,
  decimal: map.isDecimalKind,
  time: map.isTimeKind,
  commonLogTime: map.isCommonLogTimeKind,
  hexadecimal: map.isHexadecimalKind,
}

const partNumbers: Record<Part, number> = {
  address: map.domainPart,
  domain: map.domainPart,
  name: map.domainPart,
  port: map.portPart,
  method: map.methodPart,
  url: map.urlPart,
  scheme: map.schemePart,
  path: map.pathPart,
  extension: map.extensionPart,
  query: map.queryPart,
  version: map.versionPart,
}

/** Gives a value for the inputs' texts; `known` are items that a list has before. */
interface Compute {
  readonly of: (inputs: readonly string[]) => unknown
  readonly known: ReadonlySet<string>
  readonly list: boolean
}
type Place = Pick<Compute, 'known' | 'list'> & { readonly repeatable: boolean }

const nothing = { json: '', column: 0, quoted: false, group: 0, target: 0, inputs: [], part: 0 }

/** Compiles the tree for the columns of a header; nothing where a column reads in a way of its own. */
export function compileProgram(
  tree: Branch,
  columns: readonly { readonly name: string; readonly field: AnyField; readonly quoted?: boolean }[],
  least: number,
  {
    delimiter,
    absent,
    quotes,
    quoted,
    brackets,
  }: Pick<CompiledTable, 'delimiter' | 'absent' | 'quotes' | 'quoted' | 'brackets'>,
): Program | undefined {
  const kinds = columns.map(({ field }) => kindOf(field))
  const absents = columns.map(({ field }) => (field.absent ?? []).filter((text) => text !== ''))
  const plain =
    [delimiter, absent].every((text) => text.length === 1 && text.charCodeAt(0) < 0x7f) &&
    absents.flat().every((text) => text.length < 128 && /^[!-~]+$/.test(text))
  const known = kinds.every((kind) => kind !== undefined && kindsOf[kind] !== undefined)
  // Whether a column may stand in quotes is known of as many.
  const mostColumns = quoted ? 64 : map.mostColumns
  if (!plain || columns.length > mostColumns || !known) return undefined
  const quotedBits = bitsOf(columns.flatMap((column, i) => (column.quoted ? [i] : [])))

  const wraps = (quotes ? map.quotesBit : 0) | (brackets ? map.bracketsBit : 0)
  const groups = new Map<string, { inputs: Group['inputs']; facets: boolean; computes: Compute[] }>()
  /** Columns whose values are split, for which the engine has room. */
  const slots = new Map<number, number>()
  const columnOf = new Map(columns.map(({ name }, column) => [name, column]))

  const groupOf = (inputs: Group['inputs']) => {
    const key = JSON.stringify(inputs)
    const group = groups.get(key) ?? { inputs, facets: inputs.some(({ look }) => look !== map.isValue), computes: [] }
    groups.set(key, group)
    return { computes: group.computes, number: [...groups.keys()].indexOf(key) }
  }

  const recall = (inputs: Group['inputs'], place: Place, of: Compute['of']): Emit => {
    const { computes, number } = groupOf(inputs)
    computes.push({ ...place, of })
    const target = computes.length - 1
    const { repeatable } = place
    return {
      ...nothing,
      is: map.isRecall,
      repeatable,
      group: number,
      target,
      inputs: inputs.filter(({ look }) => look < map.isPresence).map(({ column }) => column),
    }
  }

  const slotOf = (column: number): number | undefined => {
    if (slots.size === map.mostSlots && !slots.has(column)) return undefined
    const slot = slots.get(column) ?? slots.size
    slots.set(column, slot)
    return slot
  }

  /** Where the engine finds the part that goes to a target; nothing where it has no room for one more value. */
  const partOf = (column: number, field: AnyField, path: string, type: MappingType): number | undefined => {
    const name = partAt(field, path)
    const slot = name && slotOf(column)
    if (!name || slot === undefined) return undefined
    return (
      partNumbers[name] |
      (kinds[column] === 'requestLine' ? map.requestBit : 0) |
      (type === 'ip' ? map.addressBit : 0) |
      (name === 'name' ? map.nameBit : 0) |
      (type === 'long' || type === 'integer' ? map.numberBit : 0) |
      (slot << map.slotShift)
    )
  }

  /** The same of a path's extension, where the column has texts. */
  const extensionPartOf = ({ inputs: [input] }: Derived): number | undefined => {
    const column = columnOf.get(sourceOf(input!))
    const kind = column === undefined ? undefined : kinds[column]
    if (column === undefined || (kind !== 'text' && kind !== 'encoded')) return undefined
    const slot = slotOf(column)
    return slot === undefined ? undefined : map.extensionPart | map.pathBit | (slot << map.slotShift)
  }

  const emitColumn = (column: number, { field, use }: Extract<LeafSource, { is: 'field' }>, place: Place): Emit => {
    const { type } = use.mapping
    // A case's field may read and write in another way than the column's.
    const kind = kindOf(field) === kinds[column] ? kinds[column]! : undefined
    const repeatable = place.repeatable || place.known.size > 0
    const copy = { ...nothing, is: map.isCopy, repeatable, column, quoted: true }
    const otherwise = (look = map.isValue) =>
      recall([{ column, look, marks: '' }], { ...place, repeatable }, ([text]) => {
        const value = columns[column]!.field.read(text!)
        if (value === undefined) return undefined
        if (!isHeld(columns[column]!.field, value)) throw new TypeError('refused')
        return field.write(value as never, type, use.path)
      })
    const isCount = kind === 'digits' || ((kind === 'seconds' || kind === 'milliseconds') && type !== 'date')
    const isText = type === 'keyword' || type === 'text'
    if (isCount) return { ...copy, quoted: isText }
    if (kind === 'time' || kind === 'commonLogTime') return { ...copy, is: map.isTime, part: kindsOf[kind]! }
    if (kind === 'addressPort' || kind === 'requestLine') {
      const part = partOf(column, field, use.path, type)
      const quoted = isText || type === 'ip'
      // The port of an address is not asked for: it is a part of its own.
      const look = kind === 'addressPort' && partAt(field, use.path) === 'address' ? map.isWithoutPort : map.isValue
      return part === undefined ? otherwise() : { ...otherwise(look), is: map.isPart, column, quoted, part }
    }
    if (type === 'ip' && (kind === 'text' || kind === 'ip'))
      return { ...otherwise(), is: map.isAddress, column, quoted: true }
    if (kind === 'text' || kind === 'ip') return copy
    if (kind === 'encoded' && type !== 'ip') return { ...otherwise(), is: map.isUndecoded, column, quoted: true }
    return otherwise()
  }

  /** What is hashed, of columns that the engine can read; else the function is asked. */
  const emitHash = ({ seed = 0, operands }: Operation, { repeatable, known }: Place): Emit | undefined => {
    const inputs = operands.map((name) => ({ column: columnOf.get(name ?? '') ?? -1, look: map.isOptional, marks: '' }))
    const isReadable = inputs.every(({ column }, input) => {
      const kind = kinds[column]
      return column === -1 || (input < map.sourcePortInput ? kind === 'ip' || kind === 'text' : kind === 'digits')
    })
    const protocol = inputs[map.protocolInput]!.column
    if (!isReadable || protocol === -1) return undefined
    const { number } = groupOf(inputs)
    const isRepeatable = repeatable || known.size > 0
    return {
      ...nothing,
      is: map.isCommunityId,
      quoted: true,
      repeatable: isRepeatable,
      group: number,
      inputs: [protocol],
      part: seed,
    }
  }

  const ofBatch: Program['ofBatch'][number][] = []
  const textOfBatch = (derived: Derived): number => {
    const key = `${JSON.stringify(derived.targets[0]!.path.split('.').at(-1))}:`
    return ofBatch.push({ derived, key }) - 1
  }

  /** What gives several targets is called once for a key. */
  const computes = new Map<Derived, (texts: readonly string[]) => unknown>()
  const emitDerived = (derived: Derived, target: number, place: Place): Emit | undefined => {
    if (derived.ofBatch) return { ...nothing, is: map.isOfBatch, repeatable: false, part: textOfBatch(derived) }
    const hash = derived.operation?.is === 'communityId' ? emitHash(derived.operation, place) : undefined
    if (hash) return hash
    const part = textOperation(derived)?.is === 'extension' ? extensionPartOf(derived) : undefined
    const inputs: Input[] = []
    /** Gives an input's value for the texts of a key. */
    const values: ((texts: readonly string[]) => unknown)[] = []
    for (const input of derived.inputs) {
      const look = lookOf(input)
      const column = columnOf.get(sourceOf(input))
      if (column === undefined) {
        if (look < map.isPresence) return undefined
        values.push(() => (look === map.isPresence ? false : undefined))
        continue
      }
      const number = inputs.length
      inputs.push({ column, look, marks: typeof input === 'object' && input.is === 'marks' ? input.marks : '' })
      values.push((texts) => valueIn(input, columns[column]!.field, texts[number]!))
    }
    const needs = derived.inputs.map((input) => lookOf(input) !== map.isOptional)
    const computeAll = (texts: readonly string[]) => {
      const args = values.map((value) => value(texts))
      return args.every((arg, i) => arg !== undefined || !needs[i]) ? derived.compute(...args) : undefined
    }
    const compute = computes.get(derived) ?? onceFor(computeAll)
    computes.set(derived, compute)
    const of = (texts: readonly string[]) => valueFor(derived, target, compute(texts))
    if (part !== undefined)
      return { ...recall(inputs, place, of), is: map.isPart, column: inputs[0]!.column, quoted: true, part }
    if (inputs.length > 0) return recall(inputs, place, of)
    const [json] = textsOf([], [{ of, known: place.known, list: place.list }])
    return json === ''
      ? undefined
      : { ...nothing, is: map.isText, repeatable: place.repeatable, json: json!.slice(0, -1) }
  }

  /** Nothing where no line can be of the case: the column is not there, or its values are no texts. */
  const conditionOf = ({ field, value }: { readonly field: string; readonly value: string }): Condition | undefined => {
    const column = columnOf.get(field)
    const kind = column === undefined ? undefined : kinds[column]
    if (column === undefined || !['text', 'ip', 'encoded', 'addressPort', 'requestLine'].includes(kind!))
      return undefined
    return { column, text: value, encoded: kind === 'encoded' }
  }

  const emitsOf = (leaf: Leaf): Emit[] => {
    const { list } = leaf
    const emits: Emit[] = []
    const known = new Set<string>()
    for (const source of leaf.sources) {
      // Constants are told apart now, so that only what comes behind another source is looked for in the list.
      const repeatable = list && emits.some(({ is, condition }) => is !== map.isText || condition)
      const place = { repeatable, list, known: new Set(known) }
      const condition = source.when && conditionOf(source.when)
      if (source.when && !condition) continue
      const add = (emit: Emit) => emits.push(condition ? { ...emit, condition } : emit)
      if (source.is === 'constant') {
        const values = list && Array.isArray(source.value) ? source.value : [source.value]
        for (const json of values.map((value) => JSON.stringify(value))) {
          if (!known.has(json)) add({ ...nothing, is: map.isText, repeatable, json })
          if (list && !condition) known.add(json)
        }
      } else {
        const column = source.is === 'field' ? columnOf.get(source.name) : undefined
        const emit = source.is === 'derived' ? emitDerived(source.derived, source.target, place) : undefined
        if (emit) add(emit)
        else if (source.is === 'field' && column !== undefined) add(emitColumn(column, source, place))
      }
    }
    return emits
  }

  let deepest = 0
  const hasClosing = takesClosing(tree)
  const nodesOf = (branch: Branch, depth: number): Node[] => {
    deepest = Math.max(deepest, depth)
    const nodes: Node[] = []
    for (const [name, node] of branch) {
      const key = `${JSON.stringify(name)}:`
      if (node instanceof Map) {
        const closing = hasClosing && depth === 0 && (name === 'aws' || name === 'cloud') ? name : undefined
        nodes.push({ is: 'object', key: `${key}{`, nodes: nodesOf(node, depth + 1), ...(closing && { closing }) })
      } else if (node.list) nodes.push({ is: 'list', key: `${key}[`, emits: emitsOf(node) })
      else nodes.push({ is: 'value', key, emits: emitsOf(node) })
    }
    return nodes
  }
  let nodes: readonly Node[]
  try {
    nodes = nodesOf(tree, 0)
  } catch {
    // A function of the table throws on what each line of this header has: the plain path says which record it was.
    return undefined
  }
  const cases = [...tree.values()].flatMap(conditionsIn)
  const isCompared = cases.every(({ field }) => {
    const column = columnOf.get(field)
    return column === undefined || !['time', 'commonLogTime'].includes(kinds[column]!)
  })
  if (deepest > map.deepest || !isCompared || ofBatch.length > map.mostBatchTexts) return undefined
  const asked = columnsAsked(nodes, [...groups.values()])
  if (columns.some(({ field }, column) => mayRefuse(field) && !asked.has(column))) return undefined

  const steps = stepsOf(nodes, () => undefined)
  return {
    delimiter: delimiter.charCodeAt(0),
    absent: absent.charCodeAt(0),
    wraps,
    mayQuote: quoted ? quotedBits : [-1, -1],
    mustQuote: quotedBits,
    least,
    kinds: kinds.map((kind) => kindsOf[kind!]!),
    absents,
    nodes,
    takesClosing: hasClosing,
    ofBatch,
    steps,
    groups: [...groups.values()].map(({ inputs, facets, computes }): Group => {
      const isOne = inputs.length === 1
      const neighbours =
        !facets && (isOne || (wraps === 0 && inputs.every(({ column }, i) => column === inputs[0]!.column + i)))
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
      steps.filter(({ is }) => is >= map.isAddress && is !== map.isCase && is !== map.isClosing).length *
        longestFragment,
    copies: Math.max(0, ...columns.map((_, column) => copiesOf(steps, column))),
  }
}

function bitsOf(columns: readonly number[]): [low: number, high: number] {
  const bits: [number, number] = [0, 0]
  for (const column of columns) bits[column >> 5]! |= 1 << (column & 31)
  return bits
}

/** Columns whose values are looked at in each line that has them: one that is refused is seen. */
function columnsAsked(nodes: readonly Node[], groups: readonly { readonly inputs: Group['inputs'] }[]): Set<number> {
  return new Set(
    nodes.flatMap((node) => {
      if (node.is === 'object') return [...columnsAsked(node.nodes, groups)]
      const sure = (node.is === 'list' ? node.emits : node.emits.slice(0, 1)).filter(({ condition }) => !condition)
      return sure.flatMap(({ is, column, group }) => {
        if (is === map.isAddress || is === map.isPart) return [column]
        const [input, ...more] = is === map.isRecall ? groups[group]!.inputs : []
        const byValue = input?.look === map.isValue || input?.look === map.isOptional
        return input && byValue && more.length === 0 ? [input.column] : []
      })
    }),
  )
}

/** The function, called once for the inputs that a group's values are all made from: one array. */
function onceFor(compute: (texts: readonly string[]) => unknown): (texts: readonly string[]) => unknown {
  let last: readonly string[] | undefined
  let result: unknown
  return (texts) => {
    if (texts !== last) result = compute(texts)
    last = texts
    return result
  }
}

/** How often a column's bytes may stand in a document: no two columns have the same bytes of a line. */
function copiesOf(steps: readonly Step[], column: number): number {
  return steps.filter((step) => step.is >= map.isSure && step.is < map.isCase && step.column === column).length
}

function lookOf(input: string | AnyFacet): number {
  if (typeof input === 'string') return map.isValue
  return input.is === 'marks' ? map.isMarks : input.is === 'present' ? map.isPresence : map.isOptional
}

/** An input's value, from what stands for it in a key. */
function valueIn(input: string | AnyFacet, field: AnyField, key: string): unknown {
  if (typeof input === 'string') return fitting(field, field.read(key))
  if (input.is === 'marks') return input.values[key.charCodeAt(0) - facetBase]
  const isThere = key.charCodeAt(0) === map.presentMark
  return input.is === 'present' ? isThere : isThere ? fitting(field, field.read(key.slice(1))) : undefined
}

/** The cases that a part of the tree asks for. */
function conditionsIn(node: Leaf | Branch): readonly { readonly field: string }[] {
  if (node instanceof Map) return [...node.values()].flatMap(conditionsIn)
  return node.sources.flatMap(({ when }) => when ?? [])
}

function textsOf(inputs: readonly string[], computes: readonly Compute[]): string[] {
  return computes.map(({ of, known, list }) => {
    const value = of(inputs)
    const values = value === undefined ? [] : list && Array.isArray(value) ? value : [value]
    const items = new Set(values.map((item) => JSON.stringify(item)).filter((json) => !known.has(json)))
    return [...items].map((json) => `${json},`).join('')
  })
}
