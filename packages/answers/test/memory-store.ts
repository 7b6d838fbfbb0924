/** A store that asks documents in memory, for tests: of questions, it knows what `gather` asks. */
import { BlockList, isIPv6 } from 'node:net'
import type { LogDocument } from '@flowferry/core'
import type { Row, Store, Value } from '../src/answer.ts'
import { valueAt } from '../src/documents.ts'
import type { Filter, Group, GroupsQuestion, Measure, Range } from '../src/question.ts'

export function memoryStore(documents: readonly LogDocument[]): Store {
  return {
    ask: async (question) => {
      const datasets = question.formats.map((format) => (typeof format === 'string' ? format : format.dataset))
      const { from, to } = question.span
      const found = documents
        .filter((one) => {
          const time = String(one['@timestamp'])
          const [dataset] = valuesAt(one, 'event.dataset')
          return datasets.includes(String(dataset)) && time >= from && time < to
        })
        .filter((one) => (question.filters ?? []).every((filter) => fits(one, filter)))
      if (question.kind === 'groups') return { rows: inOrder(grouped(found, question), question), approximate: [] }
      const { fields, limit = 100 } = question
      const sorted = found.sort((one, other) => (String(one['@timestamp']) < String(other['@timestamp']) ? -1 : 1))
      const rows = sorted.slice(0, limit).map((one) => (fields ? picked(one, fields) : (one as Row)))
      return { rows, approximate: [] }
    },
  }
}

/** Each value is looked up once: some ten questions are asked of thousands of documents. */
const known = new WeakMap<LogDocument, Map<string, unknown[]>>()

function valuesAt(document: LogDocument, field: string): unknown[] {
  const own = known.get(document) ?? new Map<string, unknown[]>()
  known.set(document, own)
  const values = own.get(field)
  if (values) return values
  const value = valueAt(document, field)
  const found = value === undefined || value === null ? [] : [value].flat()
  own.set(field, found)
  return found
}

const picked = (document: LogDocument, fields: readonly string[]): Row =>
  Object.fromEntries(fields.map((field) => [field, (valueAt(document, field) ?? null) as Value]))

function fits(document: LogDocument, filter: Filter): boolean {
  if ('not' in filter) return !fits(document, filter.not)
  if ('any' in filter) return filter.any.some((one) => fits(document, one))
  if ('all' in filter) return filter.all.every((one) => fits(document, one))
  const values = valuesAt(document, filter.field)
  if ('equals' in filter) return values.some((value) => String(value) === String(filter.equals))
  if ('oneOf' in filter) return values.some((value) => filter.oneOf.some((one) => String(one) === String(value)))
  if ('exists' in filter) return values.length > 0
  if ('cidr' in filter) return values.some((value) => blockOf(filter.cidr).check(String(value), family(String(value))))
  if ('range' in filter) return values.some((value) => isWithin(value as number | string, filter.range))
  throw new Error(`no such filter in memory: ${JSON.stringify(filter)}`)
}

/** Numbers, or ISO dates of one form. */
const isWithin = (value: number | string, { gt, gte, lt, lte }: Range) =>
  (gt === undefined || value > gt) &&
  (gte === undefined || value >= gte) &&
  (lt === undefined || value < lt) &&
  (lte === undefined || value <= lte)

/** By the first of its orders alone. */
function inOrder(rows: Row[], { order = [], limit = 100 }: GroupsQuestion): Row[] {
  const [first] = order
  if (first) {
    const sign = first.direction === 'desc' ? -1 : 1
    rows.sort((one, other) => sign * (Number(one[first.by]) - Number(other[first.by])))
  }
  return rows.slice(0, limit)
}

const fieldOf = (group: Group) => (typeof group === 'string' ? group : group.field)

/** Of steps, `gather` asks for minutes alone. */
const minutesAt = (document: LogDocument, field: string) =>
  valuesAt(document, field).map((time) => `${String(time).slice(0, 16)}:00.000Z`)

/** A document with several values counts under each. */
function keysOf(document: LogDocument, groups: readonly Group[]): string[] {
  let keys: unknown[][] = [[]]
  for (const group of groups) {
    const values = typeof group === 'string' ? valuesAt(document, group) : minutesAt(document, group.field)
    keys = keys.flatMap((key) => (values.length > 0 ? values : [null]).map((value) => [...key, value]))
  }
  return keys.map((key) => JSON.stringify(key))
}

const family = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')

const blocks = new Map<string, BlockList>()

function blockOf(cidr: string | readonly string[]): BlockList {
  const key = String(cidr)
  const known = blocks.get(key)
  if (known) return known
  const block = new BlockList()
  for (const one of [cidr].flat()) {
    const [address, length] = one.split('/') as [string, string]
    block.addSubnet(address, Number(length), family(address))
  }
  blocks.set(key, block)
  return block
}

function grouped(documents: readonly LogDocument[], { groups = [], measures }: GroupsQuestion): Row[] {
  const all = new Map<string, LogDocument[]>()
  for (const one of documents) {
    for (const key of keysOf(one, groups)) {
      const own = all.get(key)
      if (own) own.push(one)
      else all.set(key, [one])
    }
  }
  return [...all].map(([key, own]) => {
    const names = groups.map((group, n) => [fieldOf(group), (JSON.parse(key) as Value[])[n]!] as const)
    const numbers = Object.entries(measures).map(([name, measure]) => [name, measured(own, measure)] as const)
    return Object.fromEntries([...names, ...numbers])
  })
}

function measured(documents: readonly LogDocument[], measure: Measure): Value {
  const own = documents.filter((one) => (measure.where ?? []).every((filter) => fits(one, filter)))
  if ('count' in measure) return own.length
  const field = 'min' in measure ? measure.min : 'max' in measure ? measure.max : undefined
  if (field === undefined) throw new Error(`no such measure in memory: ${JSON.stringify(measure)}`)
  const values = own.flatMap((one) => valuesAt(one, field).map(String)).sort()
  return ('min' in measure ? values[0] : values.at(-1)) ?? null
}
