/** Connections in time: what two hosts send each other, each packet travelling the way that the network has for it. */
import { flag, type Packet } from './network.ts'
import { type Journey, type Sighting, type TransitSighting, travel, type Way } from './steps.ts'

/** What a host does with a connection at some time. */
export interface Server {
  readonly hears: (time: number) => 'answers' | 'silent' | 'refuses' | 'resets'
  /** Bytes a second that it sends. */
  readonly rate: (time: number) => number
}

export interface Ends {
  readonly client: string
  readonly clientPort: number
  readonly server: string
  readonly port: number
}

export interface Round {
  /** Seconds of silence before it. */
  readonly after: number
  /** Bytes that the client sends; none: the server speaks unasked. */
  readonly ask?: number
  readonly answer: number
}

export interface Call {
  readonly at: number
  /** Seconds until the client gives up connecting, or waiting for an answer. */
  readonly patience: number
  readonly rounds: readonly Round[]
  /** How it ends: by the client's FIN or RST, or not within the span. */
  readonly close: 'fin' | 'reset' | 'open'
  /** Largest packet in bytes. */
  readonly largest: number
}

export interface Watch {
  readonly see: (sighting: Sighting) => void
  readonly seeTransit: (sighting: TransitSighting) => void
}

/** How a connection ended, and when its client knew. */
export interface Outcome {
  readonly how: 'done' | 'unanswered' | 'refused' | 'reset' | 'stalled'
  readonly at: number
}

/** When Linux repeats a SYN, a SYN-ACK, and unacknowledged data, in seconds after the first. */
const handshakeRepeats = [0, 1, 3, 7, 15, 31]
const dataRepeats = [0, 0.2, 0.6, 1.4, 3, 6.2, 12.6, 25.4]

const header = 52
const handshake = 60
const roundTrip = 0.004

const tcp = 6

export function journey(watch: Watch, encrypted: boolean): Journey {
  return { ...watch, encrypted, tracked: new Map() }
}

/** A TCP connection from its first SYN to its end. */
export function converse(way: Way, ends: Ends, call: Call, server: Server, on: Journey): Outcome {
  const send = (leg: keyof Way, time: number, flags: number, count = 1, bytes = header * count) =>
    travel(way[leg], packet(ends, leg, time, tcp, flags, count, bytes), on)
  /** Data until it arrives, a packet at each repetition; the time of its arrival. */
  const deliver = (leg: keyof Way, time: number, payload: number): number | undefined => {
    const count = Math.max(1, Math.ceil(payload / (call.largest - header)))
    for (const wait of dataRepeats) {
      if (wait > call.patience) break
      const packets = wait === 0 ? count : 1
      const bytes = packets === count ? payload + header * count : call.largest
      if (send(leg, time + wait, flag.psh | flag.ack, packets, bytes)) return time + wait + roundTrip
      if (on.reset) return undefined
    }
    return undefined
  }

  const established = shakeHands(send, call, server)
  if (typeof established !== 'number') return established
  send('request', established, flag.ack)
  let now = established
  for (const { after, ask, answer } of call.rounds) {
    now += after
    if (ask !== undefined) {
      const heard = deliver('request', now, ask)
      if (on.reset) return { how: 'reset', at: now }
      if (heard === undefined) return giveUp(send, now + call.patience)
      now = heard
    }
    if (server.hears(now) === 'resets') {
      send('reply', now, flag.rst | flag.ack, 1, 40)
      return { how: 'reset', at: now }
    }
    for (const { time, bytes } of paced(now, answer, server)) {
      const heard = deliver('reply', time, bytes)
      if (heard === undefined) return giveUp(send, time + call.patience)
      send('request', heard, flag.ack, Math.max(1, Math.ceil(bytes / call.largest / 2)))
      now = heard
    }
  }
  if (call.close === 'reset') {
    send('request', now + 0.01, flag.rst | flag.ack, 1, 40)
    // The server was about to say more, and does not know yet.
    send('reply', now + 0.011, flag.psh | flag.ack, 2, 400)
    send('reply', now + 0.012, flag.psh | flag.ack, 1, 300)
    return { how: 'done', at: now }
  }
  if (call.close === 'fin') {
    send('request', now + 0.01, flag.fin | flag.ack)
    send('reply', now + 0.012, flag.fin | flag.ack)
    send('request', now + 0.014, flag.ack)
  }
  return { how: 'done', at: now }
}

type Send = (leg: keyof Way, time: number, flags: number, count?: number, bytes?: number) => boolean

/** The time at which the client knows of the connection, or how it failed. */
function shakeHands(send: Send, call: Call, server: Server): number | Outcome {
  const repeats = handshakeRepeats.filter((wait) => wait <= call.patience)
  let firstHeard: number | undefined
  for (const wait of repeats) {
    const time = call.at + wait
    if (!send('request', time, flag.syn, 1, handshake)) continue
    const reaction = server.hears(time)
    if (reaction === 'silent') continue
    if (reaction === 'refuses') {
      if (send('reply', time + roundTrip, flag.rst | flag.ack, 1, 40)) return { how: 'refused', at: time }
      continue
    }
    firstHeard ??= time
    if (send('reply', time + roundTrip, flag.syn | flag.ack, 1, handshake)) return time + 2 * roundTrip
  }
  // The server repeats its SYN-ACK by itself, when the client has given up, too.
  if (firstHeard !== undefined)
    for (const wait of handshakeRepeats.slice(1, 5))
      if (wait > call.patience) send('reply', firstHeard + wait, flag.syn | flag.ack, 1, handshake)
  return { how: 'unanswered', at: call.at + call.patience }
}

function giveUp(send: Send, time: number): Outcome {
  for (const wait of dataRepeats.slice(0, 4)) {
    if (!send('request', time + wait, flag.fin | flag.ack)) continue
    if (send('reply', time + wait + roundTrip, flag.fin | flag.ack)) break
  }
  return { how: 'stalled', at: time }
}

/** An answer in parts of a second, as fast as the server is then. */
function* paced(from: number, bytes: number, server: Server) {
  let time = from + roundTrip
  for (let left = bytes; left > 0; time += 1) {
    const part = Math.min(left, server.rate(time))
    yield { time, bytes: part }
    left -= part
  }
}

/** One datagram or ping and, where the other answers, one back. */
export function exchange(way: Way, ends: Ends, at: number, protocol: 17 | 1, answered: boolean, on: Journey): void {
  const heard = travel(way.request, packet(ends, 'request', at, protocol, 0, 1, 76), on)
  if (heard && answered) travel(way.reply, packet(ends, 'reply', at + roundTrip, protocol, 0, 1, 76), on)
}

function packet(
  { client, clientPort, server, port }: Ends,
  leg: keyof Way,
  time: number,
  protocol: number,
  flags: number,
  count: number,
  bytes: number,
): Packet {
  const asked = leg === 'request'
  return {
    time,
    source: asked ? client : server,
    sourcePort: asked ? clientPort : port,
    destination: asked ? server : client,
    destinationPort: asked ? port : clientPort,
    protocol,
    flags,
    count,
    bytes,
  }
}
