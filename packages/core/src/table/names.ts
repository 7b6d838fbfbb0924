/** Names that a column cannot have in a record: what the record or every object has already. */
export const reserved: ReadonlySet<string> = new Set(['kind', ...Object.getOwnPropertyNames(Object.prototype)])

/** The name, or the first of `name_2`, `name_3`, … that is not taken; it is taken then. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name}_${number}`
  taken.add(free)
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
