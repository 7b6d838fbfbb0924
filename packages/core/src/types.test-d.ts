import { describe, expectTypeOf, test } from 'vitest'
import { detect } from './detect.ts'
import { delimited } from './encodings/delimited/delimited.ts'
import { lines } from './encodings/lines/lines.ts'
import type { CloudFrontRecord } from './formats/cloudfront.ts'
import { cloudFront } from './formats/cloudfront.ts'
import type { VpcFlowRecord } from './formats/vpc-flow.ts'
import { vpcFlow } from './formats/vpc-flow.ts'
import { ingest } from './ingest/ingest.ts'
import { keyword, long } from './schema/fields.ts'
import { format } from './schema/format.ts'
import { memorySink } from './testing/index.ts'
import type { Parser, Sink } from './types.ts'

const source: [] = []
declare const flowSink: Sink<VpcFlowRecord>
declare const webSink: Sink<CloudFrontRecord>
declare const anySink: Sink<unknown>

describe('types from end to end', () => {
  test("a filter and an enrichment see the record's fields", () => {
    ingest({
      source,
      parser: vpcFlow,
      sink: anySink,
      filter: (record, object) => {
        expectTypeOf(record.kind).toEqualTypeOf<'vpcflow'>()
        expectTypeOf(record['account-id']).toEqualTypeOf<string | undefined>()
        expectTypeOf(record.bytes).toEqualTypeOf<number | undefined>()
        expectTypeOf(object.key).toEqualTypeOf<string>()
        // @ts-expect-error no field of flow logs
        record.srcadr
        return record.action === 'REJECT'
      },
      enrich: ({ dstport }) => ({ 'labels.port': dstport }),
    })
  })

  test('a sink of another type does not compile', () => {
    ingest({ source, parser: vpcFlow, sink: flowSink })
    ingest({ source, parser: vpcFlow, sink: memorySink() })
    // @ts-expect-error a sink for CloudFront's records
    ingest({ source, parser: vpcFlow, sink: webSink })
    // @ts-expect-error the union holds records that the sink does not take
    ingest({ source, parser: detect([vpcFlow, cloudFront]), sink: flowSink })
  })

  test('a step of another type does not compile', () => {
    ingest({
      source,
      parser: vpcFlow,
      sink: anySink,
      // @ts-expect-error a filter of CloudFront's records
      filter: (record: CloudFrontRecord) => record['sc-status'] === 200,
    })
    // @ts-expect-error a filter is synchronous
    ingest({ source, parser: vpcFlow, sink: anySink, filter: async () => true })
  })

  test('several parsers give a union, told apart by kind', () => {
    const parser = detect([vpcFlow, cloudFront])
    expectTypeOf(parser).toExtend<Parser<VpcFlowRecord | CloudFrontRecord>>()
    ingest({
      source,
      parser,
      sink: anySink,
      filter: (record) => (record.kind === 'cloudfront' ? record['sc-status'] !== 200 : record.bytes !== 0),
    })
  })

  test("a user's own records are typed, with their literal kind", () => {
    const parser = lines({
      kind: 'app',
      dataset: 'custom.app',
      record: (line) => ({ size: line.length }),
      document: ({ size }) => ({ custom: { size } }),
    })
    expectTypeOf(parser).toExtend<Parser<{ size: number; kind: 'app' }>>()
    lines({
      kind: 'app',
      dataset: 'custom.app',
      record: (line) => ({ size: line.length }),
      // @ts-expect-error no such field
      document: ({ sice }) => ({ sice }),
    })
  })

  test("a table's targets are ECS names, and its derived values see the columns' types", () => {
    const base = {
      kind: 'x',
      dataset: 'custom.x',
      root: 'custom.x',
      constants: {},
      encodings: [delimited({ delimiter: ' ' })],
    } as const
    format({
      ...base,
      fields: { a: keyword(['source.address'], ''), n: long(['labels.n'], '') },
      derived: (derive) => [
        derive('event.outcome', ['a', 'n'], (a, n) => {
          expectTypeOf(a).toEqualTypeOf<string>()
          expectTypeOf(n).toEqualTypeOf<number>()
          return 'success'
        }),
        // @ts-expect-error no such column
        derive('event.outcome', ['b'], () => 'success'),
      ],
    })
    // @ts-expect-error no such ECS field
    keyword(['source.adress'], '')
  })
})
