import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FlowferryError } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CidrOptions, type CidrRow, cidr } from './cidr.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowferry-cidr-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const file = (text: string, name = 'networks.csv') => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** The labels of a record between two addresses. */
async function labelsOf(rows: Parameters<typeof cidr>[0], source: string, destination: string, options?: CidrOptions) {
  const body = `version srcaddr dstaddr end\n5 ${source} ${destination} 1790000000\n`
  const object = memoryObject({ key: 'flows.log', body })
  const { documents } = await collect(vpcFlow.with(cidr(rows, options)), object)
  return documents[0]!.labels
}

const networks = `
# who has what
cidr,label
10.0.0.0/8,everything
 10.1.0.0/16 , production ,own
10.1.2.0/24,partner,foreign\r
10.1.2.3/32,bastion

203.0.113.0/24,office,own
2001:db8::/32,six
2001:db8:1::/48,six production,own
2001:db8:1::7,one host
`

describe('cidr', () => {
  it.each([
    ['10.200.0.1', 'everything', 'own'],
    ['10.1.9.9', 'production', 'own'],
    ['10.1.2.9', 'partner', 'foreign'],
    ['10.1.2.3', 'bastion', 'foreign'],
    ['203.0.113.7', 'office', 'own'],
    ['2001:db8:2::1', 'six', 'foreign'],
    ['2001:db8:1::1', 'six production', 'own'],
    ['2001:db8:1:0::7', 'one host', 'own'],
    ['172.16.0.1', undefined, 'own'],
    ['fd00::1', undefined, 'own'],
    ['198.51.100.7', undefined, 'foreign'],
  ])('gives %s the label %s, and calls it %s', async (address, label, locality) => {
    const expected = { ...(label && { source_network: label }), source_locality: locality }
    expect(await labelsOf(file(networks), address, '198.51.100.1')).toEqual({
      ...expected,
      destination_locality: 'foreign',
    })
  })

  it('takes rows, a URL, and blocks of your own in place of the private ones', async () => {
    const rows: CidrRow[] = [{ cidr: '192.0.2.0/24', label: 'shop' }]
    const expected = { source_network: 'shop', source_locality: 'own', destination_locality: 'foreign' }
    expect(await labelsOf(rows, '192.0.2.1', '10.0.0.1', { own: ['192.0.2.0/25'] })).toEqual(expected)
    const url = pathToFileURL(file('192.0.2.0/24,shop'))
    expect(await labelsOf(url, '192.0.2.1', '10.0.0.1', { own: ['192.0.2.0/25'] })).toEqual(expected)
  })

  it('stands in the mapping, of formats that have the address', () => {
    const { mapping } = cloudFront.with(cidr([])).format
    expect(mapping['labels.source_network']).toMatchObject({ type: 'keyword' })
    expect(vpcFlow.with(cidr([])).format.mapping).toHaveProperty(['labels.destination_locality'])
  })

  it.each([
    ['10.0.0.0/33,x', ':1: "10.0.0.0/33" is no block of addresses'],
    ['\n# x\n10.0.0.0/8,x\nten,y', ':4: "ten" is no block of addresses'],
    ['10.0.0.0/8/9,x', ':1: "10.0.0.0/8/9" is no block'],
    ['10.0.0.0/,x', ':1: "10.0.0.0/" is no block'],
    ['010.0.0.0/8,x', ':1: "010.0.0.0/8" is no block'],
    ['10.1/16,x', ':1: "10.1/16" is no block'],
    ['fe80::1%eth0,x', ':1: "fe80::1%eth0" is no block'],
    ['10.0.0.5/24,x', ':1: "10.0.0.5/24" has bits behind its first 24'],
    ['::ffff:10.0.0.0/104,x', 'is IPv4 in the form of IPv6: write it as 10.0.0.0'],
    ['10.0.0.0/8', ':1 has one column: it takes cidr,label'],
    ['10.0.0.0/8,a,own,b', ':1 has 4 columns'],
    ['10.0.0.0/8,a,mine', ':1 has "mine" behind its label; it takes own or foreign'],
    ['10.0.0.0/8,', ':1 has no label'],
    ['10.0.0.0/8,a\n192.0.2.1,b\n192.0.2.1/32,c', ':3 has the block 192.0.2.1/32, which'],
  ])('refuses %j', (text, words) => {
    const refusal = refusalOf(() => cidr(file(text)))
    expect(refusal).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(words) })
    expect(refusal.message).toContain('networks.csv')
  })

  it.each<[string, () => unknown, string]>([
    ['a file that is not there', () => cidr('gone.csv'), 'gone.csv cannot be read'],
    ['no rows', () => cidr(7 as never), 'cidr is given number'],
    ['a row that is none', () => cidr([{ cidr: '10.0.0.0/8' } as never]), 'cidr: row 1 takes { cidr, label }'],
    ['an own block that is none', () => cidr([], { own: ['home'] }), 'cidr: own: "home" is no block'],
  ])('refuses %s', (_, make, words) => {
    expect(refusalOf(make)).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(words) })
  })

  it('finds what a search through all blocks finds', async () => {
    const octet = fc.constantFrom(0, 1, 10, 127, 128, 255)
    const address = fc.tuple(fc.constant(10), octet, octet, octet)
    const blocks = fc.uniqueArray(fc.tuple(address, fc.integer({ min: 8, max: 32 })), {
      selector: ([parts, length]) => textOf(parts, length),
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(blocks, address, async (all, parts) => {
        const rows = all.map(([of, length]) => ({ cidr: textOf(of, length), label: textOf(of, length) }))
        const holding = all
          .filter(([of, length]) => textOf(parts, length) === textOf(of, length))
          .sort(([, a], [, b]) => b - a)
          .map(([of, length]) => textOf(of, length))
        const labels = await labelsOf(rows, parts.join('.'), '192.0.2.1')
        expect((labels as { source_network?: string }).source_network).toBe(holding[0])
      }),
      { numRuns: 100 },
    )
  })
})

/** The block of this length around the address. */
function textOf(parts: readonly number[], length: number): string {
  const value = parts.reduce((sum, part) => sum * 256 + part, 0)
  const network = Math.floor(value / 2 ** (32 - length)) * 2 ** (32 - length)
  return `${[24, 16, 8, 0].map((bits) => Math.floor(network / 2 ** bits) % 256).join('.')}/${length}`
}

function refusalOf(make: () => unknown): FlowferryError {
  try {
    make()
  } catch (error) {
    if (FlowferryError.isInstance(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}
