import { requireOption } from '../check-options.ts'
import { FlowferryError } from '../errors.ts'
import type {
  Archive,
  Batch,
  FieldDoc,
  Format,
  LogDocument,
  MappingProperty,
  ObjectHead,
  ParseContext,
} from '../types.ts'
import { RecordsOnDemand } from './records-on-demand.ts'

/** The parts of a format of your own, for `lines()` and `jsonArray()`. */
export interface RecordFormat<K extends string, R> {
  /** The records' literal `kind`: it tells them apart from those of other formats. */
  readonly kind: K
  /** Documents go to the data stream `logs-<dataset>-<namespace>`. 1 to 100 characters of a-z, 0-9, `_` and `.`. */
  readonly dataset: string
  /** The ECS document of a record. One without `@timestamp` takes its object's time, and counts as `untimed`. */
  readonly document: (record: R & { readonly kind: K }) => LogDocument
  /** Dotted field name to mapping, for `setup`. @default none: the engine guesses types from the first document */
  readonly mapping?: Readonly<Record<string, MappingProperty>>
  /** Rows of documentation, one a field. @default none */
  readonly fields?: readonly FieldDoc[]
  /** Its name in words: `nginx access log`. @default `kind` */
  readonly title?: string
  /** Where its files lie on S3, for `archiveObjects`. @default nowhere */
  readonly archive?: readonly Archive[]
  /**
   * The view of a DuckDB file that shows its documents under names without dots: `requests`. a-z, 0-9 and `_`, no digit
   * first. Formats with the same view stand in it together.
   *
   * @default that of its table alone: `nginx_access_view` for the dataset `nginx.access`
   */
  readonly view?: string
  /**
   * A record's time in milliseconds since 1970, the same as in its document's `@timestamp`; undefined where it has none.
   *
   * @default it is taken from the document, made for this purpose alone
   */
  readonly time?: (record: R & { readonly kind: K }) => number | undefined
  /**
   * A record's own unique id; one of more than 512 bytes is hashed.
   *
   * @default the id is made of the object and the record's ordinal
   */
  readonly recordId?: (record: R & { readonly kind: K }) => string | undefined
  /**
   * Whether an object is of this format, for `detect`: `content` when its bytes say so, `key` when only its key does.
   *
   * @default never: the parser has to be named
   */
  readonly claims?: (head: ObjectHead) => 'content' | 'key' | undefined
}

/**
 * The format of a parser that is made of functions.
 *
 * @throws FlowferryError INVALID_OPTION for a `kind`, `dataset`, `view` or `archive` of another form
 */
export function formatOf<R>(
  options: Pick<RecordFormat<string, never>, 'kind' | 'dataset' | 'mapping' | 'fields' | 'title' | 'view' | 'archive'>,
  time: (record: R) => number | undefined,
): Format {
  const { kind, dataset, title = kind, view, archive = [] } = options
  requireOption(typeof kind === 'string' && kind !== '', 'kind', kind, 'the name that tells the records apart')
  if (typeof dataset !== 'string' || !/^[a-z0-9_.]{1,100}$/.test(dataset))
    throw new FlowferryError(
      'INVALID_OPTION',
      `dataset "${dataset}" is no part of a data stream's name: a-z, 0-9, _ and . only`,
    )
  if (view !== undefined && !(typeof view === 'string' && /^[a-z_][a-z0-9_]{0,99}$/.test(view)))
    throw new FlowferryError(
      'INVALID_OPTION',
      `view "${view}" of ${kind} needs quotes in SQL: a-z, 0-9 and _ only, no digit first`,
    )
  requireOption(
    Array.isArray(archive) && archive.every(isFolder),
    'archive',
    archive,
    'a list of { service }, a folder',
  )
  return {
    kind,
    title,
    dataset,
    ...(view !== undefined && { view }),
    archive,
    time: time as NonNullable<Format['time']>,
    // Read when somebody asks: a table computes them then.
    get mapping() {
      return options.mapping ?? {}
    },
    get fields() {
      return options.fields ?? []
    },
  }
}

function isFolder({ service }: Archive): boolean {
  return typeof service === 'string' && /^[^/]+$/.test(service)
}

/** A record's time in milliseconds since 1970, read from its document: ISO 8601 text, a Date, or milliseconds. */
export function timeOf<R>({
  time,
  document,
}: Pick<RecordFormat<string, R>, 'time' | 'document'>): NonNullable<RecordFormat<string, R>['time']> {
  return (
    time ??
    ((record) => {
      const at = document(record)['@timestamp']
      return at === undefined || at === null ? undefined : millisecondsOf(at as string | number | Date)
    })
  )
}

function millisecondsOf(date: string | number | Date): number | undefined {
  const time = new Date(date).getTime()
  return Number.isNaN(time) ? undefined : time
}

/** @throws FlowferryError INVALID_OPTION where `record` or `document` is no function */
export function requireFunctions(of: string, options: { readonly record: unknown; readonly document: unknown }): void {
  for (const name of ['record', 'document'] as const)
    if (typeof options[name] !== 'function')
      throw new FlowferryError('INVALID_OPTION', `${of} takes a function \`${name}\`; it has ${typeof options[name]}`)
}

/**
 * The object that a user's `record` gave, with its kind. Undefined where it gave nothing.
 *
 * @throws TypeError for a value that takes no kind. Its message does not hold the value, which may be a secret.
 */
export function recordOf<K extends string, R extends object>(
  kind: K,
  given: R | undefined,
): (R & { readonly kind: K }) | undefined {
  if (!given) return undefined
  if (!Object.isExtensible(given))
    throw new TypeError(
      `\`record\` gave ${typeof given === 'object' ? 'a frozen object' : `a ${typeof given}`}; it gives an object that takes a kind, or nothing`,
    )
  const record = given as R & { kind: K }
  record.kind = kind
  return record
}

/** What a batch needs of a format. A document that is made for a batch knows its record's index in it. */
type BatchFormat<K extends string, R> = Pick<RecordFormat<K, R>, 'recordId'> & {
  readonly document: (record: R & { readonly kind: K }, index: number) => LogDocument
}

/** A batch of records and their documents. A record that is undefined is read when it is asked for, by `recordAt`. */
export function batchOf<K extends string, R>(
  { document, recordId }: BatchFormat<K, R>,
  format: Format,
  { originals }: ParseContext,
  found: Pick<
    Batch<R & { readonly kind: K }>,
    'ordinals' | 'offsetOf' | 'malformed' | 'malformedText' | 'bytes' | 'view' | 'encoder' | 'unknownFields'
  > & {
    readonly records: readonly ((R & { readonly kind: K }) | undefined)[]
    readonly recordAt: (index: number) => R & { readonly kind: K }
    readonly original: (index: number) => string
  },
): Batch<R & { readonly kind: K }> {
  const { records, recordAt, original, ...rest } = found
  return Object.assign(new RecordsOnDemand(() => records.map((record, index) => record ?? recordAt(index))), {
    ...rest,
    format,
    length: records.length,
    document: (index: number) => document(recordAt(index), index),
    ...(recordId && { recordId: (index: number) => recordId(recordAt(index)) }),
    ...(originals && { original }),
  })
}
