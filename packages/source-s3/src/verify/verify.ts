import { createHash, type KeyObject } from 'node:crypto'
import { FlowferryError, type ParseContext, parseContext, readBytes } from '@flowferry/core'
import { spanOf } from '../backfill/archive.ts'
import { lister } from '../backfill/list.ts'
import { client, invalid, optionalFunction, wholeNumber } from '../queue/options.ts'
import { ownSignal } from '../queue/time.ts'
import { type S3Clients, s3Object } from '../read/object.ts'
import { join, type Link, settle, type Verdict } from './chain.ts'
import { type Coverage, cover } from './coverage.ts'
import { type Digest, type DigestName, digestName, isDamage, isSigned, type NamedFile, readDigest } from './digest.ts'
import { type Finding, type FindingKind, findingKinds, type OnFinding } from './findings.ts'
import {
  behind,
  dayBefore,
  dayOf,
  daysOf,
  digestsIn,
  hour,
  keysIn,
  type ListedDigest,
  type ListedKey,
  type Peekable,
  peekable,
  timeOfLog,
} from './names.ts'
import { comparePlaces, type Place, placesOf } from './places.ts'
import { keyFinder, type PublicKeys } from './public-keys.ts'

/** A file that came in the last minutes of the last digest may be in the next. */
const slack = 5 * 60_000

export interface VerifyOptions {
  /** A client, or a function from bucket to one. It needs s3:ListBucket and s3:GetObject. */
  readonly s3: S3Clients
  /** Name of the bucket. */
  readonly bucket: string
  /** The folder above `AWSLogs`, or one below it. @default all of the bucket */
  readonly prefix?: string
  /** Account ids of 12 digits. @default all that are found */
  readonly accounts?: readonly string[]
  /** Regions of the events. @default all that are found */
  readonly regions?: readonly string[]
  /** The span of the files' delivery begins, … */
  readonly from: Date
  /** … and ends before. */
  readonly to: Date
  /**
   * The keys that CloudTrail signed with, as ListPublicKeys answers them: a list, or a function that asks for those of a
   * trail's region and a time.
   */
  readonly publicKeys: PublicKeys
  /**
   * The bucket that CloudTrail delivered to, where this is a copy of it under the same keys; `true`: whichever the digests
   * say.
   *
   * @default `bucket`: a digest that says another is one of another place
   */
  readonly copyOf?: string | true
  /** Log files read at the same time, 1 to 64. @default 8 */
  readonly concurrency?: number
  /** Told of each thing that is wrong, as it is found. @default none: the report counts them */
  readonly onFinding?: (finding: Finding) => void
  /** Where a former run was: `onPosition` told it. @default the beginning */
  readonly after?: VerifyPosition
  /** Told after each day of each region how far it is: to be kept as JSON, and given as `after`. @default none */
  readonly onPosition?: (position: VerifyPosition) => void
  /** Ends the run, which then throws ABORTED. @default none */
  readonly signal?: AbortSignal
}

/** What a check of an archive by its digests found. */
export interface VerifyReport {
  /** Digests that were read, and those among them whose signature holds. */
  readonly digests: number
  readonly signed: number
  /**
   * Log files that digests name, those with the content that was signed for, and the bytes of these, decompressed. What a
   * digest says that nothing proves to be signed is not signed for.
   */
  readonly named: number
  readonly matching: number
  readonly bytes: number
  /** Log files that were listed, and those among them that came after the last digest: the next one will name them. */
  readonly listed: number
  readonly pending: number
  /** How often each thing was found. */
  readonly findings: Readonly<Partial<Record<FindingKind, number>>>
  /** Each trail of each account and region, and from when to when its digests reach. */
  readonly chains: readonly VerifiedChain[]
  /** Whether the archive is what CloudTrail delivered, as far as these digests reach. */
  readonly verdict: 'whole' | 'changed' | 'not-proven'
}

/** The digests of one trail, each of which signs for the one before it. */
export interface VerifiedChain {
  /** Folder above `CloudTrail-Digest`: `AWSLogs/123456789012/`. */
  readonly folder: string
  readonly region: string
  readonly trail: string
  /** ISO 8601. */
  readonly from: string
  readonly until: string
}

