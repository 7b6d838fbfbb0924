import { FlowferryError } from '../errors.ts'
import type { MappingProperty, MappingType } from '../types.ts'
import { ecsNames, ecsType, type Target } from './ecs.ts'
import { isIt } from './nearest.ts'

/** A target with a mapping of its own, where ECS's or the field's would not do. */
export interface TypedTarget {
  readonly target: Target
  readonly mapping: MappingProperty
  /** The fields below it, where it holds objects: dotted name to mapping. */
  readonly below?: Readonly<Record<string, MappingProperty>>
}

/** A target as a layout takes it. */
export interface TargetUse {
  /** Without the `[]` that says "append". */
  readonly path: string
  readonly list: boolean
  readonly mapping: MappingProperty
  readonly below?: Readonly<Record<string, MappingProperty>>
}

/** 8,191 characters of four bytes stay below Lucene's longest term, 32,766 bytes. */
export const keywordMapping: MappingProperty = { type: 'keyword', ignore_above: 8191 }

/**
 * A target that is mapped in a way of its own: `typed('aws.cloudtrail.management_event', 'keyword')` keeps a boolean as a
 * keyword.
 */
export function typed(target: Target, mapping: MappingType | MappingProperty): TypedTarget {
  if (typeof mapping !== 'string') return { target, mapping }
  return { target, mapping: mapping === 'keyword' ? keywordMapping : { type: mapping } }
}

/** The same time as `@timestamp`, which has the index: it stays a value of its own, since a record may lack it. */
export const endOfEvent = /* @__PURE__ */ typed('event.end', { type: 'date', index: false })

/** A target's place, and what an index should map it as: ECS's type where ECS has the field, else the field's own. */
export function useOf(target: Target | TypedTarget, own: MappingProperty): TargetUse {
  if (typeof target === 'object') {
    const { target: name, mapping, below } = target
    return { ...placeOf(name), mapping, ...(below && { below }) }
  }
  const place = placeOf(target)
  const type = ecsType(place.path)
  if (type === undefined) return { ...place, mapping: own }
  return { ...place, mapping: type === 'keyword' ? keywordMapping : { type } }
}

function placeOf(target: Target): { readonly path: string; readonly list: boolean } {
  const list = target.endsWith('[]')
  return { path: list ? target.slice(0, -2) : target, list }
}

/**
 * The compiler says so, too; a table that is written in JavaScript meets it here.
 *
 * @param says Who does what with it: `srcaddr fills`
 * @throws FlowferryError INVALID_OPTION for a name that neither ECS nor a namespace of ours has
 */
export function requireTarget(path: string, says: string): void {
  if (ecsType(path) || /^(aws|labels|custom)\.[^.\s[\]]+(\.[^.\s[\]]+)*$/.test(path)) return
  throw new FlowferryError(
    'INVALID_OPTION',
    `${says} "${path}", which is no field of ECS that is known here${isIt(path, ecsNames())}; others begin with aws., labels. or custom.`,
  )
}
