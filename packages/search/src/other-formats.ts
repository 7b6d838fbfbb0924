import type { IndexTemplate, InstalledBody } from './template.ts'

/** An index template as the engine answers with it. */
export interface InstalledTemplate {
  readonly template?: InstalledBody
  readonly _meta?: { readonly managed_by?: unknown; readonly kind?: unknown }
}

type Properties = IndexTemplate['template']['mappings']['properties']

/**
 * A dataset's template with the fields that the installed one has for formats which are not among the wanted. Formats of a
 * dataset may be set up one by one, as each parser's own Lambda does: the last one would take the others' fields away. What
 * both have is as wanted.
 */
export function withOtherFormats(wanted: IndexTemplate, installed: InstalledTemplate | undefined): IndexTemplate {
  const { managed_by: owner, kind } = installed?._meta ?? {}
  const kinds = new Set(kindsOf(wanted._meta.kind))
  const all = owner === 'flowferry' && typeof kind === 'string' ? new Set([...kinds, ...kindsOf(kind)]) : kinds
  if (all.size === kinds.size) return wanted
  const properties = merged(
    wanted.template.mappings.properties,
    (installed!.template?.mappings?.properties ?? {}) as Properties,
  )
  return {
    ...wanted,
    template: { ...wanted.template, mappings: { ...wanted.template.mappings, properties } },
    _meta: { ...wanted._meta, kind: [...all].sort().join(', ') },
  }
}

const kindsOf = (kind: string): string[] => kind.split(', ')

function merged(wanted: Properties, installed: Properties): Properties {
  const names = Object.keys(wanted)
  const properties: Record<string, Properties[string]> = {}
  for (const [name, property] of Object.entries(installed)) {
    const hasPlace = !names.some((one) => one.startsWith(`${name}.`) || name.startsWith(`${one}.`))
    if (hasPlace && !Object.hasOwn(wanted, name)) properties[name] = property
  }
  for (const [name, property] of Object.entries(wanted)) {
    const before = installed[name]
    const copies = (before?.copy_to ?? []).filter((one) => Object.hasOwn(properties, one))
    const isNotConstant = property.type === 'constant_keyword' && before !== undefined && before.type !== property.type
    properties[name] = isNotConstant
      ? before
      : copies.length > 0
        ? { ...property, copy_to: [...(property.copy_to ?? []), ...copies] }
        : property
  }
  return properties
}
