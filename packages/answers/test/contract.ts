import type { Answer, DocumentsQuestion, GroupsQuestion, Measure, Question, Row } from '@flowferry/answers'
import type { LogDocument } from '@flowferry/core'
import { expect } from 'vitest'
import { valueAt } from '../src/documents.ts'
import { bothDays, type Documents, type sampleOf, today } from './sample.ts'

type Sample = ReturnType<typeof sampleOf>

/** A question, and its rows made by hand from the documents: undefined where the stores are only held to agree. */
export interface Case {
  readonly name: string
  readonly question: Question
  readonly expected?: (documents: Documents) => Row[]
}

const text = (document: LogDocument, name: string) => (valueAt(document, name) ?? null) as string | null
const number = (document: LogDocument, name: string) => Number(valueAt(document, name) ?? 0)
const total = (documents: readonly LogDocument[], name: string) =>
  documents.reduce((sum, document) => sum + number(document, name), 0)

/** The value at a place between two of a sorted list. */
function between(values: readonly number[], place: number): number {
  const [lower, upper] = [values[Math.floor(place)]!, values[Math.ceil(place)]!]
  return lower + (upper - lower) * (place - Math.floor(place))
}

/** Groups in the order of their keys, null last. */
function grouped(
  documents: readonly LogDocument[],
  keys: (document: LogDocument) => readonly (readonly (string | number | null)[])[],
): { keys: readonly (string | number | null)[]; documents: LogDocument[] }[] {
  const groups = new Map<string, { keys: readonly (string | number | null)[]; documents: LogDocument[] }>()
  for (const document of documents)
    for (const key of keys(document)) {
      const name = JSON.stringify(key)
      const group = groups.get(name) ?? { keys: key, documents: [] }
      groups.set(name, group)
      group.documents.push(document)
    }
  return [...groups.values()].sort((a, b) => {
    for (const [index, one] of a.keys.entries()) {
      const other = b.keys[index]!
      if (one === other) continue
      if (one === null || other === null) return one === null ? 1 : -1
      return one < other ? -1 : 1
    }
    return 0
  })
}

