import type { Parser } from '@flowferry/core'
import type { ArchiveObject, S3Clients } from '@flowferry/source-s3'
import { type Found, readSample, survey } from '../backfill/survey.ts'
import { wordsOf } from '../hints.ts'
import { count, plural } from '../text.ts'
import type { Known } from './figure.ts'
import type { Holding } from './holding.ts'

export interface Listed {
  readonly holdings: readonly Holding[]
  /** In an archive tier: they must be restored before they can be read, and their storage costs less. */
  readonly archived: number
}

export interface ListingOptions {
  readonly s3: S3Clients
  /** Reads every format, since formats share folders. */
  readonly parser: Parser<unknown>
  /** The `kind`s that are asked for, with the names of their formats. */
  readonly names: ReadonlyMap<string, string>
  /** Objects of a folder that are read. */
  readonly sample: number
  /** By how much a month is longer than the span that is listed. */
  readonly scale: Known
  /** Told of files that could not be read. */
  readonly onNote: (note: string) => void
  readonly signal?: AbortSignal
}

/** What a listing holds, by folder and format: files and stored bytes are counted, the rest is learned from a sample. */
export async function listedHoldings(objects: AsyncIterable<ArchiveObject>, options: ListingOptions): Promise<Listed> {
  const found = new Map<string, Found>()
  for await (const object of objects) survey(found, object, options.sample)
  const holdings: Holding[] = []
  let archived = 0
  for (const [service, one] of [...found].sort()) {
    archived += one.archived
    holdings.push(...(await holdingsOf(service, one, options)))
  }
  return { holdings, archived }
}

async function holdingsOf(service: string, found: Found, options: ListingOptions): Promise<Holding[]> {
  const { s3, parser, names: wanted, scale, onNote, signal } = options
  const read = await readSample(found.sample, s3, { parser, ...(signal && { signal }) })
  if (signal?.aborted && read.error) throw read.error
  const unread = found.sample.length - read.objects
  if (read.error)
    onNote(`${service}: ${unread} of ${plural(found.sample.length, 'file')} could not be read: ${wordsOf(read.error)}`)
  const kinds = [...read.kinds]
  const documents = kinds.reduce((sum, [, content]) => sum + content.documents, 0)
  const expanded = kinds.reduce((sum, [, content]) => sum + content.expanded, 0)
  const known = (value: number, origin: string): Known => ({
    value: value * scale.value,
    origin: origin + scale.origin,
  })
  const listed = (value: number) => known(value, 'listed')
  // Nothing of it could be read, or nothing is in it.
  if (documents === 0) return [{ name: service, files: listed(found.objects), stored: listed(found.bytes) }]
  const origin = `sampled ${count(read.objects)} of ${count(found.objects)} files`
  const sampled = (value: number) => known((value * found.bytes) / read.bytes, origin)
  const alone = kinds.length === 1
  return kinds
    .filter(([kind]) => wanted.has(kind))
    .map(([kind, content]) => ({
      name: `${service}: ${wanted.get(kind)}`,
      kind,
      // A folder of several formats is divided as its sample is.
      files: alone ? listed(found.objects) : known((found.objects * content.objects) / read.objects, origin),
      stored: alone ? listed(found.bytes) : known((found.bytes * content.expanded) / expanded, origin),
      expanded: sampled(content.expanded),
      records: sampled((read.records * content.documents) / documents),
      documents: sampled(content.documents),
    }))
}
