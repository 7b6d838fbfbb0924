import { FlowferryError } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'
import type { Row, Value } from '../answer.ts'

/** What a finding says: an alert that fires for one group of values. */
export interface Finding {
  /** The same in each evaluation: the alert's name and the values of its `by`, as JSON. */
  readonly key: string
  readonly alert: string
  readonly title: string
  readonly severity: 'high' | 'medium' | 'low'
  /** `fired` is new, `ongoing` was told before, `resolved` is over. Only the first and the last are to be sent. */
  readonly status: 'fired' | 'ongoing' | 'resolved'
  /** Who or what, by the alert's fields. Logs hold it: text of strangers. */
  readonly who: Row
  /** The numbers, of a resolved one the last. */
  readonly numbers: Row
  /** The first record of it, ISO 8601. */
  readonly since: string
  /** When an evaluation said it first. */
  readonly firedAt: string
  /** The window in which it was seen last. */
  readonly span: { readonly from: string; readonly to: string }
  /** Set where the logs did not allow to say that it is over: why. */
  readonly unsure?: string
  /** What to run next. */
  readonly commands: readonly string[]
  /** The page of the dashboard. */
  readonly link?: string
}

/** Findings that are not over. */
export type OpenFinding = Pick<Finding, 'key' | 'alert' | 'who' | 'numbers' | 'since' | 'firedAt' | 'span'> & {
  readonly commands: readonly string[]
}

/** What an evaluation leaves to the next: plain data, to be kept as JSON wherever the caller likes. */
export interface AlertsState {
  readonly version: 1
  readonly open: readonly OpenFinding[]
  /** Name of an alert to the end of its last window, and to when it was evaluated, ISO 8601. */
  readonly evaluated: Readonly<Record<string, { readonly to: string; readonly at: string }>>
}

export const noState: AlertsState = { version: 1, open: [], evaluated: {} }

/**
 * A state that was kept as JSON.
 *
 * @param where Where it was kept, for the error
 * @throws FlowferryError INVALID_OPTION where it is something else: alerts that were told would be told again
 * @example
 * const state = readState(await readFile('alerts.json', 'utf8'), 'alerts.json')
 */
export function readState(text: string, where: string): AlertsState {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // It is no state either.
  }
  if (isState(value)) return value
  // A newer one is none to put aside.
  const version = isObject(value) ? Number(value.version) : Number.NaN
  throw new FlowferryError(
    'INVALID_OPTION',
    version > 1
      ? `${where} is a state of version ${version}, which a newer flowferry wrote; use that one, or another place`
      : `${where} is no state of alerts, or half of one: name another place, or move it away, and all that fires is told anew`,
  )
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isTime = (value: unknown) => isText(value) && !Number.isNaN(Date.parse(value))

function isState(value: unknown): value is AlertsState {
  if (!isObject(value) || value.version !== 1 || !isObject(value.evaluated)) return false
  const { open, evaluated } = value
  return (
    Array.isArray(open) &&
    open.every(
      (one) =>
        isObject(one) &&
        isText(one.key) &&
        isText(one.alert) &&
        isObject(one.who) &&
        isObject(one.numbers) &&
        isTime(one.since) &&
        isTime(one.firedAt) &&
        isObject(one.span) &&
        isTime(one.span.from) &&
        isTime(one.span.to) &&
        Array.isArray(one.commands) &&
        one.commands.every(isText),
    ) &&
    Object.values(evaluated).every((one) => isObject(one) && isTime(one.to) && isTime(one.at))
  )
}

export const keyOf = (alert: string, values: readonly Value[]): string => JSON.stringify([alert, ...values])
