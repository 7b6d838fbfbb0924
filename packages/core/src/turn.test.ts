import { afterEach, expect, test, vi } from 'vitest'
import { lines } from './encodings/lines/lines.ts'
import { ingest } from './ingest/ingest.ts'
import { memoryObject, memorySink, memorySource } from './testing/index.ts'
import { nextTurn } from './turn.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
/** A clock that moves when it is looked at. */
const tickingClock = (step: number) => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += step
    return now
  })
}
afterEach(() => vi.restoreAllMocks())

test('a turn that lasts too long ends, and the next one may last as long again', async () => {
  await turn()
  tickingClock(10)
  const asked = () => Array.from({ length: 4 }, () => nextTurn())
  const seen: string[] = []
  setImmediate(() => seen.push('timers and sockets'))
  const [first, second, third, fourth] = asked()
  expect([first, second, third]).toEqual([undefined, undefined, undefined])
  await fourth
  expect(seen).toEqual(['timers and sockets'])
  expect(asked().map((promise) => promise === undefined)).toEqual([true, true, true, false])
})

test('a file whose batches never end leaves the event loop its turns', async () => {
  tickingClock(1)
  let turns = 0
  const count = () => {
    turns++
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  const words = lines({
    kind: 'word',
    dataset: 'word',
    record: (word) => ({ word }),
    document: ({ word }) => ({ word }),
  })
  // A batch each: nothing but batches is looked at in between.
  const parser = {
    ...words,
    parse: async function* (...given: Parameters<typeof words.parse>) {
      for await (const batch of words.parse(...given)) for (let i = 0; i < 2000; i++) yield { ...batch, ordinals: [i] }
    },
  }
  const report = await ingest({
    source: memorySource(memoryObject({ key: 'a', body: 'a\n' })),
    parser,
    sink: memorySink(),
  })
  clearImmediate(timer)
  expect(report.counts.read).toBe(2000)
  expect(turns).toBeGreaterThan(2000 / 50)
})
