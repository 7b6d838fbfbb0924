import { type FlowferryError, type IngestOptions, ingest, type Sink } from '@flowferry/core'
import { type ArchiveObject, backfillSource, type S3Clients } from '@flowferry/source-s3'
import { dollarsFor, type Price, prices } from '../cost/prices.ts'

/** What a span holds, as a listing tells it. */
export interface Found {
  objects: number
  bytes: number
  /** In an archive tier: they must be restored before they can be read. */
  archived: number
  /** A few of them, each as likely as any other. */
  readonly sample: ArchiveObject[]
}

/** Counts objects by their service, in constant memory. `sampled` of a service are kept to be read for an estimate. */
export function survey(found: Map<string, Found>, object: ArchiveObject, sampled = 8): void {
  const { service, size = 0, storageClass = '' } = object
  const known = found.get(service) ?? { objects: 0, bytes: 0, archived: 0, sample: [] }
  found.set(service, known)
  known.objects++
  known.bytes += size
  if (/^(?:GLACIER|DEEP_ARCHIVE)$/.test(storageClass)) {
    known.archived++
    return
  }
  // https://en.wikipedia.org/wiki/Reservoir_sampling
  const place = known.sample.length < sampled ? known.sample.length : Math.floor(Math.random() * known.objects)
  if (place < sampled) known.sample[place] = object
}

/** What the sample held, of the objects that could be read whole. */
export interface SampleContent {
  readonly objects: number
  /** Stored bytes. */
  readonly bytes: number
  /** Malformed and filtered ones included. */
  readonly records: number
  readonly kinds: ReadonlyMap<string, KindContent>
  /** Why the first of the others could not be read, or why reading stopped. */
  readonly error?: FlowferryError
}

interface KindContent {
  objects: number
  documents: number
  /** Decompressed bytes. */
  expanded: number
}

/** Reads the objects into nothing, and counts. */
export async function readSample(
  sample: readonly ArchiveObject[],
  s3: S3Clients,
  options: Pick<IngestOptions<unknown>, 'parser' | 'filter' | 'signal'>,
): Promise<SampleContent> {
  const held = new Map<string, Map<string, KindContent>>()
  const sink: Sink<unknown> = {
    write: async (batch) => {
      for (const { object, format, length, bytes } of batch) {
        const kinds = held.get(object.key) ?? new Map<string, KindContent>()
        held.set(object.key, kinds)
        add(kinds, format.kind, { objects: kinds.has(format.kind) ? 0 : 1, documents: length, expanded: bytes })
      }
      return {
        slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })),
      }
    },
  }
  const objects = (async function* () {
    yield* sample
  })()
  const report = await ingest({ ...options, source: backfillSource(objects, { s3 }), sink })
  const all = report.messages.flatMap((message) => message.objects)
  const read = all.filter(({ status }) => status === 'done')
  const error = report.stopped ?? all.find((object) => object.error)?.error
  const kinds = new Map<string, KindContent>()
  for (const { key } of read) for (const [kind, content] of held.get(key) ?? []) add(kinds, kind, content)
  const sum = (of: (object: (typeof read)[number]) => number) => read.reduce((total, object) => total + of(object), 0)
  return {
    objects: read.length,
    bytes: sum(({ bytes }) => bytes),
    records: sum(({ counts }) => counts.read),
    kinds,
    ...(error && { error }),
  }
}

function add(kinds: Map<string, KindContent>, kind: string, more: KindContent): void {
  const known = kinds.get(kind) ?? { objects: 0, documents: 0, expanded: 0 }
  kinds.set(kind, known)
  for (const name of Object.keys(more) as (keyof KindContent)[]) known[name] += more[name]
}

/** Documents that a store would get, from what the sample has for its bytes; undefined where nothing could be read. */
export async function expectDocuments(
  { bytes, sample }: Found,
  s3: S3Clients,
  options: Pick<IngestOptions<unknown>, 'parser' | 'filter' | 'signal'>,
): Promise<number | undefined> {
  const read = await readSample(sample, s3, options)
  const documents = [...read.kinds.values()].reduce((total, content) => total + content.documents, 0)
  return read.bytes === 0 ? undefined : (bytes * documents) / read.bytes
}

export interface Cost {
  readonly what: string
  readonly requests: number
  readonly dollars: number
  /** When its price was this. */
  readonly checked: string
}

/** What AWS takes for a backfill, transfer within the region being free: requests to S3 and to SQS. */
export function costs(
  way: 'sink' | 'queue' | 'fifo' | 'manifest',
  { objects, lists, messages }: { objects: number; lists: number; messages: number },
): Cost[] {
  const cost = (what: string, requests: number, price: Price, fixed = 0) => ({
    what,
    requests,
    dollars: fixed + dollarsFor(price, requests),
    checked: price.checked,
  })
  const rows = [cost('S3 LIST', lists, prices.s3List), cost('S3 GET', objects, prices.s3Get)]
  // Ten messages a request, to send, to receive and to delete them.
  if (way === 'queue' || way === 'fifo')
    rows.push(cost('SQS', 3 * Math.ceil(messages / 10), way === 'fifo' ? prices.sqsFifo : prices.sqsStandard))
  if (way === 'manifest')
    rows.push(cost('S3 Batch Operations', objects, prices.s3BatchObject, dollarsFor(prices.s3BatchJob, 1)))
  return rows
}
