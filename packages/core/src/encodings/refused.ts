/**
 * Counts of the fields whose values a batch's documents could not hold, among those of the fields that are unknown. They are
 * seen when the documents are made, and counted once a record, however often that is: a look at each value beforehand would
 * cost all records what few need.
 */
export class Refused {
  readonly #counts: Record<string, number>
  readonly #seen = new Set<number>()
  /** @param counts The batch's unknown fields, which are added to. */
  constructor(counts: Record<string, number>) {
    this.#counts = counts
  }

  /** What to tell of each refused value of one record. */
  of(index: number): (name: string) => void {
    if (this.#seen.has(index)) return () => undefined
    const names = new Set<string>()
    return (name) => {
      this.#seen.add(index)
      if (names.has(name)) return
      names.add(name)
      this.#counts[name] = (Object.hasOwn(this.#counts, name) ? this.#counts[name]! : 0) + 1
    }
  }
}
