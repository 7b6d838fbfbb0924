import type { Enrichment } from '@flowferry/core/schema'

/** What a reader of MaxMind's databases has, such as npm's `maxmind`, opened before: nothing is awaited for a record. */
export interface Reader {
  readonly get: (address: string) => null | {
    readonly country?: { readonly iso_code: string }
    readonly location?: { readonly latitude: number; readonly longitude: number }
  }
}

/** Country and place of each address that a format has, where the log does not have them itself. */
export const geoip = (reader: Reader): Enrichment => ({
  name: 'geoip',
  derived: (derive, { fills }) =>
    (['client', 'source', 'destination'] as const).map((side) => {
      const country = `${side}.geo.country_iso_code` as const
      const place = `${side}.geo.location` as const
      if (fills(country)) return undefined
      return derive([country, place], [`${side}.ip`], (address) => {
        const { country: of, location: at } = reader.get(address) ?? {}
        return { [country]: of?.iso_code, [place]: at && `${at.latitude},${at.longitude}` }
      })
    }),
})
