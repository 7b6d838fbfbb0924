import { isIPv4 } from 'node:net'

/** What a record of such a database may hold. */
export type MmdbValue = string | number | Double | readonly MmdbValue[] | { readonly [name: string]: MmdbValue }
/** A number that is written as a double, as latitudes are; others are whole, from 0. */
interface Double {
  readonly double: number
}

/** Bits of a record of the search tree; a node has two. */
const recordBits = 24

/**
 * A database of MaxMind's format that has these records, for tests: IPv6, with IPv4 in its first 96 zeros. The last of two
 * blocks that overlap counts. https://maxmind.github.io/MaxMind-DB/
 *
 * @param records IPv4 blocks, `192.0.2.0/24`, or whole IPv6 ones, `2001:db8:0:0:0:0:0:0/32`, and what they hold
 */
export function mmdb(databaseType: string, records: Readonly<Record<string, MmdbValue>>): Buffer {
  /** The two ways of each node: another node, or a record's offset in the data. */
  const nodes: [Way, Way][] = [[undefined, undefined]]
  const data: Buffer[] = []
  let size = 0
  for (const [block, value] of Object.entries(records)) {
    put(nodes, bitsOf(block), { offset: size })
    const bytes = encoded(value)
    data.push(bytes)
    size += bytes.length
  }
  const tree = nodes.flatMap((ways) =>
    ways.map((way) => {
      const record = way === undefined ? nodes.length : 'node' in way ? way.node : nodes.length + 16 + way.offset
      return Buffer.from([record >> 16, record >> 8, record])
    }),
  )
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: databaseType,
    description: { en: 'made for a test' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: recordBits,
  }
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
  return Buffer.concat([...tree, Buffer.alloc(16), ...data, marker, encoded(metadata)])
}

type Way = { readonly node: number } | { readonly offset: number } | undefined

function put(nodes: [Way, Way][], bits: string, leaf: { readonly offset: number }): void {
  let node = 0
  for (const [index, bit] of [...bits].entries()) {
    const side = bit === '1' ? 1 : 0
    const way = nodes[node]![side]
    if (index === bits.length - 1) {
      nodes[node]![side] = leaf
    } else if (way && 'node' in way) {
      node = way.node
    } else {
      // A record that was here is that of both halves.
      nodes.push([way, way])
      nodes[node]![side] = { node: nodes.length - 1 }
      node = nodes.length - 1
    }
  }
}

function bitsOf(block: string): string {
  const [address = '', length] = block.split('/')
  if (isIPv4(address)) {
    const bits = address.split('.').map((part) => Number(part).toString(2).padStart(8, '0'))
    return `${'0'.repeat(96)}${bits.join('').slice(0, Number(length))}`
  }
  const bits = address.split(':').map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0'))
  return bits.join('').slice(0, Number(length))
}

function encoded(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(2, bytes.length), bytes])
  }
  if (typeof value === 'number') {
    const hexadecimal = value.toString(16)
    const bytes = Buffer.from(hexadecimal.padStart(hexadecimal.length + (hexadecimal.length % 2), '0'), 'hex')
    return Buffer.concat([control(6, bytes.length), bytes])
  }
  if (isList(value)) return Buffer.concat([control(11, value.length), ...value.map(encoded)])
  if (isDouble(value)) {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value.double)
    return Buffer.concat([control(3, 8), bytes])
  }
  const entries = Object.entries(value)
  return Buffer.concat([control(7, entries.length), ...entries.flatMap((entry) => entry.map(encoded))])
}

const isList = (value: MmdbValue): value is readonly MmdbValue[] => Array.isArray(value)
const isDouble = (value: object): value is Double => 'double' in value

/** Type and size; from 29 on a size takes a byte more. */
function control(type: number, size: number): Buffer {
  if (size >= 29 + 256) throw new Error('no record of a test is so long')
  const [first, more] = size < 29 ? [size, []] : [29, [size - 29]]
  return Buffer.from(type < 8 ? [(type << 5) | first, ...more] : [first, type - 7, ...more])
}
