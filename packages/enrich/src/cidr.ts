import { privateBlocks } from '@flowferry/core/internal'
import type { Enrichment } from '@flowferry/core/schema'
import { type Block, blockOf, longestPrefix } from './cidr/blocks.ts'
import { type CidrRow, type PlacedRow, rowsOfFile } from './cidr/file.ts'
import { refused } from './refused.ts'

export type { CidrRow }

export interface CidrOptions {
  /**
   * Blocks that are your own where no row says else.
   *
   * @default private addresses: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7
   */
  readonly own?: readonly string[]
}

/**
 * Names of networks, from rows or a file of yours: `labels.source_network` and `labels.destination_network` have the label
 * of the longest block that holds the address, `labels.source_locality` and `labels.destination_locality` whether it is
 * `own` or `foreign`. An address in no block has no network's name.
 *
 * A file is UTF-8 text with a line `cidr,label` or `cidr,label,own` or `cidr,label,foreign` for each block. It is read once,
 * when this is called.
 *
 * @param rows A file's path or URL, or the rows themselves
 * @throws FlowferryError INVALID_OPTION for a file that cannot be read, and for a row that is none, with its line's number
 *
 * @example
 * const parser = vpcFlow.with(cidr('networks.csv'))
 * const other = vpcFlow.with(cidr([{ cidr: '10.1.0.0/16', label: 'production' }]))
 */
export function cidr(rows: string | URL | Iterable<CidrRow>, { own = privateBlocks }: CidrOptions = {}): Enrichment {
  const placed = typeof rows === 'string' || rows instanceof URL ? rowsOfFile(rows) : placedRows(rows)
  const blocks = uniqueBlocks(placed)
  const labelOf = longestPrefix(blocks.map(([block, { label }]) => [block, label]))
  const isOwn = longestPrefix<boolean>([
    ...own.map((text) => [parsed(text, 'cidr: own'), true] as const),
    // Behind those: what a row says of the same block counts.
    ...blocks.flatMap(([block, row]) => (row.own === undefined ? [] : [[block, row.own] as const])),
  ])
  return {
    name: 'cidr',
    derived: (derive) =>
      (['source', 'destination'] as const).map((side) => {
        const network = `labels.${side}_network` as const
        const locality = `labels.${side}_locality` as const
        return derive([network, locality], [`${side}.ip`], (address) => ({
          [network]: labelOf(address),
          [locality]: isOwn(address) ? 'own' : 'foreign',
        }))
      }),
  }
}

function placedRows(rows: Iterable<CidrRow>): PlacedRow[] {
  if (typeof rows?.[Symbol.iterator] !== 'function')
    throw refused(`cidr is given ${typeof rows}; it takes a file, or rows: { cidr, label }`)
  return Array.from(rows, (row, index) => ({ place: `cidr: row ${index + 1}`, row }))
}

function uniqueBlocks(rows: readonly PlacedRow[]): (readonly [Block, CidrRow])[] {
  const places = new Map<string, string>()
  return rows.map(({ place, row }) => {
    if (typeof row?.cidr !== 'string' || typeof row.label !== 'string') throw refused(`${place} takes { cidr, label }`)
    const block = parsed(row.cidr, place)
    if (row.label === '') throw refused(`${place} has no label`)
    const key = `${block.network}/${block.length}/${block.bits}`
    if (places.has(key)) throw refused(`${place} has the block ${row.cidr}, which ${places.get(key)} has already`)
    places.set(key, place)
    return [block, row] as const
  })
}

function parsed(text: string, place: string): Block {
  try {
    return blockOf(text)
  } catch (error) {
    throw refused(`${place}: "${text}" ${(error as Error).message}`)
  }
}
