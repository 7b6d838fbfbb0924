import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import {
  a,
  answered,
  arrived,
  at,
  b,
  change,
  eniA,
  eniB,
  good,
  pair,
  port,
  replied,
  seenBy,
  sent,
  transit,
} from '../../test/why/evidence.ts'
import { diagnose } from './diagnose.ts'
import { gather } from './gather.ts'

const silent = (eni: string, minute: number, status = 'NODATA') => ({
  '@timestamp': at(minute + 1),
  event: { dataset: 'aws.vpcflow', start: at(minute), end: at(minute + 1) },
  aws: { vpcflow: { interface_id: eni, log_status: status } },
})
const gathered = (documents: Parameters<typeof memoryStore>[0], options = {}) =>
  gather(memoryStore(documents).ask, pair, options)

test('the records of the pair, whose interfaces they are, and what each log has', async () => {
  const flows = good({ minute: 3 })
  const noise = [
    sent({ minute: 4, target: '10.0.2.99', clientPort: 50_000 }),
    sent({ minute: 5, reject: true, target: '10.0.2.98' }),
  ]
  const evidence = await gathered([...flows, ...noise, silent(eniB, 70), silent(eniB, 20, 'SKIPDATA')])
  expect(evidence.flows).toEqual(expect.arrayContaining(flows))
  expect(evidence.flows).toHaveLength(4)
  const byId = new Map(evidence.interfaces.map((log) => [log.id, log]))
  expect(byId.get(eniA)).toMatchObject({ holds: [a], records: 4, rejects: true, newest: at(5, 5) })
  expect(byId.get(eniB)).toMatchObject({ holds: [b], records: 2, rejects: false, newest: at(71) })
  expect(byId.get(eniB)!.skipped).toMatchObject([{ start: at(20), end: at(21) }])
})

test('an interface that sends nothing in the span is known from the day before, or from a snapshot', async () => {
  const more = { vpc_id: 'vpc-00000000000000001' }
  const alone = [sent({ minute: 3, more }), silent(eniA, 70), silent(eniB, 70)]
  expect(diagnose(await gathered(alone))).toMatchObject({ cause: 'no-answer', certainty: 'consistent-with' })
  const before = await gathered([
    ...alone,
    arrived({ minute: -300, more }),
    arrived({ minute: -299, reject: true, client: '10.0.9.9', more }),
  ])
  expect(diagnose(before)).toMatchObject({ cause: 'lost-on-the-way', certainty: 'high' })
  const told = await gathered(alone, { known: [{ id: eniB, addresses: [b] }] })
  expect(told.interfaces.find(({ id }) => id === eniB)).toMatchObject({ holds: [b], records: 0, newest: at(71) })
})

describe('the flow logs of interfaces', () => {
  const by = (flowLog: string) => ({ flow_log_id: flowLog })
  const quiet = [sent({ minute: 3, more: by('fl-a') }), arrived({ minute: 3, more: by('fl-b') })]
  const rejectOf = (flowLog: string, minute = 4) =>
    seenBy('eni-0ccccccccccccccc1', 'ingress', false, {
      minute,
      reject: true,
      client: '10.0.9.9',
      target: '10.0.2.98',
      more: by(flowLog),
    })
  const flowLogsOf = async (documents: Parameters<typeof gathered>[0]) =>
    (await gathered(documents)).interfaces.find(({ id }) => id === eniB)!.flowLogs

  test('one that rejects at another interface', async () => {
    expect(await flowLogsOf([...quiet, rejectOf('fl-b')])).toEqual([
      { id: 'fl-b', covers: true, rejects: true, isShared: true },
    ])
  })
  test('that of another interface says nothing', async () => {
    expect(await flowLogsOf([...quiet, rejectOf('fl-c')])).toEqual([
      { id: 'fl-b', covers: true, rejects: false, isShared: false },
    ])
  })
  test("B's rejects are of one interface, A's records of another", async () => {
    const own = arrived({ minute: 5, reject: true, client: '10.0.9.9', more: by('fl-b') })
    expect(await flowLogsOf([...quiet, own])).toEqual([{ id: 'fl-b', covers: true, rejects: true, isShared: false }])
    const ofA = sent({ minute: 6, more: by('fl-b') })
    expect(await flowLogsOf([...quiet, own, ofA])).toEqual([
      { id: 'fl-b', covers: true, rejects: true, isShared: true },
    ])
  })
  test('of two, of which one ended before the span, the other', async () => {
    const before = arrived({ minute: -300, more: by('fl-old') })
    expect(await flowLogsOf([...quiet, before, rejectOf('fl-old', -299)])).toEqual([
      { id: 'fl-b', covers: false, rejects: false, isShared: false },
      { id: 'fl-old', covers: false, rejects: true, isShared: true },
    ])
    const idle = [2, -298].map((minute) => ({
      ...silent(eniB, minute),
      aws: { vpcflow: { interface_id: eniB, flow_log_id: 'fl-b' } },
    }))
    expect(await flowLogsOf([...quiet, ...idle, before, rejectOf('fl-old', -299)])).toMatchObject([
      { id: 'fl-b', covers: true, rejects: false },
      { id: 'fl-old', covers: false, rejects: true },
    ])
    expect(await flowLogsOf([quiet[0]!, before, rejectOf('fl-old', -299)])).toEqual([
      { id: 'fl-old', covers: true, rejects: true, isShared: true },
    ])
  })
  test('one that was made behind the span has not seen it', async () => {
    const behind = [arrived({ minute: 65, more: by('fl-new') }), rejectOf('fl-new', 66)]
    expect(await flowLogsOf([...quiet, arrived({ minute: 59, more: by('fl-b') }), ...behind])).toMatchObject([
      { id: 'fl-b', covers: true, rejects: false },
      { id: 'fl-new', covers: false, rejects: true },
    ])
  })
  test('accepted traffic of another interface shows that it is of several', async () => {
    const other = seenBy('eni-0ccccccccccccccc1', 'ingress', false, { client: '10.0.9.9', more: by('fl-b') })
    expect(await flowLogsOf([...quiet, other])).toMatchObject([{ id: 'fl-b', isShared: true }])
  })
  test('not known where a record does not tell', async () => {
    expect(await flowLogsOf([...quiet, arrived({ minute: 8 }), rejectOf('fl-b')])).toBe(undefined)
  })
})

