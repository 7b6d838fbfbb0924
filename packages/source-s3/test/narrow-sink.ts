import { once } from 'node:events'
import type { Sink } from '@flowferry/core'
import { type MemorySink, memorySink } from '@flowferry/core/testing'

/**
 * A store that takes `room` records, then is silent until it is stopped: a share of a file for each invocation, however
 * fast the machine is.
 */
export function narrowSink(): MemorySink & { room: number } {
  const memory = memorySink()
  const write: Sink<unknown>['write'] = async (batch, signal) => {
    narrow.room -= batch.reduce((sum, { length }) => sum + length, 0)
    if (narrow.room >= 0) return memory.write(batch, signal)
    if (!signal!.aborted) await once(signal!, 'abort')
    return { slices: batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length })) }
  }
  const narrow = { documents: memory.documents, room: 0, write }
  return narrow
}
