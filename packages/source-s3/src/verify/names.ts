import type { KeyRange } from '../backfill/layout.ts'
import { type Lister, pagesOf } from '../backfill/list.ts'
import { type DigestName, digestName, timeOfStamp } from './digest.ts'

export const hour = 3_600_000

/** Behind the span, too: a log file is named by a digest that ends up to an hour after it, and that by the next one. */
export const behind = 3 * hour

export interface ListedKey {
  readonly key: string
  /** `2026/11/22` of its folders. One that is in no day's folder is of the day that it is listed behind. */
  readonly day: string
}

/** The keys of a range, in their order; folders of a console's are left out. */
export async function* keysIn(range: KeyRange, list: Lister): AsyncGenerator<ListedKey> {
  const one = (async function* () {
    yield range
  })()
  let day = dayOf(range.startAfter ?? '')
  for await (const [{ before }, page] of pagesOf(one, list))
    for (const { key, size } of page.objects) {
      if (before !== undefined && key >= before) return
      day = dayOf(key) || day
      if (!(key.endsWith('/') && !size)) yield { key, day }
    }
}

export interface ListedDigest extends ListedKey, DigestName {}

export async function* digestsIn(range: KeyRange, list: Lister): AsyncGenerator<ListedDigest> {
  for await (const listed of keysIn(range, list)) {
    const name = digestName(listed.key)
    if (name) yield { ...listed, ...name }
  }
}

/** The digests of each day, in the order of time: those of several trails stand one behind the other by their names. */
export async function* daysOf(digests: AsyncIterable<ListedDigest>): AsyncGenerator<[string, readonly ListedDigest[]]> {
  let day = ''
  let all: ListedDigest[] = []
  for await (const one of digests) {
    if (one.day !== day && all.length > 0) {
      yield [day, sorted(all)]
      all = []
    }
    day = one.day
    all.push(one)
  }
  if (all.length > 0) yield [day, sorted(all)]
}

const sorted = (all: ListedDigest[]) => all.sort((a, b) => a.end - b.end)

export interface Peekable {
  readonly peek: () => Promise<ListedKey | undefined>
  readonly next: () => Promise<ListedKey | undefined>
}

export function peekable(keys: AsyncGenerator<ListedKey>): Peekable {
  let ahead: Promise<ListedKey | undefined> | undefined
  const read = async () => (await keys.next()).value as ListedKey | undefined
  return {
    peek: () => (ahead ??= read()),
    next: () => {
      const first = ahead ?? read()
      ahead = undefined
      return first
    },
  }
}

/** `2026/11/22` of the folders below a region's, whatever is below them; empty where it has none. */
export function dayOf(key: string): string {
  return /(?:^|\/)CloudTrail[A-Za-z-]*\/[a-z]{2}(?:-[a-z]+)+-\d+\/(\d{4}\/\d\d\/\d\d)\//.exec(key)?.[1] ?? ''
}

const midnightOf = (day: string) => Date.parse(`${day.replaceAll('/', '-')}T00:00:00Z`)

export function dayBefore(day: string): string {
  return new Date(midnightOf(day) - 24 * hour).toISOString().slice(0, 10).replaceAll('-', '/')
}

/**
 * When a log file was delivered: `…_CloudTrail_eu-central-1_20261122T1015Z_FQjLwEBvrq5PBnt7.json.gz`. Anybody may name a
 * file anyhow, but it is listed by its folder. So a name that says another day than that is not heard, and the file is of
 * the day's beginning, or of the span's in it.
 *
 * @returns NaN where nothing says a time
 */
export function timeOfLog(key: string, day: string, start: number): number {
  const stamp = /_(\d{8}T\d{4}(?:\d\d)?Z)_[^/]*$/.exec(key)?.[1]
  const time = (stamp === undefined ? undefined : timeOfStamp(stamp)) ?? Number.NaN
  const midnight = midnightOf(day)
  const end = midnight + 24 * hour
  if (Number.isNaN(midnight) || (time >= midnight - behind && time < end)) return time
  return end > start ? Math.max(midnight, start) : midnight
}
