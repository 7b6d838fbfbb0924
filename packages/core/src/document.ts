import { asFlowferryError } from './errors.ts'
import { placeOf } from './object.ts'
import type { Batch, LogDocument, ObjectIdentity, Slice } from './types.ts'

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
    const source = kept ? kept[index]! : index
    try {
      const result = batch.document(source)
      if (result['@timestamp'] === undefined) {
        result['@timestamp'] = (object.lastModified ?? steps.now).toISOString()
        // A sink may ask again when it writes again.
        if (!untimed.has(index)) steps.untimed()
        untimed.add(index)
      }
      result.data_stream = { type: 'logs', dataset: format.dataset, namespace }
      if (batch.original) mergeField(result, 'event.original', batch.original(source))
      const extra = enrich?.(batch.records[source]!, object)
      if (extra) for (const [field, value] of Object.entries(extra)) mergeField(result, field, value)
      return result
    } catch (error) {
      throw asFlowferryError(error, 'STEP_FAILED', 'A document could not be made', place(index))
    }
  }

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
    id: (index) => batch.recordId?.(kept ? kept[index]! : index) ?? object.idPrefix + ordinals[index]!.toString(36),
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
      if (filter(batch.records[index]!, object)) kept.push(index)
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
