/** The way of packets from one host to another, as steps that each let them pass, change, lose or answer them. */
import {
  type Direction,
  flag,
  holds,
  type Interface,
  judge,
  type Memory,
  type Packet,
  type Span,
  type Verdict,
} from './network.ts'

/** Packets as an interface saw them. */
export interface Sighting {
  readonly at: Interface
  readonly direction: Direction
  readonly packet: Packet
  readonly verdict: Verdict
  readonly encrypted: boolean
  readonly onward: Onward
}

/** Where egress goes. */
export interface Onward {
  /** AWS's number of the way that it takes. */
  readonly trafficPath?: number
  readonly nextHop?: Interface
}

/** Packets as an attachment of a transit gateway saw them. */
export interface TransitSighting {
  readonly gateway: TransitGateway
  readonly direction: Direction
  readonly from: Attachment
  /** None where no route led on. */
  readonly to?: Attachment
  readonly packet: Packet
  readonly lost?: Loss
}

type Loss = 'no-route' | 'blackhole' | 'mtu-exceeded' | 'ttl-expired'

export interface Attachment {
  readonly id: string
  readonly interface: Interface
}

export interface TransitGateway {
  readonly id: string
  readonly attachments: readonly [a: Attachment, b: Attachment]
  /** Where and when it drops what comes from the first attachment. */
  drops?: Span & { readonly reason: Loss }
}

/** One connection on its way: what the network remembers of it, and who looks on. */
export interface Journey extends Memory {
  readonly see: (sighting: Sighting) => void
  readonly seeTransit: (sighting: TransitSighting) => void
  /** The port that a translating middlebox gave it. */
  port?: number
  /** When a middlebox last passed a packet of it. */
  passed?: number
  /** Set when a middlebox answered the client by a reset. */
  reset?: boolean
}

export type Step = (packet: Packet, journey: Journey) => Packet | undefined

export interface Way {
  readonly request: readonly Step[]
  readonly reply: readonly Step[]
}

/** Whether the packets came to the end. */
export function travel(steps: readonly Step[], packet: Packet, journey: Journey): boolean {
  let current: Packet | undefined = packet
  for (const step of steps) {
    current = step(current, journey)
    if (!current) return false
  }
  return true
}

export const leaves = (at: Interface, onward: Onward = {}) => seenAt(at, 'egress', onward)
export const arrives = (at: Interface) => seenAt(at, 'ingress', {})

const seenAt =
  (at: Interface, direction: Direction, onward: Onward): Step =>
  (packet, journey) => {
    const verdict = judge(at, direction, packet, journey)
    journey.see({ at, direction, packet, verdict, encrypted: journey.encrypted, onward })
    return verdict.action === 'ACCEPT' ? packet : undefined
  }

/** Through a transit gateway, in at one attachment and out at the other. */
export const crosses =
  (gateway: TransitGateway, from: Attachment, to: Attachment): Step =>
  (packet, { seeTransit }) => {
    const { drops, attachments } = gateway
    if (drops && from === attachments[0] && holds(drops, packet.time)) {
      seeTransit({ gateway, direction: 'ingress', from, packet, lost: drops.reason })
      return undefined
    }
    seeTransit({ gateway, direction: 'ingress', from, to, packet })
    seeTransit({ gateway, direction: 'egress', from, to, packet })
    return packet
  }

/** A place of the way that no log shows, and what goes wrong there. */
export interface Gap {
  loses?: (packet: Packet) => boolean
}

export const passes =
  (gap: Gap): Step =>
  (packet) =>
    gap.loses?.(packet) ? undefined : packet

/** Forgets connections that are silent for so long, and answers their next packet by a reset. */
interface IdleTimeout extends Span {
  readonly seconds: number
}

export interface Middlebox {
  idle?: IdleTimeout
}

/** What a middlebox remembers of a connection; `back` is the way from it to the client. */
export const remembers =
  (box: Middlebox, back: readonly Step[]): Step =>
  (packet, journey) => {
    const { idle } = box
    const silent = packet.time - (journey.passed ?? packet.time)
    if (idle && silent >= idle.seconds && holds(idle, packet.time)) {
      const reset = { ...turned(packet), time: packet.time + 0.001, flags: flag.rst, count: 1, bytes: 40 }
      journey.reset = travel(back, reset, journey)
      return undefined
    }
    journey.passed = packet.time
    return packet
  }

/** As a middlebox passes replies. */
export const recalls: Step = (packet, journey) => {
  journey.passed = packet.time
  return packet
}

export interface Translator {
  readonly at: Interface
  nextPort: number
  /** When it has no port left for new connections. */
  exhausted?: Span
}

/** Puts the translator's own address before the client's; `to` is the target behind a load balancer. */
export const translates =
  (translator: Translator, to?: { readonly address: string; readonly port: number }): Step =>
  (packet, journey) => {
    if (journey.port === undefined) {
      if (translator.exhausted && holds(translator.exhausted, packet.time)) return undefined
      journey.port = translator.nextPort++
    }
    const onward = to && { destination: to.address, destinationPort: to.port }
    return { ...packet, source: translator.at.address, sourcePort: journey.port, ...onward }
  }

/** The part of a reply's way that lies beyond a translator, where its packets have other addresses. */
export const beyond =
  (translator: Translator, outer: readonly Step[], from?: { readonly address: string; readonly port: number }): Step =>
  (packet, journey) => {
    const outside = {
      ...packet,
      destination: translator.at.address,
      destinationPort: journey.port ?? 0,
      ...(from && { source: from.address, sourcePort: from.port }),
    }
    return travel(outer, outside, journey) ? packet : undefined
  }

/** Packets in the other direction. */
const turned = (packet: Packet): Packet => ({
  ...packet,
  source: packet.destination,
  destination: packet.source,
  sourcePort: packet.destinationPort,
  destinationPort: packet.sourcePort,
})
