import type { Format, MappingType } from '@flowferry/core'
import { ecsLists, isIt } from '@flowferry/core/internal'
import { refused } from './refuse.ts'

/** A field of a question, found in the formats. */
export interface Field {
  /** As the question has it. */
  readonly name: string
  /** Where documents hold it: that of an alias is another. */
  readonly path: string
  readonly type: MappingType
  /** Whether a document may hold several values. */
  readonly isList: boolean
  /** Whether stores can group and sort by it, and count it. */
  readonly hasColumn: boolean
  /** The flattened field that it is a part of. */
  readonly below?: string
}

const always: Format['mapping'] = { '@timestamp': { type: 'date' } }

/** Names that a format has for a field of its own. */
const mappingOf = (format: Format): Format['mapping'] => ({ ...always, ...format.mapping })

/**
 * The field of this name, which one of the formats has to have. Where several do, it has to be the same.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function findField(formats: readonly Format[], name: string, where: string): Field {
  const found = formats.flatMap((format) => {
    const field = fieldOf(format, name)
    return field ? [{ field, format }] : []
  })
  const [first, ...others] = found
  if (!first) {
    const names = formats.flatMap((format) => [...Object.keys(mappingOf(format)), ...Object.keys(format.aliases ?? {})])
    const of = formats.map(({ dataset }) => dataset).join(' or ')
    throw refused(where, `asks "${name}", which is no field of ${of}${isIt(name, names)}`)
  }
  for (const { field, format } of others)
    if (field.path !== first.field.path || field.type !== first.field.type || field.isList !== first.field.isList)
      throw refused(
        where,
        `asks "${name}", which is ${told(first.field)} in ${first.format.dataset}, and ${told(field)} in ${format.dataset}; ask each by itself`,
      )
  return first.field
}

const told = ({ path, type, isList }: Field): string => `${path}, ${isList ? 'a list of ' : ''}${type}`

function fieldOf(format: Format, name: string): Field | undefined {
  const mapping = mappingOf(format)
  const path = Object.hasOwn(mapping, name) ? name : aliasPath(format, name)
  const property = mapping[path ?? name]
  if (property) {
    const { type, list, doc_values } = property
    const isList = list !== undefined || ecsLists.has(path!)
    const hasColumn = doc_values !== false && !['text', 'flattened', 'geo_point'].includes(type)
    return { name, path: path!, type, isList, hasColumn }
  }
  for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
    const below = name.slice(0, end)
    if (mapping[below]?.type === 'flattened')
      return { name, path: name, type: 'keyword', isList: true, hasColumn: false, below }
  }
  return undefined
}

function aliasPath({ aliases = {} }: Format, name: string): string | undefined {
  return Object.hasOwn(aliases, name) ? aliases[name]!.path : undefined
}
