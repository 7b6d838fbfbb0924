import { beforeAll, describe, expect, test } from 'vitest'
import { diagnose } from '../../packages/answers/src/why/diagnose.ts'
import { table } from '../../packages/answers/src/why/table.ts'
import { wholeTable } from '../../packages/answers/src/why/whole.ts'
import { causes, certainties, type Evidence } from '../../packages/answers/src/why.ts'
import type { World } from '../worlds/world.ts'
import { type Diagnosed, diagnosed, isSure, otherSnapshots } from './diagnosed.ts'
import { takenAway } from './taken-away.ts'

/**
 * Worlds of seeds that follow each other: each row of the decision table and each of what is logged in turn. All 2,000:
 * `npm run worlds`
 */
const count = Number(process.env.FLOWFERRY_WORLDS ?? 200)

/** What is left of a world when it was judged: a thousand worlds' records are more than a process holds. */
interface Judged extends Pick<Diagnosed, 'diagnosis'> {
  readonly world: Pick<World, 'seed' | 'row' | 'variant' | 'between' | 'how' | 'cause' | 'alternatives'>
  readonly known: Pick<Diagnosed, 'diagnosis'>
}
const all: Judged[] = []
/** Each row with each of what is logged, once. */
const once: Diagnosed[] = []
/** What was surer with less, or sure and wrong. */
const misled = { snapshots: [] as string[], evidence: [] as string[] }
const timeout = 3_600_000

beforeAll(async () => {
  for (let seed = 0; seed < count; seed++) {
    const one = await diagnosed(seed, { noise: 150 })
    if (seed < 154) once.push(one)
    // Each is diagnosed some sixty times.
    if (seed < 154 || count > 200) {
      misled.snapshots.push(...(await misledBySnapshots(one)))
      misled.evidence.push(...[one, withSnapshot(one)].flatMap(misledByLess))
    }
    all.push(judged(one))
    if (count > 200 && all.length % 100 === 0) console.info(`${all.length} of ${count} worlds`)
  }
}, 2 * timeout)

const judged = ({ diagnosis, known, world }: Diagnosed): Judged => {
  const { seed, row, variant, between, how, cause, alternatives } = world
  return {
    world: { seed, row, variant, between, how, cause, alternatives },
    diagnosis,
    known: { diagnosis: known.diagnosis },
  }
}

async function misledBySnapshots(one: Diagnosed): Promise<string[]> {
  const snapshots = await otherSnapshots(one)
  return snapshots.flatMap(([what, evidence]) => misleads(withSnapshot(one), what, evidence))
}

const misledByLess = (one: Diagnosed): string[] =>
  takenAway(one.evidence, one.world.seed).flatMap(([what, less]) => misleads(one, what, less))

function misleads(whole: Diagnosed, what: string, less: Evidence): string[] {
  const left = { ...whole, diagnosis: diagnose(less) }
  const rises = certainties.indexOf(left.diagnosis.certainty) < certainties.indexOf(whole.diagnosis.certainty)
  const { cause, certainty } = left.diagnosis
  return rises || (isSure(left) && !isRight(left)) ? [`${told(whole)}; without ${what}: ${cause}, ${certainty}`] : []
}

const told = ({ world: { seed, row, variant, between, how, cause }, diagnosis }: Judged) =>
  `seed ${seed}, row ${row}, ${variant}, ${between}, ${how}: ${cause}; said ${diagnosis.cause}, ${diagnosis.certainty}`

const isRight = ({ world, diagnosis }: Judged) => diagnosis.cause === world.cause
const looksTheSame = ({ world, diagnosis }: Judged) =>
  diagnosis.alternatives.includes(world.cause) || world.alternatives.includes(diagnosis.cause)

/** A world's answer with a snapshot. */
const withSnapshot = <T extends Judged>(one: T): T => ({ ...one, ...one.known })

test('no answer that is certain or high is wrong', () => {
  expect(all.filter((one) => isSure(one) && !isRight(one)).map(told)).toEqual([])
})

