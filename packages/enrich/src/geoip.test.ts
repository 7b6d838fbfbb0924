import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mmdb } from '../../../test/support/mmdb.ts'
import { geoip } from './geoip.ts'

const berlin = {
  city: { names: { de: 'Berlin', en: 'Berlin' } },
  continent: { code: 'EU', names: { en: 'Europe' } },
  country: { iso_code: 'DE', names: { en: 'Germany' } },
  location: { latitude: { double: 52.5 }, longitude: { double: 13.4 }, time_zone: 'Europe/Berlin' },
  subdivisions: [{ iso_code: 'BE', names: { en: 'Land Berlin' } }],
}
const cities = mmdb('Example-City', {
  '192.0.2.0/24': berlin,
  '198.51.100.0/24': { country: { iso_code: 'FR', names: { en: 'France' } } },
  '203.0.113.7/32': { continent: { code: 'AS' } },
  '2001:db8:0:0:0:0:0:0/32': { location: { latitude: { double: -1.25 }, longitude: { double: 0 } } },
})
const system = { autonomous_system_number: 64_496, autonomous_system_organization: 'Example' }
const systems = mmdb('Example-ASN', { '192.0.2.0/25': system, '2001:db8:0:0:0:0:0:0/32': system })

const flow = async (options: Parameters<typeof geoip>[0], source: string, destination: string) => {
  const body = `version srcaddr dstaddr end\n5 ${source} ${destination} 1790000000\n`
  const { documents } = await collect(vpcFlow.with(geoip(options)), memoryObject({ key: 'flows.log', body }))
  const [{ source: from, destination: to } = {}] = documents as { source: object; destination: object }[]
  return { source: from, destination: to }
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowferry-geoip-'))
  writeFileSync(join(folder, 'city.mmdb'), cities)
  writeFileSync(join(folder, 'asn.mmdb'), systems)
})
afterAll(() => rmSync(folder, { recursive: true }))

const place = {
  city_name: 'Berlin',
  continent_code: 'EU',
  continent_name: 'Europe',
  country_iso_code: 'DE',
  country_name: 'Germany',
  location: '52.5,13.4',
  region_iso_code: 'DE-BE',
  region_name: 'Land Berlin',
  timezone: 'Europe/Berlin',
}
const as = { number: 64_496, organization: { name: 'Example' } }

describe('geoip', () => {
  it('gives places and autonomous systems of both ends, from files', async () => {
    const options = { city: join(folder, 'city.mmdb'), asn: pathToFileURL(join(folder, 'asn.mmdb')) }
    expect(await flow(options, '192.0.2.7', '198.51.100.7')).toEqual({
      source: { ip: '192.0.2.7', geo: place, as },
      destination: { ip: '198.51.100.7', geo: { country_iso_code: 'FR', country_name: 'France' } },
    })
  })

  it('gives what there is of one database alone, of IPv6 too, and nothing of an address that is not in it', async () => {
    expect(await flow({ city: cities }, '2001:db8::7', '10.0.0.1')).toEqual({
      source: { ip: '2001:db8::7', geo: { location: '-1.25,0' } },
      destination: { ip: '10.0.0.1' },
    })
    expect(await flow({ asn: systems }, '192.0.2.200', '2001:db8::7')).toEqual({
      source: { ip: '192.0.2.200' },
      destination: { ip: '2001:db8::7', as },
    })
    expect(await flow({ city: cities }, '203.0.113.7', '203.0.113.8')).toEqual({
      source: { ip: '203.0.113.7', geo: { continent_code: 'AS' } },
      destination: { ip: '203.0.113.8' },
    })
  })

  it("has Elastic's types", () => {
    const { mapping } = vpcFlow.with(geoip({ city: cities, asn: systems })).format
    const types = Object.entries(mapping).flatMap(([name, { type }]) =>
      /^source\.(geo|as)\./.test(name) ? [[name, type]] : [],
    )
    const keywords = ['city_name', 'continent_code', 'continent_name', 'country_iso_code', 'country_name']
    const more = ['region_iso_code', 'region_name', 'timezone']
    expect(Object.fromEntries(types)).toEqual({
      ...Object.fromEntries([...keywords, ...more].map((name) => [`source.geo.${name}`, 'keyword'])),
      'source.geo.location': 'geo_point',
      'source.as.number': 'long',
      'source.as.organization.name': 'keyword',
    })
  })

  it('leaves to the log what the log has', async () => {
    const parser = cloudFront.with(geoip({ city: cities, asn: systems }))
    const body = '#Version: 1.0\n#Fields: date time c-ip c-country asn\n2026-11-22\t10:15:32\t192.0.2.7\tAT\t64511\n'
    const { documents } = await collect(parser, memoryObject({ key: 'E2EXAMPLE.2026-11-22-10.a.gz', body }))
    expect(documents[0]!.source).toMatchObject({
      geo: { ...place, country_iso_code: 'AT' },
      as: { number: 64_511, organization: { name: 'Example' } },
    })
  })

  it.each<[string, () => unknown, string]>([
    ['no database', () => geoip({}), 'geoip has no database'],
    ['a member that it has not', () => geoip({ ctiy: cities } as never), 'not "ctiy"; is it "city"?'],
    ['a file that is not there', () => geoip({ city: 'gone.mmdb' }), 'geoip: gone.mmdb cannot be read'],
    [
      'other bytes',
      () => geoip({ asn: Buffer.from('dear diary') }),
      "the bytes of asn is no database of MaxMind's format",
    ],
    ['systems for places', () => geoip({ city: systems }), 'is a database Example-ASN: give it as asn, not as city'],
    ['places for systems', () => geoip({ asn: cities }), 'is a database Example-City: give it as city, not as asn'],
  ])('refuses %s', (_, make, words) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(words) }))
  })

  const corpus = fileURLToPath(
    new URL('../../../../shared/corpora/maxmind-test-db/mmdb/GeoLite2-City-Test.mmdb', import.meta.url),
  )
  it.skipIf(!existsSync(corpus))("reads MaxMind's own test database (skipped where it is not there)", async () => {
    const { source } = await flow({ city: corpus }, '81.2.69.142', '10.0.0.1')
    expect(source).toMatchObject({
      geo: { city_name: 'London', country_iso_code: 'GB', region_iso_code: 'GB-ENG', timezone: 'Europe/London' },
    })
    expect((source as { geo: { location: string } }).geo.location).toMatch(/^51\.\d+,-0\.\d+$/)
  })
})
