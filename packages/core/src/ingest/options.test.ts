import { describe, expect, test } from 'vitest'
import { bulkSink } from '../../../search/src/write.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { memorySink } from '../testing/index.ts'
import { byteBudget, sharedBudget } from './budget.ts'
import { ingest } from './ingest.ts'
import { checkIngestOptions } from './options.ts'

const base = { source: [], parser: vpcFlow, sink: memorySink() }
const ofDataset = (dataset: string) => ({ ...vpcFlow, formats: [{ ...vpcFlow.formats[0], dataset }] })
const refused = (options: unknown) => expect(ingest(options as typeof base)).rejects

describe('ingest', () => {
  test.each<[string, unknown, string]>([
    ['no source', { source: undefined }, 'source is undefined'],
    ['an event for its messages', { source: { Records: [] } }, 'source is object; it takes messages'],
    ['a text for messages', { source: '{"Records":[]}' }, 'source is string'],
    ['no parser', { parser: undefined }, 'parser is undefined'],
    ['parsers in a list', { parser: [vpcFlow] }, 'detect([…])'],
    ['no sink', { sink: undefined }, 'sink is undefined'],
    ['a function for a sink', { sink: memorySink }, 'sink is function'],
    ['a filter in words', { filter: 'srcport = 1' }, 'filter is string; it takes a function'],
    ['an enrichment that is one already', { enrich: { 'labels.team': 'a' } }, 'enrich is object'],
    ['a number for onObject', { onObject: 5 }, 'onObject is 5'],
    ['dead records without a place', { deadRecords: {} }, 'deadRecords is object'],
    ['a budget of bytes', { budget: 1000 }, 'budget is 1000'],
    ['a budget that is none', { budget: {} }, 'budget is object'],
    ['half a budget', { budget: { bytes: 1, tryTake: () => true } }, 'budget is object'],
    ['a deadline without a time', { deadline: {} }, 'deadline is object'],
    ['a deadline in milliseconds', { deadline: 1000 }, 'deadline is 1000'],
    ['a deadline of NaN', { deadline: { getRemainingTimeInMillis: () => Number.NaN } }, 'Millis() is NaN'],
    ['a deadline of nothing', { deadline: { getRemainingTimeInMillis: () => undefined } }, 'Millis() is undefined'],
    ['a signal that is none', { signal: {} }, 'signal is object; it takes an AbortSignal'],
    ['a controller for its signal', { signal: new AbortController() }, 'signal is object'],
    ['no concurrency', { concurrency: 0 }, 'concurrency is 0'],
    ['no bytes a batch', { batchBytes: 0 }, 'batchBytes is 0'],
    ['no second', { batchSeconds: 0 }, 'batchSeconds is 0'],
    ['more than all', { malformedShare: 2 }, 'malformedShare is 2'],
    ['a share in text', { malformedShare: '0.5' }, 'malformedShare is string'],
    ['other reports', { keepReports: 'none' }, 'keepReports is none; it takes all or failed'],
    ['another word for true', { eventOriginal: 'yes' }, 'eventOriginal is string'],
    ['a namespace that no stream has', { namespace: 'Prod-1' }, 'namespace "Prod-1"'],
    ['a parser of a dataset that no stream has', { parser: ofDataset('my/logs') }, 'my/logs'],
    ['a limit of nothing', { limits: { depth: 0 } }, 'limits.depth is 0'],
    ['a limit of another name', { limits: { lineBytes: 1 } }, 'lineBytes'],
  ])('refuses %s', async (_, bad, reason) => {
    await refused({ ...base, ...(bad as object) }).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(reason),
    })
  })

  test('has the defaults that its options name', () => {
    expect(checkIngestOptions(base)).toEqual({
      ...base,
      concurrency: 4,
      batchBytes: 1024 * 1024,
      batchSeconds: 1,
      budget: sharedBudget,
      malformedShare: 0.1,
      namespace: 'default',
      keepReports: 'all',
      eventOriginal: false,
    })
    for (const malformedShare of [0, 1])
      expect(checkIngestOptions({ ...base, malformedShare })).toMatchObject({ malformedShare })
  })

  test('refuses to be called with nothing', async () => {
    for (const nothing of [undefined, null, 5]) await refused(nothing).toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('tells nothing of what an object or a text holds', async () => {
    for (const sink of ['s3cr3t', { password: 's3cr3t' }])
      await refused({ ...base, sink }).not.toMatchObject({ message: expect.stringContaining('s3cr3t') })
  })

  test('takes what is of the right shape, whoever made it', async () => {
    const source = (async function* () {})()
    const budget = { ...byteBudget(1) }
    const deadline = { getRemainingTimeInMillis: () => 1000 }
    const { signal } = new AbortController()
    expect(await ingest({ ...base, source, budget, deadline, signal })).toMatchObject({ ok: true })
    expect(await ingest({ ...base, source: new Set() })).toMatchObject({ ok: true })
  })
})

test.each<[string, object]>([
  ['an index without a name', { index: '' }],
  ['an index that is a format', { index: vpcFlow.formats[0] }],
  ['another time', { indexPer: 'year' }],
  ['another operation', { op: 'update' }],
  ['an operation that streams do not have', { op: 'index' }],
  ['a level in words', { gzip: 'fast' }],
  ['a level above 9', { gzip: 10 }],
  ['no retry but less', { maxRetries: -1 }],
])('a bulk sink refuses %s', (_, options) => {
  const send = async () => ({ status: 200, body: {} })
  expect(() => bulkSink(send, options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
