import {
  type Counts,
  type FlowferryError,
  type IngestOptions,
  ingest,
  type ObjectReport,
  type SourceMessage,
} from '@flowferry/core'
import { type ArchiveObject, type BackfillSourceOptions, backfillSource } from '@flowferry/source-s3'

/** At a slice's end it is known whether the store was there, so its failures can be noted; a kill undoes no more of them. */
const sliceObjects = 1000

export interface LocalOptions extends Omit<IngestOptions<unknown>, 'source' | 'onObject' | 'keepReports'> {
  readonly read: BackfillSourceOptions
  readonly onDone: (object: ArchiveObject, report: ObjectReport) => void
  /** Notes a failure that is the object's own. */
  readonly onFailed: (object: ArchiveObject, error: FlowferryError) => Promise<void>
}

export interface LocalResult {
  readonly counts: Counts
  /** Stored bytes read. */
  readonly bytes: number
  /** Why it ended before its end; what was not begun or not stored is for the next run. */
  readonly stopped?: FlowferryError
}

/** Reads the objects into a sink, a slice of them at a time. */
export async function runLocal(objects: AsyncIterable<ArchiveObject>, options: LocalOptions): Promise<LocalResult> {
  const { read, onDone, onFailed, ...pipeline } = options
  const iterator = objects[Symbol.asyncIterator]()
  const counts: Counts = { read: 0, written: 0, duplicate: 0, rejected: 0, filtered: 0, malformed: 0, unfinished: 0 }
  let bytes = 0
  let ended = false
  try {
    while (!ended) {
      const working = new Map<string, ArchiveObject>()
      const report = await ingest({
        ...pipeline,
        source: slice(working),
        keepReports: 'failed',
        onObject: (one) => {
          if (one.status !== 'failed') onDone(working.get(one.key)!, one)
        },
      })
      for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += report.counts[name]
      bytes += report.bytes
      // What failed then failed with the store, or may have.
      if (report.stopped) return { counts, bytes, stopped: report.stopped }
      for (const { key, error } of report.messages.flatMap(({ objects }) => objects))
        await onFailed(working.get(key)!, error!)
    }
  } finally {
    // Not awaited: it may be in a request that hangs.
    iterator.return?.()?.catch(() => undefined)
  }
  return { counts, bytes }

  async function* slice(working: Map<string, ArchiveObject>): AsyncGenerator<SourceMessage> {
    yield* backfillSource(some(), read)

    async function* some(): AsyncGenerator<ArchiveObject> {
      while (working.size < sliceObjects) {
        const { value, done } = await iterator.next()
        if (done) {
          ended = true
          return
        }
        working.set(value.key, value)
        yield value
      }
    }
  }
}
