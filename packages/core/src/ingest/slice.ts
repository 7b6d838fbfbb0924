import { createHash } from 'node:crypto'
import { overrun, put, type Text, textOf } from '../encodings/engine/text.ts'
import { RecordsOnDemand } from '../encodings/records-on-demand.ts'
import { asFlowferryError } from '../errors.ts'
import { placeOf } from '../read/object.ts'
import { closingOf, mostClosing } from '../schema/around.ts'
import { isObject } from '../schema/free-form.ts'
import type { Completion, DocumentEncoder, DocumentRun } from '../types/encoder.ts'
import type { Batch, LogDocument, ObjectIdentity, Slice } from '../types.ts'
import { createAdded } from './added.ts'

/** How documents are made of a parser's records. */
export interface SliceOptions<T> {
  readonly namespace: string
  /** Records before this ordinal are left out. */
  readonly from: number
  readonly filter: ((record: T, object: ObjectIdentity) => boolean) | undefined
  readonly enrich: ((record: T, object: ObjectIdentity) => LogDocument | undefined) | undefined
  /** The time of records that have none, where the store does not know when the object was written. */
  readonly now: Date
  /** Called once for each record without a time of its own. */
  readonly untimed: () => void
}

/** A parser's batch as the sink sees it: filtered, enriched, with ids and complete documents. */
export function sliceOf<T>(batch: Batch<T>, object: ObjectIdentity, options: SliceOptions<T>): Slice<T> {
  const { format, bytes } = batch
  const { filter, enrich, from } = options
  const namespace = batch.namespace ?? options.namespace
  const kept = filter || batch.ordinals[0]! < from ? keep(batch, object, from, filter) : undefined
  const ordinals = kept ? kept.map((index) => batch.ordinals[index]!) : batch.ordinals
  const place = (index: number) => ({ ...placeOf(object), ordinal: ordinals[index]! })
  const untimed = new Set<number>()

  const document = (index: number): LogDocument => {
    try {
      const result = copyOf(batch.document(batchIndex(index)))
      if (result['@timestamp'] === undefined) {
        result['@timestamp'] = (object.lastModified ?? options.now).toISOString()
        // A sink may ask again when it writes again.
        if (!untimed.has(index)) options.untimed()
        untimed.add(index)
      }
      result.data_stream = { type: 'logs', dataset: format.dataset, namespace }
      const around = batch.around?.(batchIndex(index))
      if (around) for (const [field, value] of Object.entries(around)) mergeMissing(result, field, value)
      if (batch.original) mergeField(result, 'event.original', batch.original(batchIndex(index)))
      const extra = enrich && atRecord('enrich', enrich, batch, batchIndex(index), object)
      if (extra) for (const [field, value] of Object.entries(extra)) mergeField(result, field, value)
      return result
    } catch (error) {
      throw asFlowferryError(error, 'STEP_FAILED', 'A document could not be made', place(index))
    }
  }

  const batchIndex = (index: number) => (kept ? kept[index]! : index)
  const encoder = encoderOf(batch, { ...options, namespace }, kept, object)
  const mapped = encoder && !enrich && !batch.original && Object.keys(batch.unknownFields ?? {}).length === 0
  const records = () => (kept ? kept.map((index) => batch.records[index]!) : batch.records)
  return Object.assign(new RecordsOnDemand(records), {
    object,
    format,
    dataStream: `logs-${format.dataset}-${namespace}`,
    length: kept ? kept.length : batch.length,
    ordinals,
    bytes,
    document,
    ...(encoder && { encoder }),
    ...(mapped && { mapped, ...(batch.fields && { fields: batch.fields }) }),
    id: (index: number) => ownId(batch, batchIndex(index)) ?? object.idPrefix + ordinals[index]!.toString(36),
  })
}

/** Bytes of an id. For a longer one, or an empty one, the search engines refuse the whole request. */
export const longestId = 512

function ownId(batch: Batch<unknown>, index: number): string | undefined {
  const id = batch.recordId?.(index)
  if (!id) return undefined
  return Buffer.byteLength(id) <= longestId ? id : createHash('sha256').update(id).digest('base64url')
}

/** The result of a user's filter or enrichment for a record. Its error gets the record's place. */
function atRecord<T, R>(
  name: string,
  step: (record: T, object: ObjectIdentity) => R,
  batch: Batch<T>,
  index: number,
  object: ObjectIdentity,
): R {
  try {
    return synchronous(step(batch.view ? batch.view(index) : batch.records[index]!, object))
  } catch (error) {
    const place = { ...placeOf(object), ordinal: batch.ordinals[index]! }
    throw asFlowferryError(error, 'STEP_FAILED', `${name} threw`, place)
  }
}

/** Refuses a promise, which JavaScript lets pass: as a filter's result it would keep every record. */
function synchronous<R>(result: R): R {
  if (!(result instanceof Promise)) return result
  result.catch(() => undefined)
  throw new TypeError('it gave a promise, and nothing is awaited for a record: make it synchronous')
}

