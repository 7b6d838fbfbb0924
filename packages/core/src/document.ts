import { asFlowferryError } from './errors.ts'
import { placeOf } from './object.ts'
import type { Batch, DocumentEncoder, LogDocument, ObjectIdentity, Slice } from './types.ts'

export interface DocumentSteps<T> {
  readonly namespace: string
  readonly filter: ((record: T, object: ObjectIdentity) => boolean) | undefined
  readonly enrich: ((record: T, object: ObjectIdentity) => LogDocument | undefined) | undefined
  /** The time of records that have none, where the store does not know when the object was written. */
  readonly now: Date
  /** Told once for each record that had no time of its own. */
  readonly untimed: () => void
}

/** A parser's batch as the sink sees it: filtered, enriched, with ids and complete documents. */
export function sliceOf<T>(batch: Batch<T>, object: ObjectIdentity, steps: DocumentSteps<T>): Slice<T> {
  const { format, bytes } = batch
  const { filter, enrich, namespace } = steps
  const kept = filter && keep(batch, object, filter)
  const ordinals = kept ? kept.map((index) => batch.ordinals[index]!) : batch.ordinals
  const place = (index: number) => ({ ...placeOf(object), ordinal: ordinals[index]! })
  const untimed = new Set<number>()

  const document = (index: number): LogDocument => {
    try {
      const result = batch.document(source(index))
      if (result['@timestamp'] === undefined) {
        result['@timestamp'] = (object.lastModified ?? steps.now).toISOString()
        // A sink may ask again when it writes again.
        if (!untimed.has(index)) steps.untimed()
        untimed.add(index)
      }
      result.data_stream = { type: 'logs', dataset: format.dataset, namespace }
      if (batch.original) mergeField(result, 'event.original', batch.original(source(index)))
      const extra = enrich?.(recordOf(batch, source(index)), object)
      if (extra) for (const [field, value] of Object.entries(extra)) mergeField(result, field, value)
      return result
    } catch (error) {
      throw asFlowferryError(error, 'STEP_FAILED', 'A document could not be made', place(index))
    }
  }

  const source = (index: number) => (kept ? kept[index]! : index)
  const encoder = encoderOf(batch, steps, source, object)
  return {
    object,
    format,
    dataStream: `logs-${format.dataset}-${namespace}`,
    length: kept ? kept.length : batch.length,
    get records() {
      return kept ? kept.map((index) => batch.records[index]!) : batch.records
    },
    ordinals,
    bytes,
    document,
    ...(encoder && { encoder }),
    id: (index) => batch.recordId?.(source(index)) ?? object.idPrefix + ordinals[index]!.toString(36),
  }
}

function recordOf<T>(batch: Batch<T>, index: number): T {
  return batch.view ? batch.view(index) : batch.records[index]!
}

/** The batch's encoder, completed with what every document gets; none where the text of the record is wanted too. */
function encoderOf<T>(
  batch: Batch<T>,
  { namespace, enrich }: DocumentSteps<T>,
  source: (index: number) => number,
  object: ObjectIdentity,
): DocumentEncoder | undefined {
  const { encoder } = batch
  if (!encoder || batch.original || batch.recordId) return undefined
  const stream = JSON.stringify({ data_stream: { type: 'logs', dataset: batch.format.dataset, namespace } })
  const tail = Buffer.from(stream.slice(1))
  return {
    room: (index) => encoder.room(source(index)) + tail.length,
    encode: (index, target, view, offset) => {
      let end: Buffer = tail
      if (enrich) {
        const extra: LogDocument = {}
        for (const [field, value] of Object.entries(enrich(recordOf(batch, source(index)), object) ?? {}))
          mergeField(extra, field, value)
        // What joins a member that the document has must be joined as objects.
        if (Object.keys(extra).some((name) => encoder.members.has(name) || name === 'data_stream')) return -1
        if (Object.keys(extra).length > 0) end = Buffer.from(`${stream.slice(1, -1)},${JSON.stringify(extra).slice(1)}`)
      }
      const o = encoder.encode(source(index), target, view, offset)
      // Its time, if it has one, is a document's first member: {"@timestamp". Without, the object's time is counted.
      if (o === -1 || target[offset + 2] !== 0x40 || o + end.length > target.length) return -1
      target.set(end, o)
      return o + end.length
    },
  }
}

function keep<T>(
  batch: Batch<T>,
  object: ObjectIdentity,
  filter: (record: T, object: ObjectIdentity) => boolean,
): number[] {
  const kept: number[] = []
  for (let index = 0; index < batch.length; index++) {
    try {
      if (filter(recordOf(batch, index), object)) kept.push(index)
    } catch (error) {
      const place = { ...placeOf(object), ordinal: batch.ordinals[index]! }
      throw asFlowferryError(error, 'STEP_FAILED', 'filter threw', place)
    }
  }
  return kept
}

/** Sets a dotted field; what is an object on both sides is joined. */
function mergeField(document: LogDocument, field: string, value: unknown): void {
  if (value === undefined) return
  const dot = field.indexOf('.')
  const name = dot === -1 ? field : field.slice(0, dot)
  if (name === '__proto__') return
  if (dot !== -1) {
    const inner = isObject(document[name]) ? document[name] : {}
    document[name] = inner
    mergeField(inner, field.slice(dot + 1), value)
  } else if (isObject(value) && isObject(document[name])) {
    for (const [key, item] of Object.entries(value)) mergeField(document[name], key, item)
  } else {
    document[name] = value
  }
}

function isObject(value: unknown): value is LogDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
