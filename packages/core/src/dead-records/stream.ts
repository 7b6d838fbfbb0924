import { asFlowferryError, type ErrorPlace, FlowferryError } from '../errors.ts'
import { unlessAborted } from '../read/abort.ts'
import type { Batch, ObjectIdentity, Rejection, Slice } from '../types.ts'

/** A record that did not become a stored document, with the reason, and its place in the data. */
export interface DeadRecord {
  /** `rejected`: the store refused its document for good. `malformed`: its text is no record of the format. */
  readonly fate: 'rejected' | 'malformed'
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag: string
  /** Position among the object's records, from 0, malformed and filtered ones counted. */
  readonly ordinal: number
  /** Offset of a malformed record's first byte in the decompressed object. */
  readonly offset?: number
  /** The `kind` of its format: `vpcflow`. */
  readonly kind: string
  /** The data stream of a rejected document: `logs-aws.vpcflow-default`. */
  readonly dataStream?: string
  /** The document's `_id`; a malformed record's is made of object and ordinal. The same for every delivery. */
  readonly id: string
  /** The store's type of the failure, `document_parsing_exception`, or `malformed`. */
  readonly type: string
  /** The store's or the parser's own words. */
  readonly reason: string
  /** When it was refused, or found malformed, ISO 8601. */
  readonly time: string
  /** The whole rejected document, as JSON. */
  readonly document?: string
  /** The malformed text, at most 262,144 characters; none where the parser keeps no text. */
  readonly text?: string
  /** Number of characters of `document` or `text` that were left out. The object has them, at `ordinal`. */
  readonly omitted?: number
}

/**
 * Keeps dead records: in an S3 prefix (`s3DeadRecords`), a queue (`sqsDeadRecords`), an index (`deadIndex`), or a store of
 * your own.
 *
 * @example
 * const deadRecords = { write: async (records) => appendFile('dead.ndjson', records.map(toLine).join('')) }
 * await ingest({ source, parser, sink, deadRecords })
 */
export interface DeadRecords {
  /**
   * Resolves when all records are kept. A rejection fails their object, and its message comes again.
   *
   * The records are of one object and one fate, in the order of their ordinals. Every delivery of the object gives the
   * same groups: ordinals from a multiple of 10,000 to the next, split at about 512 KiB. A store keeps a group that comes
   * again once, as far as it can. Writes of other objects and of the other fate may run at the same time.
   */
  readonly write: (records: readonly DeadRecord[], signal: AbortSignal) => Promise<void>
}

/** Ordinals of one write, from a multiple on: a redelivery makes the same writes, wherever it begins. */
const windowLength = 10_000
/** Characters of one write, unless a single record is larger: they are held in memory. */
const writeLength = 512 * 1024
const longestText = 256 * 1024

/** The dead records of one object and one fate, on their way to `DeadRecords`. */
export interface DeadStream {
  /** Takes records in the order of their ordinals. Resolves when there is room for more; rejects when a write failed. */
  readonly add: (records: Iterable<DeadRecord>) => Promise<void>
  /** Writes the records that are held. */
  readonly end: () => Promise<void>
}

export function deadStream(to: DeadRecords, place: ErrorPlace, signal: AbortSignal): DeadStream {
  let held: DeadRecord[] = []
  let length = 0
  const write = async () => {
    const records = held
    held = []
    length = 0
    if (records.length === 0) return
    try {
      await unlessAborted(() => to.write(records, signal), signal)
    } catch (error) {
      if (signal.aborted) throw asFlowferryError(signal.reason, 'ABORTED', 'Writing was stopped', place)
      const detail = error instanceof Error ? error.message : String(error)
      throw new FlowferryError('DEAD_RECORDS_FAILED', `${records.length} dead records were not kept: ${detail}`, {
        place: { ...place, ordinal: records[0]!.ordinal },
        cause: error,
      })
    }
  }
  return {
    add: async (records) => {
      for (const record of records) {
        const more = (record.document ?? record.text ?? '').length + record.reason.length
        const last = held.at(-1)
        if (last && (length + more > writeLength || windowOf(last) !== windowOf(record))) await write()
        held.push(record)
        length += more
      }
    },
    end: write,
  }
}

const windowOf = ({ ordinal }: DeadRecord) => Math.floor(ordinal / windowLength)

/** The rejected documents of a slice, in the order of their ordinals. Made one by one: a slice of them may be large. */
export function* rejectedRecords(slice: Slice<unknown>, rejected: readonly Rejection[]): Generator<DeadRecord> {
  for (const { index, type, reason } of rejected.toSorted((a, b) => a.index - b.index))
    yield {
      fate: 'rejected',
      ...identityOf(slice.object),
      ordinal: slice.ordinals[index]!,
      kind: slice.format.kind,
      dataStream: slice.dataStream,
      id: slice.id(index),
      type,
      reason,
      time: new Date().toISOString(),
      document: JSON.stringify(slice.document(index)),
    }
}

/** The malformed records of a batch, from the ordinal `from` on. */
export function* malformedRecords(batch: Batch<unknown>, object: ObjectIdentity, from = 0): Generator<DeadRecord> {
  for (const [position, { ordinal, offset, reason }] of (batch.malformed ?? []).entries()) {
    if (ordinal < from) continue
    const text = batch.malformedText?.(position)
    const omitted = (text ?? '').length - longestText
    yield {
      fate: 'malformed',
      ...identityOf(object),
      ordinal,
      offset,
      kind: batch.format.kind,
      id: object.idPrefix + ordinal.toString(36),
      type: 'malformed',
      reason,
      time: new Date().toISOString(),
      ...(text !== undefined && { text: text.slice(0, longestText) }),
      ...(omitted > 0 && { omitted }),
    }
  }
}

function identityOf({ bucket, key, versionId, etag }: ObjectIdentity) {
  return { bucket, key, ...(versionId !== undefined && { versionId }), etag }
}