/** How far a run is, as JSON. */
export interface VerifyPosition {
  /** Folder and region that it is in, and the last day of digests that is done; none: all of it is. */
  readonly folder: string
  readonly region: string
  readonly day?: string
  readonly links: Readonly<Record<string, Link>>
  readonly coverage: Coverage
  /** Times of the digests that could not be read: nobody knows what they name. */
  readonly unread?: Coverage
  readonly report: Omit<VerifyReport, 'verdict'>
}

type Counts = { -readonly [K in 'digests' | 'signed' | 'named' | 'matching' | 'bytes' | 'listed' | 'pending']: number }

/**
 * Checks an archive of CloudTrail by its digests: that each is signed, and holds the hash and the signature of the one
 * before; that each log file is there, with the content that was signed for; that no other log file is. Of a file's content
 * the hash is taken as it comes, and of names those of some days are kept, so that memory does not grow with the archive;
 * but names in backfill digests, which are read first, are kept until their day is compared.
 *
 * `findings` says what was found; the report's `verdict` is `changed` where the archive is not what CloudTrail delivered,
 * `not-proven` where nobody can tell: no digests, a gap between them, a file in an archive tier.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
 *
 * @throws FlowferryError INVALID_OPTION, also for a key that is none; LISTING_FAILED, ABORTED, or a code that begins with
 *   SOURCE_ where S3 refuses; what `publicKeys` throws
 *
 * @example
 * const { PublicKeyList = [] } = await cloudTrail.send(new ListPublicKeysCommand({ StartTime: from, EndTime: to }))
 * const report = await verifyCloudTrail({ s3, bucket, from, to, publicKeys: PublicKeyList, onFinding: console.log })
 * if (report.verdict !== 'whole') process.exitCode = 1
 */