test('what is not the true cause looks the same', () => {
  expect(all.filter((one) => !isRight(one) && !looksTheSame(one)).map(told)).toEqual([])
})

describe('with a snapshot of after the span', () => {
  const known = () => all.map(withSnapshot)

  test('no answer that is certain or high is wrong', () => {
    expect(
      known()
        .filter((one) => isSure(one) && !isRight(one))
        .map(told),
    ).toEqual([])
  })

  test('what is not the true cause looks the same', () => {
    expect(
      known()
        .filter((one) => !isRight(one) && !looksTheSame(one))
        .map(told),
    ).toEqual([])
  })

  test('more is sure, and nothing less', () => {
    const rank = ({ diagnosis }: Judged) => certainties.indexOf(diagnosis.certainty)
    expect(all.filter((one) => rank(withSnapshot(one)) > rank(one)).map((one) => told(withSnapshot(one)))).toEqual([])
    expect(all.filter((one) => rank(withSnapshot(one)) < rank(one)).length).toBeGreaterThan(0)
  })

  test('flow logs that are not those of the span are no proof', () => {
    expect(misled.snapshots).toEqual([])
  })
})

describe('where both sides are logged with every field', () => {
  const whole = () => all.filter(({ world }) => world.variant === 'both')

  test('98 % of the answers are the true cause', () => {
    const wrong = whole().filter((one) => !isRight(one))
    expect(wrong.length, wrong.map(told).join('\n')).toBeLessThanOrEqual(whole().length * 0.02)
  })

  test.each(['1', '1a', '2', '3', '4', '6', '8a', '9', '10', '12'])(
    'row %s says so with high or certain in 90 %%',
    (row) => {
      const own = whole().filter(({ world }) => world.row === row)
      const unsure = own.filter((one) => !isSure(one))
      expect(unsure.length, unsure.map(told).join('\n')).toBeLessThanOrEqual(own.length * 0.1)
    },
  )
})

test('with evidence taken away, certainty never rises, and what is certain or high is right', () => {
  expect(misled.evidence).toEqual([])
})

/** The last row holds where no other does, which no world comes to. */
const rows = [...table, ...wholeTable.slice(0, -1)].map((row) => ({
  row,
  name: `${row.row} ${row.cause} ${row.shows.name}`,
}))

test.each(rows)(
  'the predicate of $name, inverted, fails a world',
  ({ row }) => {
    const { shows } = row
    Object.assign(row, { shows: (...given: unknown[]) => !(shows as (...given: unknown[]) => boolean)(...given) })
    const own = [...once].sort((one, other) => Number(isOf(other, row.cause)) - Number(isOf(one, row.cause)))
    try {
      expect(own.some(({ evidence, diagnosis }) => causeOf(evidence) !== diagnosis.cause)).toBe(true)
    } finally {
      Object.assign(row, { shows })
    }
  },
  timeout,
)

const isOf = ({ diagnosis }: Judged, cause: string) => diagnosis.cause === cause

/** Inverted, the last row leaves none. */
function causeOf(evidence: Evidence): string | undefined {
  try {
    return diagnose(evidence).cause
  } catch {
    return undefined
  }
}

test('the confusion matrix', () => {
  const rows = causes.flatMap((cause) => {
    const own = all.filter(({ world }) => world.cause === cause)
    const said = causes.map((other) => own.filter(({ diagnosis }) => diagnosis.cause === other).length)
    return own.length > 0
      ? [`${cause.padEnd(28)}${said.map((n) => (n === 0 ? '.' : String(n)).padStart(4)).join('')}`]
      : []
  })
  const heads = causes.map((_, n) => String(n + 1).padStart(4)).join('')
  console.info(
    [`${count} worlds: the true cause by what was said, in the same order`, `${''.padEnd(28)}${heads}`, ...rows].join(
      '\n',
    ),
  )
  expect(all).toHaveLength(count)
})
