import { describe, expect, test, vi } from 'vitest'
import { detect } from '../detect.ts'
import { delimited } from '../encodings/delimited/delimited.ts'
import { cloudFront } from '../formats/cloudfront.ts'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { ingest } from '../ingest/ingest.ts'
import { collect, memoryObject, memorySink, memorySource, parserContract } from '../testing/index.ts'
import { family, optional, present } from './derive.ts'
import type { Enrichment } from './enrichment.ts'
import { code, epochSeconds, ip } from './fields.ts'
import { type FormatParser, format } from './format.ts'
import { sentOf } from './sent.suite.ts'
import { typed } from './targets.ts'

const flow = (source: string, action = 'ACCEPT', account = '123456789012') =>
  `2 ${account} eni-1 ${source} 10.0.0.2 1024 443 6 3 180 1418530010 1418530070 ${action} OK\n`

const event = {
  eventVersion: '1.11',
  eventTime: '2026-11-22T09:15:32Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'GetObject',
  awsRegion: 'eu-central-1',
  sourceIPAddress: '192.0.2.7',
  recipientAccountId: '123456789012',
}
const eventsOf = (records: number) => {
  const events = Array.from({ length: records }, (_, i) => JSON.stringify({ ...event, eventID: `event-${i}` }))
  return `{"Records":[${events.join()}]}`
}

/** The parsers that enrichments are held against, and files of records whose account and source are these. */
const parsers: readonly {
  readonly name: string
  readonly parser: FormatParser<unknown>
  readonly file: (records: number) => string
}[] = [
  { name: 'flow logs', parser: vpcFlow as FormatParser<unknown>, file: (n) => flow('192.0.2.7').repeat(n) },
  { name: 'CloudTrail', parser: cloudTrail as FormatParser<unknown>, file: eventsOf },
]

const fail = (what: string): never => {
  throw new Error(what)
}

const teams = (teamOf: (account: string) => string | undefined): Enrichment => ({
  name: 'teams',
  derived: (derive) => [derive('labels.team', ['cloud.account.id'], teamOf)],
})

const geo: Enrichment = {
  name: 'geo',
  derived: (derive) => [
    derive(['source.geo.country_iso_code', 'source.as.number'], ['source.ip'], (address) =>
      address.startsWith('192.') ? { 'source.geo.country_iso_code': 'DE', 'source.as.number': 64_496 } : undefined,
    ),
  ],
}

async function documentsOf(parser: FormatParser<unknown>, body: string) {
  return (await collect(parser, memoryObject({ key: 'vpcflowlogs/f', body }))).documents
}

async function reportOf(parser: FormatParser<unknown>, body: string, more = {}) {
  const sink = memorySink()
  const report = await ingest({ source: memorySource(memoryObject({ key: 'f', body })), parser, sink, ...more })
  return { report, error: report.messages[0]?.objects[0]?.error, documents: [...sink.documents.values()] }
}