/** The batch's encoder, completed with the data stream and the added fields of every document. */
function encoderOf<T>(
  batch: Batch<T>,
  { namespace, enrich }: SliceOptions<T>,
  kept: readonly number[] | undefined,
  object: ObjectIdentity,
): DocumentEncoder | undefined {
  const { encoder, original, around } = batch
  if (!encoder || (batch.recordId && !encoder.id)) return undefined
  const stream = JSON.stringify({ data_stream: { type: 'logs', dataset: batch.format.dataset, namespace } })
  const toAdd = createAdded(encoder.members)
  const added =
    enrich &&
    ((index: number) =>
      atRecord(
        'enrich',
        (record) => toAdd(synchronous(enrich(record, object)), original?.(index), around?.(index)),
        batch,
        index,
        object,
      ))
  const isClosing = encoder.takesClosing && !enrich && !original
  const closing = isClosing && around ? (index: number) => closingOf(around(index)) : undefined
  const addedText =
    (original || around) && !closing
      ? (index: number) => toAdd(undefined, original?.(index), around?.(index))
      : undefined
  return new CompleteEncoder(encoder, kept, stream.slice(1), added ?? addedText, closing)
}

/**
 * Ends each document with its data stream and the fields of `enrich`. A class, so that all encoders share their
 * functions: V8 kept the batches of encoders with functions of their own until a full garbage collection.
 */
class CompleteEncoder implements DocumentEncoder {
  readonly #encoder: DocumentEncoder
  readonly #kept: readonly number[] | undefined
  readonly #tail: Text
  readonly #added: Completion['added']
  readonly #closing: Completion['closing']
  readonly #completion: Completion
  readonly id?: NonNullable<DocumentEncoder['id']>
  readonly encodeRun?: NonNullable<DocumentEncoder['encodeRun']>
  constructor(
    encoder: DocumentEncoder,
    kept: readonly number[] | undefined,
    stream: string,
    added: Completion['added'],
    closing: Completion['closing'],
  ) {
    const tail = added || closing ? stream.slice(0, -1) : stream
    this.#encoder = encoder
    this.#kept = kept
    this.#tail = textOf(tail)
    this.#added = added
    this.#closing = closing
    this.#completion = { kept, tail: Buffer.from(tail), added, closing }
    if (encoder.id) this.id = this.#idOf
    if (encoder.encodeRun) this.encodeRun = this.#run
  }
  #idOf(index: number, target: Uint8Array, view: DataView, offset: number): number {
    return this.#encoder.id!(this.#kept ? this.#kept[index]! : index, target, view, offset)
  }
  #run(index: number, count: number, run: DocumentRun) {
    return this.#encoder.encodeRun!(index, count, run, this.#completion)
  }
  room(index: number): number {
    const batchIndex = this.#kept ? this.#kept[index]! : index
    return this.#encoder.room(batchIndex) + this.#tail.length + overrun + (this.#closing ? 3 * mostClosing : 0)
  }
  encode(index: number, target: Uint8Array, view: DataView, offset: number): number {
    const batchIndex = this.#kept ? this.#kept[index]! : index
    const added = this.#added?.(batchIndex)
    if (this.#added && added === undefined) return -1
    const closing = this.#closing?.(batchIndex)
    if (this.#closing && closing === undefined) return -1
    const o = this.#encoder.encode(batchIndex, target, view, offset, closing)
    // A document with a time begins with {"@timestamp". One without it is made by `document`, which counts it.
    if (o === -1 || target[offset + 2] !== 0x40) return -1
    const end = put(this.#tail, view, o)
    if (closing) {
      target.set(closing.end, end)
      return end + closing.end.length
    }
    if (!added) return end
    const stop = end + added.end.length
    const most = added.join?.most ?? 0
    // The fields that a user adds may need more bytes than `room` tells.
    if (stop + most > target.length) return -1
    target.set(added.end, end)
    if (!added.join) return stop
    target.copyWithin(offset + most, offset, stop)
    return added.join.write(target, offset + most, offset + most, stop + most - 1, stop + most, offset)
  }
}

/** A user's `document` may give its record, which a filter reads again, or the same object for every record. */
function copyOf(document: LogDocument): LogDocument {
  if (!isObject(document)) {
    const given = Array.isArray(document) ? 'a list' : document === null ? 'null' : typeof document
    throw new TypeError(`\`document\` gave ${given}; it gives an object`)
  }
  return { ...document }
}

function keep<T>(batch: Batch<T>, object: ObjectIdentity, from: number, filter: SliceOptions<T>['filter']): number[] {
  const kept: number[] = []
  for (let index = 0; index < batch.length; index++) {
    if (batch.ordinals[index]! < from) continue
    if (!filter || atRecord('filter', filter, batch, index, object)) kept.push(index)
  }
  return kept
}

/** Sets a dotted field where the document has no value there. */
function mergeMissing(document: LogDocument, field: string, value: string): void {
  let inner: unknown = document
  for (const name of field.split('.')) inner = isObject(inner) ? inner[name] : inner
  if (inner === undefined) mergeField(document, field, value)
}

/**
 * Sets a dotted field. Where the document and the value both have an object, the two are joined. Objects on the way are
 * copied: other documents may hold the same ones.
 */
function mergeField(document: LogDocument, field: string, value: unknown): void {
  if (value === undefined) return
  const dot = field.indexOf('.')
  const name = dot === -1 ? field : field.slice(0, dot)
  if (name === '__proto__') return
  if (dot !== -1) {
    const inner = isObject(document[name]) ? { ...document[name] } : {}
    document[name] = inner
    mergeField(inner, field.slice(dot + 1), value)
  } else if (isObject(value) && isObject(document[name])) {
    const inner = { ...document[name] }
    document[name] = inner
    for (const [key, item] of Object.entries(value)) mergeField(inner, key, item)
  } else {
    document[name] = value
  }
}
