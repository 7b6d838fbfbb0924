// Flow logs of version 2 (AWS's default, 14 fields) and of version 5 with 29.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
import { random, start } from './random.mjs'

const version2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const version5 = `${version2} vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path`

const repeat = (weights) => Object.entries(weights).flatMap(([value, count]) => Array(count).fill(Number(value)))
export const services = repeat({
  443: 40,
  80: 10,
  5432: 8,
  6379: 6,
  3306: 6,
  9200: 4,
  53: 12,
  22: 2,
  123: 3,
  8080: 5,
  9092: 4,
  2049: 1,
  389: 1,
  3389: 1,
})
const packetBytes = [40, 44, 52, 52, 60, 84, 120, 250, 576, 900, 1400, 1460]

/** 400 interfaces in three VPCs, of which some talk much, with 20,000 outside addresses and some that come once. */
export function network({ share, next, between, pick, hex, skewed, normal }) {
  const account = String(between(1e11, 1e12))
  const vpcs = Array.from({ length: 3 }, () => `vpc-0${hex(16)}`)
  const interfaces = Array.from({ length: 400 }, (_, i) => ({
    id: `eni-0${hex(16)}`,
    address: `10.${i % 3}.${next(48)}.${between(4, 254)}`,
    vpc: vpcs[i % 3],
    subnet: `subnet-0${hex(16)}`,
    instance: share() < 0.8 ? `i-0${hex(16)}` : '-',
    zone: `use1-az${1 + (i % 6)}`,
  }))
  const first = [3, 13, 18, 34, 35, 44, 52, 54, 99, 142, 151, 172, 185, 192, 203]
  const outside = Array.from({ length: 20_000 }, () => `${pick(first)}.${next(256)}.${next(256)}.${between(1, 255)}`)

  const flow = () => {
    const own = skewed(interfaces, 70)
    const kind = share()
    const external = kind >= 0.55
    const peer = !external
      ? skewed(interfaces, 90).address
      : kind < 0.92
        ? skewed(outside, 2500)
        : `${between(1, 224)}.${next(256)}.${next(256)}.${between(1, 255)}`
    const drawn = share()
    const protocol = drawn < 0.86 ? 6 : drawn < 0.985 ? 17 : 1
    const ports = [0, 0]
    if (protocol !== 1) {
      ports[0] = share() < 0.8 ? between(32_768, 61_000) : between(1024, 65_536)
      ports[1] = share() < 0.93 ? pick(services) : between(1, 65_536)
      if (share() < 0.5) ports.reverse()
    }
    const ingress = share() < 0.5
    const rejected = external && share() < 0.16
    const packets = rejected ? between(1, 4) : Math.max(1, Math.floor(Math.exp(normal(1.9, 1.4))))
    const bytes = packets * pick(rejected ? [40, 44, 48, 60] : packetBytes) + (packets > 1 && !rejected ? next(40) : 0)
    const [source, destination] = ingress ? [peer, own.address] : [own.address, peer]
    return { own, source, destination, ports, protocol, packets, bytes, ingress, external, rejected }
  }
  return { account, interfaces, flow }
}

function* lines(records, version, seed) {
  const drawn = random(seed)
  const { share, next, between, pick, skewed } = drawn
  const { account, interfaces, flow } = network(drawn)
  yield `${version === 2 ? version2 : version5}\n`
  for (let i = 0; i < records; i++) {
    const from = start + Math.floor((i * 300) / records) + next(60)
    const to = from + between(1, 60)
    if (share() < 0.006) {
      const { id, vpc, subnet, instance, zone } = skewed(interfaces, 70)
      const status = share() < 5 / 6 ? 'NODATA' : 'SKIPDATA'
      const head = `${version} ${account} ${id} - - - - - - - ${from} ${to} - ${status}`
      yield version === 2 ? `${head}\n` : `${head} ${vpc} ${subnet} ${instance} - - - - us-east-1 ${zone} - - - - - -\n`
      continue
    }
    const { own, source, destination, ports, protocol, packets, bytes, ingress, external, rejected } = flow()
    const head = `${version} ${account} ${own.id} ${source} ${destination} ${ports[0]} ${ports[1]} ${protocol} ${packets} ${bytes} ${from} ${to} ${rejected ? 'REJECT' : 'ACCEPT'} OK`
    if (version === 2) {
      yield `${head}\n`
      continue
    }
    const service = external ? pick(['S3', 'EC2', 'AMAZON', 'DYNAMODB', '-', '-', '-']) : '-'
    const flags = protocol === 6 ? pick([2, 3, 18, 19, 19, 19, 16, 4]) : 0
    const services = ingress ? `${service} -` : `- ${service}`
    const path = ingress ? 'ingress -' : `egress ${external ? 8 : 1}`
    yield `${head} ${own.vpc} ${own.subnet} ${own.instance} ${flags} IPv4 ${source} ${destination} us-east-1 ${own.zone} - - ${services} ${path}\n`
  }
}

export const vpcFlow = (records) => lines(records, 2, 11)
export const vpcFlow29 = (records) => lines(records, 5, 12)