describe.each(parsers)('$name with enrichments', ({ parser, file }) => {
  const enriched = parser.with(
    teams(() => 'payments'),
    geo,
  )
  const labels = { team: 'payments' }

  parserContract({ test, parser: enriched, sample: file(3), records: 3 })

  test('what they give is in documents, mapping and documentation', async () => {
    const [document] = await documentsOf(enriched, file(1))
    expect(document).toMatchObject({ labels, source: { geo: { country_iso_code: 'DE' }, as: { number: 64_496 } } })
    expect(enriched.format.mapping).toMatchObject({
      'labels.team': { type: 'keyword' },
      'source.geo.country_iso_code': { type: 'keyword' },
      'source.as.number': { type: 'long' },
    })
    expect('labels.team' in parser.format.mapping).toBe(false)
    const targets = enriched.format.fields.flatMap(({ targets }) => targets)
    expect(targets).toEqual(expect.arrayContaining(['labels.team', 'source.as.number']))
  })

  test('one after the other they give the same as in one call', async () => {
    const [document] = await documentsOf(enriched, file(1))
    const [other] = await documentsOf(parser.with(teams(() => 'payments')).with(geo), file(1))
    expect(other).toEqual(document)
  })

  test('equal inputs call a function once on the fast path, also where it gives several targets', async () => {
    const teamOf = vi.fn(() => 'payments')
    const placeOf = vi.fn(() => ({ 'source.geo.country_iso_code': 'DE', 'source.as.number': 1 }))
    const geo: Enrichment = {
      name: 'geo',
      derived: (derive) => [derive(['source.geo.country_iso_code', 'source.as.number'], ['source.ip'], placeOf)],
    }
    const { documents, objects } = await sentOf(parser.with(teams(teamOf), geo), file(10_000))
    expect(documents).toHaveLength(10_000)
    expect(documents[9_999]).toMatchObject({ labels, source: { geo: { country_iso_code: 'DE' }, as: { number: 1 } } })
    expect(objects).toBe(0)
    expect(teamOf.mock.calls).toEqual([['123456789012']])
    expect(placeOf.mock.calls).toEqual([['192.0.2.7']])
  })

  test('the plain path calls a function of several targets once a record', async () => {
    const placeOf = vi.fn(() => ({ 'labels.a': 'a', 'labels.b': 'b' }))
    const two: Enrichment = {
      name: 'two',
      derived: (derive) => [derive(['labels.a', 'labels.b'], ['source.ip'], placeOf)],
    }
    await documentsOf(parser.with(two), file(3))
    expect(placeOf).toHaveBeenCalledTimes(3)
  })

  test('filter and enrich see the same records as without, and their document has what all three give', async () => {
    const { documents } = await reportOf(enriched, file(2), {
      filter: (record: object) => !('labels.team' in record),
      enrich: () => ({ 'labels.own': 'mine', 'source.geo.name': 'office' }),
    })
    expect(documents).toHaveLength(2)
    expect(documents[0]!.document).toMatchObject({
      labels: { team: 'payments', own: 'mine' },
      source: { geo: { country_iso_code: 'DE', name: 'office' } },
    })
  })

  test.each([
    ['throws', () => fail('no such account'), 'The enrichment teams threw: no such account'],
    ['gives a promise', () => Promise.resolve('x'), 'The enrichment teams gave a promise'],
    ['gives a function', () => () => 1, 'The enrichment teams gave a function'],
    ['gives a BigInt', () => 1n, 'The enrichment teams gave a bigint'],
  ])('a function that %s fails the object at its record, on both paths', async (_, teamOf, message) => {
    const { error } = await reportOf(parser.with(teams(teamOf as never)), file(2))
    expect(error).toMatchObject({ code: 'STEP_FAILED', place: { key: 'f', ordinal: 0 } })
    expect(error?.message).toContain(message)
    await expect(sentOf(parser.with(teams(teamOf as never)), file(2))).rejects.toMatchObject({
      code: 'STEP_FAILED',
      place: { key: 'f', ordinal: 0 },
      message: error!.message,
    })
  })
})

test('withFields and detect take an enriched format', async () => {
  const enriched = vpcFlow.with(teams((account) => `of ${account}`))
  const stated = enriched.withFields(['account-id', 'srcaddr', 'end'])
  const { documents } = await collect(stated, memoryObject({ key: 'f', body: '1 10.0.0.1 1418530070\n' }))
  expect(documents).toMatchObject([{ labels: { team: 'of 1' } }])
  const parser = detect([enriched, cloudFront])
  const all = await collect(parser, memoryObject({ key: 'f', body: flow('10.0.0.1') }))
  expect(all.documents).toMatchObject([{ labels: { team: 'of 123456789012' } }])
  expect(parser.formats.map(({ mapping }) => 'labels.team' in mapping)).toEqual([true, false])
})

test('an absent input, and what the function does not know, leave the field out', async () => {
  const known = new Map([['1', 'payments']])
  const enriched = vpcFlow.with(teams((account) => known.get(account)))
  const { documents } = await sentOf(enriched, ['1', '2', '-'].map((id) => flow('10.0.0.1', 'ACCEPT', id)).join(''))
  expect(documents.map(({ labels }) => labels)).toEqual([{ team: 'payments' }, undefined, undefined])
})

test('null and undefined are no value, of one target and of several', async () => {
  const nothing: Enrichment = {
    name: 'nothing',
    derived: (derive) => [
      derive('labels.a', ['source.ip'], () => null as never),
      derive(['labels.b', 'labels.c'], ['source.ip'], () => null as never),
      derive(['labels.d', 'labels.e'], ['source.ip'], () => ({ 'labels.d': null, 'labels.e': undefined }) as never),
    ],
  }
  const body = flow('10.0.0.1')
  const { documents, objects } = await sentOf(vpcFlow.with(nothing), body)
  expect(documents[0]).not.toHaveProperty('labels')
  expect(objects).toBe(0)
  expect((await documentsOf(vpcFlow.with(nothing), body))[0]).not.toHaveProperty('labels')
})

