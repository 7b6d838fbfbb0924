import { hasMethods, requireNamespace, requireOption } from '../check-options.ts'
import { FlowferryError } from '../errors.ts'
import { idPrefix } from '../read/object.ts'
import type { Format, LogDocument, MappingProperty, ObjectIdentity, Sink, Slice } from '../types.ts'
import type { DeadRecord, DeadRecords } from './stream.ts'

const keyword: MappingProperty = { type: 'keyword', ignore_above: 8191 }
const long: MappingProperty = { type: 'long' }
/** Text that is shown and never parsed: the store cannot refuse it for the reason for which it refused the document. */
const stored: MappingProperty = { type: 'keyword', index: false, doc_values: false }

/**
 * The format of dead records in an index. Its data streams are `logs-flowferry.dead_letter-*`.
 *
 * @example
 * await setup(client, { formats: [...parser.formats, deadRecordFormat] })
 */
export const deadRecordFormat: Format = {
  kind: 'deadrecord',
  title: 'Dead records',
  dataset: 'flowferry.dead_letter',
  fields: [],
  archive: [],
  mapping: {
    'event.kind': keyword,
    'event.dataset': keyword,
    'event.original': stored,
    'error.type': keyword,
    'error.message': { type: 'text' },
    'log.offset': long,
    'aws.s3.bucket.name': keyword,
    'aws.s3.object.key': keyword,
    'flowferry.fate': keyword,
    'flowferry.kind': keyword,
    'flowferry.id': keyword,
    'flowferry.ordinal': long,
    'flowferry.etag': keyword,
    'flowferry.version_id': keyword,
    'flowferry.data_stream': keyword,
    'flowferry.document': stored,
    'flowferry.omitted': long,
  },
}

/**
 * Keeps dead records as documents of a sink, in the data stream `logs-flowferry.dead_letter-<namespace>` or the sink's own
 * `index`. A document's `_id` is made of object, ordinal and fate, so a repeat stores nothing twice (in a data stream:
 * within one backing index). The rejected document and the malformed text are plain strings, which no mapping refuses.
 * `event.kind` is ECS's `pipeline_error`: https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-kind
 *
 * @param options.namespace Last part of the data stream's name: 1 to 100 characters of a-z, 0-9, `_` and `.`. Default
 * `default`, as documents have it
 * @throws FlowferryError INVALID_OPTION
 *
 * @example
 * const sink = elasticsearch({ client })
 * await ingest({ source, parser, sink, deadRecords: deadIndex(sink) })
 */
export function deadIndex(sink: Sink<unknown>, options: { readonly namespace?: string } = {}): DeadRecords {
  const { namespace = 'default' } = options
  requireOption(hasMethods(sink, 'write'), 'sink', sink, 'a sink, an object with `write`')
  requireNamespace(namespace)
  return {
    write: async (records, signal) => {
      const { slices, error } = await sink.write([sliceOf(records, namespace)], signal)
      const { rejected, unfinished } = slices[0]!
      const [first] = rejected
      if (unfinished > 0)
        throw error ?? new FlowferryError('TARGET_FAILED', `${unfinished} dead records were not stored`)
      if (first)
        throw new FlowferryError(
          'RECORDS_REJECTED',
          `${rejected.length} dead records were refused, first ${first.type}: ${first.reason}`,
        )
    },
  }
}

function sliceOf(records: readonly DeadRecord[], namespace: string): Slice<DeadRecord> {
  const { bucket, key, versionId, etag } = records[0]!
  const object: ObjectIdentity = {
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
    etag,
    idPrefix: idPrefix(bucket, key, etag),
  }
  return {
    object,
    format: deadRecordFormat,
    dataStream: `logs-${deadRecordFormat.dataset}-${namespace}`,
    length: records.length,
    records,
    ordinals: records.map(({ ordinal }) => ordinal),
    bytes: records.reduce((bytes, { document, text }) => bytes + (document ?? text ?? '').length, 0),
    id: (index) => `${object.idPrefix}${records[index]!.ordinal.toString(36)}.${records[index]!.fate}`,
    document: (index) => documentOf(records[index]!, namespace),
  }
}

function documentOf(record: DeadRecord, namespace: string): LogDocument {
  const { time, text, type, reason, offset, bucket, key, dataStream, document, etag, versionId, ...rest } = record
  const { fate, kind, id, ordinal, omitted } = rest
  const { dataset } = deadRecordFormat
  return {
    '@timestamp': time,
    event: { kind: 'pipeline_error', dataset, ...(text !== undefined && { original: text }) },
    error: { type, message: reason },
    ...(offset !== undefined && { log: { offset } }),
    aws: { s3: { bucket: { name: bucket }, object: { key } } },
    flowferry: {
      fate,
      kind,
      id,
      ordinal,
      etag,
      ...(versionId !== undefined && { version_id: versionId }),
      ...(dataStream !== undefined && { data_stream: dataStream }),
      ...(document !== undefined && { document }),
      ...(omitted !== undefined && { omitted }),
    },
    data_stream: { type: 'logs', dataset, namespace },
  }
}
