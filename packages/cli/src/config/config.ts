import type { ObjectIdentity, Parser, RecordOf } from '@flowferry/core'
import type { FormatName, formats } from '@flowferry/core/formats'
import type { Enrichment } from '@flowferry/core/schema'
import type { AlertsConfig } from './alerts.ts'

/** Parsers by the names that `--format` takes. */
export type OwnFormats = Readonly<Record<string, Parser<unknown>>>

/** The records that AWS's formats give. */
type AwsRecord = RecordOf<Awaited<ReturnType<(typeof formats)[FormatName]>>>

/** What the command line has options for, by their names. An option that is given wins. */
export interface StoreConfig {
  /** `--to` of `setup`, `ingest` and `backfill`, and `--from` of `ask` and `why`. A file stands beside the config. */
  readonly to: 'elasticsearch' | 'opensearch' | `duckdb:${string}`
  /** Without a password. @default ELASTICSEARCH_URL or OPENSEARCH_URL */
  readonly url?: string
  /** Of Elastic Cloud, in place of `url`. @default ELASTIC_CLOUD_ID */
  readonly cloudId?: string
  /** Signs requests to OpenSearch with credentials of AWS. @default the user and password of the environment */
  readonly auth?: 'sigv4'
  /** One index for everything, whose mapping is yours. @default a data stream for each format */
  readonly index?: string
  /** @default data streams */
  readonly indexPer?: 'day' | 'month'
  /** Whether a document holds a value once, or under each of its names; also what `parse` prints. @default 'small' */
  readonly documents?: 'small' | 'full'
  /** @default 'create' */
  readonly op?: 'create' | 'index'
  /** @default false */
  readonly gzip?: boolean
}

/** What `flowferry.config.ts` says. */
export interface Config<F extends OwnFormats = OwnFormats> {
  /**
   * Parsers of your own, beside AWS's and asked before them. Under a name of AWS's, `'vpc-flow'`, one takes its place.
   *
   * @default none
   */
  readonly formats?: F
  /** Bound to every format that is declared with `format()`, AWS's and yours. @default none */
  readonly enrichments?: readonly Enrichment[]
  /** Where documents go where the command line does not say. @default the command line says */
  readonly store?: StoreConfig
  /**
   * Which records become documents: asked by `parse`, `ingest` and `backfill`. What it drops counts as `filtered`.
   * Synchronous.
   *
   * @default all
   */
  readonly filter?: (record: AwsRecord | RecordOf<F[keyof F]>, object: ObjectIdentity) => boolean
  /** Which alerts `flowferry alerts` evaluates, and what they know. @default flowferry's own */
  readonly alerts?: AlertsConfig
}

/**
 * The config as it is given, with its types checked: `filter` knows the records of AWS's formats and of your own.
 *
 * @example
 * // flowferry.config.ts
 * export default defineConfig({ formats: { nginx }, enrichments: [cidr('networks.csv')] })
 */
export const defineConfig = <const F extends OwnFormats = Record<never, never>>(config: Config<F>): Config<F> => config
