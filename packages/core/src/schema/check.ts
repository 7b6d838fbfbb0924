import { requireOption } from '../check-options.ts'
import type { Encoding } from '../encodings/encoding.ts'
import { FlowferryError } from '../errors.ts'
import { once } from '../once.ts'
import type { MappingType } from '../types.ts'
import { type Fields, sourceOf } from './derive.ts'
import { ecsLists, ecsObjects, ecsType } from './ecs.ts'
import { type AnyField, kindOf, type ValueKind } from './fields.ts'
import {
  type Case,
  checkPlaces,
  eachSource,
  type LayoutParts,
  type LeafSource,
  leavesByPath,
  tablesOf,
} from './layout.ts'
import { isIt } from './nearest.ts'
import type { PairsReader } from './objects.ts'
import { requireTarget, type TargetUse, useOf } from './targets.ts'

/** What a format is declared with, as JavaScript may give it. */
interface Declared extends LayoutParts {
  readonly kind: string
  readonly root: string
  /** Names below the root that are no place for a field of another log. */
  readonly taken?: readonly string[]
  /** Scalar targets that several fields may fill. */
  readonly first: readonly string[]
}

/** Types of a target that a kind of value may go to; a field that reads in a way of its own may go anywhere. */
const takes: Readonly<Record<ValueKind, readonly MappingType[]>> = {
  text: ['keyword', 'text', 'ip'],
  encoded: ['keyword', 'text', 'ip'],
  ip: ['keyword', 'text', 'ip'],
  digits: ['long', 'integer', 'double', 'keyword', 'text'],
  decimal: ['double', 'keyword', 'text'],
  seconds: ['date', 'long', 'keyword', 'text'],
  milliseconds: ['date', 'long', 'keyword', 'text'],
  time: ['date', 'keyword', 'text'],
  epoch: ['date', 'double', 'keyword', 'text'],
  commonLogTime: ['date', 'keyword', 'text'],
  hexadecimal: ['long', 'integer', 'double', 'keyword', 'text'],
  list: ['keyword', 'text', 'ip'],
  addressPort: ['keyword', 'text', 'ip', 'long', 'integer'],
  requestLine: ['keyword', 'text', 'ip', 'long', 'integer'],
  boolean: ['boolean', 'keyword', 'text'],
  flat: ['flattened'],
  freeForm: ['flattened', 'keyword', 'text'],
  objects: ['flattened', 'keyword'],
  pairs: ['flattened', 'keyword', 'text'],
}

/** What reads and writes a target's type, to say so where a field does not. */
const fieldsOf: Readonly<Record<MappingType, string>> = {
  keyword: 'keyword()',
  text: 'keyword()',
  ip: 'ip()',
  long: 'long()',
  integer: 'long()',
  double: 'double()',
  boolean: 'boolean()',
  date: 'iso8601(), epochSeconds() or epochMilliseconds()',
  geo_point: 'a derived value that gives latitude,longitude as text',
  flattened: 'flat()',
}

const members = [
  'kind',
  'dataset',
  'root',
  'taken',
  'title',
  'constants',
  'first',
  'fields',
  'cases',
  'derived',
  'view',
  'archive',
  'encodings',
]