test('an interface has its address though one of its two flow logs tells neither direction nor instance', async () => {
  const cloud = { instance: { id: 'i-00000000000000001' } }
  const whole = good({ minute: 3 }).map((document) => ({ ...document, cloud }))
  const fewer = good({ minute: 5 }).map(({ network, ...document }) => {
    const { direction: _, ...rest } = network as { direction: string }
    return { ...document, network: rest }
  })
  const { interfaces } = await gathered([...whole, ...fewer])
  expect(interfaces.map(({ id, holds }) => [id, holds]).sort()).toEqual([
    [eniA, [a]],
    [eniB, [b]],
  ])
})

test('a time without any record, not even one without traffic, is no silence', async () => {
  const minutes = Array.from({ length: 80 }, (_, minute) => minute)
  const logged = minutes.filter((minute) => minute < 20 || minute > 30)
  const reject = arrived({ minute: 2, reject: true, client: '10.0.9.9' })
  const asked = (silence: readonly number[]) =>
    gathered([
      sent({ minute: 25 }),
      ...good({ minute: 2 }),
      reject,
      ...minutes.map((one) => silent(eniA, one)),
      ...silence.map((one) => silent(eniB, one)),
    ])
  const evidence = await asked(logged)
  expect(evidence.interfaces.find(({ id }) => id === eniB)!.skipped).toEqual([
    { id: eniB, start: at(21), end: at(32), gap: true },
  ])
  expect(diagnose(evidence)).toMatchObject({ cause: 'no-answer', certainty: 'consistent-with' })
  expect(JSON.stringify(diagnose(evidence).cannotTell)).toContain(`from ${at(21)} to ${at(32)}`)
  expect(diagnose(await asked(minutes))).toMatchObject({ cause: 'lost-on-the-way' })
})

describe('while A and B are rejected', () => {
  const rejects = [10, 20].map((minute) => arrived({ minute, reject: true }))
  const other = (minute: number, more: Parameters<typeof sent>[0] = {}) =>
    arrived({ minute, client: '10.0.1.99', encrypted: false, ...more })
  const atB = async (...documents: ReturnType<typeof sent>[]) => {
    const { interfaces } = await gathered([...rejects, ...documents])
    return interfaces.find(({ id }) => id === eniB)
  }
  test('what others send, encrypted or not', async () => {
    expect(await atB(other(15))).toMatchObject({ passes: true, plain: true })
    expect(await atB(other(15, { encrypted: true }))).toMatchObject({ passes: true, plain: false })
  })
  test('what A itself sends is no other, and may be unencrypted', async () => {
    expect(await atB(arrived({ minute: 15, encrypted: false }))).toMatchObject({ passes: false, plain: true })
  })
  test.each([
    ['before it, and behind it', [other(9), other(10), other(20), other(25)]],
    ['of the internet', [other(15, { client: '203.0.113.9' })]],
    ['rejected, too', [other(15, { reject: true })]],
  ])('%s does not count', async (_, documents) => {
    expect(await atB(...documents)).toMatchObject({ passes: false, plain: false })
  })
})

