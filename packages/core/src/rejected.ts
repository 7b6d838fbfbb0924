import type { DeadRecord } from './dead-records.ts'
import { readLines } from './records/lines.ts'
import type { Batch, LogDocument, Malformed, ParseContext, Parser, SourceObject } from './types.ts'

/** A rejected document, read back from where dead records are kept. */
export interface RejectedRecord extends DeadRecord {
  readonly fate: 'rejected'
  readonly document: string
  readonly dataStream: string
}

/**
 * Rejected documents from the objects of `s3DeadRecords`, under the ids and for the data streams that they had: once
 * the mapping is mended, `ingest` with this parser indexes them, and doing it again changes nothing. Malformed records
 * are passed over: it is their parser that needs mending, and then their objects are to be read again.
 */
export const rejectedDocuments: Parser<RejectedRecord> = {
  formats: [],
  claims: ({ text }) => (/^\{"fate":"(?:rejected|malformed)",/.test(text) ? 'content' : undefined),
  parse,
}

async function* parse(object: SourceObject, context: ParseContext): AsyncGenerator<Batch<RejectedRecord>> {
  let ordinal = 0
  for await (const { lines, offsetOf } of readLines(object, context)) {
    let records: RejectedRecord[] = []
    let ordinals: number[] = []
    let bytes = 0
    const malformed: Malformed[] = []
    for (const [index, line] of lines.entries()) {
      const record = readRecord(line)
      if (record === 'passed over') continue
      if (record === undefined) {
        malformed.push({
          ordinal: ordinal++,
          offset: offsetOf(index),
          reason: 'the line is no whole rejected document',
        })
        continue
      }
      // A batch has one data stream.
      if (records.length > 0 && records[0]!.dataStream !== record.dataStream) {
        yield batchOf(records, ordinals, bytes)
        records = []
        ordinals = []
        bytes = 0
      }
      records.push(record)
      ordinals.push(ordinal++)
      bytes += line.length
    }
    if (records.length > 0) yield { ...batchOf(records, ordinals, bytes), malformed }
    else if (malformed.length > 0) yield { ...batchOf([], [], 0), malformed }
  }
}

const stream = /^logs-([a-z0-9_.]{1,100})-([a-z0-9_.]{1,100})$/

function batchOf(
  records: readonly RejectedRecord[],
  ordinals: readonly number[],
  bytes: number,
): Batch<RejectedRecord> {
  const [, dataset = 'flowferry.rejected', namespace = 'default'] = stream.exec(records[0]?.dataStream ?? '') ?? []
  return {
    format: { kind: records[0]?.kind ?? 'rejected', dataset, mapping: {}, fields: [] },
    namespace,
    length: records.length,
    records,
    ordinals,
    bytes,
    document: (index) => JSON.parse(records[index]!.document) as LogDocument,
    recordId: (index) => records[index]!.id,
  }
}

/** Undefined for what is none, or was cut. */
function readRecord(line: string): RejectedRecord | 'passed over' | undefined {
  try {
    const record = JSON.parse(line) as Partial<RejectedRecord>
    if ((record.fate as string) === 'malformed') return 'passed over'
    const { fate, id, kind, document, dataStream = '', omitted = 0 } = record
    if (fate !== 'rejected' || typeof id !== 'string' || typeof kind !== 'string' || omitted > 0) return undefined
    if (!stream.test(dataStream)) return undefined
    const parsed: unknown = JSON.parse(document ?? '')
    return typeof parsed === 'object' && parsed !== null ? (record as RejectedRecord) : undefined
  } catch {
    return undefined
  }
}
