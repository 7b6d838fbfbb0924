import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { prices } from './prices.ts'
import { pricesFrom } from './prices-file.ts'

let folder: string
temporaryFolder((made) => {
  folder = made
})
const frankfurt = { region: 'eu-central-1', checked: '2026-12-01', source: 'https://aws.amazon.com/s3/pricing/' }

async function fileOf(content: unknown): Promise<string> {
  const path = join(folder, 'prices.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('pricesFrom', () => {
  it('is the table without a file', async () => expect(await pricesFrom(undefined)).toBe(prices))

  it('takes the prices of a file with its place and day, and leaves the others', async () => {
    const tiers = [{ upTo: 51_200, dollars: 0.0245 }, { dollars: 0.0235 }]
    const given = await pricesFrom(await fileOf({ ...frankfurt, prices: { s3Get: 0.43, s3Storage: tiers } }))
    expect(given.s3Get).toEqual({ ...prices.s3Get, ...frankfurt, tiers: [{ dollars: 0.43 }] })
    expect(given.s3Storage).toMatchObject({ region: 'eu-central-1', unit: 'GB-month', tiers })
    expect(given.s3Put).toBe(prices.s3Put)
  })

  it.each([
    ['no JSON', '{', 'cannot be read'],
    ['no object', 'null', 'has no "region"'],
    ['no day', { ...frankfurt, checked: 'today', prices: {} }, '"checked" takes a day as 2026-12-01, not "today"'],
    ['no source', { region: 'x', checked: '2026-12', prices: {} }, 'has no "source"'],
    ['no prices', frankfurt, 'has no "prices"'],
    ['an unknown price', { ...frankfurt, prices: { s3get: 1 } }, 'has a price "s3get"; it takes s3Put, s3Get'],
    ['a price below 0', { ...frankfurt, prices: { s3Get: -1 } }, '"s3Get" takes dollars from 0'],
    ['no tier', { ...frankfurt, prices: { s3Get: [] } }, '"s3Get" takes'],
    ['a tier that is none', { ...frankfurt, prices: { s3Get: [null] } }, '"s3Get" takes'],
    ['tiers without an open end', { ...frankfurt, prices: { s3Get: [{ upTo: 5, dollars: 1 }] } }, '"s3Get" takes'],
    [
      'tiers that fall',
      { ...frankfurt, prices: { s3Get: [{ upTo: 5, dollars: 1 }, { upTo: 4, dollars: 1 }, { dollars: 1 }] } },
      '"s3Get" takes',
    ],
  ])('refuses %s', async (_, content, words) => {
    await expect(pricesFrom(await fileOf(content))).rejects.toThrow(words)
  })
})
