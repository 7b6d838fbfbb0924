import { type LogDocument, lines } from '@flowferry/core'
import { expectTypeOf, test } from 'vitest'
import { defineConfig } from './config.ts'

const notes = lines({
  kind: 'notes',
  dataset: 'custom.notes',
  record: (line) => ({ line, pages: line.length }),
  document: ({ line }): LogDocument => ({ message: line }),
})

test('a filter knows the records of own formats and of AWS', () => {
  defineConfig({
    formats: { notes },
    filter: (record) => {
      if (record.kind === 'notes') expectTypeOf(record.pages).toEqualTypeOf<number>()
      if (record.kind === 'vpcflow') expectTypeOf(record.srcaddr).toEqualTypeOf<string | undefined>()
      // @ts-expect-error no format has such records
      return record.kind !== 'note'
    },
  })
})

test('what is misspelt is an error', () => {
  // @ts-expect-error it is `to`
  defineConfig({ store: { too: 'elasticsearch' } })
  // @ts-expect-error no such store
  defineConfig({ store: { to: 'mysql' } })
  // @ts-expect-error a format is a parser
  defineConfig({ formats: { notes: () => notes } })
})
