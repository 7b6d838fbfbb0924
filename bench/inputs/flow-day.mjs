// Flow logs of a day, and of the day before a tenth as many: connections with both directions, at both ends where both are
// the account's. Among them are two services of which one, half an hour before the end of an hour, no longer reaches the other.
import { random, start } from './random.mjs'
import { network, services } from './vpc-flow.mjs'

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction'
const hour = 3600
const day = 24 * hour

/** The day, in epoch seconds. Its last hour is the first of the other inputs. */
export const flowDay = { from: start - 23 * hour, to: start + hour }

/** What fails: the network ACL of B's subnet drops the replies to A. Times in epoch seconds. */
export const failing = {
  a: '10.0.200.7',
  b: '10.0.201.9',
  port: 5432,
  since: start - hour,
  until: start,
  onset: start - hour / 2,
  cause: 'reply-blocked-at-target',
}
/** Seconds between two connections of A to B, and how long before the hour there are any. */
const every = 10
const settled = 2 * hour

const tcp = 6
const listening = new Set(services)
const otherPort = 8443
/** Flags of the client's record and the service's: done in a window, begun in it, amid it, reset, refused, unanswered. */
const flags = [
  ...Array(300).fill([3, 19]),
  ...Array(12).fill([2, 18]),
  ...Array(80).fill([0, 0]),
  ...Array(6).fill([3, 22]),
  [2, 4],
  [2],
]

export function* flowDayLines(records) {
  const drawn = random(13)
  const { share, next, between, pick, hex, skewed } = drawn
  const { account, interfaces, flow } = network(drawn)
  const byAddress = new Map(interfaces.map((one) => [one.address, one]))
  const [{ vpc }] = interfaces
  const service = (address) => ({
    id: `eni-0${hex(16)}`,
    address,
    vpc,
    subnet: `subnet-0${hex(16)}`,
    instance: `i-0${hex(16)}`,
  })
  const [a, b] = [service(failing.a), service(failing.b)]

  /** What one interface logs of one direction. */
  const line = (at, [source, sourcePort], [destination, port], protocol, counts, times, action, mask, direction) =>
    `5 ${account} ${at.id} ${source} ${destination} ${sourcePort} ${port} ${protocol} ${counts} ${times} ${action} OK ${at.vpc} ${at.subnet} ${at.instance} ${mask} ${source} ${destination} ${direction}\n`
  /** Packets and bytes of the way back. */
  const answer = (packets) => `${packets} ${packets * pick([52, 120, 576, 1400])}`

  const connection = (from) => {
    const { own, source, destination, ports, protocol, packets, bytes, external, rejected } = flow()
    const times = `${from} ${from + between(1, 60)}`
    const ends = [
      [source, ports[0]],
      [destination, ports[1]],
    ]
    // Clients have the higher port.
    const [client, server] = ports[0] >= ports[1] ? ends : ends.reverse()
    // Scans try any port, and servers listen on few.
    if (protocol !== 1 && !rejected && !listening.has(server[1])) server[1] = otherPort
    const isClient = client[0] === own.address
    const ways = isClient ? ['egress', 'ingress'] : ['ingress', 'egress']
    const counts = `${packets} ${bytes}`
    if (rejected) return line(own, client, server, protocol, counts, times, 'REJECT', protocol === tcp ? 2 : 0, ways[0])
    const [asked, answered] = protocol === tcp ? pick(flags) : [0, 0]
    const isAlone = asked === 2 && answered !== 18
    const sent = isAlone ? '4 240' : counts
    const replied = answered === 4 ? '4 160' : answer(packets)
    const peer = external ? undefined : byAddress.get(isClient ? server[0] : client[0])
    let text = ''
    for (const at of peer && peer !== own ? [own, peer] : [own]) {
      const [there, back] = at === own ? ways : [...ways].reverse()
      text += line(at, client, server, protocol, sent, times, 'ACCEPT', asked, there)
      if (answered !== undefined) text += line(at, server, client, protocol, replied, times, 'ACCEPT', answered, back)
    }
    return text
  }

  const silence = (from) => {
    const { id, vpc, subnet, instance } = skewed(interfaces, 70)
    const status = share() < 5 / 6 ? 'NODATA' : 'SKIPDATA'
    return `5 ${account} ${id} - - - - - - - ${from} ${from + 60} - ${status} ${vpc} ${subnet} ${instance} - - - -\n`
  }

  let port = 40_000
  const call = (from) => {
    port++
    const times = `${from} ${from + 5}`
    const [client, server] = [
      [failing.a, port],
      [failing.b, failing.port],
    ]
    const isBlocked = from >= failing.onset
    const [sent, mask] = isBlocked ? ['4 240', 2] : ['9 1040', 3]
    const request = (at, direction) => line(at, client, server, tcp, sent, times, 'ACCEPT', mask, direction)
    const reply = (at, direction) => line(at, server, client, tcp, '8 2210', times, 'ACCEPT', 19, direction)
    const requests = request(a, 'egress') + request(b, 'ingress')
    if (isBlocked) return `${requests}${line(b, server, client, tcp, '5 300', times, 'REJECT', 18, 'egress')}`
    return `${requests}${reply(b, 'egress')}${reply(a, 'ingress')}`
  }

  yield `${header}\n`
  let called = failing.since - settled
  for (const [begin, count] of [
    [flowDay.from - day, Math.floor(records / 10)],
    [flowDay.from, records],
  ])
    for (let made = 0; made < count; ) {
      const from = begin + Math.floor((made * day) / count)
      for (; called <= from && called < flowDay.to; called += every) yield call(called)
      const text = share() < 0.006 ? silence(from) : connection(from + next(60))
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) made++
      yield text
    }
}
