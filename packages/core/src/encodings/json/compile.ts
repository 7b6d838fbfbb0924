import type { JsonObject } from '../../schema/free-form.ts'
import type { Branch } from '../../schema/layout.ts'
import type { Schema } from '../../schema/schema.ts'
import type { Check } from './image.ts'
import type { JsonOptions } from './options.ts'
import { type CasePlace, type Place, type Places, placesOf } from './places.ts'
import { insideOf, layoutWith, normalizerOf } from './plain.ts'
import { isEnds, type Refusal } from './refusals.ts'
import { type Node, treeOf } from './tree.ts'

/** What the parser needs of a format whose records are JSON. */
export interface CompiledFormat {
  readonly schema: Schema
  readonly root: Node
  readonly layout: Branch
  /** Names of the array that holds the records; none: each value at the top is one. */
  readonly keys: readonly string[]
  readonly refuse: readonly Refusal[]
  readonly normalize: (object: Record<string, unknown>) => void
  /** Whether an object is a record of the format by its members' names. */
  readonly tells: (name: string) => boolean
  /** The same for names that Athena's tables, and what is exported from them, have in lower case. */
  readonly tellsInLowerCase: (name: string) => boolean
  /** Members that may hold the record, with others around it. */
  readonly wrapped: NonNullable<JsonOptions['wrapped']>
  /** None where the format's records have no id of their own. */
  readonly idOf: ((record: JsonObject) => string | undefined) | undefined
  readonly places: Places
  readonly checksOf: (place: Place) => readonly Check[]
  readonly needsId: boolean
}

export function compileFormat(schema: Schema, unknown: string, options: JsonOptions): CompiledFormat {
  const { records = 'each', id = [], refuse = [], common = [], wrapped = {} } = options
  const root = treeOf(schema)
  const telling = new Set([...root.members.keys()].filter((name) => !common.includes(name)))
  const lower = new Set([...telling].map((name) => name.toLowerCase()))
  const tells = (name: string) => telling.has(name)
  const cases = schema.cases.map(({ when }) => when)
  const refused = refuse.flatMap((one) => (isEnds(one) ? [] : [one.members[0]!]))
  const keys = records === 'each' ? [] : [records.in].flat()
  const places = placesOf(root, {
    id,
    tells,
    refused: [...refused, ...keys, ...Object.keys(wrapped)],
    cases,
  })
  return {
    schema,
    root,
    layout: layoutWith(schema.layout([]), unknown),
    keys,
    refuse,
    normalize: normalizerOf(root),
    tells,
    tellsInLowerCase: (name) => lower.has(name),
    wrapped,
    idOf: id.length === 0 ? undefined : (record) => firstId(id, record),
    places,
    checksOf: (place) => checksOf(place, refuse, places.cases),
    needsId: id.length > 0,
  }
}

/** Part of every document's identity, so nothing that a store might take amiss. */
function firstId(paths: readonly string[], record: JsonObject): string | undefined {
  for (const path of paths) {
    const value = insideOf(record, path)
    if (typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value)) return value
  }
  return undefined
}

function checksOf({ node }: Place, refuse: readonly Refusal[], cases: readonly CasePlace[]): Check[] {
  return [
    ...refuse
      .filter(isEnds)
      .flatMap(({ path, texts }): Check[] => (path === node.path ? [{ is: 'ends', text: texts[0] }] : [])),
    ...absentTexts(node).map((text): Check => ({ is: isAbsentInAnyCase(node, text) ? 'absent' : 'ends', text })),
    ...cases.flatMap((place): Check[] => (place.field === node.path ? [{ is: 'case', text: place.value, place }] : [])),
  ]
}

function absentTexts({ uses }: Node): string[] {
  return [...new Set(uses.flatMap(({ field }) => field.absent ?? []))].filter((text) => text !== '')
}

/** A text that only some case takes for an absent value is left to the plain path: the engine learns the case later. */
function isAbsentInAnyCase({ uses }: Node, text: string): boolean {
  return uses.some(({ when }) => !when) && uses.every(({ field }) => field.absent?.includes(text))
}
