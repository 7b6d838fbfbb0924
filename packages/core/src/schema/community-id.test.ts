import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { delimited } from '../encodings/delimited/delimited.ts'
import { networkFirewall } from '../formats/network-firewall.ts'
import { transitGateway } from '../formats/transit-gateway.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { collect, memoryObject } from '../testing/index.ts'
import { communityId, communityIdWith } from './community-id.ts'
import { code, epochSeconds, ip, long } from './fields.ts'
import { type FormatParser, format } from './format.ts'
import { sentOf } from './sent.suite.ts'

interface Flow {
  readonly proto: number | string
  readonly saddr: string
  readonly daddr: string
  readonly sport: number | string | null
  readonly dport: number | string | null
}
interface Vector extends Flow {
  readonly communityid: string
}

/** The ids of the flows, in a flow log: from both paths, that have to agree, and the fast one has to be taken. */
async function idsOf(flows: readonly Flow[], parser: FormatParser<unknown>, odd = 0) {
  const lines = flows.map(
    ({ proto, saddr, daddr, sport, dport }) => `${saddr} ${daddr} ${sport ?? 0} ${dport ?? 0} ${proto} 1418530070`,
  )
  return idsIn(['srcaddr dstaddr srcport dstport protocol end', ...lines, ''].join('\n'), parser, odd)
}

async function idsIn(body: string, parser: FormatParser<unknown>, odd = 0) {
  const { documents } = await collect(parser, memoryObject({ key: 'f', body }))
  const sent = await sentOf(parser, body)
  const bare = sent.documents.map(({ data_stream: _, ...document }) => document)
  expect(bare).toEqual(documents.map((document) => JSON.parse(JSON.stringify(document))))
  expect(sent.objects).toBe(odd)
  return sent.documents.map(({ network }) => network?.community_id)
}

const flows = vpcFlow as FormatParser<unknown>
const vectors = new URL(
  '../../../../../shared/corpora/community-id-spec/community_id/baseline_seed1.json',
  import.meta.url,
)
const known = existsSync(vectors) ? (JSON.parse(readFileSync(vectors, 'utf8')) as readonly Vector[]) : []
if (known.length === 0) console.warn(`skipped: the vectors of the specification are not at ${vectors.pathname}`)

describe.runIf(known.length > 0)('the vectors of the specification, whose seed is 1', () => {
  const parser = flows.with(communityIdWith({ seed: 1 }))
  const isIcmp = ({ proto }: Flow) => proto === 1 || proto === 58

  test('of TCP, UDP, SCTP, and of a protocol without ports', async () => {
    const those = known.filter((vector) => !isIcmp(vector))
    expect(new Set(those.map(({ proto }) => proto))).toEqual(new Set([6, 17, 132, 46]))
    expect(await idsOf(those, parser)).toEqual(those.map(({ communityid }) => communityid))
  })

  test('none of ICMP, whose type and code a flow log lacks', async () => {
    const those = known.filter(isIcmp)
    expect(await idsOf(those, parser)).toEqual(those.map(() => undefined))
  })
})

const tcp = { proto: 6, saddr: '128.232.110.120', daddr: '66.35.250.204', sport: 34_855, dport: 80 }
const turned = { ...tcp, saddr: tcp.daddr, daddr: tcp.saddr, sport: tcp.dport, dport: tcp.sport }
const published = '1:LQU9qZlK+B5F3KDmev6m5PMibrg='

test('without a seed it is what other tools publish, for both directions', async () => {
  expect(await idsOf([tcp, turned], flows.with(communityId))).toEqual([published, published])
})

test('it depends on each part of the tuple, and on the seed', async () => {
  const others = [
    tcp,
    { ...tcp, proto: 17 },
    { ...tcp, proto: 132 },
    { ...tcp, proto: 47 },
    { ...tcp, saddr: '128.232.110.121' },
    { ...tcp, daddr: '66.35.250.205' },
    { ...tcp, sport: 34_856 },
    { ...tcp, dport: 443 },
  ]
  const ids = [
    ...(await idsOf(others, flows.with(communityId))),
    ...(await idsOf([tcp], flows.with(communityIdWith({ seed: 65_535 })))),
  ]
  expect(new Set(ids).size).toBe(others.length + 1)
})

test('addresses compare as numbers, and ports where they are one', async () => {
  const pairs = [
    { ...tcp, saddr: '9.0.0.1', daddr: '200.0.0.1' },
    { ...tcp, saddr: '2001:db8::1', daddr: 'fe80::1' },
    { ...tcp, saddr: '10.0.0.1', daddr: '10.0.0.1' },
    { ...tcp, saddr: '2001:DB8::1', daddr: '2001:db8::1' },
    { ...tcp, saddr: '2001:db8::8000:0', daddr: '2001:db8::7fff:0' },
  ]
  const back = pairs.map(({ saddr, daddr, sport, dport, proto }) => ({
    ...{ proto, saddr: daddr, daddr: saddr },
    ...{ sport: dport, dport: sport },
  }))
  const parser = flows.with(communityId)
  const ids = await idsOf(pairs, parser)
  expect(ids.every((id) => id?.length === 30)).toBe(true)
  expect(await idsOf(back, parser)).toEqual(ids)
})

