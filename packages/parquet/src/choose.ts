import type { FormatParser } from '@flowferry/core'
import { firstOf } from '@flowferry/core/internal'
import { type Column, shown } from './footer.ts'

/** A format and the columns of a file, by the names that its table has for them. */
export interface Choice {
  readonly format: FormatParser<unknown>
  readonly names: readonly string[]
  /** Columns that the table knows. */
  readonly known: number
}

/** `cs(User-Agent)`, `cs_user_agent` and `DistributionId`, as Parquet may have them, are one name each. */
const plain = (name: string) => name.toLowerCase().replace(/[^a-z\d]/g, '')

const spellings = new WeakMap<object, ReadonlyMap<string, string>>()

function spellingsOf({ schema }: FormatParser<unknown>): ReadonlyMap<string, string> {
  const seen = spellings.get(schema)
  if (seen) return seen
  const found = new Map<string, string>()
  const tables = [schema.fields, ...schema.cases.map(({ fields }) => fields)]
  for (const table of tables)
    for (const [name, { spelled = [] }] of Object.entries(table))
      for (const one of [name, ...spelled]) if (!found.has(plain(one))) found.set(plain(one), name)
  spellings.set(schema, found)
  return found
}

export function choiceOf(format: FormatParser<unknown>, columns: readonly Column[]): Choice {
  const table = spellingsOf(format)
  let known = 0
  const names = columns.map(({ name }) => {
    const found = table.get(plain(name))
    if (found !== undefined) known++
    // Columns are told apart by their names, one a line.
    return found ?? name.replaceAll('\n', ' ')
  })
  return { format, names, known }
}

/**
 * The formats whose table knows the most of the columns, and half of them at least: one, where the columns tell. Of equal
 * ones those that name their fields elsewhere, too.
 *
 * @param count How many columns the file has, with those that are not read
 */
export function choices(
  formats: readonly FormatParser<unknown>[],
  columns: readonly Column[],
  count: number,
): readonly Choice[] {
  const all = formats.map((format) => choiceOf(format, columns))
  const most = Math.max(...all.map(({ known }) => known))
  if (most * 2 < count || most === 0) return []
  const best = all.filter(({ known }) => known === most)
  const naming = best.filter(({ format }) => format.namesFields)
  return naming.length > 0 ? naming : best
}

/** A field of each format that none of the others has: `interface-id, resource-type`. */
export function telling(found: readonly Choice[]): string {
  const tables = found.map(({ format }) => spellingsOf(format))
  const own = tables.map((table) =>
    [...table].find(([name]) => tables.every((other) => other === table || !other.has(name))),
  )
  return own.flatMap((one) => one?.[1] ?? []).join(', ')
}

/** Names of columns as an error has them. */
export function namesOf(names: readonly string[]): string {
  return firstOf(names, 12, shown)
}

/** Amazon Security Lake's files, in the Open Cybersecurity Schema Framework. */
export const isSecurityLake = (columns: readonly Column[]): boolean => columns.some(({ name }) => name === 'class_uid')

/** CloudTrail's events out of Athena or an event data store, with their objects as text: nested ones are refused before. */
export const isCloudTrail = (columns: readonly Column[]): boolean =>
  ['eventversion', 'useridentity', 'eventname'].every((known) =>
    columns.some(({ name }) => name.toLowerCase() === known),
  )
