/** Things of which the same is to be said: told once, with their number. */
export interface Alike<T> {
  readonly first: T
  readonly all: readonly T[]
}

/** The things by what `wordsOf` says of each, numbers apart, in the order of their first. */
export function alike<T>(things: Iterable<T>, wordsOf: (thing: T) => string): Alike<T>[] {
  const groups = new Map<string, T[]>()
  for (const thing of things) {
    const key = withoutNumbers(wordsOf(thing))
    const group = groups.get(key)
    if (group) group.push(thing)
    else groups.set(key, [thing])
  }
  return [...groups.values()].map((all) => ({ first: all[0]!, all }))
}

/** `ended after 120 of 4,500 bytes` and `ended after 80 of 90 bytes` are the same. */
export const withoutNumbers = (text: string): string => text.replace(/\d[\d,.]*/g, '#')
