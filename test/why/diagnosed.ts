/** Worlds through flowferry's own parsers into documents, and what `why` says of them. */
import { gunzipSync } from 'node:zlib'
import { detect, type Format, type LogDocument } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { knownOf } from '@flowferry/enrich/interfaces'
import type { Store } from '../../packages/answers/src/answer.ts'
import { knownInterface } from '../../packages/answers/src/why/known.ts'
import { type Diagnosis, diagnose, type Evidence, gather, type KnownInterface } from '../../packages/answers/src/why.ts'
import { memoryStore } from '../../packages/answers/test/memory-store.ts'
import { type World as ForeignWorld, world as foreignWorld, type Truth } from '../worlds/foreign/worlds.ts'
import { type Asked, type World, type WorldFile, world } from '../worlds/world.ts'
import { snapshotOf } from './world-snapshot.ts'

const parser = detect([vpcFlow, transitGateway, cloudTrail])

export interface Diagnosed {
  readonly world: World
  readonly evidence: Evidence
  readonly diagnosis: Diagnosis
  /** The same with a snapshot of after the span, which has the flow logs that wrote the records. */
  readonly known: { readonly evidence: Evidence; readonly diagnosis: Diagnosis }
}

export async function documentsOf({ files }: { readonly files: readonly WorldFile[] }): Promise<LogDocument[]> {
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
  const ask = remembering(memoryStore(await documentsOf(one)).ask)
  const evidence = await gather(ask, { a, b, port, since, until })
  const known = await gather(ask, { a, b, port, since, until }, { known: knownIn(one, 'after') })
  return {
    world: one,
    evidence,
    diagnosis: diagnose(evidence),
    known: { evidence: known, diagnosis: diagnose(known) },
  }
}

/** Most of what is asked with a snapshot was asked without. */
function remembering(ask: Store['ask']): Store['ask'] {
  const known = new Map<string, ReturnType<Store['ask']>>()
  return (question) => {
    const key = JSON.stringify(question, (name, value) => (name === 'formats' ? value.map(datasetOf) : value))
    const answer = known.get(key) ?? ask(question)
    known.set(key, answer)
    return answer
  }
}

const datasetOf = (format: string | Format) => (typeof format === 'string' ? format : format.dataset)

/** The interfaces of the client and the target, with the flow logs that a snapshot has. */
const knownIn = (one: World, asked?: Asked): KnownInterface[] =>
  knownOf(snapshotOf(one, asked))
    .all.map(knownInterface)
    .filter(({ addresses }) => addresses.includes(one.told.a) || addresses.includes(one.told.b))

/** What else a snapshot may have: nothing of flow logs, what is out of date, or what is left of what wrote the records. */
export async function otherSnapshots({ world: one, known }: Diagnosed): Promise<[what: string, Evidence][]> {
  const { deletedFlowLogs: _, ...undeleted } = known.evidence
  const left = { ...undeleted, known: knownIn(one, 'deleted') }
  return [
    ['flow logs', { ...known.evidence, known: knownIn(one) }],
    ...(['before', 'replaced', 'new'] as const).map((asked): [string, Evidence] => [
      `flow logs, but those of ${asked}`,
      { ...known.evidence, known: knownIn(one, asked) },
    ]),
    [
      'those flow logs, which were deleted since',
      { ...left, deletedFlowLogs: await documentsOf({ files: one.flowLogs.deleted.trail }) },
    ],
  ]
}

export interface Foreign {
  readonly truth: Truth
  readonly evidence: Evidence
  readonly diagnosis: Diagnosis
}

/** The same of a world of another author. */
export async function diagnosedForeign(seed: number): Promise<Foreign> {
  const { truth, files } = foreignWorld(seed)
  return foreignOf(truth, await readFiles(files))
}

export async function readFiles(files: ForeignWorld['files']): Promise<LogDocument[]> {
  const documents: LogDocument[] = []
  for (const { path, text } of files)
    documents.push(...(await collect(parser, memoryObject({ key: path, body: Buffer.from(text) }))).documents)
  return documents
}

export async function foreignOf(truth: Truth, documents: readonly LogDocument[]): Promise<Foreign> {
  const { a, b, port, since, until } = truth
  const evidence = await gather(memoryStore(documents).ask, { a, b, port, since, until })
  return { truth, evidence, diagnosis: diagnose(evidence) }
}

/** Whether an answer that claims to be sure is the truth. */
export const isSure = ({ diagnosis: { certainty } }: Pick<Diagnosed, 'diagnosis'>) =>
  certainty === 'certain' || certainty === 'high'
