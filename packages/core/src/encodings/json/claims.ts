import { tablesOf } from '../../schema/layout.ts'
import type { Schema } from '../../schema/schema.ts'
import type { NearMiss, ObjectHead } from '../../types.ts'
import { isEnds, isForeign, type Refusal } from './refusals.ts'
import { namesOf } from './tree.ts'

/** Claims by the members of the records that begin in an object's head, then by its key. */
export function claimOf(
  head: ObjectHead,
  {
    claims,
    keys,
    array = [],
    alone = [],
    refuse,
  }: {
    /** Members of which one, or all of one list, make an object the format's. */
    readonly claims: readonly (string | readonly string[])[]
    readonly keys: RegExp | undefined
    /** Names of arrays that hold the records. */
    readonly array?: readonly string[]
    /** Members that hold a record, and stand for it. */
    readonly alone?: readonly string[]
    readonly refuse: readonly Refusal[]
  },
): 'content' | 'key' | undefined {
  const { key, text } = head
  const wanted = claims.map((one) => new Set(typeof one === 'string' ? [one] : one))
  const others = new Set(refuse.flatMap((one) => (isEnds(one) ? [] : one.members.slice(0, 1))))
  const asked = new Map(refuse.filter(isEnds).map((one) => [one.path, one]))
  let claimed = false
  for (const { name, value } of membersOf(head, array, alone)) {
    if (others.has(name)) return claimed ? 'content' : undefined
    const ends = asked.get(name)
    if (ends && value !== undefined) {
      // The first record tells whose the file is.
      if (isForeign(ends, value)) return keys?.test(key) ? 'key' : undefined
      asked.delete(name)
    }
    for (const names of wanted) if (names.delete(name) && names.size === 0) claimed = true
    if (claimed && asked.size === 0) return 'content'
  }
  if (claimed) return 'content'
  return keys?.test(key) || isEmpty(text, array[0]) ? 'key' : undefined
}

/** How many members of the records in a head are the table's, and by which of them the format would be known. */
export function nearOf(
  head: ObjectHead,
  schema: Schema,
  {
    claims,
    array,
    alone,
    refuse,
  }: {
    readonly claims: readonly (string | readonly string[])[]
    readonly array: readonly string[]
    readonly alone: readonly string[]
    readonly refuse: readonly Refusal[]
  },
): NearMiss | undefined {
  if (!/^(?:\u00ef\u00bb\u00bf)?\s*[[{]/.test(head.text)) return undefined
  const members = new Map(Array.from(membersOf(head, array, alone), ({ name, value }) => [name, value]))
  const known = new Set(
    tablesOf(schema).flatMap((fields) =>
      Object.entries(fields).flatMap(([name, { spelled = [] }]) =>
        [name, ...spelled].map((one) => namesOf(one)[0]!.replace(/\[\]$/, '')),
      ),
    ),
  )
  for (const name of array) members.delete(name)
  const names = [...members.keys()]
  const ours = names.filter((name) => known.has(name))
  if (ours.length === 0) return undefined
  const share = ours.length / names.length
  for (const one of refuse) {
    if (isEnds(one)) {
      const value = members.get(one.path)
      if (isForeign(one, value))
        return {
          share,
          lacks: `${one.path} is ${JSON.stringify(value!.slice(0, 60))}, and ends in none of ${one.texts.join(', ')}`,
        }
    } else if (one.members.every((name) => members.has(name)))
      return { share, lacks: `it has ${one.members.join(' and ')}, as no record of the format has` }
  }
  const missing = claims.map((one) => [one].flat().filter((name) => !members.has(name)))
  const [nearest] = missing.filter((left) => left.length > 0).sort((a, b) => a.length - b.length)
  const lacks = nearest ? `; it lacks ${nearest.join(' and ')}` : ''
  return { share, lacks: `${ours.length} of its ${names.length} members are the format's${lacks}` }
}

/** Whether the array is all that there is, and holds no record: whose it may be, nothing is lost. */
function isEmpty(text: string, array: string | undefined): boolean {
  const [, name] =
    /^(?:\u00ef\u00bb\u00bf|\ufeff)?\s*\{\s*"(\w+)"\s*:\s*\[\s*\]\s*\}\s*$/.exec(text.slice(0, 1000)) ?? []
  return array !== undefined && name === array && text.length <= 1000
}

interface Member {
  readonly name: string
  readonly value: string | undefined
}

/** Members that were found in a head, by the names of arrays and members: each of many formats asks for them. */
const found = new WeakMap<ObjectHead, Map<string, { readonly members: Member[]; readonly rest: Iterator<Member> }>>()

/** The members of a head, each looked for once, when the first format asks for it. */
function* membersOf(head: ObjectHead, array: readonly string[], alone: readonly string[]): Generator<Member> {
  const arrays = found.get(head) ?? new Map()
  found.set(head, arrays)
  const names = JSON.stringify([array, alone])
  const { members, rest } = arrays.get(names) ?? { members: [], rest: membersIn(head.text, array, alone) }
  arrays.set(names, { members, rest })
  for (let index = 0; ; index++) {
    if (index === members.length) {
      const next = rest.next()
      if (next.done) return
      members.push(next.value)
    }
    yield members[index]!
  }
}

/**
 * The members of the records that begin in a text, as far as it goes: at the top, in a list, in an array, and in the
 * members that hold a record. The value is there where it is a text that ends.
 */
function* membersIn(text: string, array: readonly string[], alone: readonly string[]): Generator<Member> {
  const open: string[] = []
  let last = ''
  let records = ''
  /** A member whose value is due. */
  let due: string | undefined
  // A string that does not end is one token too, or it would be looked for again behind each quote in it.
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*(?:"|\\?$)|[{}[\]:,]/gs)) {
    if (due !== undefined) {
      yield { name: due, value: /^".*"$/s.test(token) ? token.slice(1, -1) : undefined }
      due = undefined
    }
    const path = open.length > 4 ? '' : open.join('')
    const inRecord = path === '{' || path === '[{' || (records !== '' && path === '{[{')
    if (token === '{' || token === '[') {
      if (path === '{' && token === '[' && array.includes(last.slice(1, -1))) records = '{['
      // An object that stands for its record.
      open.push(token === '{' && inRecord && alone.includes(last.slice(1, -1)) ? '(' : token)
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      if (inRecord || path.endsWith('(')) due = last.slice(1, -1)
    } else if (token !== ',') last = token
  }
  if (due !== undefined) yield { name: due, value: undefined }
}
