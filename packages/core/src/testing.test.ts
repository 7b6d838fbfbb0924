import { describe, test } from 'vitest'
import { memorySink, sinkContract } from './testing.ts'

describe('memorySink', () => {
  sinkContract({
    test,
    create: async () => {
      const sink = memorySink()
      return { sink, read: async () => new Map([...sink.documents].map(([id, { document }]) => [id, document])) }
    },
  })
})
