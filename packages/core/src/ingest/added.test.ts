import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { encodeBulk } from '../../../search/src/encode.ts'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { parseContext } from '../read/limits.ts'
import { track } from '../read/object.ts'
import { memoryObject } from '../testing/index.ts'
import type { LogDocument, Parser, Slice } from '../types.ts'
import { sliceOf } from './slice.ts'

const events = readFileSync(new URL('../../../../test/fixtures/cloudtrail-events.json', import.meta.url))
const flows = `2 123456789012 eni-1 10.0.0.1 10.0.0.2 1024 443 6 3 180 1418530010 1418530070 ACCEPT OK\n`.repeat(200)

async function slicesOf(
  parser: Parser<never>,
  body: Uint8Array | string,
  originals: boolean,
  enrich?: () => LogDocument,
) {
  const object = track(memoryObject({ key: 'f', body }))
  const slices: Slice<unknown>[] = []
  const steps = { namespace: 'default', from: 0, filter: undefined, enrich, now: new Date(0), untimed: () => undefined }
  for await (const batch of parser.parse(object, parseContext({ originals })))
    slices.push(sliceOf(batch, object.identity(), steps))
  return slices
}

/** The bulk bodies' bytes, and how many documents were made as objects. */
async function encode(slices: Slice<unknown>[], limit: number) {
  let objects = 0
  const counting = slices.map((slice) => ({
    ...slice,
    document: (index: number) => {
      objects++
      return slice.document(index)
    },
  }))
  const bodies: string[] = []
  const target = { op: 'create', indexOf: () => 'i', refuse: () => expect.unreachable() } as const
  for await (const { bytes, length } of encodeBulk(counting, target, () => limit, Buffer.alloc(1 << 20))) {
    expect(bytes.length <= limit || length === 1).toBe(true)
    bodies.push(bytes.toString())
  }
  return { text: bodies.join(''), objects }
}

function expected(slices: Slice<unknown>[]): string {
  const items = slices.flatMap(({ length, id, document }) =>
    Array.from({ length }, (_, index) => {
      const action = JSON.stringify({ create: { _index: 'i', _id: id(index) } })
      return `${action}\n${JSON.stringify(document(index))}\n`
    }),
  )
  return items.join('')
}

const joining = () => ({
  'cloud.account.name': 'Prod "é"',
  'user.new': 1,
  'event.new': [true],
  'aws.cloudtrail.new': null,
  'labels.x': 'y',
})

test.each([
  ['CloudTrail', cloudTrail, events],
  ['flow logs', vpcFlow, flows],
] as const)(
  '%s: what joins an object of a document, and the own text, are written as bytes',
  async (_, parser, body) => {
    const bare = await encode(await slicesOf(parser as Parser<never>, body, false), 1 << 20)
    for (const [originals, enrich] of [
      [true, undefined],
      [false, joining],
      [true, joining],
    ] as const)
      for (const limit of [1 << 20, 5000, 1000, 10]) {
        const slices = await slicesOf(parser as Parser<never>, body, originals, enrich)
        const { text, objects } = await encode(slices, limit)
        expect(text).toBe(expected(slices))
        if (limit === 1 << 20) expect(objects).toBe(bare.objects)
      }
  },
)

test('of regular lines none becomes an object, the first one without a header neither', async () => {
  expect((await encode(await slicesOf(vpcFlow as Parser<never>, flows, false), 1 << 20)).objects).toBe(0)
})

test('a field that a document has already is left to its object', async () => {
  const slices = await slicesOf(vpcFlow as Parser<never>, flows, false, () => ({ 'event.kind': 'mine', 'event.x': 1 }))
  const { text, objects } = await encode(slices, 1 << 20)
  expect(objects).toBe(200)
  expect(text).toBe(expected(slices))
  expect(JSON.parse(text.split('\n')[1]!).event).toMatchObject({ kind: 'mine', x: 1 })
})
