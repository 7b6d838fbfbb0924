import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ingest } from '../ingest.ts'
import { memoryObject, memorySink, memorySource, parserContract } from '../testing.ts'
import type { LogDocument, Parser } from '../types.ts'
import { cloudFront } from './cloudfront.ts'
import { cloudTrail } from './cloudtrail.ts'
import { vpcFlow } from './vpc-flow.ts'

const fixture = (name: string) => readFileSync(new URL(`../../../../test/fixtures/${name}`, import.meta.url), 'utf8')

const pairs: [string, Parser<unknown>][] = [
  ['vpc-flow.log', vpcFlow],
  ['vpc-flow-v2.log', vpcFlow],
  ['cloudtrail.json', cloudTrail],
  ['cloudfront.log', cloudFront],
  ['cloudfront-24.log', cloudFront],
]

describe.each(pairs)('%s', (name, parser) => {
  const expected = JSON.parse(fixture(name.replace(/\.\w+$/, '.expected.json'))) as { _source: LogDocument }[]

  test('gives the documents that were written by hand', async () => {
    const sink = memorySink()
    const report = await ingest({
      source: memorySource(memoryObject({ key: name, body: fixture(name) })),
      parser,
      sink,
    })
    expect(report.ok).toBe(true)
    expect([...sink.documents.values()].map(({ document }) => document)).toEqual(expected.map(({ _source }) => _source))
  })

  parserContract({ test, parser, sample: fixture(name), records: expected.length })
})
