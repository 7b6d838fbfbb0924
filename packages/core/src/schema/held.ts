import type { MappingType } from '../types.ts'
import type { AnyField } from './fields.ts'
import { partAt } from './parts.ts'
import { useOf } from './targets.ts'

/** A target of which the value, or one part of it, may be more than it takes. */
interface Target {
  readonly path: string
  readonly type: MappingType
}

/** For each field the targets of each part of its values that no text holds; none where nothing can be refused. */
const known = new WeakMap<AnyField, readonly (readonly Target[])[]>()

function refusing(field: AnyField): readonly (readonly Target[])[] {
  const seen = known.get(field)
  if (seen) return seen
  const parts = new Map<string, Target[]>()
  for (const target of field.targets) {
    const { path, mapping } = useOf(target, field.mapping)
    const part = partAt(field, path) ?? ''
    parts.set(part, [...(parts.get(part) ?? []), { path, type: mapping.type }])
  }
  const found = [...parts.values()].filter((targets) => targets.every(({ type }) => type === 'ip'))
  known.set(field, found)
  return found
}

/** Whether a value of the field may be one that its targets do not hold. */
export function mayRefuse(field: AnyField): boolean {
  return field.fits !== undefined || refusing(field).length > 0
}

/**
 * Whether the document holds all of a value that the field read. A target of type `ip` refuses text that is no address, and
 * a field without targets a value that does not fit what is derived from it: the value is kept as it is where the format
 * keeps what it does not know.
 */
export function isHeld(field: AnyField, value: unknown): boolean {
  const { fits, write } = field
  if (fits && !(Array.isArray(value) ? value : [value]).every((one) => fits(one as string))) return false
  return refusing(field).every((targets) => {
    const written = targets.map(({ path, type }) => sizeOf(write(value as never, type, path)))
    const size = sizeOf(write(value as never, 'keyword', targets[0]!.path))
    return size === 0 || written.some((one) => one >= size)
  })
}

/**
 * The value of an input, for a function of an engine.
 *
 * @throws TypeError where it does not fit: the plain path keeps it
 */
export function fitting<V>(field: AnyField, value: V): V {
  if (field.fits && value !== undefined && !isHeld(field, value)) throw new TypeError('refused')
  return value
}

/** How many values it is. */
function sizeOf(written: unknown): number {
  return Array.isArray(written) ? written.length : written === undefined ? 0 : 1
}
