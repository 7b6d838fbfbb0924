import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { Format } from '@flowferry/core'
import { valuesAt } from './values.ts'

/** What a store is asked, and what the documents themselves answer. */
export interface StoreQuestion {
  readonly kind: 'cidr' | 'number' | 'date' | 'list'
  readonly field: string
  /** As a search engine is asked. */
  readonly query: object
  /** The same as a condition of DuckDB's. */
  readonly condition: string
  /** The number of documents that it is true of. */
  readonly count: number
}

const numbers = ['long', 'integer', 'double']
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/**
 * Questions about the fields of a format that documents have values of: the addresses of a block, by each field of
 * addresses; a range of each number and date; a value of each list.
 */
export function storeQuestions(format: Format, documents: readonly unknown[]): StoreQuestion[] {
  return Object.entries(format.mapping).flatMap(([field, { type, list }]): StoreQuestion[] => {
    const values = valuesAt(documents, field)
    const having = (test: (value: unknown) => boolean) =>
      documents.filter((document) => valuesAt([document], field).some(test)).length
    const column = `"${field}"`
    const some = (condition: (of: string) => string) =>
      list ? `len(list_filter(${column}, lambda one: ${condition('one')})) > 0` : condition(column)
    const questions: StoreQuestion[] = []
    if (type === 'ip')
      for (const block of blocksAmong(values as string[]))
        questions.push({
          kind: 'cidr',
          field,
          query: { term: { [field]: block } },
          condition: some((of) => `in_cidr(${of}, '${block}')`),
          count: having((value) => isWithin(block, value as string)),
        })
    if (numbers.includes(type) && values.length > 0) {
      const from = middle(values as number[], (a, b) => a - b)
      questions.push({
        kind: 'number',
        field,
        query: { range: { [field]: { gte: from } } },
        condition: some((of) => `${of} >= ${from}`),
        count: having((value) => (value as number) >= from),
      })
    }
    if (type === 'date' && values.length > 0) {
      const from = middle(values as string[], (a, b) => Date.parse(a) - Date.parse(b))
      questions.push({
        kind: 'date',
        field,
        query: { range: { [field]: { gte: from } } },
        condition: some((of) => `${of} >= TIMESTAMP ${quoted(from.replace('Z', ''))}`),
        count: having((value) => Date.parse(value as string) >= Date.parse(from)),
      })
    }
    // Longer ones are not indexed: `ignore_above`.
    const terms = values.filter((value) => typeof value === 'string' && value.length < 200) as string[]
    if (list && (type === 'keyword' || type === 'ip') && terms.length > 0) {
      const term = terms.at(-1)!
      questions.push({
        kind: 'list',
        field,
        query: { term: { [field]: term } },
        condition: `list_contains(${column}, ${quoted(term)})`,
        count: having((value) => value === term),
      })
    }
    return questions
  })
}

/** The kinds of questions that a format's mapping asks for: of CloudTrail's fields none is a number. */
export function kindsOf({ mapping }: Format): readonly StoreQuestion['kind'][] {
  const fields = Object.values(mapping)
  const kinds = {
    cidr: fields.some(({ type }) => type === 'ip'),
    date: true,
    list: fields.some(({ list }) => list === 'values'),
    number: fields.some(({ type }) => numbers.includes(type)),
  }
  return (Object.keys(kinds) as (keyof typeof kinds)[]).filter((kind) => kinds[kind])
}

/** A wide and a narrow block around the first address of each family. */
function blocksAmong(values: readonly string[]): string[] {
  const four = values.find((value) => isIPv4(value))
  const six = values.find((value) => isIPv6(value))
  return [...(four ? [`${four}/8`, `${four}/24`] : []), ...(six ? [`${six}/32`, `${six}/128`] : [])]
}

function isWithin(block: string, address: string): boolean {
  const [network, bits] = block.split('/') as [string, string]
  const isSame = isIPv4(network) ? isIPv4 : isIPv6
  const family = isIPv4(network) ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, Number(bits), family)
  return isSame(address) && list.check(address, family)
}

const middle = <T>(values: readonly T[], compare: (a: T, b: T) => number): T =>
  [...values].sort(compare)[Math.floor(values.length / 2)]!
