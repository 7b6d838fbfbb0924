import type { Known } from './figure.ts'
import { kindCost } from './kinds.ts'

/** The files of one format in a month. What a listing or the user's words do not tell is left out. */
export interface Holding {
  /** `vpcflowlogs: vpc-flow`, or the folder alone where no file of it could be read. */
  readonly name: string
  readonly kind?: string
  readonly files: Known
  /** Bytes as they lie on S3. */
  readonly stored: Known
  /** Decompressed bytes. */
  readonly expanded?: Known
  /** Lines or elements, malformed ones included. */
  readonly records?: Known
  readonly documents?: Known
}

export interface Stated {
  readonly kind: string
  readonly files: number
  /** GB of 10^9 bytes, as they lie on S3. */
  readonly gb?: number
  /** GB of 10^9 bytes, decompressed. */
  readonly expandedGb?: number
  readonly records?: number
}

/** What the user states, completed by what was measured; a `string` says what is still missing. */
export function statedHolding(name: string, { kind, files, gb, expandedGb, records }: Stated): Holding | string {
  const { recordBytes, expansion } = kindCost(kind) ?? {}
  const stated = (value: number | undefined): Known | undefined =>
    value === undefined ? undefined : { value, origin: 'stated' }
  const derived = (known: Known | undefined, factor: Known | undefined, power: 1 | -1, words: string) =>
    known && factor && { value: known.value * factor.value ** power, origin: `${words} (${factor.origin})` }
  const aRecord = `${recordBytes?.value} B a record`
  const aByte = `${expansion?.value} B for a byte on S3`
  const givenStored = stated(gb && gb * 1e9)
  const expanded =
    stated(expandedGb && expandedGb * 1e9) ??
    derived(givenStored, expansion, 1, aByte) ??
    derived(stated(records), recordBytes, 1, aRecord)
  const stored = givenStored ?? derived(expanded, expansion, -1, aByte)
  const allRecords = stated(records) ?? derived(expanded, recordBytes, -1, aRecord)
  if (!stored || !expanded || !allRecords) return `${name} was not measured: state --gb, --expanded-gb and --records`
  return {
    name,
    kind,
    files: { value: files, origin: 'stated' },
    stored,
    expanded,
    records: allRecords,
    documents: allRecords,
  }
}
