/** Values at a path that end in none of these texts: their records are of another format. */
export interface Ends {
  readonly path: string
  readonly texts: readonly [string, ...string[]]
}

/** Members that only objects of another kind have, all of them. */
export interface Has {
  readonly members: readonly [string, ...string[]]
  /** What such an object is, for the error. */
  readonly reason?: string
}

/** What `json({ refuse })` takes: `unlessEnds` or `has`. */
export type Refusal = Ends | Has

/**
 * Records whose text at `path` ends in none of these are not of the format: they are malformed, and no object is claimed by
 * them. A record that has no text there is not asked.
 *
 * @param texts the usual one first: a record that ends in another is read more slowly
 *
 * @example
 * json({ records: { in: 'Records' }, refuse: [unlessEnds('eventSource', '.amazonaws.com')] })
 */
export function unlessEnds(path: string, ...texts: readonly [string, ...string[]]): Ends {
  return { path, texts }
}

/**
 * Objects with a record that has all of these members are not of the format: they fail as a whole.
 *
 * @param reason what such an object is, for the error
 */
export function has(members: string | readonly [string, ...string[]], reason?: string): Has {
  return { members: typeof members === 'string' ? [members] : members, ...(reason !== undefined && { reason }) }
}

export function isEnds(refusal: Refusal): refusal is Ends {
  return 'path' in refusal
}

/** Whether a value says that its record is of another format. */
export function isForeign({ texts }: Ends, value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !texts.some((text) => value.endsWith(text))
}
