import { lines } from '../src/encodings/lines/lines.ts'
import { ingest } from '../src/ingest/ingest.ts'
import type { Observer } from '../src/observe/metrics.ts'
import { memoryObject, memorySink } from '../src/testing/index.ts'
import type { ObjectReport, Sink } from '../src/types.ts'

/** A format whose records are times in seconds, a line each. */
export const seconds = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => (/^\d+$/.test(line) ? { value: Number(line) } : undefined),
  document: ({ value }) => ({ '@timestamp': new Date(value * 1000).toISOString(), custom: { value } }),
})
/** A sink that stores nothing, as one whose credentials are refused. */
export const unauthorized: Sink<unknown> = {
  write: async (batch) => ({
    slices: batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length })),
  }),
}

/** Two objects, sent a minute ago; their newest record is ten seconds old, their oldest 110. */
export async function observed(onObject: Observer, sink: Sink<unknown> = memorySink()): Promise<ObjectReport[]> {
  const now = Math.floor(Date.now() / 1000)
  const body = `${now - 110}\n${now - 50}\n?\n${now - 10}\n`
  const report = await ingest({
    source: ['a.log', 'b.log'].map((key) => ({
      objects: [memoryObject({ key, body, bucket: 'logs' })],
      sentAt: new Date((now - 60) * 1000),
    })),
    parser: seconds,
    sink,
    malformedShare: 1,
    onObject,
  })
  return report.messages.flatMap(({ objects }) => objects)
}
