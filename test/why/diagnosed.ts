/** Worlds through flowferry's own parsers into documents, and what `why` says of them. */
import { gunzipSync } from 'node:zlib'
import { detect, type LogDocument } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { type Diagnosis, diagnose, type Evidence, gather } from '../../packages/answers/src/why.ts'
import { memoryStore } from '../../packages/answers/test/memory-store.ts'
import { world as foreignWorld, type Truth } from '../worlds/foreign/worlds.ts'
import { type World, world } from '../worlds/world.ts'

const parser = detect([vpcFlow, transitGateway, cloudTrail])

export interface Diagnosed {
  readonly world: World
  readonly evidence: Evidence
  readonly diagnosis: Diagnosis
}

export async function documentsOf({ files }: World): Promise<LogDocument[]> {
  const all: LogDocument[] = []
  for (const { key, body } of files) {
    const { documents } = await collect(parser, memoryObject({ key, body: gunzipSync(body) }))
    all.push(...documents)
  }
  return all
}

export async function diagnosed(...[seed, options]: Parameters<typeof world>): Promise<Diagnosed> {
  const one = world(seed, options)
  const { a, b, port, since, until } = one.told
  const evidence = await gather(memoryStore(await documentsOf(one)).ask, { a, b, port, since, until })
  return { world: one, evidence, diagnosis: diagnose(evidence) }
}

export interface Foreign {
  readonly truth: Truth
  readonly evidence: Evidence
  readonly diagnosis: Diagnosis
}

/** The same of a world of another author. */
export async function diagnosedForeign(seed: number): Promise<Foreign> {
  const { truth, files } = foreignWorld(seed)
  const documents: LogDocument[] = []
  for (const { path, text } of files)
    documents.push(...(await collect(parser, memoryObject({ key: path, body: Buffer.from(text) }))).documents)
  const { a, b, port, since, until } = truth
  const evidence = await gather(memoryStore(documents).ask, { a, b, port, since, until })
  return { truth, evidence, diagnosis: diagnose(evidence) }
}

/** Whether an answer that claims to be sure is the truth. */
export const isSure = ({ diagnosis: { certainty } }: Pick<Diagnosed, 'diagnosis'>) =>
  certainty === 'certain' || certainty === 'high'
