/** A parsed line or element. `kind` tells the members of a union apart. */
export interface LogRecord {
  readonly kind: string
}

/** An ECS document, nested as it is indexed. Its dates are text as `toISOString()` writes it: `2026-11-22T09:15:32.000Z`. */
export interface LogDocument {
  [field: string]: unknown
}

/** A mapping property of the search engines; `flattened` becomes `flat_object` on OpenSearch. */
export interface MappingProperty {
  readonly type: MappingType
  readonly ignore_above?: number
  readonly index?: boolean
  readonly doc_values?: boolean
  readonly fields?: Readonly<Record<string, { readonly type: MappingType; readonly norms?: boolean }>>
  /**
   * Where every document that has the field holds several values. `values`: a list of them. `objects`: one in each object
   * of a list, as `aws.cloudtrail.resources.arn`. A format that marks one field marks all; no index template shows it.
   *
   * @default single values; where no field of the format is marked, nothing is known
   */
  readonly list?: 'values' | 'objects'
  /** The value that every document has. @default they differ, or some have none */
  readonly constant?: string
  /** Long text, which rules search by a part of it: `fullText` of `setup` gives it a subfield `.text` of its words. */
  readonly fullText?: boolean
}
/** `geo_point` is `latitude,longitude` as text. */
export type MappingType =
  | 'keyword'
  | 'text'
  | 'ip'
  | 'long'
  | 'integer'
  | 'double'
  | 'boolean'
  | 'date'
  | 'geo_point'
  | 'flattened'

/** What another name of a field finds. */
export interface FieldAlias {
  /** The field whose value it is. */
  readonly path: string
  /** The name's own type: that of the field, or `keyword` for an address. */
  readonly type: MappingType
}

/** One line of a format's documentation. */
export interface FieldDoc {
  /** AWS's name. */
  readonly name: string
  /** AWS's type and unit, in words: `long, bytes`. */
  readonly type: string
  /** Dotted names of the document's fields that it fills. */
  readonly targets: readonly string[]
  readonly description: string
}

/**
 * A folder of an archive on S3 that holds a format's files, and how the time in their keys stands to that of their
 * records. Above it stand `AWSLogs/<account>/`, an organization's id and any folders of the user's, plain or hive.
 */
export interface Archive {
  /** Name of the folder: `vpcflowlogs`; with `stamped` a name alone, which reports say. */
  readonly service: string
  /**
   * The folders between it and those of year, month and day: a region's, or any name. `any` are folders that the user
   * chose, with or without dates among them.
   *
   * @default ['region']
   */
  readonly folders?: readonly ('region' | 'name')[] | 'any'
  /** Pattern of its files' names, where the files of other formats stand in the same folder. @default all names */
  readonly files?: RegExp
  /**
   * Pattern of ids by which files are known in every folder of a bucket: `E2EXAMPLE` where their names are
   * `<id>.2026-11-22-10.<more>`, with the hour of their records.
   *
   * @default they stand below `service` alone
   */
  readonly ids?: RegExp
  /**
   * Pattern of ids by which files are known in every folder of a bucket, of `0123456789ABCDEF` where their names are
   * `<anything>2026-11-22-10-15-30-<id>`, with the second of their delivery, UTC. No folder is named `service` then: dated
   * ones are `<account>/<folders>/2026/11/22/`, in which 00-00-00 may stand for a time of the day.
   *
   * @default they stand below `service` alone
   */
  readonly stamped?: RegExp
  /** Milliseconds by which a record may be older than the time in its key: it came late. @default 1 hour */
  readonly late?: number
  /** Milliseconds by which a record may be younger than the time in its key. @default 15 minutes */
  readonly early?: number
}

/**
 * A format as it is known without a record: enough to install templates, create columns, print a table, and to find
 * the files of a time span.
 */
export interface Format {
  /** The `kind` of its records: `vpcflow`. */
  readonly kind: string
  /** Its name in words, as AWS has it: `VPC Flow Logs`. */
  readonly title: string
  /** The data stream's dataset: `aws.vpcflow` is written to `logs-aws.vpcflow-default`. */
  readonly dataset: string
  /**
   * Dotted document field to mapping: what `setup` installs, and what DuckDB has columns for. Of a field that is not in
   * it the engines guess the type; DuckDB keeps it in `unmapped`.
   */
  readonly mapping: Readonly<Record<string, MappingProperty>>
  /**
   * Dotted name to the field of `mapping` that it is another name of. Documents hold the value under that field alone, and
   * an index finds it by its other names too: by a field alias, or, where an address is to stay a keyword, by `copy_to`.
   *
   * @default none
   */
  readonly aliases?: Readonly<Record<string, FieldAlias>>
  /**
   * The view of a DuckDB file that shows its documents under names without dots: `flows` has `source_ip`. Formats with the
   * same view stand in it together.
   *
   * @default that of its table alone: `nginx_access_view` for the dataset `nginx.access`
   */
  readonly view?: string
  /** One row a field of AWS's, in AWS's order. */
  readonly fields: readonly FieldDoc[]
  /** Where its files lie on S3; none: nobody finds them by a time span. */
  readonly archive: readonly Archive[]
  /**
   * A record's own time in milliseconds since 1970, as its document has it in `@timestamp`; undefined where the document
   * takes its object's. None: it is not known without the document.
   */
  readonly time?: (record: unknown) => number | undefined
}

/** A line or element that is not a record of the format. It is counted and keeps its ordinal. */
export interface Malformed {
  /** Position among the object's records, malformed ones counted, from 0. */
  readonly ordinal: number
  /** Offset of its first byte in the decompressed object. */
  readonly offset: number
  /** The fault, with the field's name where there is one. Never the whole line: it may hold secrets. */
  readonly reason: string
}
