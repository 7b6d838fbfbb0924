import { describe, expect, test } from 'vitest'
import { compare } from '../encodings/json/compare.suite.ts'
import { json } from '../encodings/json/json.ts'
import { collect, memoryObject } from '../testing/index.ts'
import { dnsName, hostName, reverseAddress, valuesWhere } from './dns.ts'
import { keyword } from './fields.ts'
import { format } from './format.ts'
import { objects } from './objects.ts'
import { typed } from './targets.ts'

const six = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`
const addresses = valuesWhere({ value: 'data', where: 'type', is: ['A', 'AAAA'], addresses: true })
const names = valuesWhere({ value: 'data', where: 'type', is: ['CNAME'], addresses: false })

const parser = format({
  kind: 'query',
  dataset: 'custom.query',
  root: 'custom.query',
  constants: {},
  fields: {
    name: keyword([], 'Name.'),
    answers: objects('custom.query.answers', 'Answers.', {
      members: { data: 'data', type: 'type' },
      dotless: ['data'],
      rest: 'custom.query.rest',
    }),
  },
  derived: (derive) => [
    derive('custom.query.name', ['name'], dnsName),
    derive('related.hosts[]', ['name'], hostName),
    derive(typed('custom.query.reverse', 'ip'), ['name'], reverseAddress),
    derive('related.ip[]', ['answers'], addresses),
    derive('related.hosts[]', ['answers'], names),
  ],
  encodings: [json()],
})

async function read(name: unknown, answers: readonly unknown[] = []) {
  const body = Buffer.from(JSON.stringify({ name, answers }))
  const { documents } = await collect(parser, memoryObject({ key: 'f.json', body }))
  const { fast } = await compare(body, 65_536, parser)
  return { document: documents[0], fast }
}

describe('a name of DNS', () => {
  test.each<[unknown, object, number]>([
    ['www.example.com.', { name: 'www.example.com', host: 'www.example.com' }, 1],
    ['www.example.com', { name: 'www.example.com', host: 'www.example.com' }, 1],
    ['.', { name: '.', host: '.' }, 1],
    ['7.2.0.192.in-addr.arpa.', { name: '7.2.0.192.in-addr.arpa', reverse: '192.0.2.7' }, 0],
    ['7.2.0.192.IN-ADDR.ARPA', { name: '7.2.0.192.IN-ADDR.ARPA', reverse: '192.0.2.7' }, 0],
    [six, { name: six, reverse: '2001:0db8:0000:0000:0000:0000:0000:0001' }, 0],
    ['2.0.192.in-addr.arpa.', { name: '2.0.192.in-addr.arpa', host: '2.0.192.in-addr.arpa' }, 0],
    ['b._dns-sd._udp.arpa', { name: 'b._dns-sd._udp.arpa', host: 'b._dns-sd._udp.arpa' }, 0],
    ['arpa.example.', { name: 'arpa.example', host: 'arpa.example' }, 1],
    [7, { name: '7', host: '7' }, 1],
  ])('%j is read', async (name, { host, ...query }: { host?: string }, fast) => {
    expect(await read(name)).toEqual({
      document: { custom: { query }, ...(host !== undefined && { related: { hosts: [host] } }) },
      fast,
    })
  })

  test('may be several in JSON', () => {
    const both = ['a.', '7.2.0.192.in-addr.arpa'] as unknown as string
    expect([dnsName(both), hostName(both), reverseAddress(both)]).toEqual([
      ['a', '7.2.0.192.in-addr.arpa'],
      ['a'],
      ['192.0.2.7'],
    ])
  })
})

test('of answers addresses are taken by their types, and names without their last dot, each once', async () => {
  const answers = [
    { data: 'edge.example.', type: 'CNAME' },
    { type: 'AAAA', data: '2001:db8::1' },
    { data: '192.0.2.7', type: 'A' },
    { data: '192.0.2.7.', type: 'A' },
    { data: '192.0.2.700', type: 'A' },
    { data: 'fe80::1%eth0', type: 'AAAA' },
    { data: '192.0.2.8', type: 'TXT' },
    { data: '192.0.2.9' },
    { type: 'A' },
  ]
  const { document, fast } = await read('www.example.', answers)
  expect(document).toMatchObject({
    related: { ip: ['192.0.2.7', '2001:db8::1'], hosts: ['www.example', 'edge.example'] },
  })
  expect((document as { custom: { query: { answers: object[] } } }).custom.query.answers[0]).toEqual({
    data: 'edge.example',
    type: 'CNAME',
  })
  expect(fast).toBe(1)
})
