import type { ErrorPlace, FlowferryError } from '@flowferry/core'
import type { SqsAttribute } from './messages.ts'

/** Where in the data's way a message failed: the stages of the pipeline, or `handler` for what is around it. */
export type FailedStage = 'envelope' | 'object' | 'decompress' | 'records' | 'bulk' | 'handler'

/** Why a message is in the dead-letter queue: the JSON in its attribute `flowferry.cause`. */
export interface DeadLetterCause {
  /** Stable code of the error: `OBJECT_NOT_FOUND`. */
  readonly code: string
  /** The error in words, cut to what the attribute has room for. */
  readonly message: string
  readonly stage: FailedStage
  /** Times that the message had been received. */
  readonly attempts: number
  /** When it was given up, ISO 8601. */
  readonly time: string
  readonly bucket?: string
  readonly key?: string
  readonly versionId?: string
  /** Leading records of the object that were stored: a later try repeats them harmlessly. */
  readonly position?: number
  /** Name of an attribute of the original that had to make room: SQS takes ten. */
  readonly droppedAttribute?: string
}

/** The one attribute that the library adds. */
export const causeAttribute = 'flowferry.cause'

/** The cause of a failure, as plain values. */
export function deadLetterCause(
  error: FlowferryError,
  attempts: number,
  { bucket, key, versionId }: ErrorPlace = error.place,
): DeadLetterCause {
  return {
    code: error.code,
    message: error.message,
    stage: stageOf(error.code),
    attempts,
    time: new Date().toISOString(),
    ...(bucket !== undefined && { bucket }),
    ...(key !== undefined && { key }),
    ...(versionId !== undefined && { versionId }),
  }
}

function stageOf(code: string): FailedStage {
  if (code.startsWith('ENVELOPE_')) return 'envelope'
  if (/^(?:OBJECT|BUCKET|BODY|SOURCE)_/.test(code)) return 'object'
  if (code.startsWith('GZIP_')) return 'decompress'
  if (/^(?:FORMAT|JSON|LIMIT)_|^TOO_MANY_MALFORMED$/.test(code)) return 'records'
  if (/^(?:TARGET|RECORDS|DOCUMENT|DEAD)_/.test(code)) return 'bulk'
  return 'handler'
}

/** The cause as an attribute of at most so many bytes, or undefined when not even its code fits. */
export function encodeCause(cause: DeadLetterCause, maxBytes: number): SqsAttribute | undefined {
  const { code, stage, attempts, time } = cause
  const shortened = [2000, 500, 100].map((length) => ({ ...cause, message: cause.message.slice(0, length) }))
  for (const candidate of [cause, ...shortened, { code, message: '', stage, attempts, time }]) {
    // JSON escapes control characters and lone surrogates; these two are left, and SQS takes only XML's characters.
    const StringValue = JSON.stringify(candidate).replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    const attribute = { DataType: 'String', StringValue }
    if (attributeBytes(causeAttribute, attribute) <= maxBytes) return attribute
  }
  return undefined
}

/** The cause that a dead letter carries; undefined when SQS itself moved it, or another program wrote it. */
export function readCause(attributes: Readonly<Record<string, SqsAttribute>>): DeadLetterCause | undefined {
  const text = attributes[causeAttribute]?.StringValue
  if (text === undefined) return undefined
  try {
    const cause: unknown = JSON.parse(text)
    return typeof (cause as DeadLetterCause | null)?.code === 'string' ? (cause as DeadLetterCause) : undefined
  } catch {
    return undefined
  }
}

/** SQS counts an attribute's name, type and value towards the message's size. */
export function attributeBytes(name: string, { DataType, StringValue, BinaryValue }: SqsAttribute): number {
  return (
    Buffer.byteLength(name) +
    Buffer.byteLength(DataType) +
    Buffer.byteLength(StringValue ?? '') +
    (BinaryValue?.length ?? 0)
  )
}
