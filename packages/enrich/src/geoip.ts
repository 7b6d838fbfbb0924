import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isIt } from '@flowferry/core/internal'
import type { EcsField, Enrichment } from '@flowferry/core/schema'
import { type AsnResponse, type CityResponse, Reader, type Response } from 'maxmind'
import { refused } from './refused.ts'

/** A file of MaxMind's format, or its bytes. */
export type Database = string | URL | Uint8Array

/** One database at least. */
export interface GeoipOptions {
  /** Cities or countries: GeoLite2-City, GeoIP2-City, GeoLite2-Country, DB-IP City Lite, … @default no places */
  readonly city?: Database
  /** Autonomous systems: GeoLite2-ASN, GeoIP2-ISP, DB-IP ASN Lite, … @default no autonomous systems */
  readonly asn?: Database
}

/** ECS's fields below `source.geo` and `source.as`, and what the databases have for them. */
const geo: Readonly<Record<string, (found: CityResponse) => string | undefined>> = {
  city_name: ({ city }) => city?.names?.en,
  continent_code: ({ continent }) => continent?.code,
  continent_name: ({ continent }) => continent?.names?.en,
  country_iso_code: ({ country }) => country?.iso_code,
  country_name: ({ country }) => country?.names?.en,
  location: ({ location }) =>
    location?.latitude === undefined || location.longitude === undefined
      ? undefined
      : `${location.latitude},${location.longitude}`,
  // ISO 3166-2, as Elastic's geoip processor has it.
  region_iso_code: ({ country, subdivisions: [region] = [] }) =>
    country?.iso_code && region?.iso_code && `${country.iso_code}-${region.iso_code}`,
  region_name: ({ subdivisions: [region] = [] }) => region?.names?.en,
  timezone: ({ location }) => location?.time_zone,
}
const as: Readonly<Record<string, (found: AsnResponse) => string | number | undefined>> = {
  number: (found) => found.autonomous_system_number,
  'organization.name': (found) => found.autonomous_system_organization,
}

/**
 * Place and autonomous system of each address, from databases that you have: `source.geo.*`, `source.as.number`,
 * `source.as.organization.name`, and the same of `destination` and `client`. A field that the format fills itself stays as
 * the log has it. Names are those in English. Each file is read once, into memory, when this is called.
 * https://maxmind.github.io/MaxMind-DB/
 *
 * @throws FlowferryError INVALID_OPTION where no database is given, or one cannot be read or is of the other kind
 *
 * @example
 * const places = geoip({ city: 'GeoLite2-City.mmdb', asn: 'GeoLite2-ASN.mmdb' })
 * const parser = detect([vpcFlow.with(places), cloudTrail.with(places)])
 */
export function geoip(options: GeoipOptions): Enrichment {
  for (const name of Object.keys(options))
    if (name !== 'city' && name !== 'asn')
      throw refused(`geoip takes city and asn, not "${name}"${isIt(name, ['city', 'asn'])}`)
  const { city, asn } = options
  if (city === undefined && asn === undefined)
    throw refused("geoip has no database: { city: 'GeoLite2-City.mmdb' }, { asn: 'GeoLite2-ASN.mmdb' }, or both")
  const places = city === undefined ? undefined : open<CityResponse>('city', city, /asn|isp/i)
  const systems = asn === undefined ? undefined : open<AsnResponse>('asn', asn, /city|country/i)
  return {
    name: 'geoip',
    derived: (derive, { fills }) => {
      const lookUp = <T extends Response>(
        reader: Reader<T> | undefined,
        side: 'source' | 'destination' | 'client',
        below: 'geo' | 'as',
        fields: Readonly<Record<string, (found: T) => string | number | undefined>>,
      ) => {
        const all = Object.entries(fields).map(
          ([name, read]) => [`${side}.${below}.${name}` as EcsField, read] as const,
        )
        const lacking = all.filter(([target]) => !fills(target))
        if (!reader || lacking.length === 0) return undefined
        const [[only, readOnly], ...more] = lacking as [(typeof lacking)[0], ...typeof lacking]
        if (more.length === 0)
          return derive(only, [`${side}.ip`], (address) => {
            const found = reader.get(address)
            return found ? readOnly(found) : undefined
          })
        const targets = lacking.map(([target]) => target)
        return derive(targets, [`${side}.ip`], (address) => {
          const found = reader.get(address)
          return found ? Object.fromEntries(lacking.map(([target, read]) => [target, read(found)])) : undefined
        })
      }
      return (['source', 'destination', 'client'] as const).flatMap((side) => [
        lookUp(places, side, 'geo', geo),
        lookUp(systems, side, 'as', as),
      ])
    },
  }
}

function open<T extends Response>(option: 'city' | 'asn', database: Database, otherKind: RegExp): Reader<T> {
  const path = database instanceof Uint8Array ? undefined : database instanceof URL ? fileURLToPath(database) : database
  const name = path ?? `the bytes of ${option}`
  const reader = readerOf<T>(path === undefined ? (database as Uint8Array) : read(path), name)
  const { databaseType } = reader.metadata
  if (otherKind.test(databaseType)) {
    const other = option === 'city' ? 'asn' : 'city'
    throw refused(`geoip: ${name} is a database ${databaseType}: give it as ${other}, not as ${option}`)
  }
  return reader
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw refused(`geoip: ${path} cannot be read: ${(error as Error).message}`)
  }
}

function readerOf<T extends Response>(bytes: Uint8Array, name: string): Reader<T> {
  try {
    return new Reader<T>(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch (error) {
    throw refused(`geoip: ${name} is no database of MaxMind's format: ${(error as Error).message}`)
  }
}
