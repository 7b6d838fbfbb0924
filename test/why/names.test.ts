/** The worlds again, asked about by the names of a snapshot, and asked which targets of the client fail. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type TargetsAnswer, type WhyAnswer, why, whyTargets } from '../../packages/answers/src/why.ts'
import { memoryStore } from '../../packages/answers/test/memory-store.ts'
import { type World, world } from '../worlds/world.ts'
import { documentsOf } from './diagnosed.ts'
import { nameIn, snapshotOf } from './world-snapshot.ts'

/** Each row with three of what is logged. More: `FLOWFERRY_WORLDS=2000 npx vitest run --project unit test/why/names.test.ts` */
const count = Number(process.env.FLOWFERRY_WORLDS ?? 66)

interface Answered {
  readonly world: World
  readonly answer: WhyAnswer
  readonly targets: TargetsAnswer
}
const all: Answered[] = []

beforeAll(async () => {
  for (let seed = 0; seed < count; seed++) {
    const one = world(seed, { noise: 20 })
    const { a, b, port, since, until } = one.told
    const { ask } = memoryStore(await documentsOf(one))
    const snapshot = snapshotOf(one, 'after')
    const client = nameIn(one, a, 'client')
    const question = { a: client, b: nameIn(one, b, 'target'), port, since, until }
    all.push({
      world: one,
      answer: await why(ask, question, { snapshot }),
      targets: await whyTargets(ask, { a: client, since, until }, { snapshot }),
    })
  }
}, 3_600_000)

const told = ({ world: { seed, row, variant, between, how, cause }, answer }: Answered) =>
  `seed ${seed}, row ${row}, ${variant}, ${between}, ${how}: ${cause}; said ${answer.cause}, ${answer.certainty}`
const isSure = (certainty: string) => certainty === 'certain' || certainty === 'high'

describe('by names', () => {
  test('no answer that is certain or high is wrong', () => {
    const wrong = all.filter(({ world, answer }) => isSure(answer.certainty) && answer.cause !== world.cause)
    expect(wrong.map(told)).toEqual([])
  })

  test('what is not the true cause looks the same', () => {
    const wrong = all.filter(
      ({ world, answer }) =>
        answer.cause !== world.cause &&
        !answer.alternatives.includes(world.cause) &&
        !world.alternatives.includes(answer.cause),
    )
    expect(wrong.map(told)).toEqual([])
  })

  test('the answer names both, their groups, and the network ACL by its id', () => {
    const own = all.filter(({ world, answer }) => world.row === '3' && answer.cause === world.cause)
    expect(own.length).toBeGreaterThan(1)
    for (const { world, answer } of own) {
      const { networkAclId } = world.told.subnets.find(({ subnetId }) =>
        world.told.interfaces.some((one) => one.privateIpAddress === world.b && one.subnetId === subnetId),
      )!
      expect(answer.sentence).toContain('target (')
      expect(answer.sentence).toContain(networkAclId)
      expect(answer.next[0]).toContain(`--network-acl-ids ${networkAclId} --region ${world.told.region}`)
    }
  })

  test('the change that brought it about comes first, where the snapshot tells whose it is', () => {
    const own = all.filter(
      ({ world, answer }) => world.change && /^(sg|acl|rtb)-/.test(world.change.resource) && answer.changes.length > 0,
    )
    expect(own.length).toBeGreaterThan(10)
    const other = own.filter(({ world, answer }) => answer.changes[0]!.eventId !== world.change!.eventID)
    expect(other.map(told)).toEqual([])
  })
})

describe('which targets fail', () => {
  const pairOf = ({ world, targets }: Answered) =>
    targets.failing.find(({ b, port }) => b === world.told.b && port === world.told.port)

  test('no diagnosis that is certain or high is wrong', () => {
    const wrong = all.filter((one) => {
      const { diagnosis } = pairOf(one) ?? {}
      return diagnosis && isSure(diagnosis.certainty) && diagnosis.cause !== one.world.cause
    })
    expect(wrong.map(told)).toEqual([])
  })

  test('of other targets none is surely said to fail by another cause: what rejects may reject several', () => {
    const others = all.flatMap((one) =>
      one.targets.failing
        .filter(({ diagnosis }) => isSure(diagnosis?.certainty ?? '') && diagnosis?.cause !== one.world.cause)
        .map(({ b, port, diagnosis }) => `${told(one)}; ${b}:${port} ${diagnosis!.cause}`),
    )
    expect(others).toEqual([])
  })

  test.each(['1', '1a', '2', '3', '4', '6', '9', '10', '12'])('row %s is found among them', (row) => {
    const own = all.filter(({ world }) => world.row === row && world.variant === 'both')
    expect(own.length).toBeGreaterThan(0)
    expect(own.filter((one) => pairOf(one)?.diagnosis?.cause !== one.world.cause).map(told)).toEqual([])
  })

  test('where nothing is wrong, none', () => {
    const well = all.filter(({ world }) => world.row === 'no-fault' && world.variant === 'both')
    expect(well.length).toBeGreaterThan(0)
    expect(well.filter(({ targets }) => targets.failing.length > 0).map(told)).toEqual([])
  })
})
