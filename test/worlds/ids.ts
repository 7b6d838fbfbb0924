/** Names as AWS makes them. */
import type { Random } from '../support/random.ts'

const digits = (draw: Random, count: number, of: string) =>
  Array.from({ length: count }, () => of[draw.int(of.length)]).join('')

export const hex = (draw: Random, count: number) => digits(draw, count, '0123456789abcdef')

/** An id of a resource: `eni-0a1b2c3d4e5f60718`. */
export const idOf = (draw: Random, kind: string) => `${kind}-0${hex(draw, 16)}`

export const uuid = (draw: Random) =>
  `${hex(draw, 8)}-${hex(draw, 4)}-4${hex(draw, 3)}-b${hex(draw, 3)}-${hex(draw, 12)}`

/** What stands behind AIDA, AROA and ASIA. */
export const letters = (draw: Random) => digits(draw, 16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')

export const accountId = (draw: Random) => `${1 + draw.int(9)}${digits(draw, 11, '0123456789')}`
