/** Which causes the records exclude, and by what. */
import { arePrivate } from '../addresses.ts'
import { type Case, hears, idsOf, logsRejects, type Side } from './case.ts'
import type { Cause } from './diagnosis.ts'
import type { Flow } from './flow.ts'
import { accepted, flowsOfTry, rejected, type Try } from './tries.ts'

type Against = (tries: readonly Try[], all: Case) => string | undefined

const count = (tries: readonly Try[], of: (one: Try) => readonly Flow[]) =>
  tries.filter((one) => accepted(of(one)).length > 0).length

const seen =
  (what: string, side: 'a' | 'b', of: (one: Try) => readonly Flow[]): Against =>
  (tries, all) => {
    const found = count(tries, of)
    return found > 0 ? `${what} at ${idsOf(all[side])} in ${found} of ${tries.length} tries` : undefined
  }

const either =
  (...all: readonly Against[]): Against =>
  (tries, one) => {
    for (const against of all) {
      const by = against(tries, one)
      if (by !== undefined) return by
    }
    return undefined
  }

const whereHeard =
  (side: 'a' | 'b', text: (side: Side) => string, holds: (tries: readonly Try[], all: Case) => boolean): Against =>
  (tries, all) =>
    tries.length > 0 && tries.every((one) => hears(all[side], one)) && holds(tries, all) ? text(all[side]) : undefined

const noReject = (side: 'a' | 'b', of: (one: Try) => readonly Flow[]): Against =>
  whereHeard(
    side,
    (its) => `no REJECT of it at ${idsOf(its)}, whose rejects are logged`,
    (tries, all) => logsRejects(all, all[side]) === 'yes' && tries.every((one) => rejected(of(one)).length === 0),
  )

const noReset = (side: 'a' | 'b', of: (one: Try) => readonly Flow[]): Against =>
  whereHeard(
    side,
    (its) => `no RST of B at ${idsOf(its)}`,
    (tries, { hasFlags }) => hasFlags && tries.every((one) => of(one).every(({ flags }) => !flags?.rst)),
  )

const against: Readonly<Partial<Record<Cause, Against>>> = {
  'blocked-at-target': either(
    seen('its request was accepted', 'b', ({ atB }) => atB.request),
    noReject('b', ({ atB }) => atB.request),
  ),
  'blocked-at-source': seen('its request was accepted', 'a', ({ atA }) => atA.request),
  'reply-blocked-at-target': either(
    seen('the reply was accepted', 'b', ({ atB }) => atB.reply),
    noReject('b', ({ atB }) => atB.reply),
  ),
  'reply-blocked-at-source': either(
    seen('the reply was accepted', 'a', ({ atA }) => atA.reply),
    noReject('a', ({ atA }) => atA.reply),
  ),
  'public-access-blocked': (_, { pair }) =>
    arePrivate(pair) ? 'both addresses are private: no internet gateway is between' : undefined,
  'encryption-control': (tries) => {
    const flows = tries.flatMap(flowsOfTry)
    return flows.length > 0 && flows.every(({ encrypted }) => encrypted)
      ? 'its records are encrypted in transit'
      : undefined
  },
  'late-packets': (tries, { hasFlags }) =>
    hasFlags && tries.length > 0 && tries.flatMap(flowsOfTry).every(({ rejected, flags }) => !rejected || flags?.syn)
      ? 'no record without SYN is rejected'
      : undefined,
  'lost-on-the-way': (tries, all) => {
    const arrived = tries.filter(({ atB }) => atB.request.length > 0).length
    return arrived > 0 ? `its request arrived at ${idsOf(all.b)} in ${arrived} of ${tries.length} tries` : undefined
  },
  'dropped-by-transit-gateway': (tries) =>
    tries.some(({ transit }) => transit.request.length > 0) &&
    tries.every(({ transit }) => [...transit.request, ...transit.reply].every(({ lost }) => lost.length === 0))
      ? "the transit gateway's records have no lost packets"
      : undefined,
  'no-answer': either(
    seen('a reply', 'b', ({ atB }) => atB.reply),
    seen('a reply', 'a', ({ atA }) => atA.reply),
  ),
  refused: either(
    noReset('b', ({ atB }) => atB.reply),
    noReset('a', ({ atA }) => atA.reply),
  ),
  'reset-by-target': noReset('b', ({ atB }) => atB.reply),
  'reset-by-middlebox': noReset('a', ({ atA }) => atA.reply),
  'reply-lost': either(
    seen('the reply arrived', 'a', ({ atA }) => atA.reply),
    whereHeard(
      'b',
      (its) => `no reply left ${idsOf(its)}`,
      (tries) => tries.every(({ atB }) => atB.reply.length === 0),
    ),
  ),
  asymmetric: seen('the reply left', 'b', ({ atB }) => atB.reply),
  'calls-elsewhere': (tries, { a }) =>
    tries.length > 0 ? `${tries.length} tries of ${a.address} to B are recorded` : undefined,
}

export function ruledOut(tries: readonly Try[], all: Case, possible: readonly Cause[]): { cause: Cause; by: string }[] {
  return Object.entries(against).flatMap(([cause, against]) => {
    const by = possible.includes(cause as Cause) ? undefined : against(tries, all)
    return by === undefined ? [] : [{ cause: cause as Cause, by }]
  })
}