test('the same address in another form gives the same id', async () => {
  const long = { ...tcp, saddr: '2001:0db8:0:0:0:0:0:1', daddr: '::ffff:1.2.3.4' }
  const short = { ...tcp, saddr: '2001:db8::1', daddr: '::ffff:102:304' }
  const [first, second] = await idsOf([long, short], flows.with(communityId), 1)
  expect(first).toMatch(/^1:/)
  expect(second).toBe(first)
})

test.each([
  ['an address is absent', { ...tcp, daddr: '-' }],
  ['the addresses are of two families', { ...tcp, daddr: '2001:db8::1' }],
  ['an address is none, which the plain path keeps', { ...tcp, saddr: 'unknown' }, 1],
  ['a port is absent', { ...tcp, sport: '-' }],
  ['a port is none', { ...tcp, dport: 65_536 }],
  ['the protocol is absent', { ...tcp, proto: '-' }],
  ['the protocol is none', { ...tcp, proto: 256 }],
] as readonly [string, Flow, number?][])('there is none where %s', async (_, flow, odd) => {
  expect(await idsOf([flow], flows.with(communityId), odd)).toEqual([undefined])
})

test("a flow log's original addresses count where it has them: both legs of a NAT gateway are one flow", async () => {
  const columns = 'srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol end'
  const legs = [
    // At the instance, at the gateway's interface, and where nothing but the interface's addresses was logged.
    '10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 39812 80 6 1616729349',
    '10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 39812 80 6 1616729349',
    '203.0.113.5 10.0.1.5 - - 80 39812 6 1616729349',
    '10.0.0.220 203.0.113.5 - 203.0.113.5 39812 80 6 1616729349',
  ]
  const [instance, gateway, reply, other] = await idsIn([columns, ...legs, ''].join('\n'), flows.with(communityId))
  expect(gateway).toBe(instance)
  expect(reply).toBe(instance)
  expect(other).not.toBe(instance)
})

test('Transit Gateway flow logs have it, too', async () => {
  const parser = (transitGateway as FormatParser<unknown>).with(communityId)
  const columns = 'resource-type srcaddr dstaddr srcport dstport protocol end'
  const line = `TransitGateway ${tcp.saddr} ${tcp.daddr} ${tcp.sport} ${tcp.dport} 6 1616729349`
  expect(await idsIn(`${columns}\n${line}\n`, parser)).toEqual([published])
})

test("Network Firewall's logs have it by the protocol's name", async () => {
  const parser = (networkFirewall as FormatParser<unknown>).with(communityId)
  const { saddr, daddr, sport, dport } = tcp
  const event = (proto: string) => ({
    firewall_name: 'f',
    event_timestamp: '1616729349',
    event: { event_type: 'netflow', src_ip: saddr, src_port: sport, dest_ip: daddr, dest_port: dport, proto },
  })
  const body = ['TCP', 'ICMP', 'IPv6-ICMP', 'GRE'].map((proto) => `${JSON.stringify(event(proto))}\n`).join('')
  expect(await idsIn(body, parser)).toEqual([published, undefined, undefined, undefined])
})

test('a format of one’s own may quote its values and have absent texts of its own', async () => {
  const own = format({
    kind: 'own',
    dataset: 'custom.own',
    root: 'custom.own',
    constants: {},
    fields: {
      t: epochSeconds(['@timestamp'], ''),
      a: ip(['source.ip'], ''),
      b: ip(['destination.ip'], '', { absent: ['0.0.0.0'] }),
      p: long(['source.port'], '', { absent: ['-1'] }),
      q: long(['destination.port'], ''),
      n: code(['network.iana_number'], ''),
    },
    encodings: [
      delimited({
        delimiter: ',',
        quotes: true,
        headerless: { fields: ['t', 'a', 'b', 'p', 'q', 'n'], fits: () => true },
      }),
    ],
  }) as FormatParser<unknown>
  const { saddr, daddr } = tcp
  const body = [
    `"1","${saddr}","${daddr}","34855","80","6"`,
    `1,${daddr},"${saddr}",80,34855,6`,
    `1,${daddr},0.0.0.0,80,34855,6`,
    `1,${daddr},"${saddr}",-1,34855,6`,
  ]
  const ids = await idsIn(`${body.join('\n')}\n`, own.with(communityId))
  expect(ids).toEqual([published, published, undefined, undefined])
})

test('a format without two addresses and a protocol gets nothing of it, and a mapping where it has them', () => {
  const { mapping } = vpcFlow.with(communityId).format
  expect(mapping['network.community_id']).toEqual({ type: 'keyword', ignore_above: 8191 })
  expect('network.community_id' in vpcFlow.format.mapping).toBe(false)
  const own = format({
    kind: 'own',
    dataset: 'custom.own',
    root: 'custom.own',
    constants: {},
    fields: { t: epochSeconds(['@timestamp'], ''), a: ip(['source.ip'], ''), n: code(['network.iana_number'], '') },
    encodings: [delimited({ delimiter: ' ' })],
  })
  expect('network.community_id' in own.with(communityId).format.mapping).toBe(false)
})

test.each([-1, 65_536, 1.5, '1' as unknown as number])('a seed of %s is refused', (seed) => {
  expect(() => communityIdWith({ seed })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
