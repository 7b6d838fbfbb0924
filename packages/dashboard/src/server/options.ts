import type { Store } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import type { Snapshot } from '@flowferry/enrich/interfaces'

export interface DashboardOptions {
  /** Logs that can be asked: `duckdbStore`, `elasticsearchStore`, `openSearchStore`. */
  readonly store: Store
  /** Formats that the store may hold: `parser.formats`. */
  readonly formats: readonly Format[]
  /** What a command line calls the store, without credentials; the page shows it. @default it has no name there: nothing is copied as a command */
  readonly from?: string
  /** What a copied command says of the store. @default ['--from', from] */
  readonly fromOptions?: readonly string[]
  /** Blocks of your own addresses: `10.0.0.0/8`. @default private blocks */
  readonly own?: readonly string[]
  /** What `flowferry snapshot` wrote: names of interfaces. @default addresses and ids alone */
  readonly snapshot?: Snapshot
  /** Of loopback, 0 to 65,535; 0: any that is free. @default 0 */
  readonly port?: number
  /** What the page has to know. @default 32 random bytes, of each start anew */
  readonly token?: string
  /** The time by which spans are counted. @default that of the system */
  readonly now?: () => Date
}
