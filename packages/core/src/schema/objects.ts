import type { MappingProperty, MappingType } from '../types.ts'
import type { EcsObjects, Target } from './ecs.ts'
import { type Field, type FieldOptions, type Reader, reader } from './fields.ts'
import { flattened, isEmpty, isObject, type JsonObject, freeForm as readFreeForm, setOwn } from './free-form.ts'
import { splitHost, withoutLastDot } from './network.ts'
import { keywordMapping, type TypedTarget, typed } from './targets.ts'
import { asText } from './values.ts'

/** Types of fields that hold objects: JSON alone has them. */

export const flattenedMapping: MappingProperty = { type: 'flattened', ignore_above: 8191 }
/** Nobody groups or sorts by it; wildcards find it by its terms. */
const textMapping: MappingProperty = { ...keywordMapping, doc_values: false, fullText: true }

/** Members of objects as AWS and as the document names them, and those that tell one object from another. */
interface ObjectsTable {
  readonly names: ReadonlyMap<string, string>
  readonly identity: readonly string[]
  readonly dotless: readonly string[]
}

/** A reader of lists of objects, with what an engine has to know of them. */
export interface ObjectsReader extends Reader<readonly object[]> {
  readonly table: ObjectsTable
}

/** An object whose members may be any, for a text target and a flattened one. Read as it is; what is empty is left out. */
const readAny = /* @__PURE__ */ reader('freeForm', (value) => value as JsonObject, writeFreeForm)

function writeFreeForm(value: unknown, type: MappingType): unknown {
  const read = readFreeForm(value)
  return type === 'flattened' ? read?.flattened : read?.text
}

/**
 * An object whose members depend on something else, such as the parameters of a request: as text in `text`, in the form
 * `{name=value, …}` that Elastic's rules search, and by its leaves in `leaves`.
 */
export function freeForm(
  text: Target,
  leaves: Target,
  description: string,
  options: FieldOptions = {},
): Field<JsonObject> {
  return {
    type: 'object, free-form',
    description,
    targets: [typed(text, textMapping), typed(leaves, flattenedMapping)],
    read: readAny,
    mapping: textMapping,
    write: writeFreeForm,
    ...options,
  }
}

const readFlat = /* @__PURE__ */ reader('flat', readObjects, writeFlat)

function readObjects(value: unknown): JsonObject | undefined {
  return flattened(value) === undefined ? undefined : (value as JsonObject)
}

function writeFlat(value: unknown): unknown {
  return flattened(value)
}

/** An object, or a list of objects, that is searched by its leaves alone. */
export function flat(target: Target, description: string, options: FieldOptions = {}): Field<JsonObject> {
  return {
    type: 'object',
    description,
    targets: [target],
    read: readFlat,
    mapping: flattenedMapping,
    write: writeFlat,
    ...options,
  }
}

export interface ObjectsOptions<M extends Readonly<Record<string, string>>> extends FieldOptions {
  /** AWS's names of the objects' members, and those that the document has: `{ ARN: 'arn' }`. */
  readonly members: M
  /** The document's names of members that tell one object from another. @default all of them */
  readonly identity?: readonly string[]
  /** The document's names of members that hold names of DNS, `www.example.com.`: the last dot is left out. @default none */
  readonly dotless?: readonly string[]
  /** Where objects are kept, by their leaves, that have members which are not among these. */
  readonly rest: Target
}

/** A list of objects with members that are known: each object once. */
export function objects<const M extends Readonly<Record<string, string>>>(
  target: Target | EcsObjects,
  description: string,
  { members, identity, dotless = [], rest, ...options }: ObjectsOptions<M>,
): Field<readonly { readonly [N in keyof M]?: string }[]> {
  const names = new Map(Object.entries(members))
  const ours = [...new Set(names.values())]
  const table: ObjectsTable = { names, identity: identity ?? ours, dotless }
  const write = (value: readonly object[], type: MappingType): unknown =>
    type === 'flattened' ? unknownObjects(value as JsonObject[], table) : distinctObjects(value as JsonObject[], table)
  const read: ObjectsReader = Object.assign(reader('objects', asObjects, write), { table })
  const below = Object.fromEntries(ours.map((name) => [name, keywordMapping]))
  return {
    type: 'list of objects',
    description,
    targets: [{ target: target as Target, mapping: keywordMapping, below }, typed(rest, flattenedMapping)],
    read,
    mapping: keywordMapping,
    write,
    ...options,
  }
}

function asObjects(value: unknown): readonly JsonObject[] | undefined {
  return Array.isArray(value) && value.every(isObject) ? value : undefined
}

function distinctObjects(list: readonly JsonObject[], { names, identity, dotless }: ObjectsTable): unknown {
  const found = new Map<string, Record<string, unknown>>()
  for (const object of list) {
    const members: Record<string, unknown> = {}
    for (const [name, ours] of names) {
      const text = asText(object[name])
      if (text) members[ours] = text
    }
    const key = identity.map((name) => members[name] ?? '').join('_')
    for (const name of dotless) if (typeof members[name] === 'string') members[name] = withoutLastDot(members[name])
    if (Object.keys(members).length > 0 && !found.has(key)) found.set(key, members)
  }
  return found.size > 0 ? [...found.values()] : undefined
}

