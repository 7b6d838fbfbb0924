import type { ObjectReport, Position } from '@flowferry/core'
import type { SqsAttribute } from '../events/messages.ts'

/** Name of the attribute of a message that continues where an earlier invocation stopped. */
export const positionAttribute = 'flowferry.position'

/** The position of one object of a message: `done`, a position in it, or undefined at its beginning. */
export type ObjectPosition = 'done' | Position | undefined

/** The content of the attribute. */
export interface Continuation {
  /** Number of receives of the earlier messages. */
  readonly attempts: number
  /** One for each object, in the message's order. */
  readonly objects: readonly ObjectPosition[]
}

/** Compact, since SQS counts its bytes: `{"attempts":1,"objects":["done",["<etag>",120000],0]}`. */
export function encodeContinuation({ attempts, objects }: Continuation): SqsAttribute {
  const compact = objects.map((one) => (typeof one === 'object' ? [one.etag, one.records] : (one ?? 0)))
  return { DataType: 'String', StringValue: JSON.stringify({ attempts, objects: compact }) }
}

/** Undefined for a message without the attribute or with a foreign one: its objects are read from their beginning. */
export function readContinuation(attributes: Readonly<Record<string, SqsAttribute>>): Continuation | undefined {
  try {
    const text = attributes[positionAttribute]?.StringValue ?? '{}'
    const { attempts, objects } = JSON.parse(text) as Record<string, unknown>
    if (!isCount(attempts) || !Array.isArray(objects)) return undefined
    return { attempts, objects: objects.map(objectPosition) }
  } catch {
    return undefined
  }
}

function objectPosition(value: unknown): ObjectPosition {
  if (value === 'done') return 'done'
  const [etag, records] = Array.isArray(value) ? value : []
  return typeof etag === 'string' && isCount(records) ? { etag, records } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/**
 * The objects' positions after an invocation that reached its deadline. Undefined where an object failed for another
 * reason, or where the invocation came no further than the one before it: the message then had a failed attempt.
 */
export function nextPositions(
  before: Continuation | undefined,
  reports: readonly ObjectReport[],
): ObjectPosition[] | undefined {
  const remaining = reports.values()
  const previous = before?.objects ?? reports.map(() => undefined)
  if (previous.filter((one) => one !== 'done').length !== reports.length) return undefined
  let progressed = false
  const next: ObjectPosition[] = []
  for (const one of previous) {
    if (one === 'done') {
      next.push(one)
      continue
    }
    const { status, error, position, from = 0 } = remaining.next().value!
    if (status === 'failed' && error?.code !== 'DEADLINE') return undefined
    progressed ||= status !== 'failed' || (position?.records ?? 0) > from
    // An object that was not begun keeps its previous position.
    next.push(status === 'failed' ? (position ?? one) : 'done')
  }
  return progressed ? next : undefined
}

/** The attributes of a message that begins its attempts anew, and goes on where it stopped. */
export function withoutAttempts(attributes: Readonly<Record<string, SqsAttribute>>): Record<string, SqsAttribute> {
  const continuation = readContinuation(attributes)
  if (!continuation) return { ...attributes }
  return { ...attributes, [positionAttribute]: encodeContinuation({ ...continuation, attempts: 0 }) }
}
