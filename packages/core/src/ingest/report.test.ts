import { describe, expect, test } from 'vitest'
import { lines } from '../encodings/lines/lines.ts'
import { memoryObject, memorySink } from '../testing/index.ts'
import type { MessageReport, ObjectReport, SourceMessage } from '../types.ts'
import { ingest } from './ingest.ts'
import { addsUp, collectReports, emptyCounts } from './report.ts'

const own = lines({
  kind: 'own',
  dataset: 'custom.own',
  record: (line) => (line === 'x' ? undefined : { line }),
  document: ({ line }) => ({ custom: { line } }),
})

describe('addsUp', () => {
  test('asks that each record that was read is counted under one outcome', () => {
    expect(addsUp(emptyCounts())).toBe(true)
    for (const name of ['written', 'duplicate', 'rejected', 'filtered', 'malformed', 'unfinished'] as const) {
      expect(addsUp({ ...emptyCounts(), read: 3, [name]: 3 }), name).toBe(true)
      expect(addsUp({ ...emptyCounts(), read: 3, [name]: 2 }), name).toBe(false)
      expect(addsUp({ ...emptyCounts(), [name]: 1 }), name).toBe(false)
    }
  })
})

describe('collectReports', () => {
  const message = (key: string, status: 'done' | 'failed', written = 1): MessageReport => ({
    messageId: key,
    status,
    ignored: [],
    objects: [{ key, status, bytes: 10, counts: { ...emptyCounts(), read: written, written } } as ObjectReport],
  })

  test('sums up messages in any order, and gives them in the order in which they began', () => {
    const reports = collectReports('all')
    const [first, second, third] = [reports.begin(), reports.begin(), reports.begin()]
    third(message('c', 'done', 3))
    first(message('a', 'done', 1))
    second(message('b', 'failed', 2))
    const report = reports.report(5, undefined, false)
    expect(report.messages.map(({ messageId }) => messageId)).toEqual(['a', 'b', 'c'])
    expect(report).toMatchObject({
      ok: false,
      objects: 3,
      bytes: 30,
      milliseconds: 5,
      counts: { read: 6, written: 6 },
      statuses: { done: 2, failed: 1, skipped: 0, superseded: 0 },
    })
    expect(report).not.toHaveProperty('stopped')
    expect(report).not.toHaveProperty('incomplete')
  })

  test('is not ok where the source was not read to its end', () => {
    const reports = collectReports('all')
    reports.begin()(message('a', 'done'))
    expect(reports.report(0, undefined, true)).toMatchObject({ ok: false, incomplete: true })
  })
})

describe('keepReports', () => {
  const source = async function* (): AsyncGenerator<SourceMessage> {
    for (let n = 0; n < 1000; n++)
      yield { objects: [memoryObject({ key: `${n}`, body: n % 200 === 7 ? 'x\n'.repeat(2) : 'a\nb' })] }
  }

  test('failed keeps the failed alone, in order, and counts all', async () => {
    const all = await ingest({ source: source(), parser: own, sink: memorySink() })
    const failed = await ingest({ source: source(), parser: own, sink: memorySink(), keepReports: 'failed' })
    expect(all.messages).toHaveLength(1000)
    expect(failed.messages.map(({ objects }) => objects[0]!.key)).toEqual(['7', '207', '407', '607', '807'])
    const { messages: _, milliseconds: __, ...sums } = all
    expect(failed).toMatchObject(sums)
    expect(failed).toMatchObject({ ok: false, objects: 1000, statuses: { done: 995, failed: 5 } })
  })

  test('takes two words', async () => {
    const options = { source: [], parser: own, sink: memorySink(), keepReports: 'none' as 'all' }
    await expect(ingest(options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