/**
 * Says what is wrong with a declaration's members, before they are used.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function checkMembers(definition: object): void {
  requireOption(isTable(definition), 'format()', definition, 'a declaration')
  const given = definition as Readonly<Record<string, unknown>>
  const { constants, taken = [], first = [], fields, cases = [], derived, encodings, root } = given
  for (const name of Object.keys(definition))
    if (!members.includes(name))
      throw invalid(`format() takes no member "${name}"${isIt(name, members)}; its members are ${members.join(', ')}`)
  requireOption(isTable(constants), 'constants', constants, "an object of the document's constants; {} for none")
  requireOption(isTable(fields), 'fields', fields, "an object of AWS's names and their fields")
  requireOption(Array.isArray(taken), 'taken', taken, 'a list of names below the root')
  requireOption(Array.isArray(first), 'first', first, 'a list of targets')
  requireOption(Array.isArray(cases), 'cases', cases, 'a list of when(…)')
  requireOption(derived === undefined || typeof derived === 'function', 'derived', derived, '(derive) => [derive(…)]')
  requireOption(Array.isArray(encodings) && encodings.length > 0, 'encodings', encodings, 'a list of one or more')
  // A function has a `bind` of its own: one that was not called is no encoding.
  for (const encoding of encodings as readonly unknown[])
    if (typeof encoding !== 'object' || typeof (encoding as Encoding | null)?.bind !== 'function')
      throw invalid(`encodings has ${typeof encoding}, which is no encoding: delimited({…}), json({…})`)
  if (typeof root !== 'string' || !/^(aws|custom)\.[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(root))
    throw invalid(`root is "${String(root)}"; it takes aws.… or custom.…, in lower case`)
  for (const one of (cases as readonly unknown[]).flat())
    if (!isTable((one as Case | undefined)?.when)) throw invalid(`cases has ${typeof one}, which is no when(…)`)
  checkConstants(constants as Case['constants'])
  checkFields(fields as Fields)
  for (const { constants, fields } of (cases as readonly Case[]).flat()) {
    checkConstants(constants)
    checkFields(fields)
  }
}

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkConstants(constants: Case['constants']): void {
  for (const [path, value] of Object.entries(constants))
    if (!(Array.isArray(value) ? value : [value]).every((item) => typeof item === 'string'))
      throw invalid(`constants has ${typeof value} for ${path}; it takes text, or a list of texts`)
}

function checkFields(fields: Fields): void {
  for (const [name, field] of Object.entries(fields)) {
    if (typeof field?.read !== 'function' || typeof field.write !== 'function')
      throw invalid(`fields has ${name}, which is no field: keyword([…], '…'), long([…], '…'), …`)
    if (!Array.isArray(field.targets))
      throw invalid(`${name} has no list of targets: keyword(['source.domain'], '…'), and [] for none`)
  }
}

/**
 * Says what is wrong with a format's table when it is declared.
 *
 * @throws FlowferryError INVALID_OPTION where a target is unknown, takes no value of the field's type, is mapped in two
 *   ways, takes one value where a list is due, has several sources and is not among `first`, or is both a value and a list or an object; where two fields have
 *   one spelling; where a derived value or a case reads a field that is none
 */
export function checkFormat(parts: Declared): void {
  for (const one of parts.derived)
    if (!Array.isArray(one?.inputs) || !Array.isArray(one.targets))
      throw invalid(`derived gives ${typeof one}, which is no derive(…)`)
  checkTargets(parts)
  checkPlaces(parts, parts.root)
  checkNames(parts)
}

function checkTargets(parts: Declared): void {
  const { first } = parts
  for (const path of first) requireTarget(String(path), 'first has')
  const scalars = new Map<string, LeafSource>()
  const mapped = new Map<string, { readonly whose: string; readonly type: MappingType }>()
  eachSource(parts, (path, list, source) => {
    const whose = nameOf(source)
    if (!(source.is === 'field' && source.use.below && ecsObjects.has(path))) requireTarget(path, `${whose} fills`)
    if (source.is === 'field') requireType(source, path)
    requireMapping(source, path, whose, mapped)
    if (!list) requireValue(source, path, whose)
    if (list || path === '@timestamp') return
    const other = scalars.get(path)
    const added = source.is === 'derived' && source.derived.enrichment !== undefined
    if (other && overlap(other, source) && (added || !first.includes(path)))
      throw invalid(
        added
          ? `${whose} fills ${path}, which ${nameOf(other)} fills already; leave it out there (\`format.fills\` tells), or fill a field of its own below labels.`
          : `${nameOf(other)} and ${whose} both fill ${path}; put it into \`first\` where the first of them that is present counts`,
      )
    if (!other) scalars.set(path, source)
  })
  checkAliases(parts)
}

/** An alias is one field's in an index, and finds what that field holds, as its type; of an address, its text, too. */
function checkAliases(parts: Declared): void {
  const leaves = once(() => leavesByPath(parts))
  const owners = new Map<string, string>()
  for (const table of tablesOf(parts))
    for (const [name, field] of Object.entries(table)) {
      const { aliases = [] } = field
      if (aliases.length === 0) continue
      const { path, mapping } = requireOwnTarget(name, field)
      if (leaves().get(path)!.sources.length > 1)
        throw invalid(
          `${name} is not the only one that fills ${path}, of which ${aliases[0]} would be an alias: make targets of them`,
        )
      for (const alias of aliases) {
        requireTarget(alias, `${name} has the alias`)
        const { type } = useOf(alias, mapping).mapping
        if (type !== mapping.type && !(type === 'keyword' && mapping.type === 'ip'))
          throw invalid(
            `${name} has the alias ${alias}, which is ${type}, for ${path}, which is ${mapping.type}: make a target of it`,
          )
        if (ecsLists.has(alias)) throw invalid(`${name} has the alias ${alias}, of which ECS makes a list`)
        const [filler] = leaves().get(alias)?.sources ?? []
        const owner = filler ? nameOf(filler) : owners.get(alias)
        if (owner !== undefined) throw invalid(`${name} has the alias ${alias}, which ${owner} fills`)
        owners.set(alias, name)
      }
    }
}

