/** Times that digests cover, in milliseconds since 1970: ranges in their order, and whether validation began with each. */
export type Coverage = readonly { readonly start: number; readonly end: number; readonly isFirst: boolean }[]

/** Joins the times of digests, which come nearly in their order, to few ranges. */
export function cover(former: Coverage = []) {
  let ranges: { start: number; end: number; isFirst: boolean }[] = former.map((range) => ({ ...range }))
  return {
    /** @param isFirst Whether no digest is before it, so that what is older is not signed for */
    add(start: number, end: number, isFirst: boolean): void {
      const all = [...ranges, { start, end, isFirst }].sort((a, b) => a.start - b.start)
      ranges = []
      for (const one of all) {
        const last = ranges.at(-1)
        if (last && one.start <= last.end + 1000) {
          last.end = Math.max(last.end, one.end)
          // The same digest once more, now that it is proven.
          last.isFirst ||= one.isFirst && one.start === last.start
        } else ranges.push(one)
      }
    },
    end: () => ranges.at(-1)?.end ?? Number.NEGATIVE_INFINITY,
    /**
     * Where the minute of a file's delivery is: in a range, behind all, between two or before validation began, or before
     * what was looked at.
     */
    at(time: number): 'inside' | 'behind' | 'between' | 'before' {
      const minute = 60_000
      const [first] = ranges
      if (!first || time >= ranges.at(-1)!.end) return 'behind'
      if (ranges.some(({ start, end }) => start < time + minute && time < end)) return 'inside'
      return time < first.start && !first.isFirst ? 'before' : 'between'
    },
    state: (): Coverage => ranges.map((range) => ({ ...range })),
  }
}
