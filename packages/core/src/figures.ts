import { printable } from './text.ts'

/** Figures as they are shown to people. */

/** `1,234,567` */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `512 B`, `1.4 MB`: powers of 1,000, three digits. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let scaled = value
  let unit = 0
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000
    unit++
  }
  return `${unit > 0 && scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`
}

/** Seconds in their largest unit: `45 s`, `12 min`, `3 h`, `5 d`. */
export function ageOf(seconds: number): string {
  if (seconds < 90) return `${Math.floor(seconds)} s`
  if (seconds < 90 * 60) return `${Math.floor(seconds / 60)} min`
  if (seconds < 36 * 3600) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** A number of a unit that is no count: `1.4 MB`, `31.6 %`, `0.123 s`, `12 min`, `443`. */
export function figureOf(value: number, unit: 'bytes' | 'share' | 'seconds' | 'age' | 'code'): string {
  switch (unit) {
    case 'bytes':
      return bytes(value)
    case 'share':
      return `${(value * 100).toFixed(1)} %`
    case 'seconds':
      return `${value.toFixed(3)} s`
    case 'age':
      return ageOf(value)
    case 'code':
      return String(value)
  }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `22 Nov`, in UTC. */
export const dayOf = (date: Date): string => `${date.getUTCDate()} ${months[date.getUTCMonth()]}`

/** `1 file`, `2 files` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `10.0.9.12:5432`, `[2001:db8::12]:443` */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

type Cell = string | number | null

/**
 * Rows below their headings: numbers to the right, words to the left, columns two spaces apart.
 * Headings are the keys of the first row.
 *
 * @param align `left`: texts that are figures stand to the left, too, as in a column of anything
 */
export function table(
  rows: readonly Readonly<Record<string, Cell>>[],
  indent = '  ',
  align: 'figures' | 'left' = 'figures',
): string[] {
  const [first] = rows
  if (!first) return [`${indent}(none)`]
  const names = Object.keys(first)
  const right = names.map((name) => align === 'figures' && rows.some((row) => isQuantity(row[name] ?? null)))
  const cells = [names, ...rows.map((row) => names.map((name) => cellText(row[name] ?? null)))]
  const widths = names.map((_, column) => Math.max(...cells.map((row) => width(row[column]!))))
  return cells.map((row) => {
    const padded = row.map((text, column) => {
      const space = ' '.repeat(widths[column]! - width(text))
      return right[column] ? space + text : text + space
    })
    return (indent + padded.join('  ')).trimEnd()
  })
}

/** A number, or a text of number and unit, or of a number with decimals. Ages (`45 s`) are words. */
function isQuantity(value: Cell): boolean {
  if (typeof value === 'string') return /^(?:[\d.,]+ (?:[kMGT]?B|%)|[\d,]+\.\d+(?: s)?)$/.test(value)
  return typeof value === 'number'
}

function cellText(value: Cell): string {
  if (value === null) return '-'
  return typeof value === 'number' ? count(value) : printable(value)
}

/** Characters as a terminal counts them, near enough: code points. */
function width(text: string): number {
  return [...text].length
}
