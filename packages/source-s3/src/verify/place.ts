import { FlowferryError, type ParseContext, type SourceObject } from '@flowferry/core'
import type { Lister } from '../backfill/list.ts'
import { join, type Link, settle } from './chain.ts'
import { cover } from './coverage.ts'
import { type Content, type Digest, digestName, readDigest } from './digest.ts'
import { checkFiles, isUnreadable, readingOf } from './files.ts'
import { inventory, slack } from './inventory.ts'
import { behind, dayBefore, dayOf, daysOf, digestsIn, hour, keysIn, type ListedDigest, peekable } from './names.ts'
import type { Place } from './places.ts'
import type { keyFinder } from './public-keys.ts'
import type { ReportInWork, VerifyPosition } from './report.ts'
import { type Metadata, signatures } from './signatures.ts'

export interface PlaceOptions {
  readonly list: Lister
  readonly object: (key: string) => SourceObject
  readonly context: ParseContext
  readonly keyOf: ReturnType<typeof keyFinder>
  readonly span: { readonly start: number; readonly end: number }
  readonly concurrency: number
  readonly copyOf: string | true
  readonly report: ReportInWork
  readonly onPosition: ((position: VerifyPosition) => void) | undefined
}

/** Checks the digests of an account and a region, and what they name; goes on where a former run was. */
export async function verifyPlace(
  place: Place,
  former: VerifyPosition | undefined,
  options: PlaceOptions,
): Promise<void> {
  const { list, object, context, keyOf, span, report, onPosition } = options
  const { counts, tell } = report
  const { folder, region } = place
  const links = new Map<string, Link>(Object.entries(former?.links ?? {}))
  const covered = cover(former?.coverage)
  const unread = cover(former?.unread)
  const signed = signatures(keyOf, report)
  const logs = place.logs.map((range) => peekable(keysIn(range, list)))
  const files = inventory({ logs, span, covered, unread, formerDay: former?.day }, report)
  // What a former run had checked is read again for its names alone.
  const isDone = (day: string) => former?.day !== undefined && day <= former.day
  const isBefore = ({ day, isBackfill }: ListedDigest) => former !== undefined && (isBackfill || isDone(day))

  const add = ({ matching, bytes }: Content) => {
    counts.matching += matching
    counts.bytes += bytes
  }

  const verifyDigest = async (listed: ListedDigest): Promise<void> => {
    const { key, chain } = listed
    const read = await readDigest(object(key), context).catch((error: unknown) => {
      if (!isUnreadable(error)) throw error
      return error
    })
    if (isBefore(listed)) {
      if (FlowferryError.isInstance(read) || typeof read.digest === 'string') return
      for (const file of read.digest.files) files.name(file.key)
      await signed.know(read.digest, listed)
      return
    }
    if (FlowferryError.isInstance(read)) {
      tell(read.code === 'OBJECT_NOT_FOUND' ? 'digest-missing' : 'digest-unreadable', key, readingOf(read))
      unread.add(listed.end - hour - slack, listed.end, false)
      links.set(chain, { key, end: listed.end, verdict: 'told' })
      return
    }
    counts.digests++
    const { digest, metadata } = read
    if (typeof digest === 'string') {
      tell('digest-changed', key, digest)
      links.set(chain, { key, end: listed.end, verdict: 'told' })
      return
    }
    for (const file of digest.files) files.name(file.key)
    await verifyLink(listed, digest, metadata)
    const named = listed.isBackfill
      ? digest.files.filter((file) => files.isOfSpan(file.key, dayOf(file.key)))
      : digest.files
    const content = await checkFiles(named, key, options, report)
    const link = links.get(chain)!
    if (link.verdict === 'signed') add(content)
    else if (link.digest) links.set(chain, { ...link, content })
  }

  /** A digest's own signature, and what it and the one before it say of each other. */
  const verifyLink = async (listed: ListedDigest, digest: Digest, metadata: Metadata): Promise<void> => {
    const { key, chain, isBackfill } = listed
    if (digest.key !== key || (options.copyOf !== true && digest.bucket !== options.copyOf)) {
      tell('digest-reordered', key, `it is the digest of s3://${digest.bucket}/${digest.key}`)
      links.set(chain, { key, end: listed.end, verdict: 'told' })
      return
    }
    const { files: _, ...head } = digest
    const { signature } = metadata ?? {}
    const verdict = await signed.own(digest, listed, metadata)
    const before = links.get(chain)
    const next = { key, end: digest.end, verdict, digest: head, ...(signature !== undefined && { signature }) }
    join(before, next, { from: span.start, isBackfill, isOf: signed.proves, tell })
    links.set(chain, next)
    // Proven by the copy of its signature, whatever became of its own.
    const proven = before?.digest && signed.isOf(before.digest, digest.previousSignature ?? '') ? before : undefined
    if (proven?.content) add(proven.content)
    if (isBackfill) return
    const reach = (one: Omit<Digest, 'files'>) => {
      covered.add(one.start, one.end, one.previous === undefined)
      report.extend({ folder, region, trail: listed.trail }, one)
    }
    if (proven) reach(proven.digest!)
    if (verdict === 'signed') {
      reach(digest)
      return
    }
    // A span that nobody signed is no longer than that of the name.
    const end = Math.min(digest.end, listed.end)
    const start = Math.max(digest.start, listed.end - hour - slack)
    if (start < end) covered.add(start, end, false)
  }

  let count = 0
  if (place.digests) {
    // They name files that the digests of their time left out, whenever that was.
    const { before: _, ...onward } = place.digests
    for await (const listed of digestsIn(onward, list)) if (listed.isBackfill) await verifyDigest(listed)
    for await (const [day, all] of daysOf(digestsIn(place.digests, list))) {
      const wanted = all.filter(({ end, isBackfill }) => !isBackfill && end > span.start && end - behind < span.end)
      count += wanted.length
      // The names of older days have been compared.
      if (former?.day !== undefined && day < dayBefore(former.day)) continue
      for (const listed of wanted) await verifyDigest(listed)
      if (isDone(day) || wanted.length === 0) continue
      await files.compareThrough(dayBefore(day))
      onPosition?.({
        folder,
        region,
        day,
        links: Object.fromEntries(links),
        coverage: covered.state(),
        unread: unread.state(),
        report: report.told(),
      })
    }
  }
  if (count === 0) {
    const key = await files.first()
    if (key !== undefined) tell('no-digests', folderOf(key), 'log files, and no digest of the span')
  } else {
    await files.compareThrough('9999/12/31')
    const until = Math.min(span.end, Date.now())
    for (const link of links.values()) {
      settle(link, undefined, undefined, { isOf: signed.proves, tell })
      if (!digestName(link.key)?.isBackfill && link.end < until - behind)
        tell('digests-end', link.key, `no digest is behind it: it ends ${new Date(link.end).toISOString()}`)
    }
  }
  onPosition?.({ folder, region, links: {}, coverage: [], report: report.told() })
}

const folderOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1)
