import { invalid } from '../queue/options.ts'
import { enter, hasSeries, type KeyRange, type Place, rangeOf, type Series, seriesOf, type Wanted } from './layout.ts'
import type { Lister, Listing } from './list.ts'

/** Folders of no known layout that are looked into, and pages of files in them: what has more is no archive of logs. */
const mostFolders = 1000
const mostPages = 100

export interface PlanOptions {
  /** Only keys that begin with it. It may end anywhere. */
  readonly prefix: string
  readonly wanted: Wanted
  /** Nothing up to this key is planned. */
  readonly after?: string | undefined
  /** Told what is left out although it may be wanted. */
  readonly onNote?: ((note: string) => void) | undefined
}

/**
 * Where in a bucket the objects of a span stand: ranges of keys in the bucket's own order, found by listing folders.
 * Costs one request or a few for each folder above the dates, and none for a day.
 */
export async function* plan(list: Lister, options: PlanOptions): AsyncGenerator<KeyRange> {
  const { prefix, wanted, after, onNote } = options
  let folders = 0
  let pages = 0
  const noted = new Set<string>()

  let top: Place = { path: '', dates: [] }
  for (const name of prefix.split('/').slice(0, -1)) {
    const next = enter(top, name, wanted, true)
    if (!next) return
    if ('prefix' in next) {
      yield* remaining({ ...next, prefix })
      return
    }
    top = next
  }
  yield* walk(top, prefix)

  async function* walk(here: Place, within: string): AsyncGenerator<KeyRange> {
    let from: { readonly startAfter?: string; readonly token?: string } | undefined = {}
    while (from) {
      const page: Listing = await list({ prefix: within, delimiter: '/', ...from })
      if (here.service === undefined && from.token !== undefined && ++pages > mostPages)
        throw tooMuch(`${mostPages} pages of files`)
      from = page.token === undefined ? undefined : { ...from, token: page.token }
      for (const name of namesOf(page)) {
        if (name.endsWith('/')) {
          yield* descend(here, name.slice(here.path.length, -1))
          continue
        }
        const series = seriesOf(name.slice(here.path.length))
        if (series) {
          for (const range of filesOf(here, series))
            yield* remaining(within.startsWith(range.prefix) ? { ...range, prefix: within } : range)
          // On behind all of its files, wanted or not: `:` sorts behind the digits.
          from = { startAfter: `${here.path}${series.stem}:` }
          break
        }
        if (here.service?.folders === 'any') yield* remaining({ prefix: name, service: here.service })
      }
    }
  }

  async function* descend(here: Place, name: string): AsyncGenerator<KeyRange> {
    const next = enter(here, name, wanted)
    if (!next) return
    if ('prefix' in next) {
      yield* remaining(next)
      return
    }
    if (isBehind(next.path)) return
    const strange = next.service === undefined && next.account === undefined && next.dates.length === 0
    if (strange && ++folders > mostFolders) throw tooMuch(`${mostFolders} folders`)
    yield* walk(next, next.path)
  }

  function* filesOf(here: Place, series: Series): Generator<KeyRange> {
    const services = here.service ? [here.service] : wanted.services.values()
    for (const service of services) {
      // In a service's own folder a file of any name is its log.
      if (here.service?.folders !== 'any' && !hasSeries(service, series)) continue
      if (wanted.accounts && here.account === undefined) {
        if (!noted.has(service.name)) onNote?.(`left out: files of ${service.name} whose keys name no account`)
        noted.add(service.name)
        continue
      }
      const range = rangeOf(here, series, service, wanted)
      if (range) yield range
    }
  }

  /** What of a range comes after the key that all is done up to. */
  function* remaining(range: KeyRange): Generator<KeyRange> {
    if (isBehind(range.prefix)) return
    const { startAfter = '' } = range
    if (after?.startsWith(range.prefix) && inKeyOrder(startAfter, after) < 0) yield { ...range, startAfter: after }
    else yield range
  }

  function isBehind(prefix: string): boolean {
    return after !== undefined && inKeyOrder(prefix, after) < 0 && !after.startsWith(prefix)
  }

  function tooMuch(what: string): Error {
    return invalid(
      `\`prefix\` is ${JSON.stringify(prefix)}, and below it are more than ${what} that no layout of logs explains; it takes the folder above AWSLogs or above the log files`,
    )
  }
}

/** Files and folders of a page, merged as S3 orders them. */
function namesOf({ objects, folders }: Listing): string[] {
  return [...objects.map(({ key }) => key), ...folders].sort(inKeyOrder)
}

/** S3 lists keys by their UTF-8 bytes. */
function inKeyOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