export async function verifyCloudTrail(options: VerifyOptions): Promise<VerifyReport> {
  const { s3, bucket, from, to, publicKeys, concurrency = 8, onFinding, onPosition, after, copyOf = bucket } = options
  if (typeof s3 !== 'function') client('s3', s3)
  if (typeof bucket !== 'string' || bucket === '') throw invalid('`bucket` must be the name of a bucket')
  if (typeof publicKeys !== 'function' && !Array.isArray(publicKeys))
    throw invalid('`publicKeys` must be a list of keys, or a function that gives one')
  wholeNumber('concurrency', concurrency, 1, 64)
  optionalFunction('onFinding', onFinding)
  optionalFunction('onPosition', onPosition)
  const span = spanOf(from, to)
  const stop = ownSignal(options.signal)
  const context = parseContext({ signal: stop.signal })
  const list = lister(typeof s3 === 'function' ? s3(bucket) : s3, bucket, () => undefined, stop.signal)
  const keyOf = keyFinder(publicKeys)
  const { digests = 0, signed = 0, named = 0, matching = 0, bytes = 0, listed = 0, pending = 0 } = after?.report ?? {}
  const counts: Counts = { digests, signed, named, matching, bytes, listed, pending }
  const findings: Partial<Record<FindingKind, number>> = { ...after?.report.findings }
  const chains = new Map((after?.report.chains ?? []).map((chain) => [chainId(chain), chain]))

  const tell: OnFinding = (kind, key, what) => {
    findings[kind] = (findings[kind] ?? 0) + 1
    onFinding?.({ kind, fault: findingKinds[kind], key, what })
  }
  const object = (key: string) => s3Object({ bucket, key }, { s3 })
  const told = () => ({ ...counts, findings: { ...findings }, chains: [...chains.values()] })

  try {
    const places = await placesOf(list, options, { start: span.start, end: span.end + behind })
    for (const place of places) {
      const order = after ? comparePlaces(place, after) : 1
      if (order < 0 || (order === 0 && after!.day === undefined)) continue
      await verifyPlace(place, order === 0 ? after : undefined)
    }
    if (places.length === 0) tell('no-digests', options.prefix ?? '', 'no folder of CloudTrail is here')
  } finally {
    stop.end()
  }
  const kinds = Object.keys(findings) as FindingKind[]
  const verdict = kinds.some((kind) => findingKinds[kind]) ? 'changed' : kinds.length > 0 ? 'not-proven' : 'whole'
  return { ...told(), verdict }

  async function verifyPlace(place: Place, former: VerifyPosition | undefined): Promise<void> {
    const { folder, region } = place
    const links = new Map<string, Link>(Object.entries(former?.links ?? {}))
    const keys = new Map<string, KeyObject>()
    const covered = cover(former?.coverage)
    const unread = cover(former?.unread)
    const isOf = ({ fingerprint, ...digest }: Omit<Digest, 'files'>, signature: string) => {
      const key = keys.get(fingerprint)
      return key !== undefined && isSigned(digest, signature, key)
    }
    /** Keys that digests name, by their day, until the files of the day are compared with them. */
    const names = new Map<string, Set<string>>()
    let comparedThrough = ''
    const name = (key: string) => {
      const day = dayOf(key)
      if (day <= comparedThrough) return
      const ofDay = names.get(day) ?? new Set()
      names.set(day, ofDay)
      ofDay.add(key)
    }
    const logs = place.logs.map((range) => peekable(keysIn(range, list)))
    // What a former run had checked is read again for its names alone.
    const isDone = (day: string) => former?.day !== undefined && day <= former.day
    const isBefore = ({ day, isBackfill }: ListedDigest) => former !== undefined && (isBackfill || isDone(day))

    /** Of a digest's own: its signature, by a key that may be asked for. */
    const signatureOf = async (digest: Digest, { home, end }: DigestName, metadata: Metadata): Promise<Verdict> => {
      const { key, fingerprint } = digest
      const made = Date.parse(metadata?.['backfill-generation-timestamp'] ?? '')
      const by = await keyOf(fingerprint, home, Number.isNaN(made) ? end : made)
      if (!by) {
        tell('digest-resigned', key, `it says the key ${fingerprint}, which is not among the public keys of ${home}`)
        return 'told'
      }
      keys.set(fingerprint, by)
      if (!metadata) return 'open'
      if (metadata.signature === undefined) {
        tell('digest-unsigned', key, 'its metadata has no signature')
        return 'told'
      }
      return isSigned(digest, metadata.signature, by) ? 'signed' : 'forged'
    }

    const verifyDigest = async (told: ListedDigest): Promise<void> => {
      const { key } = told
      const quiet = isBefore(told)
      const read = await readDigest(object(key), context).catch((error: unknown) => {
        if (!isUnreadable(error)) throw error
        return error
      })
      if (FlowferryError.isInstance(read)) {
        if (quiet) return
        tell(read.code === 'OBJECT_NOT_FOUND' ? 'digest-missing' : 'digest-unreadable', key, readingOf(read))
        unread.add(told.end - hour - slack, told.end, false)
        links.set(told.chain, { key, end: told.end, verdict: 'told' })
        return
      }
      const { digest, metadata } = read as Awaited<ReturnType<typeof readDigest>>
      if (typeof digest === 'string') {
        if (quiet) return
        counts.digests++
        tell('digest-changed', key, digest)
        links.set(told.chain, { key, end: told.end, verdict: 'told' })
        return
      }
      for (const file of digest.files) name(file.key)
      const { files, ...head } = digest
      if (quiet) {
        const by = await keyOf(digest.fingerprint, told.home, told.end)
        if (by) keys.set(digest.fingerprint, by)
        return
      }
      counts.digests++
      const isElsewhere = digest.key !== key || (copyOf !== true && digest.bucket !== copyOf)
      if (isElsewhere) {
        tell('digest-reordered', key, `it is the digest of s3://${digest.bucket}/${digest.key}`)
        links.set(told.chain, { key, end: told.end, verdict: 'told' })
      } else {
        const verdict = await signatureOf(digest, told, metadata)
        if (verdict === 'signed') counts.signed++
        const before = links.get(told.chain)
        const next: Link = {
          key,
          end: digest.end,
          verdict,
          digest: head,
          ...(metadata?.signature !== undefined && { signature: metadata.signature }),
        }
        join(before, next, { from: span.start, isBackfill: told.isBackfill, isOf: proven, tell })
        // Proven by the copy of its signature, whatever became of its own.
        const isProven = before?.digest && isOf(before.digest, digest.previousSignature ?? '')
        if (isProven && before?.content) add(before.content)
        links.set(told.chain, next)
        if (!told.isBackfill) {
          const trail = { folder, region, trail: told.trail }
          if (isProven) {
            const { start, end, previous } = before!.digest!
            covered.add(start, end, previous === undefined)
            extend(chains, trail, { start, end })
          }
          if (verdict === 'signed') {
            covered.add(digest.start, digest.end, digest.previous === undefined)
            extend(chains, trail, digest)
          } else {
            // A span that nobody signed is no longer than that of the name.
            const end = Math.min(digest.end, told.end)
            const start = Math.max(digest.start, told.end - hour - slack)
            if (start < end) covered.add(start, end, false)
          }
        }
      }
      const named = told.isBackfill ? files.filter(({ key }) => isOfSpan(key, dayOf(key))) : files
      const content = await verifyFiles(named, key)
      const link = links.get(told.chain)!
      if (link.verdict === 'signed') add(content)
      else if (link.digest) links.set(told.chain, { ...link, content })
    }

    const add = ({ matching, bytes }: NonNullable<Link['content']>) => {
      counts.matching += matching
      counts.bytes += bytes
    }

    const isOfSpan = (key: string, day: string) => {
      const time = timeOfLog(key, day, span.start)
      return !(time < span.start || time >= span.end)
    }

    /** `isOf`, which counts what a later digest's copy of the signature proves. */
    const proven = (digest: Omit<Digest, 'files'>, signature: string) => {
      const holds = isOf(digest, signature)
      if (holds) counts.signed++
      return holds
    }

    /** Of the files those with the content that is said of them, which is worth what the digest is. */
    const verifyFiles = async (
      files: readonly NamedFile[],
      by: string,
    ): Promise<{ matching: number; bytes: number }> => {
      const content = { matching: 0, bytes: 0 }
      const owners = new Map(files.map(({ hash, key }) => [hash, key]))
      const results = await inPool(files, concurrency, (file) => checkFile(file, owners))
      for (const [index, { key }] of files.entries()) {
        counts.named++
        const result = results[index]!
        if (typeof result === 'number') {
          content.matching++
          content.bytes += result
        } else tell(result[0], key, `${result[1]}; named by ${by}`)
      }
      return content
    }

    const checkFile = async (
      { bucket: itsBucket, key, hash }: NamedFile,
      owners: ReadonlyMap<string, string>,
    ): Promise<number | [FindingKind, string]> => {
      if (copyOf !== true && itsBucket !== copyOf)
        return ['log-unreadable', `it lies in the bucket ${itsBucket}, which is not looked at`]
      try {
        const content = await hashOf(key)
        if (content.hash === hash) return content.bytes
        const owner = owners.get(content.hash)
        return owner === undefined
          ? ['log-changed', `its hash is ${content.hash}, and was ${hash}`]
          : ['log-reordered', `it holds the content of ${owner}`]
      } catch (error) {
        if (isDamage(error)) return ['log-changed', `it is damaged: ${(error as FlowferryError).code}`]
        // S3 refuses what can be no key, and a digest that nobody signed may name that.
        const isOwn = isUnreadable(error) || (FlowferryError.isInstance(error) && error.code === 'OBJECT_UNREADABLE')
        if (!isOwn) throw error
        const { code } = error as FlowferryError
        return code === 'OBJECT_NOT_FOUND'
          ? ['log-missing', 'it is not there']
          : ['log-unreadable', readingOf(error as FlowferryError)]
      }
    }

    const hashOf = (key: string) => contentHash(object(key), context)

    /** The files of the days up to this one against the names. */
    const compareThrough = async (day: string): Promise<void> => {
      for (const log of logs)
        for (let its = await log.peek(); its !== undefined && its.day <= day; its = await log.peek()) {
          await log.next()
          if (former?.day !== undefined && its.day < former.day) continue
          compareFile(its)
        }
      for (const known of names.keys()) if (known <= day) names.delete(known)
      comparedThrough = day
    }

    const compareFile = ({ key, day }: ListedKey): void => {
      if (!isOfSpan(key, day)) return
      counts.listed++
      if (names.get(day)?.has(key)) return
      const time = timeOfLog(key, day, span.start)
      const where = covered.at(time)
      if (where === 'inside' && unread.at(time) === 'inside')
        tell('log-unsigned', key, 'no digest that could be read names it, and one of its time could not')
      else if (where === 'inside' && time + slack < covered.end()) tell('log-inserted', key, 'no digest names it')
      else if (where === 'inside' || where === 'behind') counts.pending++
      else if (where === 'between') tell('log-unsigned', key, 'no digest covers the time of its delivery')
    }

    let count = 0
    if (place.digests) {
      // They name files that the digests of their time left out, whenever that was.
      const { before: _, ...onward } = place.digests
      for await (const told of digestsIn(onward, list)) if (told.isBackfill) await verifyDigest(told)
      for await (const [day, all] of daysOf(digestsIn(place.digests, list))) {
        const wanted = all.filter(({ end, isBackfill }) => !isBackfill && end > span.start && end - behind < span.end)
        count += wanted.length
        // The names of older days have been compared.
        if (former?.day !== undefined && day < dayBefore(former.day)) continue
        for (const told of wanted) await verifyDigest(told)
        if (isDone(day) || wanted.length === 0) continue
        await compareThrough(dayBefore(day))
        onPosition?.({
          folder,
          region,
          day,
          links: Object.fromEntries(links),
          coverage: covered.state(),
          unread: unread.state(),
          report: told(),
        })
      }
    }
    if (count === 0) {
      for (const log of logs) {
        const key = await firstWithin(log)
        if (key === undefined) continue
        tell('no-digests', folderOf(key), 'log files, and no digest of the span')
        break
      }
    } else {
      await compareThrough('9999/12/31')
      finishChains(links)
    }
    onPosition?.({ folder, region, links: {}, coverage: [], report: told() })

    function finishChains(all: ReadonlyMap<string, Link>): void {
      const until = Math.min(span.end, Date.now())
      for (const link of all.values()) {
        settle(link, undefined, undefined, { isOf: proven, tell })
        if (!digestName(link.key)?.isBackfill && link.end < until - behind)
          tell('digests-end', link.key, `no digest is behind it: it ends ${new Date(link.end).toISOString()}`)
      }
    }

    async function firstWithin(log: Peekable): Promise<string | undefined> {
      for (let its = await log.next(); its !== undefined; its = await log.next())
        if (isOfSpan(its.key, its.day)) return its.key
      return undefined
    }
  }
}

const folderOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1)

type Metadata = Readonly<Record<string, string>> | undefined

function extend(
  chains: Map<string, VerifiedChain>,
  of: Pick<VerifiedChain, 'folder' | 'region' | 'trail'>,
  { start, end }: Pick<Digest, 'start' | 'end'>,
): void {
  const known = chains.get(chainId(of))
  const [from, until] = [start, end].map((time) => new Date(time).toISOString()) as [string, string]
  chains.set(chainId(of), { ...of, from: known?.from ?? from, until })
}

const chainId = ({ folder, region, trail }: Pick<VerifiedChain, 'folder' | 'region' | 'trail'>) =>
  [folder, region, trail].join('\n')

async function contentHash(object: ReturnType<typeof s3Object>, context: ParseContext) {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of readBytes(object, context)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { hash: hash.digest('hex'), bytes }
}

/** Errors that are one object's: the others are read on. */
function isUnreadable(error: unknown): boolean {
  return (
    FlowferryError.isInstance(error) && ['OBJECT_NOT_FOUND', 'OBJECT_ARCHIVED', 'OBJECT_FORBIDDEN'].includes(error.code)
  )
}

function readingOf({ code, message }: FlowferryError): string {
  if (code === 'OBJECT_NOT_FOUND') return 'it is gone since it was listed'
  if (code === 'OBJECT_UNREADABLE') return `it cannot be read: ${message}`
  return `it cannot be read: ${code === 'OBJECT_ARCHIVED' ? 'it is in an archive tier' : 'S3 refused'}`
}

/** The results in the order of the items, a few at work at a time. The first error ends it, once none is at work. */
async function inPool<T, R>(items: readonly T[], size: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  let failed = false
  const worker = async () => {
    while (next < items.length && !failed) {
      const index = next++
      try {
        results[index] = await work(items[index]!)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: Math.min(size, items.length) }, worker))
  for (const one of settled) if (one.status === 'rejected') throw one.reason
  return results
}
