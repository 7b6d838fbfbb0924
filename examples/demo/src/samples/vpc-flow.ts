import { createHash } from 'node:crypto'
import type { Random } from './random.ts'
import type { SampleFile } from './sample-file.ts'
import { incident, type Span, stamp, world } from './world.ts'

/** Version 5 in AWS's order. https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html */
const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status ' +
  'vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id ' +
  'pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path'

interface Host {
  readonly ip: string
  readonly eni: string
  readonly instance: string
  readonly subnet: string
  readonly zone: string
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const host = (name: string, ip: string, zone: number): Host => ({
  ip,
  eni: `eni-0${digest(name).slice(0, 16)}`,
  instance: `i-0${digest(name).slice(16, 32)}`,
  subnet: `subnet-0${digest(`zone ${zone}`).slice(0, 16)}`,
  zone: `euc1-az${zone}`,
})

const web = [1, 2, 3].map((n) => host(`web ${n}`, `10.20.1.${10 + n}`, n))
const api = [1, 2, 3, 4].map((n) => host(`api ${n}`, `10.20.2.${20 + n}`, 1 + (n % 3)))
const orders = host('orders', incident.client, 1)
const payments = host('payments', incident.service, 2)
const database = host('database', '10.20.3.5', 1)
const cache = host('cache', '10.20.3.9', 2)
const nightly = host('nightly export', '10.20.5.77', 3)

const viewers = ['198.51.100.23', '198.51.100.141', '203.0.113.9', '203.0.113.77', '203.0.113.200', '2001:db8:5a::17']
const scanners = ['192.0.2.15', '192.0.2.44', '192.0.2.99', '192.0.2.180', '198.18.7.3', '198.18.90.12']
/** Ports that the internet's scanners try, by how often. */
const scannedPorts = [
  [22, 30],
  [23, 24],
  [445, 16],
  [3389, 14],
  [8080, 9],
  [6379, 7],
  [5432, 4],
  [9200, 3],
] as const

const tcp = 6
const udp = 17
const flags = { syn: 2, finished: 3, reset: 4, synAck: 18, answered: 19 }

/** A connection whose both directions are seen: who asks whom, on which port, and about how many bytes go each way. */
interface Talk {
  readonly from: (random: Random) => string | Host
  readonly to: string | Host
  readonly port: number
  readonly asked: number
  readonly answered: number
  /** AWS's name of the other end, where it is a service of theirs. */
  readonly service?: string
}

const talks: readonly (readonly [Talk, number])[] = [
  ...web.map((to): [Talk, number] => [
    { from: ({ pick }) => pick(viewers), to, port: 443, asked: 2_400, answered: 64_000 },
    9,
  ]),
  ...api.map((to): [Talk, number] => [
    { from: ({ pick }) => pick(web), to, port: 8443, asked: 3_100, answered: 21_000 },
    7,
  ]),
  [{ from: ({ pick }) => pick(api), to: orders, port: 8443, asked: 1_900, answered: 7_400 }, 10],
  [{ from: ({ pick }) => pick(api), to: cache, port: 6379, asked: 700, answered: 5_200 }, 12],
  [{ from: () => orders, to: database, port: 5432, asked: 4_200, answered: 38_000 }, 9],
  [{ from: ({ pick }) => pick(api), to: payments, port: 8443, asked: 1_500, answered: 1_100 }, 3],
  [{ from: () => nightly, to: '3.5.136.10', port: 443, asked: 9_400_000, answered: 48_000, service: 'S3' }, 0.5],
  [{ from: ({ pick }) => pick([...web, ...api]), to: '10.20.0.2', port: 53, asked: 80, answered: 190 }, 5],
]

/** A file of flow logs: three quarters talks in both directions, the rest scans that are rejected. */
export function vpcFlowFile(random: Random, span: Span): SampleFile {
  const lines: string[] = []
  for (let time = span.from; time < span.to; time += incident.every) lines.push(...payment(random, span, time))
  while (lines.length < span.records) {
    if (random.next() < 0.16 || lines.length === span.records - 1) lines.push(scan(random, span))
    else lines.push(...talk(random, span))
  }
  // Split once each: a sort that splits takes half of the generator's time.
  const sorted = lines.map((line) => ({ line, start: startOf(line) })).sort((a, b) => a.start - b.start)
  const { account, region } = world
  const name = `${account}_vpcflowlogs_${region}_fl-0${digest('flow log').slice(0, 16)}_${stamp(span.from)}_${random.hex(8)}.log.gz`
  return {
    key: `AWSLogs/${account}/vpcflowlogs/${region}/${new Date(span.from).toISOString().slice(0, 10).replaceAll('-', '/')}/${name}`,
    table: 'aws_vpcflow',
    text: `${header}\n${sorted.map(({ line }) => line).join('\n')}\n`,
    records: sorted.length,
  }
}

/** A call of orders to payments, as both interfaces log it: a few seconds long, or four SYNs and their answers. */
function payment(random: Random, span: Span, time: number): string[] {
  const isOpen = time < incident.change
  const client = port(random)
  const [asked, answered] = isOpen ? [1_700, 900] : [240, 240]
  const packets = isOpen ? 6 : 4
  const start = Math.floor(time / 1000)
  const times = { start, end: start + (isOpen ? 2 : 8) }
  const there = { from: orders.ip, to: payments.ip, ports: [client, incident.port], bytes: asked, packets } as const
  const back = { from: payments.ip, to: orders.ip, ports: [incident.port, client], bytes: answered, packets } as const
  const request = { ...there, ...times, flags: isOpen ? flags.finished : flags.syn }
  const reply = { ...back, ...times, flags: isOpen ? flags.answered : flags.synAck }
  return [
    record(random, span, { ...request, seen: orders, direction: 'egress' }),
    record(random, span, { ...request, seen: payments, direction: 'ingress' }),
    record(random, span, { ...reply, seen: payments, direction: 'egress', action: isOpen ? 'ACCEPT' : 'REJECT' }),
    ...(isOpen ? [record(random, span, { ...reply, seen: orders, direction: 'ingress' })] : []),
  ]
}

const port = (random: Random): number => random.between(32_768, 60_999)
const startOf = (text: string): number => Number(text.split(' ')[10])

function talk(random: Random, span: Span): string[] {
  const chosen = random.weighted(talks)
  const from = chosen.from(random)
  const { to, service } = chosen
  const seen = typeof from === 'string' ? (to as Host) : from
  const inbound = typeof from === 'string'
  const addresses = [from, to].map((end) => (typeof end === 'string' ? end : end.ip)) as [string, string]
  // An address of one family speaks to its own kind only.
  if (addresses[0].includes(':')) addresses[1] = `2001:db8:20:1::${seen.ip.split('.')[3]}`
  const ports: [number, number] = [port(random), chosen.port]
  const asked = Math.round(chosen.asked * (0.5 + random.next()))
  const answered = Math.round(chosen.answered * (0.5 + random.next()))
  const protocol = chosen.port === 53 ? udp : tcp
  const common = { seen, protocol, ...(service && { service }) }
  return [
    record(random, span, {
      ...common,
      from: addresses[0],
      to: addresses[1],
      ports,
      bytes: asked,
      flags: flags.finished,
      direction: inbound ? 'ingress' : 'egress',
    }),
    record(random, span, {
      ...common,
      from: addresses[1],
      to: addresses[0],
      ports: [ports[1], ports[0]],
      bytes: answered,
      flags: flags.answered,
      direction: inbound ? 'egress' : 'ingress',
    }),
  ]
}

function scan(random: Random, span: Span): string {
  const seen = random.pick(web)
  const ports: [number, number] = [port(random), random.weighted(scannedPorts)]
  return record(random, span, {
    seen,
    from: random.pick(scanners),
    to: seen.ip,
    ports,
    packets: 1,
    bytes: 40,
    flags: flags.syn,
    direction: 'ingress',
    action: 'REJECT',
  })
}

interface Flow {
  readonly seen: Host
  readonly from: string
  readonly to: string
  readonly ports: readonly [number, number]
  readonly protocol?: number
  readonly packets?: number
  readonly bytes: number
  readonly flags: number
  readonly direction: 'ingress' | 'egress'
  readonly action?: 'ACCEPT' | 'REJECT'
  readonly service?: string
  /** Seconds since 1970. Default: any within the span. */
  readonly start?: number
  readonly end?: number
}

function record(random: Random, span: Span, flow: Flow): string {
  const { seen, from, to, ports, protocol = tcp, bytes, packets = Math.ceil(bytes / 900), action = 'ACCEPT' } = flow
  const { start = Math.floor(random.between(span.from, span.to - 61_000) / 1000) } = flow
  const { end = start + random.between(5, 60) } = flow
  const { direction, service = '-' } = flow
  const outside = !to.startsWith('10.')
  // biome-ignore format: in the header's order
  return [
    5, world.account, seen.eni, from, to, ports[0], ports[1], protocol, packets, bytes, start, end, action, 'OK',
    world.vpc, seen.subnet, seen.instance, protocol === tcp ? flow.flags : 0, from.includes(':') ? 'IPv6' : 'IPv4', from, to, world.region, seen.zone, '-', '-',
    direction === 'ingress' ? service : '-', direction === 'egress' ? service : '-', direction, direction === 'egress' ? (outside ? 8 : 1) : '-',
  ].join(' ')
}
