import { beforeAll, describe, expect, test } from 'vitest'
import { diagnose } from '../../packages/answers/src/why/diagnose.ts'
import { table } from '../../packages/answers/src/why/table.ts'
import { wholeTable } from '../../packages/answers/src/why/whole.ts'
import { causes, certainties, type Evidence } from '../../packages/answers/src/why.ts'
import { type Diagnosed, diagnosed, isSure, otherSnapshots } from './diagnosed.ts'
import { takenAway } from './taken-away.ts'

/**
 * Worlds of seeds that follow each other: each row of the decision table and each of what is logged in turn. All 2,000:
 * `npm run worlds`
 */
const count = Number(process.env.FLOWFERRY_WORLDS ?? 200)
const all: Diagnosed[] = []
/** Each row with each of what is logged, once. */
const once = () => all.slice(0, 154)
/** Of each row one or two of what is logged, others for each row: each world is diagnosed some thirty times. */
const some = () =>
  count > 200 ? all : once().filter(({ world }) => (Math.floor(world.seed / 22) + world.seed) % 4 === 0)
const timeout = 3_600_000

beforeAll(async () => {
  for (let seed = 0; seed < count; seed++) all.push(await diagnosed(seed, { noise: 150 }))
}, 3_600_000)

const told = ({ world: { seed, row, variant, between, how, cause }, diagnosis }: Diagnosed) =>
  `seed ${seed}, row ${row}, ${variant}, ${between}, ${how}: ${cause}; said ${diagnosis.cause}, ${diagnosis.certainty}`

const isRight = ({ world, diagnosis }: Diagnosed) => diagnosis.cause === world.cause
const looksTheSame = ({ world, diagnosis }: Diagnosed) =>
  diagnosis.alternatives.includes(world.cause) || world.alternatives.includes(diagnosis.cause)

test('no answer that is certain or high is wrong', () => {
  expect(all.filter((one) => isSure(one) && !isRight(one)).map(told)).toEqual([])
})

test('what is not the true cause looks the same', () => {
  expect(all.filter((one) => !isRight(one) && !looksTheSame(one)).map(told)).toEqual([])
})

/** A world's answer with a snapshot. */
const withSnapshot = (one: Diagnosed): Diagnosed => ({ ...one, ...one.known })

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
    const rank = ({ diagnosis }: Diagnosed) => certainties.indexOf(diagnosis.certainty)
    expect(all.filter((one) => rank(withSnapshot(one)) > rank(one)).map((one) => told(withSnapshot(one)))).toEqual([])
    expect(all.filter((one) => rank(withSnapshot(one)) < rank(one)).length).toBeGreaterThan(0)
  })

  test(
    'flow logs that are not those of the span are no proof',
    async () => {
      const wrong: string[] = []
      for (const one of some())
        for (const [what, evidence] of await otherSnapshots(one)) {
          const left = { ...one, diagnosis: diagnose(evidence) }
          const rises =
            certainties.indexOf(left.diagnosis.certainty) < certainties.indexOf(one.known.diagnosis.certainty)
          if (rises || (isSure(left) && !isRight(left))) wrong.push(`${told(left)}; without ${what}`)
        }
      expect(wrong).toEqual([])
    },
    timeout,
  )
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

test(
  'with evidence taken away, certainty never rises, and what is certain or high is right',
  () => {
    const wrong = some()
      .flatMap((without) => [without, withSnapshot(without)])
      .flatMap((one) => {
        const { evidence, diagnosis, world } = one
        return takenAway(evidence, world.seed).flatMap(([what, less]) => {
          const left = diagnose(less)
          const rises = certainties.indexOf(left.certainty) < certainties.indexOf(diagnosis.certainty)
          return rises || (isSure({ ...one, diagnosis: left }) && left.cause !== world.cause)
            ? [`${told(one)}; without ${what}: ${left.cause}, ${left.certainty}`]
            : []
        })
      })
    expect(wrong).toEqual([])
  },
  timeout,
)

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
    const own = [...once()].sort((one, other) => Number(isOf(other, row.cause)) - Number(isOf(one, row.cause)))
    try {
      expect(own.some(({ evidence, diagnosis }) => causeOf(evidence) !== diagnosis.cause)).toBe(true)
    } finally {
      Object.assign(row, { shows })
    }
  },
  timeout,
)

const isOf = ({ diagnosis }: Diagnosed, cause: string) => diagnosis.cause === cause

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
