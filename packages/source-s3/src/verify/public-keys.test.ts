import { expect, it } from 'vitest'
import { keyPair } from '../../test/trail.ts'
import { keyFinder } from './public-keys.ts'

const { publicKey } = keyPair()
const time = Date.parse('2026-11-21T20:00Z')

it('finds a key by its fingerprint, however that is written, and none that is not stated', async () => {
  const find = keyFinder([publicKey])
  expect((await find(publicKey.Fingerprint.toUpperCase(), 'us-east-1', time))?.type).toBe('public')
  expect(await find('00', 'us-east-1', time)).toBeUndefined()
})

it('asks once for a region and a day, and not for a key that it has', async () => {
  const asked: string[] = []
  const find = keyFinder(async ({ region, from, to }) => {
    asked.push([region, from.toISOString(), to.toISOString()].join(' '))
    return [publicKey]
  })
  const known = publicKey.Fingerprint
  for (const fingerprint of ['00', '00', known]) await find(fingerprint, 'us-east-1', time)
  expect(asked).toEqual(['us-east-1 2026-11-20T23:00:00.000Z 2026-11-22T01:00:00.000Z'])
  expect(await find(known, 'us-east-1', time + 72 * 3_600_000)).toBeDefined()
  expect(asked).toHaveLength(1)
  await find(known, 'eu-central-1', time)
  await find('00', 'us-east-1', time + 24 * 3_600_000)
  expect(asked.map((text) => text.slice(0, 20))).toEqual([
    'us-east-1 2026-11-20',
    'eu-central-1 2026-11',
    'us-east-1 2026-11-21',
  ])
})
