import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buffer, store32 } from './memory.ts'
import { base64Bytes, putSha1, sha1Message } from './sha1.ts'

const block = 1024
const to = 64

/** The message with what FIPS 180-4 puts behind it, as numbers. */
function hashed(message: Uint8Array): string {
  const padded = Buffer.alloc(64)
  padded.set(message)
  padded[message.length] = 0x80
  padded.writeUInt32BE(message.length * 8, 60)
  for (let at = 0; at < 64; at += 4) store32(block + at, padded.readInt32BE(at))
  const end = putSha1(block, to)
  expect(end).toBe(to + base64Bytes)
  return Buffer.from(buffer, to, base64Bytes).toString('latin1')
}

test('the hash of any message of one block is what Node gives, in base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: sha1Message }), (message) => {
      expect(hashed(message)).toBe(createHash('sha1').update(message).digest('base64'))
    }),
    { numRuns: 2000 },
  )
})
