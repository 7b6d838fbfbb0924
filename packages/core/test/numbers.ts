import { lines } from '../src/encodings/lines/lines.ts'
import { memoryObject } from '../src/testing/index.ts'
import type { Outcome, Slice } from '../src/types.ts'

/** A format whose records are whole numbers, a line each. */
export const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => (/^\d+$/.test(line) ? { value: Number(line) } : undefined),
  document: ({ value }) => ({ '@timestamp': new Date(value).toISOString(), custom: { value } }),
})

/** An object of three numbers, or of this body. */
export const object = (key: string, body: string | Uint8Array = '1\n2\n3\n') => memoryObject({ key, body })

export const never = () => new Promise<never>(() => undefined)

/** What a sink tells that has stored all. */
export const written = (batch: readonly Slice<unknown>[]): Outcome => ({
  slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })),
})
