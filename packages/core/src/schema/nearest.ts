/** `; is it "name"?` where one of the names is written nearly so; else nothing. */
export function isIt(written: string, names: Iterable<string>): string {
  let nearest: string | undefined
  // A letter in four may be wrong, and two in a short name.
  let least = Math.max(2, Math.floor(written.length / 4)) + 1
  for (const name of names) {
    const steps = distance(written.toLowerCase(), name.toLowerCase())
    if (steps >= least) continue
    least = steps
    nearest = name
  }
  return nearest === undefined ? '' : `; is it "${nearest}"?`
}

/** Letters to put in, leave out or change, from one text to the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, length) => length)
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++)
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (from[i] === to[j] ? 0 : 1)))
    row = next
  }
  return row[to.length]!
}
