/** Which way packets take from one host to another. */
import { holds, type Interface, isPrivate } from './network.ts'
import {
  arrives,
  beyond,
  crosses,
  leaves,
  type Onward,
  passes,
  recalls,
  remembers,
  type Step,
  translates,
  travel,
  type Way,
} from './steps.ts'
import type { Host, Network } from './topology.ts'

export function wayBetween(net: Network, from: Host, to: Host): Way {
  const { a, b, between, neighbours } = net
  const ofA = from === a || neighbours.a.some((one) => one === from)
  const ofB = to === b || neighbours.b.some((one) => one === to)
  if (!from.interface || !ofA) return direct(from, to)
  if (between === 'nat') return to.interface ? direct(from, to) : throughNat(net, from.interface)
  return to.interface && ofB ? across(net, from.interface, to, to.interface) : direct(from, to)
}

/** Where nothing lies between that could go wrong. */
function direct(from: Host, to: Host): Way {
  const onward = (other: Host): Onward => ({ trafficPath: isPrivate(other.address) ? 1 : 8 })
  return {
    request: [
      ...(from.interface ? [leaves(from.interface, onward(to))] : []),
      ...(to.interface ? [arrives(to.interface)] : []),
    ],
    reply: [
      ...(to.interface ? [leaves(to.interface, onward(from))] : []),
      ...(from.interface ? [arrives(from.interface)] : []),
    ],
  }
}

/** From the client's side to the target's. */
function across(net: Network, client: Interface, to: Host, server: Interface): Way {
  const { between, gaps } = net
  const request = passes(gaps.request)
  const reply = passes(gaps.reply)
  switch (between) {
    case 'transit gateway': {
      const [near, far] = net.gateway.attachments
      return {
        request: [
          leaves(client, { nextHop: near.interface }),
          request,
          arrives(near.interface),
          crosses(net.gateway, near, far),
          leaves(far.interface),
          arrives(server),
        ],
        reply: [
          answers(net, to, server, { nextHop: far.interface }),
          reply,
          arrives(far.interface),
          crosses(net.gateway, far, near),
          leaves(near.interface),
          arrives(client),
        ],
      }
    }
    case 'firewall':
      return {
        request: [leaves(client), request, remembers(net.middlebox, [arrives(client)]), arrives(server)],
        reply: [answers(net, to, server), reply, recalls, arrives(client)],
      }
    case 'load balancer':
      if (to === net.b) return throughLoadBalancer(net, client, server)
  }
  const trafficPath = between === 'peering' ? 4 : 1
  return {
    request: [leaves(client, { trafficPath }), request, arrives(server)],
    reply: [answers(net, to, server, { trafficPath }), reply, arrives(client)],
  }
}

/** An instance with two interfaces decides at each packet by which it answers. */
const answers =
  (net: Network, to: Host, server: Interface, onward: Onward = {}): Step =>
  (packet, journey) => {
    const { b, repliesBySecond, second } = net
    const bySecond = to === b && repliesBySecond && holds(repliesBySecond, packet.time)
    return leaves(bySecond ? second : server, onward)(packet, journey)
  }

function throughLoadBalancer(net: Network, client: Interface, server: Interface): Way {
  const { gaps, instance, loadBalancer, port } = net
  const target = { address: instance.address, port }
  const inVpc = { trafficPath: 1 }
  /** Without a target the load balancer answers by itself. */
  const forwards =
    (steps: readonly Step[]): Step =>
    (packet, journey) => {
      const alone = net.noTarget && holds(net.noTarget, packet.time)
      return alone || travel(steps, packet, journey) ? packet : undefined
    }
  return {
    request: [
      leaves(client, inVpc),
      passes(gaps.request),
      arrives(server),
      forwards([translates(loadBalancer, target), leaves(server, inVpc), arrives(instance.interface)]),
    ],
    reply: [
      forwards([beyond(loadBalancer, [leaves(instance.interface, inVpc), arrives(server)], target)]),
      leaves(server, inVpc),
      passes(gaps.reply),
      arrives(client),
    ],
  }
}

function throughNat({ gaps, middlebox, nat }: Network, client: Interface): Way {
  const inVpc = { trafficPath: 1 }
  return {
    request: [
      leaves(client, { ...inVpc, nextHop: nat.at }),
      arrives(nat.at),
      remembers(middlebox, [leaves(nat.at, inVpc), arrives(client)]),
      translates(nat),
      leaves(nat.at, { trafficPath: 8 }),
      passes(gaps.request),
    ],
    reply: [beyond(nat, [passes(gaps.reply), arrives(nat.at)]), recalls, leaves(nat.at, inVpc), arrives(client)],
  }
}
