import { describe, expect, test } from 'vitest'
import { fixtures } from '../../../../test/support/fixtures.ts'
import { detect } from '../detect.ts'
import { valuesOf } from '../encodings/delimited/values.ts'
import { ingest } from '../ingest/ingest.ts'
import { collect, memoryObject, memorySink, memorySource } from '../testing/index.ts'
import { formats } from './index.ts'

const all = detect(await Promise.all(Object.values(formats).map((load) => load())))

const logs = [
  { name: 'alb.log', columns: 34, quotes: true },
  { name: 'alb-connection.log', columns: 15, quotes: true },
  { name: 'alb-health-check.log', columns: 10, quotes: true },
  { name: 'nlb.log', columns: 22, quotes: false },
]

/** What vended logs call the fields of load balancers' own. */
const vendedName = (name: string) => ({ request: 'request_line', timestamp: 'time' })[name] ?? name.replace(':', '_')

describe.each(logs)('$name as a vended log', ({ name, columns, quotes }) => {
  const { text, parser, format } = fixtures.find((one) => one.name === name)!
  const names = format.fields.map(({ name }) => vendedName(name)).slice(0, columns)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('Enable '))
  const rows = lines
    .map((line) => valuesOf(line, { delimiter: ' ', quotes, brackets: false }))
    .filter((values) => values.length === columns)

  test.each(['\t', '|'])('with %j between its values, named by a header or not', async (delimiter) => {
    expect(rows.length).toBeGreaterThan(0)
    const original = lines.filter(
      (line) => valuesOf(line, { delimiter: ' ', quotes, brackets: false }).length === columns,
    )
    const { documents } = await collect(parser, memoryObject({ key: 'k', body: original.join('\n') }))
    const body = rows.map((values) => values.join(delimiter)).join('\n')
    for (const one of [`#Fields: ${names.join(' ')}\n${body}`, body]) {
      const sink = memorySink()
      const source = memorySource(memoryObject({ key: 'k', body: one }))
      const { messages } = await ingest({ source, parser: all, sink })
      expect(messages[0]!.objects[0]!.error).toBeUndefined()
      expect(messages[0]!.objects[0]!.kinds).toEqual([format.kind])
      const stored = [...sink.documents.values()].map(({ document: { data_stream: _, ...rest } }) => rest)
      expect(stored).toEqual(documents)
    }
  })

  test('without a header, with a field that AWS adds tomorrow', async () => {
    const body = rows.map((values) => [...values, 'new'].join('\t')).join('\n')
    const source = memorySource(memoryObject({ key: 'k', body }))
    const { messages } = await ingest({ source, parser: all, sink: memorySink() })
    expect(messages[0]!.objects[0]).toMatchObject({
      kinds: [format.kind],
      counts: { written: rows.length, malformed: 0 },
      unknownFields: { [`field_${columns + 1}`]: rows.length },
    })
  })
})
