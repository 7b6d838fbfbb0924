import { expect, test } from 'vitest'
import { delimited } from '../encodings/delimited/delimited.ts'
import { ingest } from '../ingest/ingest.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import { epochSeconds, keyword, long } from './fields.ts'
import { format } from './format.ts'

const fails = (a: string): string => {
  throw new Error(`no ${a}`)
}

test('a derived value of the format that throws says which one it is', async () => {
  const parser = format({
    kind: 'x',
    dataset: 'custom.x',
    root: 'custom.x',
    constants: {},
    fields: { t: epochSeconds(['@timestamp'], ''), a: keyword([], ''), n: long([], '') },
    derived: (derive) => [derive('event.reason', ['a'], fails)],
    encodings: [delimited({ delimiter: ' ', headerless: { fields: ['t', 'a', 'n'], fits: () => true } })],
  })
  const source = memorySource(memoryObject({ key: 'x.log', body: '1 - 1\n1 a 1\n' }))
  const { error } = (await ingest({ source, parser, sink: memorySink() })).messages[0]!.objects[0]!
  expect(error).toMatchObject({ code: 'STEP_FAILED', place: { ordinal: 1 } })
  expect(error?.message).toContain('The derived value event.reason threw: no a')
})
