import type { Answer, Cell } from './questions.ts'

/** `1,234,567` */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 file`, `2 files` */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** `1.7 MB`, `826 MB` */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}

/** `0.4 s` */
export function duration(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

/** Rows below their headings: words to the left, numbers to the right, columns two spaces apart. */
export function table(rows: Answer): string[] {
  const names = Object.keys(rows[0] ?? {})
  const columns = names.map((name) => {
    const texts = [name, ...rows.map((row) => cellText(name, row[name]!))]
    const width = Math.max(...texts.map(({ length }) => length))
    const isNumeric = typeof rows[0]![name] === 'number' || name === 'share'
    return texts.map((text) => (isNumeric ? text.padStart(width) : text.padEnd(width)))
  })
  return [names, ...rows].map((_, line) =>
    columns
      .map((column) => column[line])
      .join('  ')
      .trimEnd(),
  )
}

function cellText(name: string, value: Cell): string {
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ')
  if (typeof value === 'number') return name === 'bytes' ? megabytes(value) : count(value)
  return value
}
