import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { vpcFlow } from '../formats/vpc-flow.ts'
import type { Batch } from '../types.ts'
import type { Piece } from './pieces.ts'
import { Places } from './places.ts'

/** A piece of messages of ten bytes each, whose events stand a hundred bytes apart. */
const piece = (offset: number, count: number, around?: Piece['around']): Piece => ({
  stream: undefined,
  around,
  text: Buffer.alloc(count * 10, 'a'),
  starts: Int32Array.from({ length: count }, (_, index) => index * 10),
  offsets: Float64Array.from({ length: count }, (_, index) => offset + index * 100),
})
/** A batch with records at these offsets of the run's text. */
const batch = (bytes: number, ...offsets: readonly number[]): Batch<unknown> => ({
  format: vpcFlow.format,
  length: offsets.length,
  records: offsets.map(() => ({})),
  ordinals: offsets.map((offset) => offset / 10),
  offsetOf: (index) => offsets[index]!,
  document: () => ({}),
  bytes,
})

test('tell where a record stood, and what stood around it, after later batches too', () => {
  const places = new Places()
  const [a, b] = [{ name: 'a' }, { name: 'b' }]
  places.add(piece(1000, 2, a))
  places.add(piece(2000, 2, a))
  places.add(piece(3000, 2, b))
  expect(places.offsetAt(35)).toBe(2100)
  const first = places.of(batch(30, 0, 10, 20))
  expect(first.around).toBe(a)
  const second = places.of(batch(30, 30, 40, 50))
  expect(second.around).toEqual([a, b, b])
  places.add(piece(9000, 1, b))
  expect(places.of(batch(10, 60)).around).toBe(b)
  expect([0, 1, 2].map((index) => first.offsetOf!(index))).toEqual([1000, 1100, 2000])
  expect([0, 1, 2].map((index) => second.offsetOf!(index))).toEqual([2100, 3000, 3100])
})

test('of records without offsets are by their ordinals', () => {
  const places = new Places()
  const [a, b] = [{ name: 'a' }, { name: 'b' }]
  places.add(piece(1000, 2, a))
  places.add(piece(2000, 2, b))
  const { offsetOf: _, ...told } = batch(40, 0, 10, 20, 30)
  expect(places.of(told)).toEqual({ around: [a, a, b, b] })
})

test('keep one piece at least, whatever a batch says that it took', () => {
  const places = new Places()
  places.add(piece(1000, 1))
  places.add(piece(2000, 1))
  places.of(batch(1000, 0))
  expect(places.offsetAt(10)).toBe(2000)
})

test('of what was read keep nothing, no text at all: batches without a record forget it, too', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const places = new Places()
  const texts: WeakRef<Buffer>[] = []
  const starts: WeakRef<object>[] = []
  for (let index = 0; index < 100; index++) {
    const one = piece(index * 1000, 3)
    places.add(one)
    texts.push(new WeakRef(one.text))
    starts.push(new WeakRef(one.starts))
    // The last ones are still to be read.
    if (index < 90) places.of(batch(30, ...(index === 0 ? [0] : [])))
  }
  // What a WeakRef gave or was made of lives until the turn ends.
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  expect(texts.filter((text) => text.deref()).length).toBeLessThanOrEqual(1)
  const left = starts.flatMap((one, index) => (one.deref() ? [index] : []))
  expect(left.filter((index) => index < 88)).toEqual([])
  expect(left).toEqual(expect.arrayContaining([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]))
  expect(places.offsetAt(2985)).toBe(99_100)
})

test('are found wherever they stand, among pieces of any length', () => {
  const places = new Places()
  const expected: [at: number, offset: number][] = []
  let at = 0
  for (let index = 0; index < 50; index++) {
    const count = 1 + ((index * 7) % 5)
    places.add(piece(index * 1000, count))
    for (let one = 0; one < count; one++, at += 10) expected.push([at, index * 1000 + one * 100])
  }
  for (const [at, offset] of expected) expect([places.offsetAt(at), places.offsetAt(at + 9)]).toEqual([offset, offset])
})