/** Objects with members that AWS added since. */
function unknownObjects(list: readonly JsonObject[], { names }: ObjectsTable): unknown {
  return flattened(list.filter((object) => Object.keys(object).some((name) => !names.has(name))))
}

type Targets = readonly (Target | TypedTarget)[]

/** Targets of the parts of a host: `example.com` and `8443` of `example.com:8443`, whatever stands in brackets whole. */
export interface HostTargets {
  readonly domain: Targets
  readonly port: Targets
}

export interface PairsOptions extends FieldOptions {
  /** Names in lower case, of which each has targets of its own, whatever the case in the log. @default none */
  readonly pick?: Readonly<Record<string, Target | TypedTarget | Targets | HostTargets>>
  /** AWS's names of the two members. @default { name: 'name', value: 'value' } */
  readonly members?: { readonly name: string; readonly value: string }
}

/** A reader of pairs, with what an engine has to know of them. */
export interface PairsReader extends Reader<JsonObject> {
  readonly members: { readonly name: string; readonly value: string }
  /** A target's path, and the name, in lower case, that is picked out for it; of a host the part. */
  readonly picked: ReadonlyMap<string, { readonly name: string; readonly part?: HostPart }>
}

type HostPart = keyof HostTargets

/**
 * A list of `{ name, value }`, such as the headers of a request: one object by name, searched by its leaves, and some of
 * them picked out for targets of their own. Of a name that comes twice the values become a list. A list with an item that
 * is no such pair is kept with what is unknown.
 */
export function pairs(target: Target, description: string, options: PairsOptions = {}): Field<JsonObject> {
  const { pick = {}, members = { name: 'name', value: 'value' }, ...rest } = options
  const picks = Object.entries(pick).flatMap(([name, given]) => picksOf(given).map((one) => ({ name, ...one })))
  const own = new Map(picks.map(({ target, ...one }) => [pathOf(target), one]))
  const write = (value: JsonObject, type: MappingType, path: string): unknown => {
    const one = own.get(path)
    if (one === undefined) return flattened(value)
    const found = pickedFrom(value, one.name)
    return one.part === undefined ? found : partsOfHosts(found, one.part, type)
  }
  const read: PairsReader = Object.assign(
    reader('pairs', (value) => asPairs(value, members), write),
    { members, picked: own },
  )
  return {
    type: 'list of names and values',
    description,
    targets: [
      typed(target, flattenedMapping),
      ...picks.map(({ target, part }) =>
        typeof target === 'string' ? typed(target, part === 'port' ? 'long' : 'keyword') : target,
      ),
    ],
    read,
    mapping: flattenedMapping,
    write,
    ...rest,
  }
}

function picksOf(given: Target | TypedTarget | Targets | HostTargets) {
  const of = (targets: Targets, part?: HostPart) => targets.map((target) => ({ target, ...(part && { part }) }))
  if (typeof given === 'object' && 'domain' in given) return [...of(given.domain, 'domain'), ...of(given.port, 'port')]
  return of([given].flat() as Targets)
}

function partsOfHosts(found: unknown, part: HostPart, type: MappingType): unknown {
  const hosts = [found].flat().filter((one) => typeof one === 'string')
  const parts = hosts.flatMap((text) => splitHost(text)[part] ?? [])
  const values = type === 'long' ? parts.map(Number) : parts
  return values.length > 1 ? values : values[0]
}

function pathOf(target: Target | TypedTarget): string {
  const path: string = typeof target === 'string' ? target : target.target
  return path.endsWith('[]') ? path.slice(0, -2) : path
}

function asPairs(value: unknown, { name, value: content }: PairsReader['members']): JsonObject | undefined {
  // A record that was read already has them as an object.
  if (isObject(value)) return value
  if (!Array.isArray(value)) return undefined
  const result: Record<string, unknown> = {}
  for (const pair of value) {
    if (!isObject(pair)) return undefined
    if (isEmpty(pair)) continue
    const key = pair[name]
    const text = pair[content]
    // An item that holds more than a name, or something else, has no place in the object: the list is kept as it is.
    if (typeof key !== 'string' || key === '' || Object.keys(pair).length !== 2) return undefined
    if (text === null || text === '') continue
    if (typeof text !== 'string') return undefined
    const before = Object.hasOwn(result, key) ? result[key] : undefined
    setOwn(result, key, before === undefined ? text : [before, text].flat())
  }
  return Object.keys(result).length > 0 ? result : undefined
}

function pickedFrom(value: JsonObject, name: string): unknown {
  const found = Object.keys(value).filter((one) => one.toLowerCase() === name)
  const values = found.flatMap((one) => value[one])
  return values.length > 1 ? values : values[0]
}
