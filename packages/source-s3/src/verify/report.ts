import type { Link } from './chain.ts'
import type { Coverage } from './coverage.ts'
import type { Digest } from './digest.ts'
import { type Finding, type FindingKind, findingKinds, type OnFinding } from './findings.ts'

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

/** What the report counts. */
type Counts = {
  -readonly [K in 'digests' | 'signed' | 'named' | 'matching' | 'bytes' | 'listed' | 'pending']: number
}

/** The report while it is made; one of a former run goes on. */
export interface ReportInWork {
  readonly counts: Counts
  readonly tell: OnFinding
  /** A trail's digests reach over this digest's time, too. */
  readonly extend: (
    trail: Pick<VerifiedChain, 'folder' | 'region' | 'trail'>,
    time: Pick<Digest, 'start' | 'end'>,
  ) => void
  readonly told: () => VerifyPosition['report']
  readonly whole: () => VerifyReport
}

export function reportFrom(
  former: VerifyPosition['report'] | undefined,
  onFinding: ((finding: Finding) => void) | undefined,
): ReportInWork {
  const { digests = 0, signed = 0, named = 0, matching = 0, bytes = 0, listed = 0, pending = 0 } = former ?? {}
  const counts: Counts = { digests, signed, named, matching, bytes, listed, pending }
  const findings: Partial<Record<FindingKind, number>> = { ...former?.findings }
  const chains = new Map((former?.chains ?? []).map((chain) => [chainId(chain), chain]))
  const told = () => ({ ...counts, findings: { ...findings }, chains: [...chains.values()] })
  return {
    counts,
    tell: (kind, key, what) => {
      findings[kind] = (findings[kind] ?? 0) + 1
      onFinding?.({ kind, fault: findingKinds[kind], key, what })
    },
    extend: (trail, { start, end }) => {
      const known = chains.get(chainId(trail))
      const [from, until] = [start, end].map((time) => new Date(time).toISOString()) as [string, string]
      chains.set(chainId(trail), { ...trail, from: known?.from ?? from, until })
    },
    told,
    whole: () => {
      const kinds = Object.keys(findings) as FindingKind[]
      const verdict = kinds.some((kind) => findingKinds[kind]) ? 'changed' : kinds.length > 0 ? 'not-proven' : 'whole'
      return { ...told(), verdict }
    },
  }
}

const chainId = ({ folder, region, trail }: Pick<VerifiedChain, 'folder' | 'region' | 'trail'>) =>
  [folder, region, trail].join('\n')
