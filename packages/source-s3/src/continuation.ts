import type { ObjectReport, Position } from '@flowferry/core'
import type { SqsAttribute } from './messages.ts'

/** The one attribute that a message carries which goes on where an earlier invocation had to stop. */
export const positionAttribute = 'flowferry.position'

/** What became of the objects that a message names, one an object in its order; undefined where nothing has. */
export type Progress = 'done' | Position | undefined

/** What the attribute says. */
export interface Continuation {
  /** Times that the message and those before it were received. */
  readonly attempts: number
  readonly objects: readonly Progress[]
}

/** Compact, since SQS counts its bytes: `{"attempts":1,"objects":["done",["<etag>",120000],0]}`. */
export function encodeContinuation({ attempts, objects }: Continuation): SqsAttribute {
  const compact = objects.map((one) => (typeof one === 'object' ? [one.etag, one.records] : (one ?? 0)))
  return { DataType: 'String', StringValue: JSON.stringify({ attempts, objects: compact }) }
}

/** Undefined for a message that has none, or not one of ours: it is then read from its beginning. */
export function readContinuation(attributes: Readonly<Record<string, SqsAttribute>>): Continuation | undefined {
  try {
    const { attempts, objects } = JSON.parse(attributes[positionAttribute]?.StringValue ?? '{}') as Record<
      string,
      unknown
    >
    if (!isCount(attempts) || !Array.isArray(objects)) return undefined
    return { attempts, objects: objects.map(progress) }
  } catch {
    return undefined
  }
}

function progress(value: unknown): Progress {
  if (value === 'done') return 'done'
  const [etag, records] = Array.isArray(value) ? value : []
  return typeof etag === 'string' && isCount(records) ? { etag, records } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/**
 * Where a message stands after an invocation that ran into its deadline: none when that is not all that stopped it, or
 * when it came no further than the one before it, which counts as a failed attempt.
 */
export function nextProgress(
  before: Continuation | undefined,
  reports: readonly ObjectReport[],
): Progress[] | undefined {
  const remaining = reports.values()
  const given = before?.objects ?? reports.map(() => undefined)
  if (given.filter((one) => one !== 'done').length !== reports.length) return undefined
  let progressed = false
  const next: Progress[] = []
  for (const one of given) {
    if (one === 'done') {
      next.push(one)
      continue
    }
    const { status, error, position, from = 0 } = remaining.next().value!
    if (status === 'failed' && error?.code !== 'DEADLINE') return undefined
    progressed ||= status !== 'failed' || (position?.records ?? 0) > from
    // What was not begun keeps the place that it had.
    next.push(status === 'failed' ? (position ?? one) : 'done')
  }
  return progressed ? next : undefined
}
