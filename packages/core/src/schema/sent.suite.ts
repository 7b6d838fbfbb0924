import { expect } from 'vitest'
import { encodeBulk } from '../../../search/src/encode.ts'
import { sliceOf } from '../ingest/slice.ts'
import { parseContext } from '../read/limits.ts'
import { track } from '../read/object.ts'
import { memoryObject } from '../testing/index.ts'
import type { Slice } from '../types.ts'
import type { FormatParser } from './format.ts'

/**
 * The bulk bodies' documents, as a search sink gets them, and how many were made as objects; `onBatch` is called before the
 * documents of each batch are written.
 */
export async function sentOf(
  parser: FormatParser<unknown>,
  body: string,
  onBatch?: (length: number) => void,
  key = 'f',
) {
  const object = track(memoryObject({ key, body }))
  const steps = { namespace: 'default', from: 0, filter: undefined, enrich: undefined, now: new Date(0) }
  let objects = 0
  const lines: string[] = []
  for await (const batch of parser.parse(object, parseContext())) {
    onBatch?.(batch.length)
    const slice: Slice<unknown> = sliceOf(batch, object.identity(), { ...steps, untimed: () => undefined })
    const document = (index: number) => {
      objects++
      return slice.document(index)
    }
    const counting = { ...slice, document }
    const target = { op: 'create', indexOf: () => 'i', refuse: () => expect.unreachable() } as const
    for await (const { bytes } of encodeBulk([counting], target, () => 1 << 20, Buffer.alloc(1 << 20)))
      lines.push(...bytes.toString().trimEnd().split('\n'))
  }
  return { documents: lines.filter((_, index) => index % 2 === 1).map((line) => JSON.parse(line)), objects }
}
