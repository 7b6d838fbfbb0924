import { isDeepStrictEqual } from 'node:util'
import { FlowferryError } from '../errors.ts'
import type { FieldAlias, Format, MappingProperty } from '../types.ts'

/**
 * One format for each dataset: formats of one dataset share a data stream and a table, which have the fields of all. A
 * format that is alone in its dataset is given back as it is. Of several, `kind` and `title` name all, and the records'
 * `time` is none.
 *
 * @throws FlowferryError INVALID_OPTION where formats of one dataset disagree: on a field's mapping, on whether it is a
 *   list, on what another name stands for, or on the view in DuckDB
 *
 * @example
 * const parser = detect([albAccess, nlbAccess, elbAccess])
 * for (const format of datasets(parser.formats)) console.log(format.dataset, Object.keys(format.mapping).length)
 */
export function datasets(formats: readonly Format[]): Format[] {
  const byDataset = new Map<string, Set<Format>>()
  for (const format of formats) {
    const known = byDataset.get(format.dataset) ?? new Set()
    byDataset.set(format.dataset, known.add(format))
  }
  return Array.from(byDataset.values(), (all) => shared([...all]))
}

function shared(formats: readonly Format[]): Format {
  const [first, ...others] = formats as [Format, ...Format[]]
  if (others.length === 0) return first
  const { dataset } = first
  const other = others.find(({ view }) => view !== first.view)
  if (other) refuse(first, other, 'its view', viewOf(first), viewOf(other))
  // In any order the same, so that a second `setup` changes nothing.
  const sorted = formats.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
  const aliases = aliasesOf(sorted)
  return {
    kind: [...new Set(sorted.map(({ kind }) => kind))].join(', '),
    title: [...new Set(sorted.map(({ title }) => title))].join(', '),
    dataset,
    mapping: mappingOf(sorted, aliases),
    aliases: Object.fromEntries([...aliases].map(([name, { of }]) => [name, of])),
    ...(first.view !== undefined && { view: first.view }),
    fields: sorted.flatMap(({ fields }) => fields),
    archive: sorted.flatMap(({ archive }) => archive),
  }
}

/** What a name is in one of the formats. */
interface Known<T> {
  readonly format: Format
  readonly of: T
}

function aliasesOf(formats: readonly Format[]): Map<string, Known<FieldAlias>> {
  const aliases = new Map<string, Known<FieldAlias>>()
  for (const format of formats)
    for (const [name, of] of Object.entries(format.aliases ?? {})) {
      const known = aliases.get(name) ?? { format, of }
      if (!isDeepStrictEqual(known.of, of)) refuse(known.format, format, name, toldAlias(known.of), toldAlias(of))
      aliases.set(name, known)
    }
  return aliases
}

function mappingOf(
  formats: readonly Format[],
  aliases: ReadonlyMap<string, Known<FieldAlias>>,
): Record<string, MappingProperty> {
  const fields = new Map<string, Known<MappingProperty>>()
  for (const format of formats)
    for (const [name, of] of Object.entries(format.mapping)) {
      const alias = aliases.get(name)
      if (alias) refuse(alias.format, format, name, toldAlias(alias.of), told(of))
      const known = fields.get(name) ?? { format, of }
      if (!isDeepStrictEqual(withoutConstant(known.of), withoutConstant(of)))
        refuse(known.format, format, name, told(known.of), told(of))
      fields.set(name, known)
    }
  requirePlaces(new Map<string, Known<unknown>>([...fields, ...aliases]))
  return Object.fromEntries(
    Array.from(fields, ([name, { of }]) => {
      const isConstant = formats.every(({ mapping }) => mapping[name]?.constant === of.constant)
      return [name, isConstant ? of : withoutConstant(of)]
    }),
  )
}

function withoutConstant({ constant: _, ...property }: MappingProperty): MappingProperty {
  return property
}

/** A value cannot stand where another format has an object. */
function requirePlaces(names: ReadonlyMap<string, Known<unknown>>): void {
  for (const [name, { format }] of names)
    for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
      const above = name.slice(0, end)
      const known = names.get(above)
      if (known && known.format !== format) refuse(known.format, format, above, 'a value', `an object, with ${name}`)
    }
}

const told = (property: MappingProperty): string => JSON.stringify(withoutConstant(property))
const toldAlias = ({ path, type }: FieldAlias): string => `another name of ${path}, as ${type}`
const viewOf = ({ view }: Format): string => view ?? 'that of its table'

function refuse(one: Format, other: Format, what: string, here: string, there: string): never {
  throw new FlowferryError(
    'INVALID_OPTION',
    `${one.kind} and ${other.kind} have one dataset, ${one.dataset}, and disagree on ${what}: ${here} in ${one.kind}, ${there} in ${other.kind}. Give one of them another dataset, or make them agree`,
  )
}
