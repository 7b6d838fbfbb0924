import { errorCodes, FlowferryError } from '@flowferry/core'
import { awsErrorCode } from '@flowferry/source-s3'
import { wordsOf } from '../hints.ts'
import { type ExitCode, exitCodes } from '../io.ts'

/**
 * `unknown`: it was to be checked, and what was refused leaves it open. `not checked`: nobody named it, or nobody can tell
 * without writing.
 */
type Status = 'ok' | 'warning' | 'fault' | 'unknown' | 'not checked'

/** What was looked at, and what came of it. */
export interface Check {
  readonly check: string
  readonly status: Status
  readonly what: string
  /** More of it, a line each. */
  readonly details?: readonly string[]
  /** What to do about it. */
  readonly todo?: string
}

export const fine = (check: string, what: string, details?: readonly string[]): Check => ({
  check,
  status: 'ok',
  what,
  ...(details && { details }),
})
export const notChecked = (check: string, what: string): Check => ({ check, status: 'not checked', what })

/** Of a status that asks for something to be done. */
export const found = (
  check: string,
  status: 'warning' | 'fault' | 'unknown',
  what: string,
  todo: string,
  details: readonly string[] = [],
): Check => ({ check, status, what, todo, ...(details.length > 0 && { details }) })

/**
 * What an error of AWS or of a store leaves to say. A missing permission says nothing of what was to be looked at, anything
 * else stands between a consumer and its logs, too.
 *
 * @param needs The action that it takes: `sqs:GetQueueAttributes on the queue`
 */
export function failed(check: string, error: unknown, needs: string): Check {
  const code = FlowferryError.isInstance(error) ? error.code : awsErrorCode(error)
  const what = whatOf(error)
  // So EventBridge says it, with a status of its own.
  const isDenied = (error as Error).name === 'AccessDeniedException'
  if (isDenied || code === 'OBJECT_FORBIDDEN' || code === 'TARGET_UNAUTHORIZED')
    return found(check, 'unknown', what, `to look, it takes ${needs}: docs/privileges.md`)
  return found(check, 'fault', what, code ? errorCodes[code].advice : `it takes ${needs}`)
}

/** What an error says, but for its advice, which is what there is to do. */
export function whatOf(error: unknown): string {
  if (FlowferryError.isInstance(error)) return wordsOf(error).replace(`. ${error.advice}`, '')
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return name === 'Error' ? message : `${name}: ${message}`
}

/** A fault first, then what is open. */
export function exitCodeOf(checks: readonly Check[]): ExitCode {
  if (checks.some(({ status }) => status === 'fault')) return exitCodes.fault
  return checks.some(({ status }) => status === 'unknown') ? exitCodes.unknown : exitCodes.ok
}

/** A table of lines: what is to be done below what was found. */
export function tell(checks: readonly Check[]): string[] {
  const widthOf = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length))
  const statuses = widthOf(checks.map(({ status }) => status))
  const names = widthOf(checks.map(({ check }) => check))
  const indent = ' '.repeat(statuses + names + 4)
  const count = (wanted: Status, one: string, many = `${one}s`) => {
    const number = checks.filter(({ status }) => status === wanted).length
    return number === 0 ? [] : [`${number} ${number === 1 ? one : many}`]
  }
  const sums = [
    ...count('fault', 'fault'),
    ...count('warning', 'warning'),
    ...count('unknown', 'unknown', 'unknown'),
    ...count('not checked', 'not checked', 'not checked'),
  ]
  return [
    ...checks.flatMap(({ check, status, what, details = [], todo }) => [
      `${status.padEnd(statuses)}  ${check.padEnd(names)}  ${what}`,
      ...details.map((text) => `${indent}${text}`),
      ...(todo === undefined ? [] : [`${indent}> ${todo}`]),
    ]),
    '',
    sums.length === 0 ? 'all is well' : sums.join(', '),
  ]
}
