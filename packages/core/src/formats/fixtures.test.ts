import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fixtures, small } from '../../../../test/support/fixtures.ts'
import { detect } from '../detect.ts'
import { ingest } from '../ingest/ingest.ts'
import { collect, memoryObject, memorySink, memorySource, parserContract } from '../testing/index.ts'
import { formats } from './index.ts'

const parsers = await Promise.all(Object.values(formats).map((load) => load()))
const all = detect(parsers.map(({ full }) => full))

test('the list has each file of the folder, and the folder of fixtures each format', () => {
  const names = Object.keys(formats).sort()
  const files = readdirSync(new URL('.', import.meta.url))
    .filter((file) => /^(?!index\.|.*\.test\.).+\.ts$/.test(file))
    .map((file) => file.replace('.ts', ''))
  // What a format keeps in a file of its own begins with its name, as another format's name may.
  const own = files.filter((file) => names.includes(file) || !names.some((name) => file.startsWith(`${name}-`)))
  expect(own.sort()).toEqual(names)
  expect([...new Set(fixtures.map(({ formatName }) => formatName))].sort()).toEqual(names)
})

describe.each(fixtures)('$name', ({ text, key, expected, parser, format }) => {
  const object = memoryObject({ key, body: text })

  test('is known by its content or key, and gives the documents that were written by hand', async () => {
    const sink = memorySink()
    const report = await ingest({ source: memorySource(object), parser: all, sink })
    expect(report.ok).toBe(true)
    expect(report.messages[0]!.objects[0]!.kinds).toEqual([format.kind])
    const stored = [...sink.documents].map(([_id, { document }], index) => {
      const { '@timestamp': time, ...rest } = document
      const { _id: id, _source } = expected[index] ?? {}
      return {
        ...(id && { _id }),
        _source: _source?.['@timestamp'] === undefined ? rest : { '@timestamp': time, ...rest },
      }
    })
    expect(stored).toEqual(expected)
  })

  test('has small documents, which are these but for the names that an index finds by others', async () => {
    const { documents } = await collect(parser, object)
    const { documents: full } = await collect(parser.full, object)
    expect(documents).toEqual(full.map((document) => small(document, format)))
    for (const document of full)
      for (const [alias, { path }] of Object.entries(format.aliases ?? {}))
        expect(at(document, alias), alias).toBe(at(document, path))
  })

  test('has records whose time the format knows as their documents have it', async () => {
    const { records, documents } = await collect(parser, object)
    const times = documents.map((document) => document['@timestamp'] as string | undefined)
    expect(records.map((record) => format.time!(record))).toEqual(times.map((time) => time && Date.parse(time)))
  })

  test('has lists where the mapping marks them, and nowhere else', async () => {
    const { documents } = await collect(parser, object)
    for (const document of documents)
      for (const [field, { type, list }] of Object.entries(format.mapping))
        if (type !== 'flattened')
          expect([undefined, list ?? 'single'], field).toContain(listAt(document, field.split('.')))
  })

  parserContract({ test, parser, sample: text, records: expected.length })
})

function at(document: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], document)
}

/** How a document holds a field that is there: `single`, as a list of values, or in a list of objects. */
function listAt(value: unknown, [name, ...path]: readonly string[]): 'single' | 'values' | 'objects' | undefined {
  if (value === undefined) return undefined
  if (name === undefined) return Array.isArray(value) ? 'values' : 'single'
  if (!Array.isArray(value)) return listAt((value as Record<string, unknown>)[name], path)
  return value.some((item) => listAt(item, [name, ...path])) ? 'objects' : undefined
}
