import type { Unit, Value } from '@flowferry/answers'
import { printable } from '@flowferry/core'
import { ageOf, bytes, count, dayOf, figureOf } from '@flowferry/core/internal'

/** Values as people read them. Text of logs is shown with its control characters escaped. */

/** A date whose time in UTC is what is shown of this one. */
const asShown = (date: Date, isLocal: boolean): Date =>
  isLocal ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date

/** `22 Nov 09:15:32`, with the year behind the month where it is asked for; what is no time stays as it is. */
export function timeOf(time: string | number, isLocal: boolean, hasYear = false): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return printable(String(time))
  const shown = asShown(date, isLocal)
  return `${dayOf(shown)}${hasYear ? ` ${shown.getUTCFullYear()}` : ''} ${shown.toISOString().slice(11, 19)}`
}

/** `09:15`, or `22 Nov` at midnight. */
export function tickOf(time: number, isLocal: boolean): string {
  const shown = asShown(new Date(time), isLocal)
  const minute = shown.toISOString().slice(11, 16)
  return minute === '00:00' ? dayOf(shown) : minute
}

/** As a field of a form takes it: `2026-11-22T09:15`. */
export function inputOf(time: string, isLocal: boolean): string {
  return asShown(new Date(time), isLocal).toISOString().slice(0, 16)
}

/** ISO 8601 of what such a field holds; undefined where it holds no time. */
export function timeIn(input: string, isLocal: boolean): string | undefined {
  const date = new Date(isLocal ? input : `${input}Z`)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

/** Seconds, minutes, hours or days. */
export const lengthText = (from: string, to: string): string => ageOf((Date.parse(to) - Date.parse(from)) / 1000)

/** A figure of an axis: `1.5k`, `2 MB`. */
export function shortFigure(value: number, unit: Unit | undefined): string {
  if (unit === 'bytes') return bytes(value)
  if (unit === 'seconds') return `${Number(value.toPrecision(2))} s`
  if (unit === 'share') return `${Number((value * 100).toPrecision(3))} %`
  const [scaled, suffix] =
    value >= 1e9
      ? [value / 1e9, 'G']
      : value >= 1e6
        ? [value / 1e6, 'M']
        : value >= 1e4
          ? [value / 1e3, 'k']
          : [value, '']
  return `${count(Number(scaled.toPrecision(3)))}${suffix}`
}

export function cellOf(value: Value | undefined, unit: Unit | undefined, isLocal: boolean): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number')
    return unit === undefined || unit === 'time' ? count(Math.round(value * 1000) / 1000) : figureOf(value, unit)
  if (unit === 'time') return timeOf(String(value), isLocal)
  if (typeof value === 'object') return printable(Array.isArray(value) ? value.join(' ') : JSON.stringify(value))
  return printable(String(value))
}

/** Rows as a spreadsheet reads them: one that begins as a formula does is text. */
export function csvOf(names: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const cell = (value: unknown): string => {
    const text =
      value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
    const safe = typeof value !== 'number' && /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return `${[names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}
