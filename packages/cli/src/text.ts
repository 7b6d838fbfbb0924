import { ageOf } from '@flowferry/core/internal'

export { bytes, count, plural, table } from '@flowferry/core/internal'

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
