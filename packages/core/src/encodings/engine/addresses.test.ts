import { SocketAddress } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAddress } from '../../schema/values.ts'
import { ipv4, isIPv4, putIPv6 } from './addresses.ts'
import { buffer } from './memory.ts'

const bytes = Buffer.from(buffer)
const words = new Int32Array(buffer)
const at = 64
const to = 1024

function place(text: string): number {
  bytes.fill(0x20, at, at + 128)
  return at + bytes.write(text, at, 'latin1')
}
const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0')

/** The address in 32 digits where the engine takes it. */
function taken(text: string): string | undefined {
  return putIPv6(at, place(text), to) ? Array.from(words.subarray(to / 4, to / 4 + 4), hex).join('') : undefined
}

test('the number of an IPv4 address', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(isIPv4(at, place(text))).toBe(true)
      expect(hex(ipv4)).toBe(Buffer.from(text.split('.').map(Number)).toString('hex'))
    }),
  )
})

test.each([
  ['::', '0'.repeat(32)],
  ['::1', '1'.padStart(32, '0')],
  ['1::', '0001'.padEnd(32, '0')],
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ['2001:DB8::a:0:FFFF', '20010db8000000000000000a0000ffff'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['1:2:3:4:5:6:7:8::', undefined],
  ['1:2:3:4::5:6:7:8', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:', undefined],
  [':1:2:3:4:5:6:7', undefined],
  ['1::2::3', undefined],
  [':::', undefined],
  ['1:::2', undefined],
  [':', undefined],
  ['12345::', undefined],
  ['g::', undefined],
  ['fe80::1%eth0', undefined],
  ['::ffff:1.2.3.4', undefined],
  ['10.0.0.1', undefined],
])('%s is %s', (text, expected) => {
  expect(taken(text)).toBe(expected)
})

test('an IPv6 address in any form of hexadecimal groups is the same words, and what is none is not taken', () => {
  const mark = fc.constantFrom(':', '::', '0', 'f', '.', 'G', '')
  const forms = fc
    .tuple(fc.ipV6(), fc.nat({ max: 40 }), mark)
    .map(([text, where, more]) => (where > text.length ? text : text.slice(0, where) + more + text.slice(where)))
  let known = 0
  fc.assert(
    fc.property(forms, (text) => {
      const own = taken(text)
      const isWhole = isAddress(text) && !text.includes('.')
      expect(own !== undefined).toBe(isWhole)
      if (own === undefined) return
      known++
      const groups = own.match(/.{4}/g)!.join(':')
      const normal = (address: string) => new SocketAddress({ address, family: 'ipv6' }).address
      expect(normal(groups)).toBe(normal(text))
    }),
    { numRuns: 3000 },
  )
  expect(known).toBeGreaterThan(300)
})
