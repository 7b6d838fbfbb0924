import type { Window } from '../evidence.ts'
import type { KnownInterface } from '../known.ts'

export interface GatherOptions {
  /** Interfaces of A and B that a snapshot knows; they need no records to be known. @default those in the records */
  readonly known?: readonly KnownInterface[]
  /** Ids of interfaces of other VPCs that have the same addresses: their records are left out. @default none */
  readonly twins?: readonly string[]
  /** Addresses that are B, too, so that calling them is not calling elsewhere. @default none */
  readonly alsoB?: readonly string[]
  /** AWS's names of the fields that the flow logs are known to have. @default not known */
  readonly fields?: readonly string[]
  /** Where the store holds what an archive was read for: with `archiveNeeds`. @default it has all that the logs have */
  readonly archive?: ArchiveReading
  /** Ends the questions, as of `Store.ask`. @default none */
  readonly signal?: AbortSignal
}

/** What of an archive was read, and what of that was not to be had. */
export interface ArchiveReading {
  /** ISO 8601: no flow record from before. */
  readonly from: string
  /** Times of which flow records may be missing, whatever the interface. */
  readonly unread: readonly Window[]
  /** What was left out, and why, in words: the key of an object, and its error. */
  readonly leftOut: readonly string[]
}
