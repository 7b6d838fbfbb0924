/** The causes that a world's records cannot tell from the true one, by what of it is logged. */
import type { Cause, Variant } from './causes.ts'

/** A's SYN without an answer, seen at A alone. */
const unanswered: readonly Cause[] = [
  'blocked-at-target',
  'lost-on-the-way',
  'no-answer',
  'reply-blocked-at-target',
  'reply-lost',
]
/** B answers and A never completes, seen at B alone. */
const halfOpen: readonly Cause[] = ['reply-lost', 'reply-blocked-at-source']
/** Nothing of A, seen at B alone. */
const unseen: readonly Cause[] = ['calls-elsewhere', 'blocked-at-source', 'lost-on-the-way']
/** A RST, seen at A alone. */
const resets: readonly Cause[] = ['reset-by-target', 'reset-by-middlebox', 'refused']
/** Rejects without reject-reason. */
const unreasoned: readonly Cause[] = ['public-access-blocked', 'encryption-control']

type Table = Readonly<Partial<Record<Variant, readonly Cause[]>>>

const blockedAtTarget: Table = {
  'a-only': [...unanswered, 'encryption-control'],
  // Without flags a reject may be of late packets.
  v2: [...unreasoned, 'late-packets'],
  'accept-only': ['lost-on-the-way', 'encryption-control'],
  'accept-at-b': ['lost-on-the-way', 'encryption-control'],
}
const blockedAtSource: Table = {
  'b-only': [...unseen, 'encryption-control'],
  v2: ['encryption-control', 'late-packets'],
  'accept-only': [...unseen, 'encryption-control'],
  'accept-at-a': [...unseen, 'encryption-control'],
}

const tables: Readonly<Record<Exclude<Cause, 'encryption-control'>, Table>> = {
  'blocked-at-target': blockedAtTarget,
  'blocked-at-source': blockedAtSource,
  'reply-blocked-at-target': {
    'a-only': unanswered,
    v2: ['late-packets'],
    'accept-only': ['no-answer'],
    'accept-at-b': ['no-answer'],
  },
  'reply-blocked-at-source': {
    'b-only': halfOpen,
    v2: ['late-packets'],
    'accept-only': ['reply-lost'],
    'accept-at-a': ['reply-lost'],
  },
  'public-access-blocked': {
    v2: ['blocked-at-target', 'encryption-control', 'late-packets'],
    'accept-only': [...unseen, 'blocked-at-target', 'cannot-tell'],
  },
  'late-packets': {
    'b-only': ['no-fault', ...halfOpen],
    v2: ['no-fault', 'reply-blocked-at-source'],
    'accept-only': ['no-fault', ...halfOpen],
    'accept-at-a': ['no-fault', ...halfOpen],
  },
  'lost-on-the-way': {
    'a-only': unanswered,
    'b-only': unseen,
    'accept-only': ['blocked-at-target'],
    'accept-at-b': ['blocked-at-target'],
  },
  'dropped-by-transit-gateway': {},
  'no-answer': {
    'a-only': unanswered,
    'accept-only': ['reply-blocked-at-target'],
    'accept-at-b': ['reply-blocked-at-target'],
  },
  refused: { 'a-only': resets, v2: ['no-fault', 'reset-by-target', 'reset-by-middlebox'] },
  'reset-by-target': { 'a-only': resets, v2: ['no-fault', 'slow', 'refused', 'reset-by-middlebox'] },
  'reset-by-middlebox': {
    'a-only': resets,
    'b-only': ['no-fault'],
    v2: ['no-fault', 'slow', 'reset-by-target'],
  },
  'reply-lost': {
    'a-only': unanswered,
    'b-only': halfOpen,
    'accept-only': ['reply-blocked-at-source'],
    'accept-at-a': ['reply-blocked-at-source'],
  },
  // The other interface shows whose reply it is in pkt-srcaddr alone.
  asymmetric: { 'a-only': unanswered, v2: ['no-answer'] },
  mtu: { 'a-only': ['slow', 'no-fault'], 'b-only': ['slow', 'no-fault', 'lost-on-the-way'], v2: ['slow', 'no-fault'] },
  slow: {
    both: ['no-fault'],
    'a-only': ['no-fault'],
    'b-only': ['no-fault'],
    v2: ['no-fault'],
    'accept-only': ['no-fault'],
    'accept-at-a': ['no-fault'],
    'accept-at-b': ['no-fault'],
  },
  'nat-ports': { v2: unanswered },
  'calls-elsewhere': {
    'b-only': unseen,
    'accept-only': ['blocked-at-source'],
    'accept-at-a': ['blocked-at-source'],
  },
  'cannot-tell': {},
  'no-fault': {},
}

/** By the rules of the decision table; the true cause is none of them. */
export function alternativesOf(cause: Cause, variant: Variant, how: string): Cause[] {
  const table =
    cause === 'encryption-control'
      ? withoutReason(how === 'at the target' ? blockedAtTarget : blockedAtSource, how)
      : tables[cause]
  const same = new Set(table[variant])
  // The target on the internet is never logged.
  if (how === 'NAT gateway') for (const one of resets) same.add(one)
  if (cause === 'late-packets' && how === 'tracking expired, no new connection') same.add('reply-blocked-at-source')
  same.delete(cause)
  return [...same]
}

/** Encryption controls reject where groups do: without the reason, the one looks like the other. */
function withoutReason(table: Table, how: string): Table {
  const group: Cause = how === 'at the target' ? 'blocked-at-target' : 'blocked-at-source'
  return Object.fromEntries(Object.entries(table).map(([variant, same]) => [variant, [...same, group]]))
}
