import type { KeyObject } from 'node:crypto'
import { keysOf, type PublicKey } from './digest.ts'
import { hour } from './names.ts'

/** Keys as ListPublicKeys answers them, or who has those of a trail's region and a time. */
export type PublicKeys =
  | readonly PublicKey[]
  | ((of: { readonly region: string; readonly from: Date; readonly to: Date }) => Promise<readonly PublicKey[]>)

/** Finds the key of a fingerprint. A function is asked once for the keys of a region and a day. */
export function keyFinder(publicKeys: PublicKeys) {
  const known = new Map<string, Map<string, KeyObject>>()
  const stated = typeof publicKeys === 'function' ? undefined : keysOf(publicKeys)
  const asked = new Set<string>()
  return async (fingerprint: string, region: string, time: number): Promise<KeyObject | undefined> => {
    const wanted = fingerprint.toLowerCase()
    if (typeof publicKeys !== 'function') return stated?.get(wanted)
    const ofRegion = known.get(region) ?? new Map<string, KeyObject>()
    known.set(region, ofRegion)
    const day = Math.floor(time / (24 * hour)) * 24 * hour
    if (!ofRegion.has(wanted) && !asked.has(`${region} ${day}`)) {
      asked.add(`${region} ${day}`)
      const found = await publicKeys({ region, from: new Date(day - hour), to: new Date(day + 25 * hour) })
      for (const [name, key] of keysOf(found)) ofRegion.set(name, key)
    }
    return ofRegion.get(wanted)
  }
}
