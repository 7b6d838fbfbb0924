import { readLines } from '../read/lines.ts'
import { datasets } from '../schema/datasets.ts'
import type { Batch, Format, LogDocument, Malformed, ParseContext, Parser, SourceObject } from '../types.ts'
import type { DeadRecord } from './stream.ts'

/** A rejected document, read back from an object of `s3DeadRecords`. */
export interface RejectedRecord extends DeadRecord {
  readonly fate: 'rejected'
  readonly document: string
  readonly dataStream: string
}

/**
 * A parser of the objects of `s3DeadRecords`. Rejected documents keep their ids and their data streams, so once the
 * mapping is mended they are indexed, and a second time changes nothing. Malformed records are passed over: once their
 * parser is mended, their own objects are read again.
 *
 * @param formats The formats of the parsers that the documents came from: a store with columns needs their mapping.
 * Documents of any other dataset have none, and go into the fields that their index or table has.
 * @throws FlowferryError INVALID_OPTION where formats of one dataset disagree
 * @example
 * const parser = rejectedDocuments(vpcFlow.formats)
 * await ingest({ source, parser, sink: elasticsearch({ client }) })
 */
export function rejectedDocuments(formats: readonly Format[] = []): Parser<RejectedRecord> {
  const formatOf = formatsByDataset(formats)
  return {
    formats,
    claims: ({ text }) => (/^\{"fate":"(?:rejected|malformed)",/.test(text) ? 'content' : undefined),
    parse: (object, context) => parse(object, context, formatOf),
  }
}

/** Datasets without a format that are remembered; a hostile file may name any number. */
const mostDatasets = 1000

/** The one format of each dataset: a sink keeps columns or a template for each format that it meets. */
function formatsByDataset(formats: readonly Format[]): (dataset: string, kind: string) => Format {
  const known = new Map(datasets(formats).map((format) => [format.dataset, format]))
  const others = new Map<string, Format>()
  return (dataset, kind) => {
    const found = known.get(dataset) ?? others.get(dataset)
    if (found) return found
    const made = { kind, title: 'Rejected documents', dataset, mapping: {}, fields: [], archive: [] }
    if (others.size === mostDatasets) others.delete(others.keys().next().value!)
    others.set(dataset, made)
    return made
  }
}

type FormatOf = ReturnType<typeof formatsByDataset>

async function* parse(
  object: SourceObject,
  context: ParseContext,
  formatOf: FormatOf,
): AsyncGenerator<Batch<RejectedRecord>> {
  let ordinal = 0
  for await (const { lines, offsetOf } of readLines(object, context)) {
    let gathered = gather()
    for (const [index, line] of lines.entries()) {
      const record = readRecord(line)
      if (record === 'passed over') continue
      if (record === undefined) {
        const reason = 'the line is no whole rejected document'
        gathered.malformed.push({ ordinal: ordinal++, offset: offsetOf(index), reason })
        continue
      }
      // A batch has one data stream, and every ordinal of the next one is behind its own.
      const [first] = gathered.records
      if (first && first.dataStream !== record.dataStream) {
        yield batchOf(gathered, formatOf)
        gathered = gather()
      }
      gathered.records.push(record)
      gathered.ordinals.push(ordinal++)
      gathered.bytes += line.length
    }
    yield batchOf(gathered, formatOf)
  }
}

/** The lines of a batch on its way. */
interface Gathered {
  readonly records: RejectedRecord[]
  readonly ordinals: number[]
  readonly malformed: Malformed[]
  bytes: number
}
const gather = (): Gathered => ({ records: [], ordinals: [], malformed: [], bytes: 0 })

const stream = /^logs-([a-z0-9_.]{1,100})-([a-z0-9_.]{1,100})$/

function batchOf({ records, ...gathered }: Gathered, formatOf: FormatOf): Batch<RejectedRecord> {
  const [first] = records
  const [, dataset = 'flowferry.rejected', namespace = 'default'] = stream.exec(first?.dataStream ?? '') ?? []
  return {
    ...gathered,
    format: formatOf(dataset, first?.kind ?? 'rejected'),
    namespace,
    length: records.length,
    records,
    document: (index) => JSON.parse(records[index]!.document) as LogDocument,
    recordId: (index) => records[index]!.id,
  }
}

/** Undefined for a line that is no rejected document, or a cut one. */
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