describe('DeleteFlowLogs', () => {
  const [account, region] = ['123456789012', 'eu-central-1']
  const event = (time: string, action = 'DeleteFlowLogs', place = { account, region }) => ({
    '@timestamp': time,
    event: { dataset: 'aws.cloudtrail', action, outcome: 'success', provider: 'ec2.amazonaws.com', id: time },
    cloud: { region: place.region },
    aws: { cloudtrail: { recipient_account_id: place.account } },
  })
  const known = (asOf: string, place = { account, region }) => [
    { id: eniB, addresses: [b], asOf, flowLogs: [], ...place },
  ]
  test('from ten minutes before the span to the snapshot', async () => {
    const [first, last] = [event(at(-10)), event(at(299))]
    const others = [event(at(-11)), event(at(300)), event(at(30), 'CreateFlowLogs')]
    const { deletedFlowLogs } = await gathered([first, last, ...others], { known: known(at(300)) })
    expect(deletedFlowLogs).toEqual([first, last])
  })
  test('is not asked for where no snapshot has flow logs, or that is older than the span', async () => {
    expect(await gathered([event(at(30))])).not.toHaveProperty('deletedFlowLogs')
    expect(await gathered([event(at(30))], { known: known(at(-20)) })).not.toHaveProperty('deletedFlowLogs')
  })
  test('of an archive, as far as that was read', async () => {
    const archive = { from: at(-10), unread: [], leftOut: [] }
    expect(await gathered([event(at(30))], { known: known(at(62)), archive })).toHaveProperty('deletedFlowLogs')
    expect(await gathered([event(at(30))], { known: known(at(63)), archive })).not.toHaveProperty('deletedFlowLogs')
  })
  const any = (minute: number, place?: { account: string; region: string }) =>
    event(at(minute), 'CreateNetworkInterface', place)
  const global = (minute: number) => {
    const one = event(at(minute), 'AssumeRole')
    return { ...one, event: { ...one.event, provider: 'sts.amazonaws.com' } }
  }
  const read = (minute: number) => {
    const one = event(at(minute), 'DescribeInstances')
    return { ...one, aws: { cloudtrail: { ...one.aws.cloudtrail, read_only: true } } }
  }
  const six = 6 * 60
  const elsewhere = { account, region: 'us-east-1' }
  test.each([
    ['none', 100, [], false],
    ['in each six hours', 2 * six + 80, [any(six - 10), any(2 * six - 10), any(2 * six + 70)], true],
    ['none for longer, before the first', 2 * six, [any(six - 9), any(2 * six - 10)], false],
    ['none for longer, within', 2 * six + 80, [any(six - 10), any(2 * six - 9), any(2 * six + 70)], false],
    ['none for longer, behind the last', six + 51, [any(50)], false],
    ["not EC2's", 100, [global(10)], false],
    ['reads alone', 100, [read(10)], false],
    ['of another region', 100, [any(10, elsewhere)], false],
    ['of another account', 100, [any(10, { account: '111111111111', region })], false],
  ])('is known where CloudTrail has events throughout: %s', async (_, asOf, events, isKnown) => {
    const evidence = await gathered(events, { known: known(at(asOf)) })
    expect(evidence.deletedFlowLogs).toEqual(isKnown ? [] : undefined)
  })
  test('of each of the regions', async () => {
    const both = { known: [...known(at(100)), ...known(at(100), elsewhere)] }
    expect(await gathered([any(10)], both)).not.toHaveProperty('deletedFlowLogs')
    expect(await gathered([any(10), any(11, elsewhere)], both)).toHaveProperty('deletedFlowLogs', [])
  })
})

describe('without directions', () => {
  const plain = (document: ReturnType<typeof sent>) => {
    const { direction: _, ...network } = document.network as { direction: string }
    return { ...document, network }
  }
  test('an interface has the address that all its records hold', async () => {
    const other = sent({ minute: 9, target: '10.0.2.99' })
    const elseAtB = arrived({ minute: 9, client: '10.0.1.99' })
    const { interfaces } = await gathered([...good({ minute: 3 }), other, elseAtB].map(plain))
    expect(interfaces.map(({ id, holds }) => [id, holds])).toEqual([
      [eniA, [a]],
      [eniB, [b]],
    ])
  })
  test('one that A alone calls is not taken for that of A: its own address of IPv6 is in all of them, too', async () => {
    const [a6, other] = ['2600:1f18:28:1::a', '2600:1f18:28:5::15']
    const { interfaces } = await gather(
      memoryStore([arrived({ client: a6, target: other }), replied({ client: a6, target: other })].map(plain)).ask,
      { ...pair, a: a6, b: '2600:1f18:28:2::b' },
    )
    expect(interfaces.flatMap(({ holds }) => holds)).toEqual([])
  })
  test('an interface whose records all hold both has neither', async () => {
    const { interfaces } = await gathered(good({ minute: 3 }).map(plain))
    expect(interfaces.map(({ holds }) => holds)).toEqual([[], []])
  })
})