export function casesOf({ flow, trail, front }: Sample): Case[] {
  const groups = (
    format: { readonly dataset: string },
    measures: Readonly<Record<string, Measure>>,
    rest: Partial<GroupsQuestion> = {},
  ): GroupsQuestion => ({ kind: 'groups', formats: [format.dataset], span: bothDays, limit: 10_000, measures, ...rest })
  const documents = (format: { readonly dataset: string }, rest: Partial<DocumentsQuestion>): DocumentsQuestion => ({
    kind: 'documents',
    formats: [format.dataset],
    span: bothDays,
    ...rest,
  })
  const flowFilter = (
    name: string,
    filters: Question['filters'] & {},
    fits: (document: LogDocument) => boolean,
  ): Case => ({
    name: `filter: ${name}`,
    question: groups(flow, { flows: { count: true } }, { filters }),
    expected: ({ flows }) => [{ flows: flows.filter(fits).length }],
  })
  const ip = (document: LogDocument) => text(document, 'source.ip') ?? ''
  return [
    {
      name: 'one row over all: counts, sums, bounds, shares',
      question: groups(flow, {
        flows: { count: true },
        bytes: { sum: 'source.bytes' },
        rejected: { count: true, where: [{ field: 'event.action', equals: 'reject' }] },
        rejectedBytes: { sum: 'network.bytes', where: [{ field: 'event.action', equals: 'reject' }] },
        least: { min: 'network.bytes' },
        last: { max: '@timestamp' },
        share: { ratio: [{ field: 'event.action', equals: 'reject' }] },
        shareOfSsh: {
          ratio: [{ field: 'event.action', equals: 'reject' }],
          where: [{ field: 'destination.port', equals: 22 }],
        },
        shareOfNothing: { ratio: [], where: [{ field: 'destination.port', equals: 1 }] },
        bytesOfNothing: { sum: 'network.bytes', where: [{ field: 'destination.port', equals: 1 }] },
        leastOfNothing: { min: 'network.bytes', where: [{ field: 'destination.port', equals: 1 }] },
      }),
      expected: ({ flows }) => {
        const rejected = flows.filter((one) => text(one, 'event.action') === 'reject')
        const ssh = flows.filter((one) => number(one, 'destination.port') === 22)
        return [
          {
            flows: flows.length,
            bytes: total(flows, 'network.bytes'),
            rejected: rejected.length,
            rejectedBytes: total(rejected, 'network.bytes'),
            least: Math.min(...flows.flatMap((one) => (valueAt(one, 'network.bytes') as number | undefined) ?? [])),
            last: flows
              .map((one) => text(one, '@timestamp')!)
              .sort()
              .at(-1)!,
            share: rejected.length / flows.length,
            shareOfSsh: ssh.filter((one) => rejected.includes(one)).length / ssh.length,
            shareOfNothing: null,
            bytesOfNothing: 0,
            leastOfNothing: null,
          },
        ]
      },
    },
    flowFilter(
      'equals',
      [{ field: 'destination.port', equals: 443 }],
      (one) => number(one, 'destination.port') === 443,
    ),
    flowFilter(
      'equals, of a list',
      [{ field: 'aws.vpcflow.tcp_flags_array', equals: 'ack' }],
      (one) => (valueAt(one, 'aws.vpcflow.tcp_flags_array') as string[] | undefined)?.includes('ack') === true,
    ),
    flowFilter(
      'equals, of an address',
      [{ field: 'source.address', equals: '2001:DB8:0::10' }],
      (one) => ip(one) === '2001:db8::10',
    ),
    flowFilter('oneOf', [{ field: 'source.ip', oneOf: ['10.0.0.5', '10.0.3.7'] }], (one) =>
      ['10.0.0.5', '10.0.3.7'].includes(ip(one)),
    ),
    flowFilter('oneOf nothing', [{ field: 'source.ip', oneOf: [] }], () => false),
    flowFilter(
      'range of numbers',
      [{ field: 'source.bytes', range: { gte: 1000, lt: 500_000 } }],
      (one) => number(one, 'network.bytes') >= 1000 && number(one, 'network.bytes') < 500_000,
    ),
    flowFilter(
      'range of dates',
      [{ field: 'event.start', range: { gt: today.from, lte: '2026-11-22T06:00:00+01:00' } }],
      (one) =>
        text(one, 'event.start')! > '2026-11-22T00:00:00.000Z' &&
        text(one, 'event.start')! <= '2026-11-22T05:00:00.000Z',
    ),
    flowFilter('cidr of whole bytes', [{ field: 'source.ip', cidr: ['10.0.0.0/8'] }], (one) =>
      ip(one).startsWith('10.'),
    ),
    flowFilter('cidr between bytes', [{ field: 'source.ip', cidr: ['172.16.0.0/12', '100.64.0.0/10'] }], (one) =>
      ['172.16.4.4', '100.64.0.9'].includes(ip(one)),
    ),
    flowFilter('cidr of IPv6 and one address', [{ field: 'source.ip', cidr: ['2001:db8::/32', '172.40.0.1'] }], (one) =>
      ['2001:db8::10', '172.40.0.1'].includes(ip(one)),
    ),
    flowFilter(
      'cidr of a list',
      [{ field: 'related.ip', cidr: '198.51.100.0/25' }],
      (one) => (valueAt(one, 'related.ip') as string[] | undefined)?.includes('198.51.100.24') === true,
    ),
    flowFilter('exists', [{ field: 'source.ip', exists: true }], (one) => ip(one) !== ''),
    flowFilter('exists, of a list', [{ field: 'related.ip', exists: true }], (one) => ip(one) !== ''),
    flowFilter(
      'prefix',
      [{ field: 'aws.vpcflow.log_status', prefix: 'SKIP' }],
      (one) => text(one, 'aws.vpcflow.log_status') === 'SKIPDATA',
    ),
    flowFilter(
      'not, of documents without the field',
      [{ not: { field: 'event.action', equals: 'reject' } }],
      (one) => text(one, 'event.action') !== 'reject',
    ),
    flowFilter(
      'any, all, not',
      [
        {
          any: [
            {
              all: [
                { field: 'event.action', equals: 'reject' },
                { field: 'destination.port', equals: 22 },
              ],
            },
            {
              not: {
                any: [
                  { field: 'source.ip', exists: true },
                  { field: 'network.bytes', range: { gt: 0 } },
                ],
              },
            },
          ],
        },
      ],
      (one) => (text(one, 'event.action') === 'reject' && number(one, 'destination.port') === 22) || ip(one) === '',
    ),
    flowFilter('any of nothing', [{ any: [] }], () => false),
    flowFilter('all of nothing', [{ all: [] }], () => true),
    {
      name: 'filters on parts of a flattened field',
      question: groups(trail, {
        groups: {
          count: true,
          where: [{ field: 'aws.cloudtrail.flattened.request_parameters.groupId', equals: 'sg-01' }],
        },
        ports: {
          count: true,
          where: [{ field: 'aws.cloudtrail.flattened.request_parameters.ipPermissions.items.toPort', oneOf: ['23'] }],
        },
        begun: {
          count: true,
          where: [{ field: 'aws.cloudtrail.flattened.request_parameters.groupId', prefix: 'sg-0' }],
        },
        there: {
          count: true,
          where: [{ field: 'aws.cloudtrail.flattened.response_elements.ConsoleLogin', exists: true }],
        },
        whole: { count: true, where: [{ field: 'aws.cloudtrail.flattened.response_elements', exists: true }] },
      }),
      expected: ({ calls }) => {
        const count = (fits: (document: LogDocument) => boolean) => calls.filter(fits).length
        const part = (one: LogDocument, name: string) => valueAt(one, `aws.cloudtrail.flattened.${name}`)
        return [
          {
            groups: count((one) => part(one, 'request_parameters.groupId') === 'sg-01'),
            ports: count((one) => JSON.stringify(part(one, 'request_parameters')).includes('"toPort":23')),
            begun: calls.length,
            there: count((one) => part(one, 'response_elements') !== undefined),
            whole: count((one) => part(one, 'response_elements') !== undefined),
          },
        ]
      },
    },
    {
      name: 'groups of two fields, null among them, in their own order',
      question: groups(
        flow,
        { flows: { count: true }, bytes: { sum: 'network.bytes' } },
        { groups: ['event.action', 'destination.port'] },
      ),
      expected: ({ flows }) =>
        grouped(flows, (one) => [
          [text(one, 'event.action'), (valueAt(one, 'destination.port') as number | undefined) ?? null],
        ]).map(({ keys, documents }) => ({
          'event.action': keys[0]!,
          'destination.port': keys[1]!,
          flows: documents.length,
          bytes: total(documents, 'network.bytes'),
        })),
    },
    {
      name: 'the first groups in descending order of a field',
      question: groups(
        flow,
        { flows: { count: true } },
        { groups: ['destination.port', 'event.action'], order: [{ by: 'event.action', direction: 'desc' }], limit: 3 },
      ),
      expected: ({ flows }) =>
        ([22, 53, 6379] as const).map((port) => ({
          'destination.port': port,
          'event.action': 'reject',
          flows: flows.filter(
            (one) => text(one, 'event.action') === 'reject' && number(one, 'destination.port') === port,
          ).length,
        })),
    },
    {
      name: 'the largest groups by address, with a condition',
      question: groups(
        flow,
        {
          bytes: { sum: 'network.bytes' },
          rejected: { count: true, where: [{ field: 'event.action', equals: 'reject' }] },
        },
        {
          groups: ['source.ip', 'destination.ip'],
          having: [{ measure: 'rejected', range: { gte: 8 } }],
          order: [{ by: 'bytes', direction: 'desc' }],
          limit: 5,
        },
      ),
      expected: ({ flows }) =>
        grouped(flows, (one) => [[text(one, 'source.ip'), text(one, 'destination.ip')]])
          .map(({ keys, documents }) => ({
            'source.ip': keys[0]!,
            'destination.ip': keys[1]!,
            bytes: total(documents, 'network.bytes'),
            rejected: documents.filter((one) => text(one, 'event.action') === 'reject').length,
          }))
          .filter(({ rejected }) => rejected >= 8)
          .sort((a, b) => b.bytes - a.bytes)
          .slice(0, 5),
    },
    {
      name: 'some groups alone, in steps, and none that has a value of one and a value of another',
      question: groups(
        flow,
        { flows: { count: true } },
        {
          groups: ['event.action', 'destination.port', { field: '@timestamp', every: '1h' }],
          only: [
            ['reject', 443],
            ['accept', 22],
            ['accept', 22],
            ['accept', 1],
          ],
        },
      ),
      expected: ({ flows }) =>
        grouped(flows, (one) => {
          const hour = `${text(one, '@timestamp')!.slice(0, 13)}:00:00.000Z`
          return [[text(one, 'event.action'), valueAt(one, 'destination.port') as number, hour]]
        })
          .filter(({ keys: [action, port] }) => ['reject 443', 'accept 22'].includes(`${action} ${port}`))
          .map(({ keys, documents }) => ({
            'event.action': keys[0]!,
            'destination.port': keys[1]!,
            '@timestamp': keys[2]!,
            flows: documents.length,
          })),
    },
    {
      name: 'groups of a list, once under each of its values',
      question: groups(flow, { flows: { count: true } }, { groups: ['aws.vpcflow.tcp_flags_array', 'event.type'] }),
      expected: ({ flows }) =>
        grouped(flows, (one) => {
          const flags = (valueAt(one, 'aws.vpcflow.tcp_flags_array') as string[] | undefined) ?? [null]
          const types = (valueAt(one, 'event.type') as string[] | undefined) ?? [null]
          return flags.flatMap((flag) => types.map((type) => [flag, type]))
        }).map(({ keys, documents }) => ({
          'aws.vpcflow.tcp_flags_array': keys[0]!,
          'event.type': keys[1]!,
          flows: documents.length,
        })),
    },
    {
      name: 'a member of objects in a list, and a boolean',
      question: groups(
        trail,
        { calls: { count: true } },
        { groups: ['aws.cloudtrail.resources.arn', 'aws.cloudtrail.read_only'] },
      ),
      expected: ({ calls }) =>
        grouped(calls, (one) =>
          [...new Set(valueAt(one, 'aws.cloudtrail.resources.arn') as string[])].map((arn) => [
            arn,
            String(valueAt(one, 'aws.cloudtrail.read_only')),
          ]),
        ).map(({ keys, documents }) => ({
          'aws.cloudtrail.resources.arn': keys[0]!,
          'aws.cloudtrail.read_only': keys[1] === 'true',
          calls: documents.length,
        })),
    },
    {
      name: 'steps of time',
      question: groups(
        flow,
        { flows: { count: true } },
        { groups: [{ field: '@timestamp', every: '6h' }, 'event.action'], span: today },
      ),
      expected: ({ flows }) =>
        grouped(flows, (one) => {
          const time = Date.parse(text(one, '@timestamp')!)
          const isToday = time >= Date.parse(today.from) && time < Date.parse(today.to)
          const step = 6 * 3_600_000
          return isToday ? [[new Date(Math.floor(time / step) * step).toISOString(), text(one, 'event.action')]] : []
        }).map(({ keys, documents }) => ({
          '@timestamp': keys[0]!,
          'event.action': keys[1]!,
          flows: documents.length,
        })),
    },
    {
      name: 'percentiles and cardinality',
      question: groups(
        front,
        {
          p95: { percentile: 'aws.cloudfront.time_to_first_byte', percent: 95 },
          viewers: { cardinality: 'source.ip' },
          paths: { cardinality: 'url.path' },
        },
        { groups: ['aws.cloudfront.edge_location'] },
      ),
      expected: ({ requests }) =>
        grouped(requests, (one) => [[text(one, 'aws.cloudfront.edge_location')]]).map(({ keys, documents }) => {
          const times = documents.map((one) => number(one, 'aws.cloudfront.time_to_first_byte')).sort((a, b) => a - b)
          const different = (name: string) => new Set(documents.map((one) => text(one, name))).size
          return {
            'aws.cloudfront.edge_location': keys[0]!,
            p95: between(times, 0.95 * (times.length - 1)),
            viewers: different('source.ip'),
            paths: different('url.path'),
          }
        }),
    },
    {
      name: 'cardinality of a list, over all',
      question: groups(flow, {
        addresses: { cardinality: 'related.ip' },
        median: { percentile: 'network.bytes', percent: 50 },
      }),
    },
    {
      name: 'several formats at once',
      question: groups(
        flow,
        { documents: { count: true } },
        { formats: [flow, trail, front], groups: ['event.dataset'] },
      ),
      expected: ({ flows, calls, requests }) => [
        { 'event.dataset': 'aws.cloudfront_logs', documents: requests.length },
        { 'event.dataset': 'aws.cloudtrail', documents: calls.length },
        { 'event.dataset': 'aws.vpcflow', documents: flows.length },
      ],
    },
    {
      name: 'several formats, of which one alone has a field',
      question: groups(
        flow,
        {
          documents: { count: true },
          bytes: { sum: 'network.bytes' },
          most: { max: 'network.bytes' },
          users: { cardinality: 'user.name' },
          denied: { ratio: [{ field: 'aws.cloudtrail.error_code', exists: true }] },
        },
        { formats: [flow, trail], groups: ['event.provider', 'aws.vpcflow.log_status'] },
      ),
      expected: ({ flows, calls }) =>
        grouped([...flows, ...calls], (one) => [
          [text(one, 'event.provider'), text(one, 'aws.vpcflow.log_status')],
        ]).map(({ keys, documents }) => ({
          'event.provider': keys[0]!,
          'aws.vpcflow.log_status': keys[1]!,
          documents: documents.length,
          bytes: total(documents, 'network.bytes'),
          most: documents.reduce<number | null>(
            (most, one) =>
              valueAt(one, 'network.bytes') === undefined ? most : Math.max(most ?? 0, number(one, 'network.bytes')),
            null,
          ),
          users: new Set(documents.flatMap((one) => text(one, 'user.name') ?? [])).size,
          denied: documents.filter((one) => text(one, 'aws.cloudtrail.error_code') !== null).length / documents.length,
        })),
    },
    {
      name: 'documents of several formats, in one order',
      question: documents(flow, {
        formats: [flow, trail],
        fields: ['@timestamp', 'event.dataset', 'network.bytes', 'user.name'],
        filters: [
          {
            any: [
              { field: 'user.name', exists: true },
              { field: 'network.bytes', exists: true },
            ],
          },
        ],
        order: [{ by: 'user.name' }, { by: '@timestamp', direction: 'desc' }],
        limit: 500,
      }),
    },
    {
      name: 'documents, some fields of each',
      question: documents(trail, {
        fields: [
          '@timestamp',
          'event.id',
          'event.action',
          'source.ip',
          'related.user',
          'aws.cloudtrail.read_only',
          'aws.cloudtrail.management_event',
          'aws.cloudtrail.resources.arn',
          'aws.cloudtrail.flattened.request_parameters',
          'aws.cloudtrail.flattened.request_parameters.groupId',
          'aws.cloudtrail.error_code',
        ],
        filters: [{ field: 'event.outcome', equals: 'failure' }],
        order: [{ by: '@timestamp', direction: 'desc' }],
        limit: 10,
      }),
      expected: ({ calls }) =>
        calls
          .filter((one) => text(one, 'event.outcome') === 'failure')
          .sort((a, b) => (text(a, '@timestamp')! < text(b, '@timestamp')! ? 1 : -1))
          .slice(0, 10)
          .map((one) => ({
            '@timestamp': text(one, '@timestamp'),
            'event.id': text(one, 'event.id'),
            'event.action': text(one, 'event.action'),
            'source.ip': text(one, 'source.ip'),
            'related.user': valueAt(one, 'related.user') as string[],
            'aws.cloudtrail.read_only': valueAt(one, 'aws.cloudtrail.read_only') as boolean,
            'aws.cloudtrail.management_event': 'true',
            'aws.cloudtrail.resources.arn': valueAt(one, 'aws.cloudtrail.resources.arn') as string[],
            'aws.cloudtrail.flattened.request_parameters': valueAt(
              one,
              'aws.cloudtrail.flattened.request_parameters',
            ) as Row,
            'aws.cloudtrail.flattened.request_parameters.groupId': text(
              one,
              'aws.cloudtrail.flattened.request_parameters.groupId',
            ),
            'aws.cloudtrail.error_code': text(one, 'aws.cloudtrail.error_code'),
          })),
    },
    {
      name: 'documents of another name, in order of a field that some have not',
      question: documents(flow, {
        fields: ['source.bytes', 'aws.vpcflow.account_id'],
        order: [{ by: 'source.bytes', direction: 'desc' }],
        limit: 10_000,
      }),
      expected: ({ flows }) => {
        const bytes = flows.map((one) => (valueAt(one, 'network.bytes') as number | undefined) ?? null)
        return bytes
          .sort((a, b) => (b ?? -1) - (a ?? -1))
          .map((one) => ({ 'source.bytes': one, 'aws.vpcflow.account_id': '123456789012' }))
      },
    },
    ...([flow, trail, front] as const).map(
      (format): Case => ({
        name: `whole documents of ${format.kind}`,
        question: documents(format, {
          limit: 5,
          filters: format === flow ? [{ field: 'source.ip', exists: true }] : [],
        }),
        expected: ({ flows, calls, requests }) =>
          (format === flow ? flows.filter((one) => ip(one) !== '') : format === trail ? calls : requests).slice(
            0,
            5,
          ) as Row[],
      }),
    ),
  ]
}

/** Equal, but for approximate columns, which may be 2 % away. */
export function expectRows({ rows, approximate, partial }: Answer, expected: readonly Row[]): void {
  expect(partial).toBeUndefined()
  const exact = ({ ...row }: Record<string, unknown>) => {
    for (const name of approximate) delete row[name]
    // Stores add and divide in another order.
    for (const [name, value] of Object.entries(row))
      if (typeof value === 'number') row[name] = Number(value.toPrecision(12))
    return row
  }
  expect(rows.map(exact)).toEqual(expected.map(exact))
  for (const [index, row] of rows.entries())
    for (const name of approximate) {
      const [found, wanted] = [Number(row[name]), Number(expected[index]![name])]
      expect(Math.abs(found - wanted), `${name}: ${found}, not ${wanted}`).toBeLessThanOrEqual(Math.abs(wanted) * 0.02)
    }
}
