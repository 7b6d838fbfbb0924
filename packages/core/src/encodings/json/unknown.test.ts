import { describe, expect, test } from 'vitest'
import { type CloudTrailRecord, cloudTrail } from '../../formats/cloudtrail.ts'
import { parseContext } from '../../read/limits.ts'
import { memoryObject } from '../../testing/index.ts'
import type { Batch } from '../../types.ts'
import { compare } from './compare.suite.ts'

/** What AWS writes, with a member in front at the top and one in userIdentity. */
const recordOf = (id: number, front = '', own = '') =>
  `{${front}"eventVersion":"1.11","userIdentity":{"type":"IAMUser",${own}"arn":"arn:aws:iam::1:user/a"},` +
  `"eventSource":"s3.amazonaws.com","eventName":"GetObject","userAgent":"a b","eventID":"id-${id}"}`
const fileOf = (records: readonly string[]) => Buffer.from(`{"Records":[${records.join(',')}]}`)
const many = (record: (id: number) => string, count = 500) =>
  fileOf(Array.from({ length: count }, (_, id) => record(id)))

async function batchesOf(body: Buffer, key = 'f.json') {
  const batches: Batch<CloudTrailRecord>[] = []
  for await (const batch of cloudTrail.parse(memoryObject({ key, body }), parseContext())) batches.push(batch)
  return batches
}

describe('members that the table does not know take the byte path', () => {
  test.each([
    ['a string', '"newField":"x",', ''],
    ['one in userIdentity', '', '"newMember":{"a":[1,true,null]},'],
    ['both', '"newField":[{"aB":""},"x"],', '"newField":-1.5,'],
    ['nothing in it', '"newField":null,', '"newMember":{"a":[{}]},'],
    ['an escaped slash', '"newField":"a\\/b",', '"newMember":{"url":"https:\\/\\/\\\\\\/\\"\\/é"},'],
  ])('%s', async (_, front, own) => {
    const body = many((id) => recordOf(id, front, own))
    expect(await compare(body, 65_536)).toEqual({ records: 500, fast: 500 })
  })

  test('they are kept and counted', async () => {
    const [batch] = await batchesOf(
      fileOf([recordOf(1, '"aField":{"inIt":[1,"",null]},', '"newThing":"x",'), recordOf(2, '"aField":null,')]),
    )
    const { encoder, unknownFields } = batch!
    expect(unknownFields).toEqual({ aField: 2, 'userIdentity.newThing': 1 })
    const unknown = [0, 1].map((index) => {
      const target = Buffer.alloc(100_000)
      const end = encoder!.encode(index, target, new DataView(target.buffer), 0)
      const document = JSON.parse(`${target.toString('utf8', 0, end - 1)}}`) as {
        aws: { cloudtrail: { flattened?: { unknown: unknown } } }
      }
      return document.aws.cloudtrail.flattened?.unknown
    })
    expect(unknown).toEqual([{ a_field: { inIt: [1] }, user_identity: { new_thing: 'x' } }, undefined])
  })

  test('but two that have one name in the document do not, nor what JavaScript puts first', async () => {
    for (const front of [
      '"theField":1,"the_field":2,',
      '"user_identity":1,',
      '"7":1,',
      '"kind":"a",',
      '"__proto__":1,',
    ])
      expect((await compare(fileOf([recordOf(1, front)]), 65_536)).fast).toBe(0)
  })

  test('a digest is told by its members all the same', async () => {
    const body = fileOf([recordOf(1, '"awsAccountId":"1","digestStartTime":"2015-08-17T14:01:31Z",')])
    await expect(batchesOf(body)).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' })
  })
})

test('strings with escaped slashes take it too', async () => {
  const record = (id: number) =>
    recordOf(
      id,
      '"errorMessage":"\\/","resources":[{"ARN":"arn:aws:s3:::b\\/k","type":"AWS::S3::Object"}],',
      '"userName":"a\\/b",',
    )
      .replace('user/a', 'user\\/a')
      .replace('},"eventSource', '},"requestParameters":{"key":"a\\/b\\\\\\/","none":null,"list":["\\/"]},"eventSource')
  expect(await compare(many(record), 65_536)).toEqual({ records: 500, fast: 500 })
})

test('more names than are learned at once', { timeout: 60_000 }, async () => {
  // In each block of 64 KiB there are some that are new, and in the last ones those of the first again.
  const names = Array.from({ length: 400 }, (_, n) => `name${n % 200}`)
  const records = names.flatMap((name, n) =>
    Array.from({ length: 20 }, (_, id) => recordOf(n * 20 + id, `"${name}":${id},`)),
  )
  const body = fileOf(records)
  const object = memoryObject({ key: 'f.json', body, chunkBytes: 65_536 })
  const target = Buffer.alloc(100_000)
  let fast = 0
  for await (const { encoder, document, length } of cloudTrail.parse(object, parseContext()))
    for (let i = 0; i < length; i++) {
      const end = encoder!.encode(i, target, new DataView(target.buffer), 0)
      if (end === -1) continue
      fast++
      expect(`${target.toString('utf8', 0, end - 1)}}`).toBe(JSON.stringify(document(i)))
    }
  expect(fast).toBeGreaterThan(records.length * 0.9)
  await compare(body, 65_536)
})

test('a batch whose names were forgotten before it is written takes the plain path', async () => {
  const body = fileOf([recordOf(1, '"firstName":1,')])
  const [batch] = await batchesOf(body)
  const others = Array.from({ length: 40 }, (_, n) => recordOf(n, `"other${n}":1,`))
  // The second of them begins when no more can be learned.
  await batchesOf(fileOf(others), 'others')
  await batchesOf(fileOf([recordOf(1, '"secondName":2,')]), 'second')
  const target = Buffer.alloc(100_000)
  const view = new DataView(target.buffer)
  expect(batch!.encoder!.encode(0, target, view, 0)).toBe(-1)
  expect(JSON.stringify(batch!.document!(0))).toContain('"unknown":{"first_name":1}')
  expect(await compare(body, 65_536)).toEqual({ records: 1, fast: 1 })
})
