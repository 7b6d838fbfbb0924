import { UsageError } from '../io.ts'
import { jsonIn, readIfThere, replaceFile, requireSameRun } from '../whole-file.ts'

/** What a backfill is about: a checkpoint of another one must not be gone on from. */
export interface BackfillIdentity {
  readonly source: string
  readonly target: string
  readonly formats: readonly string[]
  readonly accounts: readonly string[]
  readonly regions: readonly string[]
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly since: string
  readonly until: string
  readonly late: string
}

/** How far a backfill is. Bounded: objects are done nearly in the order of their keys. */
interface CheckpointFile {
  readonly version: 1
  readonly backfill: BackfillIdentity
  /** The times that `since` and `until` meant when it began. */
  readonly span: { readonly from: string; readonly to: string }
  /** All up to this key is done. */
  readonly through?: string
  /** Done behind it. */
  readonly done: readonly string[]
  readonly objects: number
  readonly failed: number
  readonly finished: boolean
}

export interface Checkpoint {
  readonly span: { readonly from: Date; readonly to: Date }
  /** Nothing up to here is to be listed. */
  readonly after?: string
  /** Objects that former runs did, failed ones included. */
  readonly objects: number
  readonly failed: number
  readonly finished: boolean
  /** An object is in work from now on; false when a former run did it. Keys come in their order. */
  readonly begin: (key: string) => boolean
  /** The object is done, or its failure is noted. */
  readonly settle: (key: string, failed?: boolean) => void
  /** Writes what is settled; `finished` when nothing is left. Rejects when the file could not be written at any time. */
  readonly close: (finished: boolean) => Promise<void>
}

interface Entry {
  readonly key: string
  settled: boolean
}

/** How often the file is written, in milliseconds. */
const pause = 1000

/**
 * Keeps in a file how far a backfill is, and goes on from it. The file is replaced as a whole, so that a kill at any
 * time leaves one that holds. It tells less than was done, never more: what is done twice is stored once.
 */
export async function openCheckpoint(
  path: string | undefined,
  backfill: BackfillIdentity,
  span: { readonly from: Date; readonly to: Date },
): Promise<Checkpoint> {
  const former = path === undefined ? undefined : await read(path, backfill)
  const doneBefore = new Set(former?.done)
  // Begun and not all settled, in the order of their keys.
  let entries: Entry[] = []
  let first = 0
  const byKey = new Map<string, Entry>()
  let through = former?.through
  let objects = former?.objects ?? 0
  let failures = former?.failed ?? 0
  const times = former ? { from: new Date(former.span.from), to: new Date(former.span.to) } : span

  let timer: NodeJS.Timeout | undefined
  let lastSaved = Number.NEGATIVE_INFINITY
  let writing: Promise<void> = Promise.resolve()
  let failure: Error | undefined
  const save = (finished = false): void => {
    if (path === undefined) return
    writing = writing
      .then(() => replaceFile(path, `${JSON.stringify(state(finished))}\n`))
      .catch((error: Error) => {
        failure ??= new Error(`The checkpoint could not be written: ${error.message}`)
      })
  }
  const soon = (): void => {
    timer ??= setTimeout(
      () => {
        timer = undefined
        lastSaved = performance.now()
        save()
      },
      Math.max(0, lastSaved + pause - performance.now()),
    )
  }
  const advance = (): void => {
    while (first < entries.length && entries[first]!.settled) {
      through = entries[first]!.key
      byKey.delete(through)
      first++
    }
    if (first > 1000 && first * 2 > entries.length) {
      entries = entries.slice(first)
      first = 0
    }
  }

  return {
    span: times,
    ...(through !== undefined && { after: through }),
    objects,
    failed: failures,
    finished: former?.finished ?? false,
    begin: (key) => {
      const entry = { key, settled: doneBefore.delete(key) }
      entries.push(entry)
      byKey.set(key, entry)
      if (entry.settled) advance()
      return !entry.settled
    },
    settle: (key, failed = false) => {
      const entry = byKey.get(key)
      if (!entry || entry.settled) return
      entry.settled = true
      objects++
      if (failed) failures++
      advance()
      soon()
    },
    close: async (finished) => {
      clearTimeout(timer)
      save(finished)
      await writing
      if (failure) throw failure
    },
  }

  function state(finished: boolean): CheckpointFile {
    const done = entries.slice(first).flatMap(({ key, settled }) => (settled ? key : []))
    return {
      version: 1,
      backfill,
      span: { from: times.from.toISOString(), to: times.to.toISOString() },
      ...(through !== undefined && { through }),
      // What a former run did behind `through`, and this one has not come to yet.
      done: [...done, ...doneBefore],
      objects,
      failed: failures,
      finished,
    }
  }
}

async function read(path: string, backfill: BackfillIdentity): Promise<CheckpointFile | undefined> {
  const text = await readIfThere(path, '--checkpoint names a file that cannot be read').catch((error: Error) => {
    throw new UsageError(error.message)
  })
  if (text === undefined) return undefined
  const former = jsonIn(text) as CheckpointFile | undefined
  if (former?.version !== 1) throw new UsageError(`--checkpoint names a file that is no checkpoint: ${path}`)
  requireSameRun(path, 'the checkpoint of another backfill', former.backfill, backfill)
  return former
}
