import { type ErrorPlace, type ErrorStage, errorCodes, type FlowferryError } from '@flowferry/core'
import type { SqsAttribute } from '../events/messages.ts'

/**
 * The reason that a message is in the dead-letter queue: the JSON in its attribute `flowferry.cause`. The library writes
 * the members from `code` to `time` always; what another program wrote may lack all but `code`.
 */
export interface DeadLetterCause {
  /** Stable code of the error: `OBJECT_NOT_FOUND`. */
  readonly code: string
  /** The error in words, cut to the attribute's room. */
  readonly message?: string
  readonly stage?: ErrorStage
  /** Number of receives of the message, those of earlier invocations included. */
  readonly attempts?: number
  /** Time when the message was sent to the dead-letter queue, ISO 8601. */
  readonly time?: string
  readonly bucket?: string
  readonly key?: string
  readonly versionId?: string
  /** Leading records of the object that need no other try; a later one repeats them harmlessly. */
  readonly position?: number
  /** Name of an attribute of the original message that was left out, since SQS takes ten. */
  readonly droppedAttribute?: string
}

/** Name of the attribute that the library adds to a dead letter. */
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
    stage: error.stage,
    attempts,
    time: new Date().toISOString(),
    ...(bucket !== undefined && { bucket }),
    ...(key !== undefined && { key }),
    ...(versionId !== undefined && { versionId }),
  }
}

/** The cause as an attribute of at most `maxBytes`; undefined when not even its code fits. */
export function encodeCause(cause: DeadLetterCause, maxBytes: number): SqsAttribute | undefined {
  const { code, stage, attempts, time } = cause
  const shortened = [2000, 500, 100].map((length) => ({ ...cause, message: (cause.message ?? '').slice(0, length) }))
  for (const candidate of [cause, ...shortened, { code, message: '', stage, attempts, time }]) {
    // SQS takes XML's characters only. JSON escapes all others but these two.
    const StringValue = JSON.stringify(candidate).replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    const attribute = { DataType: 'String', StringValue }
    if (attributeBytes(causeAttribute, attribute) <= maxBytes) return attribute
  }
  return undefined
}

/**
 * The cause of a dead letter; undefined when SQS itself moved the message, or another program sent it. Whoever may send
 * messages can write the attribute: one member that is not of its type, and none of it is believed. Members that are absent stay
 * so.
 */
export function readCause(attributes: Readonly<Record<string, SqsAttribute>>): DeadLetterCause | undefined {
  let cause: unknown
  try {
    cause = JSON.parse(attributes[causeAttribute]?.StringValue ?? '')
  } catch {
    return undefined
  }
  if (typeof cause !== 'object' || cause === null || Array.isArray(cause)) return undefined
  const known: Record<string, unknown> = {}
  for (const [name, is] of Object.entries(members)) {
    if (!Object.hasOwn(cause, name)) continue
    const value = (cause as Record<string, unknown>)[name]
    if (!is(value)) return undefined
    known[name] = value
  }
  return known.code === undefined ? undefined : (known as unknown as DeadLetterCause)
}

const isString = (value: unknown) => typeof value === 'string'
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const stages: readonly unknown[] = Object.values(errorCodes).map(({ stage }) => stage)
const members: Readonly<Record<keyof DeadLetterCause, (value: unknown) => boolean>> = {
  // A newer version may know more codes. None is the name of a property that every object has.
  code: (value) => isString(value) && /^[A-Z][A-Z0-9_]{1,63}$/.test(value as string),
  message: isString,
  stage: (value) => stages.includes(value),
  attempts: isCount,
  time: (value) => value === '' || (isString(value) && !Number.isNaN(Date.parse(value as string))),
  bucket: isString,
  key: isString,
  versionId: isString,
  position: isCount,
  droppedAttribute: isString,
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
