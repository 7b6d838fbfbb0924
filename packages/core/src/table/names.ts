/** Names that a column cannot have in a record: what the record or every object has already. */
export const reserved: ReadonlySet<string> = new Set(['kind', ...Object.getOwnPropertyNames(Object.prototype)])

/** Names that are taken, and the last number that was put behind each. */
export type Taken = Map<string, number>

export function takenNames(names: Iterable<string>): Taken {
  return new Map(Array.from(names, (name) => [name, 1]))
}

/** The name, or the first of `name_2`, `name_3`, … that is not taken; it is taken then. */
export function freeName(name: string, taken: Taken): string {
  let free = name
  let number = taken.get(name) ?? 1
  while (taken.has(free)) free = `${name}_${++number}`
  taken.set(name, number)
  taken.set(free, taken.get(free) ?? 1)
  return free
}

/** `cs(User-Agent)` to `cs_user_agent`; `field` where it has no letter or digit of ASCII's. */
export function snakeCase(name: string): string {
  return (
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .toLowerCase() || 'field'
  )
}
