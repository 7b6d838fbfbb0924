import { ageOf, count } from '@flowferry/core/internal'

export { bytes, count, table } from '@flowferry/core/internal'

/** `1 file`, `2 files` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `0.4 s`, `2 min 5 s` */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** How long ago, in its largest unit. */
export function age(since: Date, now = Date.now()): string {
  return ageOf(Math.max(0, (now - since.getTime()) / 1000))
}
