import { type IngestOptions, ingest, type Sink } from '@flowferry/core'
import { type ArchiveFormat, type ArchiveObject, backfillSource, type S3Clients } from '@flowferry/source-s3'

/** What a span holds, as a listing tells it. */
export interface Found {
  objects: number
  bytes: number
  /** In an archive tier: they must be restored before they can be read. */
  archived: number
  /** A few of them, each as likely as any other. */
  readonly sample: ArchiveObject[]
}

/** Objects of a format that are read for an estimate. */
const sampled = 8

/** Counts objects by their format, in constant memory. */
export function survey(found: Map<ArchiveFormat, Found>, object: ArchiveObject): void {
  const { format, size = 0, storageClass = '' } = object
  const known = found.get(format) ?? { objects: 0, bytes: 0, archived: 0, sample: [] }
  found.set(format, known)
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

/** Documents that a store would get, from what the sample has for its bytes; undefined where nothing could be read. */
export async function expectDocuments(
  { bytes, sample }: Found,
  s3: S3Clients,
  options: Pick<IngestOptions<unknown>, 'parser' | 'filter' | 'signal'>,
): Promise<number | undefined> {
  const sink: Sink<unknown> = {
    write: async (batch) => ({
      slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })),
    }),
  }
  const objects = (async function* () {
    yield* sample
  })()
  const report = await ingest({ ...options, source: backfillSource(objects, { s3 }), sink })
  const read = report.messages.flatMap((message) => message.objects).filter(({ status }) => status === 'done')
  const sum = (of: (object: (typeof read)[number]) => number) => read.reduce((total, object) => total + of(object), 0)
  const readBytes = sum((object) => object.bytes)
  return readBytes === 0 ? undefined : (bytes * sum(({ counts }) => counts.written)) / readBytes
}

/**
 * US dollars in us-east-1, S3 Standard, without free tiers, as they stood in March 2026. An estimate's ground, no more:
 * https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/sqs/pricing/ have those of today.
 */
export const prices = {
  asOf: '2026-03',
  get: 0.4e-6,
  list: 5e-6,
  sqs: 0.4e-6,
  sqsFifo: 0.5e-6,
  batchJob: 0.25,
  batchObject: 1e-6,
} as const

export interface Cost {
  readonly what: string
  readonly requests: number
  readonly dollars: number
}

/** What AWS takes for a backfill, transfer within the region being free: requests to S3 and to SQS. */
export function costs(
  way: 'sink' | 'queue' | 'fifo' | 'manifest',
  { objects, lists, messages }: { objects: number; lists: number; messages: number },
): Cost[] {
  const cost = (what: string, requests: number, price: number, fixed = 0) => ({
    what,
    requests,
    dollars: fixed + requests * price,
  })
  const rows = [cost('S3 LIST', lists, prices.list), cost('S3 GET', objects, prices.get)]
  // Ten messages a request, to send, to receive and to delete them.
  if (way === 'queue' || way === 'fifo')
    rows.push(cost('SQS', 3 * Math.ceil(messages / 10), way === 'fifo' ? prices.sqsFifo : prices.sqs))
  if (way === 'manifest') rows.push(cost('S3 Batch Operations', objects, prices.batchObject, prices.batchJob))
  return rows
}
