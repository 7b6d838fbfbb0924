/**
 * Each term of the predicates, inverted, changes what is said of a world: which cause, how surely, or what looks the same.
 * `npm run terms`
 */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { diagnose, type Evidence } from '../../packages/answers/src/why.ts'
import { diagnosed, diagnosedForeign } from '../why/diagnosed.ts'
import { keyOf, mutated, type Term, termsOf } from './terms.ts'

/** Each row of the decision table with each of what is logged, once. */
const count = Number(process.env.FLOWFERRY_WORLDS ?? 154)
/**
 * Worlds of another author that show what those do not: resets by NAT gateways, ports used again, logs without directions,
 * skipped records, and rejects behind data in logs without flags.
 */
const foreign = [1512, 1545, 1607, 1728, 1858, 1923, 2142, 2153, 2159, 7004, 7068, 7154, 7178]

const switches = {
  inverted: -1,
  met: new Set<number>(),
  asked: (term: number, value: unknown) => {
    switches.met.add(term)
    return term === switches.inverted ? !value : value
  },
}
Object.assign(globalThis, { __terms: switches })

/** What no world decides, with the reason. */
const unseen: readonly (Term & { readonly why: string })[] = JSON.parse(
  readFileSync(new URL('./unseen-terms.json', import.meta.url), 'utf8'),
)
const { terms } = termsOf(readFileSync(mutated, 'utf8'))
const worlds: { readonly evidence: Evidence; readonly said: string; readonly met: ReadonlySet<number> }[] = []

beforeAll(async () => {
  for (let seed = 0; seed < count; seed++) add(await diagnosed(seed, { noise: 50 }))
  for (const seed of foreign) add(await diagnosedForeign(seed))
}, 600_000)

function add({ evidence }: { readonly evidence: Evidence }) {
  switches.met = new Set()
  worlds.push({ evidence, said: saidOf(evidence), met: switches.met })
}

/** A predicate that is turned may leave no row at all. */
function saidOf(evidence: Evidence): string {
  try {
    const { cause, certainty, alternatives } = diagnose(evidence)
    return JSON.stringify([cause, certainty, alternatives])
  } catch (error) {
    return String(error)
  }
}

test('each term, inverted, changes what is said of a world, but for those that are listed', () => {
  // What a term decides is often decided in worlds that follow each other.
  let last = 0
  const left = terms.filter((_, term) => {
    switches.inverted = term
    const order = [...worlds.keys()].map((n) => (n + last) % worlds.length)
    const changed = order.find((n) => worlds[n]!.met.has(term) && saidOf(worlds[n]!.evidence) !== worlds[n]!.said)
    switches.inverted = -1
    last = changed ?? last
    return changed === undefined
  })
  const listed = new Set(unseen.map(keyOf))
  const told = ({ line, node: _, ...term }: (typeof left)[number]) => `${line}: ${JSON.stringify(term)}`
  expect(left.filter((term) => !listed.has(keyOf(term))).map(told)).toEqual([])
  const leftKeys = new Set(left.map(keyOf))
  expect([...listed].filter((key) => !leftKeys.has(key))).toEqual([])
}, 600_000)
