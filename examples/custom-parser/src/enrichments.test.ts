import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { geoip } from '@flowferry/enrich/geoip'
import { expect, test } from 'vitest'
import { mmdb } from '../../../test/support/mmdb.ts'
import { proxy } from './proxy.ts'
import { teams } from './teams.ts'

const byTeam = teams(new Map([['123456789012', { name: 'production', team: 'payments' }]]))
const byPlace = geoip({
  city: mmdb('Example-City', {
    '192.0.2.7/32': {
      country: { iso_code: 'DE' },
      location: { latitude: { double: 52.5 }, longitude: { double: 13.4 } },
    },
  }),
})
const geo = { country_iso_code: 'DE', location: '52.5,13.4' }

test('flow logs get teams and places', async () => {
  const line = '2 123456789012 eni-1 192.0.2.7 10.0.0.2 1024 443 6 3 180 1418530010 1418530070 ACCEPT OK'
  const parser = vpcFlow.with(byTeam, byPlace)
  const { documents } = await collect(parser, memoryObject({ key: 'flows.log', body: line }))
  expect(documents).toMatchObject([
    {
      cloud: { account: { id: '123456789012', name: 'production' } },
      labels: { team: 'payments' },
      source: { ip: '192.0.2.7', geo },
      destination: { ip: '10.0.0.2' },
    },
  ])
  expect(documents[0]!.destination).not.toHaveProperty('geo')
  expect(parser.format.mapping['source.geo.location']).toEqual({ type: 'geo_point' })
})

test('the same enrichments serve a format of one’s own: what it lacks adds nothing', async () => {
  const log = ['time\tclient\thost\tbytes\ttook', '1795338932\t192.0.2.7\texample.com\t5316\t0.25'].join('\n')
  const parser = proxy.with(byTeam, byPlace)
  const { documents } = await collect(parser, memoryObject({ key: 'proxy.log', body: log }))
  expect(documents).toMatchObject([{ source: { ip: '192.0.2.7', geo } }])
  expect(Object.keys(parser.format.mapping)).not.toContain('labels.team')
  expect(Object.keys(parser.format.mapping)).not.toContain('destination.geo.location')
})
