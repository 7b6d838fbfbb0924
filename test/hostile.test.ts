import { Session } from 'node:inspector'
import { detect, ingest } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { bulkSink } from '@flowferry/search'
import { describe, expect, test } from 'vitest'
import { hostileFiles } from '../bench/inputs/hostile.mjs'

/**
 * How long a hostile file holds the event loop is in bench/RESULTS.md. Here is counted what no machine's speed changes:
 * blocks of code that ran. Twice the record may run twice as many, and a record cannot be above `limits`.
 */

const session = new Session()
session.connect()
const post = <T>(method: string, params?: object): T => {
  let answer: unknown
  session.post(method, params, (error, result) => {
    if (error) throw error
    answer = result
  })
  return answer as T
}
interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[]
  }[]
}

/** Blocks of flowferry's own code that ran since this was asked before. */
function blocksRun(): number {
  const { result } = post<Coverage>('Profiler.takePreciseCoverage')
  return result
    .filter(({ url }) => /packages\/\w+\/src\//.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0)
}

const LF = 10
const sink = bulkSink(async (body) => ({
  status: 200,
  body: undefined,
  created: body.reduce((lines, byte) => lines + Number(byte === LF), 0) / 2,
}))

async function workOf(text: string): Promise<number> {
  const parser = detect(await Promise.all(Object.values(formats).map((load) => load())))
  const source = memorySource(memoryObject({ key: 'AWSLogs/123456789012/hostile', body: text }))
  const blocks = blocksRun()
  const { messages } = await ingest({ source, parser, sink })
  expect(blocks).toBeGreaterThanOrEqual(0)
  expect(messages[0]!.objects[0]!.counts.read).toBeGreaterThanOrEqual(0)
  return blocksRun()
}

describe('a file that is made to cost much', () => {
  post('Profiler.enable')
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  // Above 64 KiB the engine, whose work in wasm is not counted, leaves a record to the plain path.
  const size = 131_072

  test.each(hostileFiles)(
    'costs twice as much where it is twice as large: $what',
    { timeout: 60_000 },
    async ({ of }) => {
      // What runs once only does so here.
      await workOf(of(size / 2, 100))
      const single = await workOf(of(size, 4096))
      const double = await workOf(of(size * 2, 8192))
      expect(single).toBeGreaterThan(0)
      expect(double / single).toBeLessThan(2.5)
    },
  )
})
