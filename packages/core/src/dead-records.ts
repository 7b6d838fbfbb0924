import { unlessAborted } from './deadline.ts'
import { asFlowferryError, type ErrorPlace, FlowferryError } from './errors.ts'
import type { Batch, ObjectIdentity, Rejection, Slice } from './types.ts'

/** A record that did not become a stored document, with what it takes to find it and to mend it. */
export interface DeadRecord {
  /** `rejected`: the store refused its document for good. `malformed`: its text is no record of the format. */
  readonly fate: 'rejected' | 'malformed'
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag: string
  /** Position among the object's records, from 0, malformed and filtered ones counted. */
  readonly ordinal: number
  /** Offset of its first byte in the decompressed object, where that is known: for malformed ones. */
  readonly offset?: number
  /** The format's: `vpcflow`. */
  readonly kind: string
  /** Where a rejected document was to go: `logs-aws.vpcflow-default`. */
  readonly dataStream?: string
  /** The document's `_id`; for a malformed record the one that object and position make. The same for every delivery. */
  readonly id: string
  /** The store's type of the failure, `document_parsing_exception`, or `malformed`. */
  readonly type: string
  readonly reason: string
  /** When it was given up, ISO 8601. */
  readonly time: string
  /** The whole rejected document, as JSON. */
  readonly document?: string
  /** The malformed text, at most 262,144 characters. Not there where the parser cannot give it. */
  readonly text?: string
  /** Characters of `document` or `text` that had to be left out. The object has them, at `ordinal`. */
  readonly omitted?: number
}

/**
 * Keeps dead records, where the user wants them: an S3 prefix, a queue, an index.
 *
 * `write` gets records of one object and one fate, in the order of their ordinals, grouped alike for every delivery of
 * the object: at most those of 10,000 ordinals that begin at a multiple of 10,000, and about 512 KiB. It resolves when
 * all of them are kept; a rejection fails the object, so that it comes again. Writing the same ones again must keep
 * nothing twice, as far as the place allows. Several writes may run at once, one for an object and fate.
 */
export interface DeadRecords {
  readonly write: (records: readonly DeadRecord[], signal: AbortSignal) => Promise<void>
}

/** Ordinals whose records go into one write: what a redelivery finds again, whatever comes before them. */
const windowLength = 10_000
/** Characters of one write, but for a single larger record: what is held for an object and fate. */
const writeLength = 512 * 1024
const longestText = 256 * 1024

/** The dead records of one object and fate on their way. */
export interface DeadStream {
  /** Takes records in the order of their ordinals. Resolves when there is room for more; rejects when a write failed. */
  readonly add: (records: Iterable<DeadRecord>) => Promise<void>
  /** Writes what is held. */
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

/** The documents that a store refused, in the order of their ordinals, made one by one. */
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

/** A batch's malformed records. */
export function* malformedRecords(batch: Batch<unknown>, object: ObjectIdentity, from = 0): Generator<DeadRecord> {
  for (const [position, { ordinal, offset, reason }] of (batch.malformed ?? []).entries()) {
    if (ordinal < from) continue
    const text = batch.malformedText?.(position)
    const omitted = Math.max(0, (text ?? '').length - longestText)
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
