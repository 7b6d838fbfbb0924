import type { ObjectIdentity } from '@flowferry/core'
import type { Enrichment } from '@flowferry/core/schema'
import { UsageError } from '../io.ts'
import type { AlertsConfig } from './alerts.ts'
import type { OwnFormats, StoreConfig } from './config.ts'

/** What the config says, checked. */
export interface Settings {
  /** The config's path, for errors. @default there is no config */
  readonly file?: string
  readonly formats: OwnFormats
  readonly enrichments: readonly Enrichment[]
  readonly store?: StoreConfig
  readonly filter?: (record: unknown, object: ObjectIdentity) => boolean
  readonly alerts?: AlertsConfig
  /** Fields of files that do not name them, by the name of their format, of `--fields`. @default such files are of AWS's default layout */
  readonly fields?: { readonly format: string; readonly names: string }
}

export const noSettings: Settings = { formats: {}, enrichments: [] }

/** Options that name a store, of which each command has some. */
export interface StoreOptions extends Omit<StoreConfig, 'to'> {
  readonly to?: string
  readonly from?: string
}

/** `duckdb` of `duckdb:logs.db`: what else is said of a store holds for this. */
const engineOf = (store: string) => store.split(':', 1)[0]

/**
 * The options with what the config says of the store, where the command line does not. Settings of another store than the
 * command line names are left out: they are not for it.
 *
 * @param role The option that names the store; none: the command has no store, and its documents are those of the config's
 * @param names Those of the command's other options that the config may give
 */
export function withStore<O extends StoreOptions>(
  options: O,
  { store }: Settings,
  role: 'to' | 'from' | undefined,
  names: readonly Exclude<keyof StoreConfig, 'to'>[],
): O {
  if (!store) return options
  const given = role && options[role]
  if (given !== undefined && engineOf(given) !== engineOf(store.to)) return options
  const { index, indexPer, url, cloudId, ...rest } = store
  // Either says where all goes.
  const place = options.index === undefined && options.indexPer === undefined ? { index, indexPer } : {}
  const address = options.url === undefined && options.cloudId === undefined ? { url, cloudId } : {}
  const usable = Object.entries({ ...rest, ...address, ...place }).filter(
    ([name, value]) => value !== undefined && (names as readonly string[]).includes(name),
  )
  return { ...(role && { [role]: store.to }), ...Object.fromEntries(usable), ...options }
}

/**
 * The options of a command that asks, with the config's store where the command line names none.
 *
 * @throws UsageError where the config has none either
 */
export function withFrom<O extends StoreOptions>(options: O, settings: Settings): O & { readonly from: string } {
  const { from, ...rest } = withStore(options, settings, 'from', ['url', 'cloudId', 'auth', 'index', 'indexPer'])
  if (from === undefined)
    throw new UsageError(
      'Say where the logs are: --from duckdb:FILE, elasticsearch, opensearch or s3://bucket, or `store` of flowferry.config',
    )
  return { ...rest, from } as O & { readonly from: string }
}
