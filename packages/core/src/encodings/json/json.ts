import { requireOption } from '../../check-options.ts'
import { FlowferryError } from '../../errors.ts'
import { once } from '../../once.ts'
import type { Fields } from '../../schema/derive.ts'
import { isIt } from '../../schema/nearest.ts'
import { flattenedMapping } from '../../schema/objects.ts'
import type { Schema } from '../../schema/schema.ts'
import type { Encoding } from '../encoding.ts'
import { claimOf, nearOf } from './claims.ts'
import { compileFormat } from './compile.ts'
import { createEncoder } from './encode.ts'
import type { JsonOptions } from './options.ts'
import { parseJson } from './parse.ts'
import { isEnds } from './refusals.ts'

const options = ['records', 'id', 'wrapped', 'absent', 'unknown', 'claims', 'keys', 'refuse', 'common']

/**
 * Records that are JSON objects. A field's name is its path: `httpRequest.clientIp`, `labels[].name` for the objects of a
 * list, `[a.b].c` where a name has a dot of its own.
 *
 * @throws FlowferryError INVALID_OPTION where an option is not of its type, or names a field that the table does not have
 *
 * @example
 * encodings: [json({ records: 'each', claims: [['webaclId', 'httpRequest']] })]
 */
export function json(given: JsonOptions = {}): Encoding {
  requireJsonOptions(given)
  const unknownIn = (root: string) => given.unknown ?? `${root}.unknown`
  return {
    mapping: (root) => ({ [unknownIn(root)]: flattenedMapping }),
    bind: (schema) => {
      requireFields(schema, given)
      const format = once(() => compileFormat(withAbsent(schema, given.absent), unknownIn(schema.root), given))
      const bytes = once(() => createEncoder(format()))
      const { claims = [], keys, refuse = [], records = 'each' } = given
      const array = records === 'each' ? [] : [records.in].flat()
      const alone = membersAlone(given.wrapped)
      return {
        namesFields: true,
        claims: typeof claims === 'function' ? claims : (head) => claimOf(head, { claims, keys, array, alone, refuse }),
        near: (head) =>
          nearOf(head, schema, { claims: typeof claims === 'function' ? [] : claims, array, alone, refuse }),
        parse: (object, context) => parseJson(format(), bytes(), object, context),
      }
    },
  }
}

function membersAlone(wrapped: JsonOptions['wrapped'] = {}): string[] {
  return Object.keys(wrapped).filter((name) => wrapped[name] === 'alone')
}

/** The schema with a text that stands for "no value" in all of its fields. */
function withAbsent(schema: Schema, text: string | undefined): Schema {
  if (text === undefined) return schema
  const added = (fields: Fields): Fields =>
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, { ...field, absent: [...(field.absent ?? []), text] }]),
    )
  const cases = schema.cases.map((one) => ({ ...one, fields: added(one.fields) }))
  return { ...schema, fields: added(schema.fields), cases }
}

function requireJsonOptions(given: JsonOptions): void {
  const refuse = (what: string) => {
    throw new FlowferryError('INVALID_OPTION', what)
  }
  for (const name of Object.keys(given))
    if (!options.includes(name)) refuse(`json() takes no option "${name}"; it has ${options.join(', ')}`)
  const { records = 'each', id = [], claims = [] } = given
  const isList = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string')
  const names = typeof records === 'object' ? [records?.in].flat() : []
  const isIn = names.length > 0 && isList(names) && !names.includes('')
  requireOption(records === 'each' || isIn, 'records', records, "'each' or { in: 'Records' }")
  requireOption(isList(id), 'id', id, 'a list of fields')
  const { absent, unknown, keys, wrapped } = given
  const ways = Object.values(wrapped ?? {})
  requireOption(
    ways.every((way) => way === 'joined' || way === 'alone') && typeof (wrapped ?? {}) === 'object',
    'wrapped',
    wrapped,
    "names of members, each 'joined' or 'alone'",
  )
  requireOption(absent === undefined || typeof absent === 'string', 'absent', absent, 'a text')
  if (unknown !== undefined && !/^(aws|custom)\.[^.\s[\]]+(\.[^.\s[\]]+)*$/.test(unknown))
    refuse(`unknown is "${String(unknown)}"; it takes a field that begins with aws. or custom.`)
  requireOption(keys === undefined || keys instanceof RegExp, 'keys', keys, 'a regular expression')
  requireOption(
    Array.isArray(claims) || typeof claims === 'function',
    'claims',
    claims,
    'a list of names, or a function',
  )
}

function requireFields({ fields }: Schema, { id = [], refuse = [] }: JsonOptions): void {
  const need = (name: string, whose: string) => {
    if (!Object.hasOwn(fields, name))
      throw new FlowferryError(
        'INVALID_OPTION',
        `${whose} has ${name}, which is no field of the format${isIt(name, Object.keys(fields))}`,
      )
  }
  for (const name of id) need(name, 'id')
  for (const one of refuse) if (isEnds(one)) need(one.path, 'refuse')
  if (Object.hasOwn(fields, 'kind'))
    throw new FlowferryError('INVALID_OPTION', 'A field is called kind, as a member that every record has')
}
