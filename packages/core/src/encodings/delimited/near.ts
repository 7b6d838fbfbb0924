import { kindOf } from '../../schema/fields.ts'
import { fieldNamed } from '../../schema/layout.ts'
import { isAddress } from '../../schema/values.ts'
import { firstOf } from '../../text.ts'
import type { NearMiss, ObjectHead } from '../../types.ts'
import { headLines } from './claims.ts'
import type { CompiledTable } from './compiled.ts'
import { valuesOf } from './values.ts'

/** What the first line has of the table's names, or of the values of a layout, and what it has not. */
export function nearTable(table: CompiledTable, head: ObjectHead, stated?: readonly string[]): NearMiss | undefined {
  const line = [...headLines(head)].find((one) => table.header(one) !== 'skip')
  if (line === undefined || line.trim() === '') return undefined
  const texts = valuesOf(line, table)
  const layout = stated ?? table.headerless?.fields
  const all = [nearNames(table.schema, texts), layout && nearLayout(table, texts, layout, stated !== undefined)]
  return all.flatMap((one) => one ?? []).sort((a, b) => b.share - a.share)[0]
}

/** A header's names that the table has. */
export function nearNames(schema: CompiledTable['schema'], names: readonly string[]): NearMiss | undefined {
  const others = names.filter((name) => schema.nameOf(name) === undefined)
  const known = names.length - others.length
  // One name is a word.
  if (known < 2) return undefined
  const not =
    others.length > 0
      ? `, and not ${firstOf(others, 5, (name) => name.slice(0, 60))}`
      : ', and none that other logs do not have'
  return { share: known / names.length, lacks: `its header has ${known} of ${names.length} names of the format${not}` }
}

/** Values that their fields can hold, where one of them at least is more than a text. */
function nearLayout(
  { schema, absent }: CompiledTable,
  texts: readonly string[],
  layout: readonly string[],
  isStated: boolean,
): NearMiss | undefined {
  const odd: string[] = []
  let fitting = 0
  let telling = 0
  for (const [i, text] of texts.slice(0, layout.length).entries()) {
    const name = schema.nameOf(layout[i]!) ?? layout[i]!
    const field = fieldNamed(schema, name)
    if (!field || text === absent || text === '' || field.absent?.includes(text)) continue
    const isText = field.mapping.type === 'keyword' && kindOf(field) !== 'ip'
    const fits = field.read(text) !== undefined && (kindOf(field) !== 'ip' || isAddress(text))
    if (!fits) odd.push(`${name} is ${JSON.stringify(text.slice(0, 40))}, and no ${field.type}`)
    else if (isText) fitting += 0.5
    else {
      fitting++
      telling++
    }
  }
  // Small numbers and addresses fit many fields: what fits none counts against it.
  if (telling < 2 || odd.length > telling / 2) return undefined
  const what = isStated ? 'the layout that is stated' : 'its default layout'
  const size = texts.length === layout.length ? [] : [`${texts.length} values where ${what} has ${layout.length}`]
  const lacks = [...size, ...odd.slice(0, 2)]
  return {
    share: fitting / Math.max(texts.length, layout.length),
    lacks: lacks.join('; ') || `it has the values of ${what}, but for one that tells it from other logs`,
  }
}