test('values stand in the document as they are given: numbers, booleans, lists without repetition', async () => {
  const all: Enrichment = {
    name: 'all',
    derived: (derive) => [
      derive(
        [typed('labels.n', 'double'), typed('labels.b', 'boolean'), 'labels.list[]', 'related.ip[]'],
        ['source.ip'],
        (address) => ({ 'labels.n': 0.5, 'labels.b': false, 'labels.list': ['a', 'b', 'a'], 'related.ip': [address] }),
      ),
    ],
  }
  const { documents, objects } = await sentOf(vpcFlow.with(all), flow('10.0.0.1').repeat(3))
  expect(documents[2]).toMatchObject({
    labels: { n: 0.5, b: false, list: ['a', 'b'] },
    related: { ip: ['10.0.0.1', '10.0.0.2'] },
  })
  expect(objects).toBe(0)
  expect(await documentsOf(vpcFlow.with(all), flow('10.0.0.1').repeat(3))).toMatchObject(
    documents.map(({ data_stream: _, ...document }) => document),
  )
  expect(vpcFlow.with(all).format.mapping).toMatchObject({
    'labels.n': { type: 'double' },
    'labels.b': { type: 'boolean' },
    'labels.list': { type: 'keyword', list: 'values' },
  })
})

describe('what an enrichment reads', () => {
  const encodings = [delimited({ delimiter: ' ', headerless: { fields: ['t', 'a', 'b', 'n'], fits: () => true } })]
  const base = format({
    kind: 'x',
    dataset: 'custom.x',
    root: 'custom.x',
    constants: { 'event.module': 'x' },
    first: ['source.ip', 'user.name'],
    fields: {
      t: epochSeconds(['@timestamp'], ''),
      a: ip(['source.address', 'source.ip'], ''),
      b: ip(['source.ip', 'related.ip[]'], ''),
      n: code(['network.iana_number'], ''),
    },
    derived: (derive) => [derive('network.transport', ['n'], (n) => (n === 6 ? 'tcp' : undefined))],
    encodings,
  }) as FormatParser<unknown>
  const labelled = (inputs: readonly unknown[], compute: (...values: never[]) => unknown): Enrichment => ({
    name: 'labelled',
    derived: (derive) => [derive('labels.x', inputs as never, compute as never)],
  })
  const labelsOf = async (
    body: string,
    inputs: readonly unknown[],
    compute = (...values: unknown[]) => values.join(),
  ) => {
    const parser = base.with(labelled(inputs, compute))
    const documents = await documentsOf(parser, body)
    expect((await sentOf(parser, body)).documents).toMatchObject(documents)
    return documents.map(({ labels }) => (labels as { x?: unknown } | undefined)?.x)
  }

  test('the document has it: of several fields the first that gives it, an address where the target takes one', async () => {
    const body = '1 host 10.0.0.1 6\n1 10.0.0.2 10.0.0.3 6\n1 - - 6\n'
    expect(await labelsOf(body, ['source.ip'])).toEqual(['10.0.0.1', '10.0.0.2', undefined])
    expect(await labelsOf(body, ['source.address'])).toEqual(['host', '10.0.0.2', undefined])
    expect(await labelsOf(body, [family('source.ip')])).toEqual(['ipv4', 'ipv4', undefined])
    expect(await labelsOf(body, ['network.iana_number'], (n) => typeof n)).toEqual(['string', 'string', 'string'])
  })

  test('a derived value too, and what an enrichment before gave', async () => {
    expect(await labelsOf('1 - - 6\n1 - - 17\n', ['network.transport'])).toEqual(['tcp', undefined])
    const again: Enrichment = {
      name: 'again',
      derived: (derive) => [derive('labels.y', ['labels.x'], (x) => `${x}!`)],
    }
    const both = base.with(
      labelled(['network.iana_number'], (n: string) => `n${n}`),
      again,
    )
    expect((await sentOf(both, '1 - - 6\n')).documents).toMatchObject([{ labels: { x: 'n6', y: 'n6!' } }])
  })

  test('optional and present are asked where there is none', async () => {
    const body = '1 10.0.0.1 - 6\n1 - - 6\n'
    expect(await labelsOf(body, ['network.iana_number', optional('source.address')], (n, a) => `${n} ${a}`)).toEqual([
      '6 10.0.0.1',
      '6 undefined',
    ])
    expect(await labelsOf(body, [present('source.address')], String)).toEqual(['true', 'false'])
    expect(await labelsOf(body, [optional('user.name'), 'source.address'], (u, a) => `${u} ${a}`)).toEqual([
      'undefined 10.0.0.1',
      undefined,
    ])
  })

  test('a format without the field gets nothing, and its mapping tells', async () => {
    const add = (inputs: readonly unknown[]) => 'labels.x' in base.with(labelled(inputs, () => 'x')).format.mapping
    expect(add(['source.ip'])).toBe(true)
    expect(add(['destination.ip'])).toBe(false)
    expect(add(['source.ip', 'destination.ip'])).toBe(false)
    expect(add([optional('destination.ip')])).toBe(false)
    expect(add(['event.module'])).toBe(false)
    expect(add(['event.module', 'source.ip'])).toBe(true)
    expect(await labelsOf('1 10.0.0.1 - 6\n', ['event.module', 'source.address'])).toEqual(['x,10.0.0.1'])
  })

  test('`fills` tells what the format has, and an enrichment before', () => {
    const seen: unknown[] = []
    const asks: Enrichment = {
      name: 'asks',
      derived: (_, { kind, fills }) => {
        seen.push(kind, fills('source.ip'), fills('destination.ip'), fills('labels.x'))
        return []
      },
    }
    base.with(
      asks,
      labelled(['source.ip'], () => 'x'),
      asks,
    )
    expect(seen).toEqual(['x', true, false, false, 'x', true, false, true])
  })

  test.each([
    [
      labelled(['source.adress'], () => 'x'),
      'The enrichment labelled reads "source.adress", which is no field of ECS that is known here; is it "source.address"?',
    ],
    [
      labelled(['related.ip[]'], () => 'x'),
      'The enrichment labelled reads related.ip[], a list; it takes single values',
    ],
    [labelled(['related.ip'], () => 'x'), 'The enrichment labelled reads related.ip, which is a list in this format'],
    [labelled([], () => 'x'), 'The enrichment labelled: the derived value labels.x reads no field'],
    [
      labelled(['source.ip'], 'x' as never),
      'The enrichment labelled: the derived value labels.x has string for a function',
    ],
    [labelled(['source.ip'], async () => 'x'), 'The enrichment labelled: the derived value labels.x is async'],
    [labelled(['destination.ip'], async () => 'x'), 'is async'],
    [
      { name: 'n', derived: (derive) => [derive('source.adress' as never, ['source.ip'], () => 'x')] },
      'The enrichment n fills "source.adress", which is no field of ECS',
    ],
    [
      {
        name: 'n',
        derived: (derive) => [
          derive('user.name', ['source.ip'], () => 'x'),
          derive('user.name', ['source.ip'], () => 'y'),
        ],
      },
      'the enrichment n fills user.name, which the enrichment n fills already',
    ],
    [
      { name: 'n', derived: (derive) => [derive('source.ip', ['source.address'], () => 'x')] },
      'the enrichment n fills source.ip, which a fills already; leave it out there',
    ],
    [
      { name: 'n', derived: (derive) => [derive('event.module', ['source.address'], () => 'x')] },
      'the enrichment n fills event.module, which constants fills already',
    ],
    [
      { name: 'n', derived: (derive) => [derive('network.transport', ['source.address'], () => 'x')] },
      'which the derived value of n fills already',
    ],
    [
      { name: 'n', derived: (derive) => [derive('source' as never, ['source.address'], () => 'x')] },
      'is no field of ECS',
    ],
    [{ name: 'n', derived: () => 1 as never }, 'The enrichment n: `derived` gave number; it gives a list of derive(…)'],
    [{ name: 'n', derived: () => ['x'] as never }, 'derived gives string, which is no derive(…)'],
    [{ name: '', derived: () => [] }, 'with() takes enrichments'],
    [undefined as never, 'with() takes enrichments'],
    [(() => []) as never, 'with() takes enrichments'],
  ] satisfies [Enrichment, string][])('misuse %# says so when it is bound', (enrichment, message) => {
    expect(() => base.with(enrichment)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    )
  })
})

test('several targets are given as an object', async () => {
  const two: Enrichment = {
    name: 'two',
    derived: (derive) => [derive(['labels.a', 'labels.b'], ['source.ip'], () => 'a' as never)],
  }
  const { error } = await reportOf(vpcFlow.with(two) as FormatParser<unknown>, flow('10.0.0.1'))
  expect(error?.message).toContain('The enrichment two gave string; for several targets it gives an object')
})