/** The first target of a field with aliases: a single value, which is the field's or absent. */
function requireOwnTarget(name: string, { targets: [first], mapping }: AnyField): TargetUse {
  if (!first) throw invalid(`${name} has aliases and no target that they could stand for`)
  const use = useOf(first, mapping)
  const fault = use.list || use.below ? 'is a list' : use.path === '@timestamp' ? "may be the object's time" : undefined
  if (fault) throw invalid(`${name} has aliases, and its first target, ${use.path}, ${fault}: make targets of them`)
  return use
}

function checkNames({ fields, cases, derived }: Declared): void {
  const tables = tablesOf({ fields, cases })
  const names = new Set(tables.flatMap((table) => Object.keys(table)))
  const spelled = new Map<string, string>()
  for (const table of tables)
    for (const [name, { spelled: others = [] }] of Object.entries(table))
      for (const one of others) {
        const whose = one !== name && names.has(one) ? one : spelled.get(one)
        if (whose !== undefined && whose !== name)
          throw invalid(`${name} is spelled ${one}, and so is ${whose}; a name is one field's`)
        spelled.set(one, name)
      }
  for (const one of derived)
    for (const name of one.inputs.map(sourceOf))
      if (!tables.some((table) => isPathOf(name, table)))
        throw invalid(
          `The derived value ${one.targets[0]?.path} reads "${name}", which is no field${isIt(name, names)}`,
        )
  for (const { when } of cases)
    if (!isPathOf(when.field, fields))
      throw invalid(`when() asks for "${when.field}", which is no field${isIt(when.field, Object.keys(fields))}`)
}

/** A field of the table, or a path inside one. */
function isPathOf(name: string, table: Fields): boolean {
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1))
    if (Object.hasOwn(table, name.slice(0, end))) return true
  return false
}

/** Whether both may hold a value in one record. */
function overlap({ when: a }: LeafSource, { when: b }: LeafSource): boolean {
  return !a || !b || a.field !== b.field || a.value === b.value
}

function requireType({ name, field, use }: Extract<LeafSource, { is: 'field' }>, path: string): void {
  const kind = kindOf(field)
  const { type } = use.mapping
  if (kind === undefined || use.below || takes[kind].includes(type)) return
  if (kind === 'pairs' && type === 'long' && (field.read as PairsReader).picked.get(use.path)?.part === 'port') return
  throw invalid(`${name} is ${field.type}, and ${path} takes ${type}: ${fieldsOf[type]}`)
}

/** Refuses one value where documents hold a list: of ECS's, or of the objects in a list of the log's. */
function requireValue(source: LeafSource, path: string, whose: string): void {
  if (ecsLists.has(path))
    throw invalid(
      `${whose} fills ${path}, of which ECS makes a list: ${source.is === 'constant' ? `${path}: ['…']` : `${path}[]`}`,
    )
  if (source.is === 'field' && source.name.includes('[].') && !source.use.below)
    throw invalid(`${whose} is a field of each object in a list, and ${path} takes one value: ${path}[]`)
}

/** One field of an index has one type: ECS's where ECS has it. */
function requireMapping(
  source: LeafSource,
  path: string,
  whose: string,
  mapped: Map<string, { readonly whose: string; readonly type: MappingType }>,
): void {
  if (source.is === 'constant') return
  const { mapping, below } = source.is === 'field' ? source.use : source.derived.targets[source.target]!
  const { type } = mapping
  if (below) return
  const ours = ecsType(path)
  const known = ours ? { whose: 'ECS', type: ours } : mapped.get(path)
  if (known && known.type !== type)
    throw invalid(`${whose} maps ${path} as ${type}, and ${known.whose} as ${known.type}; give it another target`)
  mapped.set(path, { whose, type })
}

function nameOf(source: LeafSource): string {
  if (source.is === 'field') return source.name
  if (source.is === 'constant') return 'constants'
  const { enrichment, inputs } = source.derived
  return enrichment === undefined
    ? `the derived value of ${inputs.map(sourceOf).join(', ')}`
    : `the enrichment ${enrichment}`
}

function invalid(what: string): FlowferryError {
  return new FlowferryError('INVALID_OPTION', what)
}
