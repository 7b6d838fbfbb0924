/**
 * Worlds of another author than those of `test/worlds/world.ts`, written from AWS's facts without a look at the diagnosis:
 * a generator and a diagnosis by one mind share its mistakes.
 */
import { detect, type LogDocument } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { beforeAll, expect, test } from 'vitest'
import { type Diagnosis, diagnose, gather } from '../../packages/answers/src/why.ts'
import { memoryStore } from '../../packages/answers/test/memory-store.ts'
import { type Truth, world } from '../worlds/foreign/worlds.ts'

const parser = detect([vpcFlow, transitGateway, cloudTrail])
/** Two of each cause; FLOWFERRY_FOREIGN takes others, `3000-3400`. */
const [from = 0, to = 42] = (process.env.FLOWFERRY_FOREIGN ?? '0-42').split('-').map(Number)
const all: { readonly truth: Truth; readonly diagnosis: Diagnosis }[] = []

beforeAll(async () => {
  for (let seed = from; seed < to; seed++) {
    const { truth, files } = world(seed)
    const documents: LogDocument[] = []
    for (const { path, text } of files)
      documents.push(...(await collect(parser, memoryObject({ key: path, body: Buffer.from(text) }))).documents)
    const { a, b, port, since, until } = truth
    const evidence = await gather(memoryStore(documents).ask, { a, b, port, since, until })
    all.push({ truth, diagnosis: diagnose(evidence) })
  }
}, 3_600_000)

type One = (typeof all)[number]

const told = ({ truth: { seed, cause, profile, note }, diagnosis }: One) =>
  `seed ${seed}, ${profile}, ${note}: ${cause}; said ${diagnosis.cause}, ${diagnosis.certainty}`
const isRight = ({ truth: { cause, also }, diagnosis }: One) => [cause, ...also].includes(diagnosis.cause)
const isSure = ({ diagnosis: { certainty } }: One) => certainty === 'certain' || certainty === 'high'

test('no answer that is certain or high is wrong', () => {
  expect(all.filter((one) => isSure(one) && !isRight(one)).map(told)).toEqual([])
})

test('where all is logged, 95 % of the answers are the true cause', () => {
  const logged = all.filter(({ truth }) => truth.fullyLogged)
  const wrong = logged.filter((one) => !isRight(one))
  console.info(`${logged.length - wrong.length} of ${logged.length} fully logged worlds, of ${all.length} in all`)
  expect(logged.length).toBeGreaterThan(0)
  expect(wrong.length, wrong.map(told).join('\n')).toBeLessThanOrEqual(logged.length * 0.05)
})
