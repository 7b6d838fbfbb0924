/** Who talks to whom: the client whose calls are asked about, and the noise of everybody else. */
import type { Random } from '../support/random.ts'
import { converse, type Ends, exchange, journey, type Round, type Server, type Watch } from './packets.ts'
import type { Host, Network } from './topology.ts'
import { wayBetween } from './way.ts'

/** How the client uses the target. */
export interface Habits {
  /** Whether it makes a short connection every half minute or so. */
  readonly short: boolean
  /** Beside those, connections that stay: busy, idle beyond any timeout and then used, or used by the server unasked. */
  readonly long: 'none' | 'keepalive' | 'idle' | 'pushed'
  /** Whether it lets the first long connection be its last. */
  readonly once: boolean
  readonly close: 'fin' | 'reset'
  /** Bytes of a request and of an answer, about. */
  readonly ask: number
  readonly answer: number
  /** Largest packet in bytes. */
  readonly largest: number
  readonly protocol: 6 | 17
  /** AWS logs none of it. */
  readonly unlogged: boolean
  /** From some time on it calls another host on the same port. */
  readonly elsewhere?: { readonly from: number; readonly to: Host; readonly silent: boolean }
}

interface Times {
  readonly since: number
  readonly until: number
}

const usual: Habits = {
  short: true,
  long: 'keepalive',
  once: false,
  close: 'fin',
  ask: 900,
  answer: 9000,
  largest: 1500,
  protocol: 6,
  unlogged: false,
}

export const answering: Server = { hears: () => 'answers', rate: () => Number.POSITIVE_INFINITY }

/** Gives each client a port that it has not used before. */
export function portsOf(draw: Random) {
  const last = new Map<Host, number>()
  return (client: Host) => {
    const port = (last.get(client) ?? 32_768 + draw.int(20_000)) + 1 + draw.int(3)
    last.set(client, port)
    return port
  }
}

interface Scene {
  readonly draw: Random
  readonly net: Network
  readonly times: Times
  readonly nextPort: ReturnType<typeof portsOf>
  readonly watch: Watch
}

const encrypted = (from: Host, to: Host) => (from.interface?.encrypts ?? true) && (to.interface?.encrypts ?? true)

const ends = (client: Host, clientPort: number, server: Host, port: number): Ends => ({
  client: client.address,
  clientPort,
  server: server.address,
  port,
})

/** The client's calls to the target over the whole span. */
export function calls(scene: Scene, server: Server, changed: Partial<Habits> = {}): void {
  const { draw, net, times, nextPort, watch } = scene
  const habits = { ...usual, ...changed }
  const { elsewhere } = habits
  if (habits.unlogged) return
  if (habits.protocol === 17) {
    for (let at = times.since + draw.int(30); at < times.until; at += 5 + draw.int(40))
      exchange(
        wayBetween(net, net.a, net.b),
        ends(net.a, nextPort(net.a), net.b, net.port),
        at,
        17,
        false,
        journey(watch, true),
      )
    return
  }
  const call = (at: number, rounds: readonly Round[], close: 'fin' | 'reset' | 'open', patience: number) => {
    const moved = elsewhere && at >= elsewhere.from ? elsewhere : undefined
    const to = moved?.to ?? net.b
    const hears: Server = moved ? { ...answering, hears: () => (moved.silent ? 'silent' : 'answers') } : server
    const between = ends(net.a, nextPort(net.a), to, net.port)
    const plan = { at, patience, rounds, close, largest: habits.largest }
    return converse(wayBetween(net, net.a, to), between, plan, hears, journey(watch, encrypted(net.a, to)))
  }
  if (habits.short) shortCalls(scene, habits, call)
  if (habits.long !== 'none') longCalls(scene, habits, call)
}

type Make = (
  at: number,
  rounds: readonly Round[],
  close: 'fin' | 'reset' | 'open',
  patience: number,
) => ReturnType<typeof converse>

