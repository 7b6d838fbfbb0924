import { gunzipSync, gzipSync } from 'node:zlib'
import { verifyCloudTrail } from '@flowferry/source-s3'
import { expect, test } from 'vitest'
import { keyPair, memoryS3, type Objects, writeTrail } from '../../packages/source-s3/test/trail.ts'
import { chanceOf, dearInputs as inputs, seed } from './inputs.ts'
import { mutate } from './mutate.ts'

const start = Date.parse('2026-11-21T20:00:00Z')
const hours = 8

/** What is read of a body, compressed up to twice; undefined where it is damaged. */
function contentOf(body: Buffer, levels = 2): Buffer | undefined {
  try {
    const isGzip = levels > 0 && body[0] === 0x1f && body[1] === 0x8b
    return isGzip ? contentOf(gunzipSync(body), levels - 1) : body
  } catch {
    return undefined
  }
}

test(`${inputs} archives in which one object was changed: none that differs is whole, and each is read to its end`, async () => {
  const pair = keyPair()
  const whole: Objects = new Map()
  const { digests } = writeTrail(whole, { start, hours, pair })
  const keys = [...whole.keys()]
  // Whoever removes the last ones leaves an archive whose next digests may yet come.
  const removable = keys.filter((key) => !digests.slice(-3).includes(key))
  const verdicts: Record<string, number> = {}
  const findings: string[] = []
  for (let number = 0; number < inputs && findings.length < 20; number++) {
    const chance = chanceOf(number)
    const objects: Objects = new Map(whole)
    let key = chance.pick(keys)
    const { body, metadata } = whole.get(key)!
    let how: string
    switch (chance.int(8)) {
      case 0:
        key = chance.pick(removable)
        objects.delete(key)
        how = 'removed'
        break
      case 1: {
        const from = chance.pick(keys)
        objects.set(key, whole.get(from)!)
        how = `replaced by ${from}`
        break
      }
      case 2: {
        key = chance.pick(digests)
        const { signature, ...others } = whole.get(key)!.metadata!
        const body = Buffer.from(signature!)
        const other = mutate([{ name: 'signature', key, body }], [{ name: 'signature', key, body }], chance)
        objects.set(key, {
          body: whole.get(key)!.body,
          metadata: chance.int(8) === 0 ? others : { ...others, signature: other.body.toString('latin1') },
        })
        how = `signature: ${other.how}`
        break
      }
      default: {
        const text = { name: 'content', key, body: contentOf(body)! }
        const other = mutate([text], [{ name: 'object', key, body }], chance)
        objects.set(key, { body: chance.int(2) === 0 ? other.body : gzipSync(other.body), metadata })
        how = other.how
      }
    }
    const isSame = keys.every((one) => {
      const [now, then] = [objects.get(one), whole.get(one)!]
      const isContent = now && contentOf(now.body)?.equals(contentOf(then.body)!)
      return isContent && now.metadata?.signature?.toLowerCase() === then.metadata?.signature?.toLowerCase()
    })
    try {
      const { verdict } = await verifyCloudTrail({
        s3: memoryS3(objects).s3,
        bucket: 'trails',
        from: new Date(start),
        to: new Date(start + hours * 3_600_000),
        publicKeys: [pair.publicKey],
      })
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
      if ((verdict === 'whole') !== isSame) findings.push(`input ${number} of seed ${seed}, ${key}, ${how}: ${verdict}`)
    } catch (error) {
      findings.push(`input ${number} of seed ${seed}, ${key}, ${how}: threw ${(error as Error).stack}`)
    }
  }
  console.log(verdicts)
  expect(findings).toEqual([])
  expect(verdicts.changed).toBeGreaterThan(inputs / 2)
})
