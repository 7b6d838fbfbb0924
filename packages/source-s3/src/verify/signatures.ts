import type { KeyObject } from 'node:crypto'
import type { Verdict } from './chain.ts'
import { type Digest, type DigestName, isSigned } from './digest.ts'
import type { ReportInWork } from './report.ts'

export type Metadata = Readonly<Record<string, string>> | undefined

/** The signatures of a place's digests. */
export interface Signatures {
  /** Of a digest's own, by a key that may be asked for. */
  readonly own: (digest: Digest, name: DigestName, metadata: Metadata) => Promise<Verdict>
  /** Asks for the key of a digest whose own signature a former run has looked at. */
  readonly know: (digest: Digest, name: DigestName) => Promise<void>
  /** Whether a signature, which another digest states, is of this one. */
  readonly isOf: (digest: Omit<Digest, 'files'>, signature: string) => boolean
  /** The same, and counts what a later digest's copy of the signature proves. */
  readonly proves: (digest: Omit<Digest, 'files'>, signature: string) => boolean
}

export function signatures(
  keyOf: (fingerprint: string, region: string, time: number) => Promise<KeyObject | undefined>,
  { counts, tell }: Pick<ReportInWork, 'counts' | 'tell'>,
): Signatures {
  const keys = new Map<string, KeyObject>()
  const isOf: Signatures['isOf'] = ({ fingerprint, ...digest }, signature) => {
    const key = keys.get(fingerprint)
    return key !== undefined && isSigned(digest, signature, key)
  }
  return {
    own: async (digest, { home, end }, metadata) => {
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
      if (!isSigned(digest, metadata.signature, by)) return 'forged'
      counts.signed++
      return 'signed'
    },
    know: async ({ fingerprint }, { home, end }) => {
      const by = await keyOf(fingerprint, home, end)
      if (by) keys.set(fingerprint, by)
    },
    isOf,
    proves: (digest, signature) => {
      const holds = isOf(digest, signature)
      if (holds) counts.signed++
      return holds
    },
  }
}