describe('an address behind the primary one of its interface', () => {
  const node = '10.0.1.99'
  const of = (document: ReturnType<typeof sent>, end: 'source' | 'destination', more: object = {}) => ({
    ...document,
    [end]: { ...(document[end] as object), ip: node },
    cloud: { instance: { id: 'i-0aaaaaaaaaaaaaaa1' } },
    ...more,
  })

  test('is of the node that sends its packets', async () => {
    const evidence = await gathered([of(sent(), 'source'), of(answered(), 'destination')])
    expect(evidence.interfaces).toMatchObject([{ id: eniA, holds: [a] }])
  })

  test('is not of an appliance, which gets what it sends on', async () => {
    const arriving = seenBy(eniA, 'ingress', false)
    const evidence = await gathered([of(sent(), 'source'), of(arriving, 'destination')])
    expect(evidence.interfaces).toMatchObject([{ id: eniA, holds: [] }])
  })

  test('is not of a gateway, which is no instance', async () => {
    const evidence = await gathered([of(sent(), 'source', { cloud: {} })])
    expect(evidence.interfaces).toMatchObject([{ id: eniA, holds: [] }])
  })

  test('is of a load balancer, which is no instance, but not of a transit gateway', async () => {
    const as = (interface_type: string) =>
      gathered([
        of(arrived({ more: { interface_type } }), 'destination', { cloud: {} }),
        of(replied({ more: { interface_type } }), 'source', { cloud: {} }),
      ])
    expect((await as('network_load_balancer')).interfaces).toMatchObject([{ id: eniB, holds: [b] }])
    expect((await as('transit_gateway')).interfaces).toMatchObject([{ id: eniB, holds: [] }])
  })

  test('is not of what may be a transit gateway, where no type is known', async () => {
    const evidence = await gathered([
      of(arrived(), 'destination', { cloud: {} }),
      of(replied(), 'source', { cloud: {} }),
    ])
    expect(evidence.interfaces).toMatchObject([{ id: eniB, holds: [] }])
  })

  test('is of the interface that gets its packets, by whichever of the instance they leave', async () => {
    const second = 'eni-0eeeeeeeeeeeeeee1'
    const evidence = await gathered([of(arrived(), 'destination'), of(seenBy(second, 'egress', true), 'source')])
    expect(new Map(evidence.interfaces.map(({ id, holds }) => [id, holds]))).toEqual(
      new Map([
        [eniB, [b]],
        [second, []],
      ]),
    )
  })
})

test('who else calls B, and what else A calls', async () => {
  const documents = [
    ...good({ minute: 3 }),
    ...good({ minute: 4, client: '10.0.1.11' }),
    arrived({ minute: 4, client: '10.0.1.12' }),
    arrived({ minute: 4, client: '10.0.1.13' }),
    replied({ minute: 4, client: '10.0.1.13', flags: ['rst'] }),
    // Established before, they go on.
    arrived({ minute: 4, client: '10.0.1.14', flags: [] }),
    replied({ minute: 4, client: '10.0.1.14', flags: [] }),
    replied({ minute: 5, client: '10.0.1.12', flags: [] }),
    sent({ minute: 5, target: '10.0.2.99' }),
  ]
  const { others, elsewhere } = await gathered(documents)
  expect(others).toEqual({
    clients: [
      { address: '10.0.1.11', called: at(4), answered: at(4) },
      { address: '10.0.1.12', called: at(4) },
      { address: '10.0.1.13', called: at(4) },
    ],
    targets: [{ address: '10.0.2.99', called: at(5) }],
  })
  expect(elsewhere).toEqual([documents.at(-1)])
})

test('transit gateways and changes, an hour before the span', async () => {
  const tgw = transit({ packets_lost_blackhole: 2 }, { minute: 3 })
  const early = {
    ...change('DeleteRoute', -50, {}),
    event: { ...(change('DeleteRoute', -50, {}).event as object), dataset: 'aws.cloudtrail' },
  }
  const evidence = await gathered([tgw, early])
  expect(evidence).toMatchObject({ transit: [tgw], changes: [early], others: { clients: [], targets: [] } })
  expect(evidence.pair.port).toBe(port)
})

test('answers of B to A that only A has', async () => {
  const { interfaces } = await gathered([sent({ minute: 3 }), answered({ minute: 3 })])
  expect(interfaces.map(({ id }) => id)).toEqual([eniA])
})
