import { describe, expect, test } from 'vitest'
import { lines } from '../encodings/lines/lines.ts'
import { memoryObject, memorySink } from '../testing/index.ts'
import type { SourceMessage, SourceObject } from '../types.ts'
import { ingest } from './ingest.ts'

const own = lines({ kind: 'own', dataset: 'own', record: (line) => ({ line }), document: ({ line }) => ({ line }) })

/** An object whose opening waits for `gate`. */
const gated = (key: string, gate: Promise<void>, opened: string[]): SourceObject => {
  const inner = memoryObject({ key, body: 'a' })
  return {
    ...inner,
    open: async () => {
      opened.push(key)
      await gate
      return inner.open()
    },
  }
}
const message = (group: string | undefined, ...objects: SourceObject[]): SourceMessage => ({
  messageId: objects[0]!.key,
  objects,
  ...(group !== undefined && { group }),
})
const turns = async () => {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate)
}

test('a group that waits holds up no other group, and no message without one', async () => {
  const opened: string[] = []
  let open!: () => void
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const free = Promise.resolve()
  const source = [
    message('a', gated('a1', gate, opened)),
    message('a', gated('a2', free, opened), gated('a2b', free, opened)),
    message('a', gated('a3', free, opened)),
    message('b', gated('b1', free, opened)),
    message('b', gated('b2', free, opened)),
    message(undefined, gated('c', free, opened)),
  ]
  const running = ingest({ source, parser: own, sink: memorySink(), batchBytes: 1 })
  await turns()
  expect(opened).toEqual(['a1', 'b1', 'c', 'b2'])
  open()
  const report = await running
  expect(opened.slice(4)).toEqual(['a2', 'a2b', 'a3'])
  expect(report.ok).toBe(true)
  // In the order in which they came.
  expect(report.messages.map(({ messageId }) => messageId)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c'])
  expect(report.messages[0]).toMatchObject({ group: 'a' })
  expect(report.messages[5]).not.toHaveProperty('group')
})

test('a source without an end is not drawn from while a group has 1,000 messages that wait', async () => {
  let drawn = 0
  const stop = new AbortController()
  async function* endless() {
    yield message(undefined, memoryObject({ key: `${++drawn}`, body: 'a' }))
    for (;;) yield message('g', gated(`${++drawn}`, new Promise(() => {}), []))
  }
  const running = ingest({ source: endless(), parser: own, sink: memorySink(), signal: stop.signal })
  for (let n = 0; n < 200; n++) await turns()
  // One is done, one is read, 1,000 wait.
  expect(drawn).toBe(1002)
  stop.abort()
  running.catch(() => undefined)
})

test('of a group that is longer than that, each message has its turn', async () => {
  const source = Array.from({ length: 1100 }, (_, n) => message('g', memoryObject({ key: `${n}`, body: 'a' })))
  const done: string[] = []
  const report = await ingest({ source, parser: own, sink: memorySink(), onObject: ({ key }) => void done.push(key) })
  expect(report.ok).toBe(true)
  expect(done).toEqual(source.map(({ messageId }) => messageId))
})

describe('a message that comes when an earlier one of its group is done', () => {
  const until = async (key: string, keys: readonly string[]) => {
    while (!keys.includes(key)) await turns()
  }

  test('waits for the one that is read meanwhile', async () => {
    const opened: string[] = []
    const done: string[] = []
    let open!: () => void
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    async function* source() {
      yield message('g', gated('1', Promise.resolve(), opened))
      yield message('g', gated('2', gate, opened))
      await until('1', done)
      yield message('g', gated('3', Promise.resolve(), opened))
      await turns()
      expect(opened).toEqual(['1', '2'])
      open()
    }
    const onObject = ({ key }: { key: string }) => void done.push(key)
    const report = await ingest({ source: source(), parser: own, sink: memorySink(), batchBytes: 1, onObject })
    expect(report.stopped).toBeUndefined()
    expect(done).toEqual(['1', '2', '3'])
  })

  test('waits for nothing but a slot, as one without a group does: no other is drawn', async () => {
    const opened: string[] = []
    const done: string[] = []
    let drawn = ''
    let open!: () => void
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    async function* source() {
      yield message('g', gated('1', Promise.resolve(), opened))
      await until('1', done)
      yield message(undefined, gated('other', gate, opened))
      yield message('g', gated('2', Promise.resolve(), opened))
      drawn = opened.join(' ')
    }
    const onObject = ({ key }: { key: string }) => void done.push(key)
    const options = { source: source(), parser: own, sink: memorySink(), concurrency: 1, onObject }
    const running = ingest(options)
    await until('other', opened)
    await turns()
    expect(drawn).toBe('')
    open()
    expect((await running).ok).toBe(true)
    expect(opened).toEqual(['1', 'other', '2'])
  })
})

test('a message of a group whose objects are none is told as a source that broke', async () => {
  const broken = { messageId: 'x', group: 'g', objects: undefined } as unknown as SourceMessage
  const source = [message('g', memoryObject({ key: 'a', body: 'a' })), broken]
  const report = await ingest({ source, parser: own, sink: memorySink() })
  expect(report).toMatchObject({
    ok: false,
    incomplete: true,
    stopped: { code: 'SOURCE_FAILED' },
    counts: { written: 1 },
  })
})