/** Each is tried again twice, as applications do. */
function shortCalls({ draw, times }: Scene, habits: Habits, call: Make): void {
  const patience = draw.pick([3, 5, 10])
  for (let at = times.since + 2 + draw.int(20); at < times.until - 60; at += 20 + draw.int(25)) {
    const rounds = Array.from({ length: 1 + draw.int(3) }, () => ({
      after: 0.05 + draw.int(100) / 100,
      ask: Math.floor(habits.ask * (0.5 + draw.int(100) / 100)),
      answer: Math.floor(habits.answer * (0.5 + draw.int(100) / 100)),
    }))
    let again = at
    for (let attempt = 0; attempt < 3; attempt++) {
      const { how, at: ended } = call(again, rounds, habits.close, patience)
      if (how === 'done') break
      again = ended + 0.5 + draw.int(150) / 100
      if (again > times.until - 60) break
    }
  }
}

/** One at a time, begun again when it broke. */
function longCalls({ draw, times }: Scene, { long, once }: Habits, call: Make): void {
  let at = times.since + 1 + draw.int(30)
  while (at < times.until - 60) {
    const rounds: Round[] = []
    for (let now = at; now < times.until - 60; now += rounds.at(-1)!.after)
      rounds.push(
        long === 'keepalive'
          ? { after: 45 + draw.int(30), ask: 120, answer: 90 }
          : long === 'idle'
            ? { after: 400 + draw.int(200), ask: 300, answer: 900 }
            : { after: 400 + draw.int(200), answer: 700 },
      )
    // The last is outside the span.
    rounds.pop()
    if (rounds.length === 0) return
    const { how, at: ended } = call(at, rounds, 'open', 30)
    if (how === 'done' || once) return
    at = ended + 2 + draw.int(20)
  }
}

/** Connections of others, drawn over the span: among neighbours, to the target, to and from the internet. */
export function noise(scene: Scene, server: Server, connections: number): void {
  const { draw, net, times, nextPort, watch } = scene
  for (let n = 0; n < connections; n++) {
    const at = times.since + draw.int((times.until - times.since - 60) * 1000) / 1000
    const talk = someTalk(draw, net)
    if (!talk || (talk.from === net.a && talk.to === net.b)) continue
    const { from, to, port } = talk
    const between = ends(from, nextPort(from), to, port)
    const on = journey(watch, encrypted(from, to))
    const way = wayBetween(net, from, to)
    const kind = to === net.b ? 0 : draw.int(20)
    if (kind === 1) exchange(way, { ...between, port: 123 }, at, 17, draw.chance(0.8), on)
    else if (kind === 2) exchange(way, between, at, 1, draw.chance(0.8), on)
    else {
      const rounds = Array.from({ length: 1 + draw.int(4) }, () => ({
        after: 0.1 + draw.int(400) / 100,
        ask: 100 + draw.int(2000),
        answer: 100 + draw.int(60_000),
      }))
      const close = draw.chance(0.95) ? ('fin' as const) : ('open' as const)
      const plan = { at, patience: 5, rounds, close, largest: 1500 }
      converse(way, between, plan, to === net.b ? server : answering, on)
    }
  }
}

interface Talk {
  readonly from: Host
  readonly to: Host
  readonly port: number
}

const ordinary = [1024, 1025, 1026, 1030]

function someTalk(draw: Random, net: Network): Talk | undefined {
  const { a, b } = net.neighbours
  const scanned = [22, 23, 445, 3389, 8443]
  const kind = draw.int(10)
  if (net.between === 'nat') {
    // Others of the client's side, to the target and to the rest of the internet.
    if (kind < 2) return { from: draw.pick(a), to: net.b, port: net.port }
    if (kind < 8) return { from: draw.pick([...a, net.a]), to: draw.pick(net.outside.slice(1)), port: 443 }
    return { from: draw.pick(a), to: draw.pick(a), port: 443 }
  }
  switch (kind) {
    case 0:
      return { from: draw.pick(net.between === 'internet' ? net.outside.slice(1) : a), to: net.b, port: net.port }
    case 1:
      return { from: draw.pick(net.outside), to: draw.pick([...a, ...b]), port: draw.pick(scanned) }
    case 2:
    case 3:
      return { from: draw.pick(net.between === 'internet' ? a : [...a, net.a]), to: draw.pick(net.outside), port: 443 }
    case 4:
    case 5:
      return { from: draw.pick([...b, net.b]), to: draw.pick(net.outside.slice(1)), port: 443 }
    default: {
      const [from, to] = draw.shuffle(b)
      return from && to && { from, to, port: draw.pick(ordinary) }
    }
  }
}
