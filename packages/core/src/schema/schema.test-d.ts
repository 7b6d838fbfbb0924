import { describe, expectTypeOf, test } from 'vitest'
import { detect } from '../detect.ts'
import { delimited } from '../encodings/delimited/delimited.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { family, optional, present } from './derive.ts'
import type { Enrichment } from './enrichment.ts'
import { epochSeconds, keyword, long } from './fields.ts'
import { format } from './format.ts'
import type { RecordFrom } from './record.ts'

describe('records', () => {
  test('have the fields of the table, nested where their names are', () => {
    const fields = {
      port: long([], ''),
      'request.ip': keyword([], ''),
      'request.port': long([], ''),
      'labels[].name': keyword([], ''),
      'ids[]': long([], ''),
    }
    type R = RecordFrom<'x', typeof fields>
    expectTypeOf<R['kind']>().toEqualTypeOf<'x'>()
    expectTypeOf<R['port']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<NonNullable<R['request']>['ip']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<NonNullable<R['request']>['port']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<NonNullable<R['labels']>[number]['name']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<NonNullable<R['ids']>[number]>().toEqualTypeOf<number>()
    // @ts-expect-error a path is no name
    expectTypeOf<R['request.ip']>()
  })
})

describe('derived values', () => {
  test('see the types of fields and facets, and give values of their targets', () => {
    format({
      kind: 'x',
      dataset: 'custom.x',
      root: 'custom.x',
      constants: {},
      fields: { t: epochSeconds(['@timestamp'], ''), a: keyword([], ''), n: long([], '') },
      derived: (derive) => [
        derive('event.outcome', ['a', optional('n'), present('n'), family('a')], (a, n, has, version) => {
          expectTypeOf(a).toEqualTypeOf<string>()
          expectTypeOf(n).toEqualTypeOf<number | undefined>()
          expectTypeOf(has).toEqualTypeOf<boolean>()
          expectTypeOf(version).toEqualTypeOf<'ipv4' | 'ipv6'>()
          return undefined
        }),
        derive(['labels.a', 'labels.b[]'], ['a'], (a) => ({ 'labels.a': a, 'labels.b': [a] })),
        // @ts-expect-error no target of it
        derive(['labels.a', 'labels.b'], ['a'], (a) => ({ 'labels.c': a })),
        // @ts-expect-error nothing is awaited
        derive('labels.a', ['a'], async (a) => a),
      ],
      encodings: [delimited({ delimiter: ' ' })],
    })
  })
})

describe('enrichments', () => {
  const typed: Enrichment = {
    name: 'typed',
    derived: (derive, { fills }) => [
      derive('labels.x', ['source.ip', 'source.port', optional('user.name')], (address, port, user) => {
        expectTypeOf(address).toEqualTypeOf<string>()
        expectTypeOf(port).toEqualTypeOf<number>()
        expectTypeOf(user).toEqualTypeOf<string | undefined>()
        return address
      }),
      derive('labels.y', ['aws.vpcflow.interface_id', family('source.ip')], (id, version) => {
        expectTypeOf(id).toEqualTypeOf<unknown>()
        expectTypeOf(version).toEqualTypeOf<'ipv4' | 'ipv6'>()
        return version
      }),
      derive(['source.geo.city_name', 'source.as.number'], ['source.ip'], () => ({ 'source.as.number': 1 })),
      // @ts-expect-error no field of ECS
      derive('labels.x', ['source.adress'], () => 'x'),
      // @ts-expect-error a list
      derive('labels.x', ['related.ip[]'], () => 'x'),
      // @ts-expect-error no target of it
      derive(['labels.a', 'labels.b'], ['source.ip'], () => ({ 'labels.c': 'x' })),
      // @ts-expect-error nothing is awaited
      derive('labels.a', ['source.ip'], async () => 'x'),
      ...(fills('source.ip') ? [] : [undefined]),
    ],
  }
  test('leave the type of the record as it is', () => {
    expectTypeOf(vpcFlow.with(typed)).toEqualTypeOf(vpcFlow)
    expectTypeOf(detect([vpcFlow.with(typed)])).toEqualTypeOf(detect([vpcFlow]))
  })
})
