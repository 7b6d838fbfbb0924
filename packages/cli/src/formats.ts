import {
  byKey,
  cloudWatchLogs,
  datasets,
  detect,
  type FormatParser,
  type ObjectIdentity,
  type Parser,
  rejectedDocuments,
} from '@flowferry/core'
import { type FormatName as AwsFormatName, formats } from '@flowferry/core/formats'
import { isIt, isTabular, namesInFormat } from '@flowferry/core/internal'
import { keepingBeginnings } from './beginning.ts'
import { noSettings, type Settings } from './config/settings.ts'
import { UsageError } from './io.ts'

export type { AwsFormatName }

/** What an archive of AWS's holds. Their parsers load only when a command reads. */
export const awsFormatNames = Object.keys(formats) as AwsFormatName[]

/** Documents that a store refused. */
const rejected = 'rejected'

/** What an archive holds: the config's own formats, asked first, and AWS's that none of them replaces. */
export function logFormatNames({ formats: own }: Settings = noSettings): readonly string[] {
  return [...Object.keys(own), ...awsFormatNames.filter((name) => !Object.hasOwn(own, name))]
}

/** What `--format` takes: these, and documents that a store refused. */
export function formatNames(settings: Settings = noSettings): readonly string[] {
  return [...logFormatNames(settings), rejected]
}

/** Throws for a name that is none of these. */
export function requireNames(given: string | readonly string[] | undefined, names: readonly string[]): void {
  for (const name of [given ?? []].flat())
    if (!names.includes(name))
      throw new UsageError(`--format takes ${names.join(', ')}, not "${name}"${isIt(name, names)}`)
}

/** Whether a document holds a value once, or under each of its names. */
export type Documents = 'small' | 'full'

/**
 * The parser of one format, or one that finds out for each file which of them it is, with the enrichments of the config.
 * Files in Parquet are read by the same formats, and so are CloudWatch Logs' envelopes.
 *
 * @param names None: all
 */
export async function parserFor(
  names?: readonly string[],
  documents: Documents = 'small',
  settings: Settings = noSettings,
): Promise<Parser<unknown>> {
  const all = names ?? formatNames(settings)
  if (settings.fields?.format === rejected) throw new UsageError('--fields: rejected documents have none')
  const parsers = await Promise.all(
    all.map(async (name) => {
      if (name !== rejected) return loaded(name, documents, settings)
      const logs = await Promise.all(logFormatNames(settings).map((log) => loaded(log, documents, settings)))
      requireAgreement(logs, settings)
      return rejectedDocuments(logs.flatMap((parser) => parser.formats))
    }),
  )
  requireAgreement(parsers, settings)
  const columns = parsers.filter(isDeclared).filter(({ schema }) => isTabular(schema))
  const withEnvelopes = (parser: Parser<unknown>) => keepingBeginnings(cloudWatchLogs(parser))
  if (columns.length === 0) return withEnvelopes(parsers.length === 1 ? parsers[0]! : detect(parsers))
  const { parquet } = await import('@flowferry/parquet')
  const files = parquet(columns)
  if (parsers.length > 1) return withEnvelopes(detect([...parsers, files]))
  // Of one format a file is read whatever it looks like, so that its key alone tells the two apart.
  return withEnvelopes(
    byKey([
      [/\.parquet$/i, files],
      [/(?:)/, parsers[0]!],
    ]),
  )
}

/** The parser of each log's format, with its name: what `parserFor` chooses among, beside the files that hold several. */
export async function parsersByName(
  documents: Documents = 'small',
  settings: Settings = noSettings,
): Promise<readonly { readonly name: string; readonly parser: Parser<unknown> }[]> {
  return Promise.all(
    logFormatNames(settings).map(async (name) => ({ name, parser: await loaded(name, documents, settings) })),
  )
}

/** The name of each `kind` of record that formats have: a name is what `--format` takes, and all that a user is shown. */
export async function namesByKind(
  names: readonly string[] | undefined,
  settings: Settings = noSettings,
): Promise<ReadonlyMap<string, string>> {
  const all = names && !names.includes(rejected) ? names : logFormatNames(settings)
  const parsers = await Promise.all(all.map(async (name) => ({ name, parser: await loaded(name, 'small', settings) })))
  return new Map(
    parsers.flatMap(({ name, parser }) => parser.formats.map(({ kind }) => [kind, name] as const)).reverse(),
  )
}

/** Each compiled once for a config: formats that are the same are to be the same object. */
const compiled = new WeakMap<Settings, Map<string, Promise<Parser<unknown>>>>()

function loaded(name: string, documents: Documents, settings: Settings): Promise<Parser<unknown>> {
  const known = compiled.get(settings) ?? new Map<string, Promise<Parser<unknown>>>()
  compiled.set(settings, known)
  const key = `${documents} ${name}`
  const parser = known.get(key) ?? compile(name, documents, settings)
  known.set(key, parser)
  return parser
}

async function compile(name: string, documents: Documents, settings: Settings): Promise<Parser<unknown>> {
  const { formats: own, fields } = settings
  const plain = Object.hasOwn(own, name) ? own[name]! : await formats[name as AwsFormatName]()
  if (!isDeclared(plain)) {
    if (fields?.format === name)
      throw new UsageError(`--fields: ${name} is not declared by format(), so that it has none`)
    return plain
  }
  const parser = enriched(plain, name, settings)
  const chosen = documents === 'full' ? parser.full : parser
  return fields?.format === name ? stating(fields.names, chosen) : chosen
}

function enriched(parser: FormatParser<unknown>, name: string, { enrichments, file }: Settings): FormatParser<unknown> {
  try {
    return enrichments.length > 0 ? parser.with(...enrichments) : parser
  } catch (error) {
    throw new UsageError(`${file}: for the format ${name}: ${(error as Error).message}`, { cause: error })
  }
}

/** A format string as AWS has it, or names between blanks or commas. One that AWS adds later is nobody's typing error. */
function stating(given: string, parser: FormatParser<unknown>): Parser<unknown> {
  const inString = namesInFormat(given)
  const names = inString.length > 0 ? inString : given.split(/[\s,]+/).filter((name) => name !== '')
  const known = parser.format.fields.map(({ name }) => name)
  for (const name of names) {
    const meant = known.includes(name) ? '' : isIt(name, known)
    if (meant !== '')
      throw new UsageError(`--fields has "${name}", which is no field of ${parser.format.title}${meant}`)
  }
  if (names.length === 0) throw new UsageError('--fields takes names, in the order of the file')
  return parser.withFields(names)
}

/** Whether `format()` made it: enrichments can be bound to it. */
const isDeclared = (parser: Parser<unknown>): parser is FormatParser<unknown> =>
  'with' in parser && typeof parser.with === 'function'

/** Those of the config's own formats that no enrichment can be bound to. */
export function unenriched({ formats: own, enrichments }: Settings): string[] {
  const names = Object.keys(own).filter((name) => !isDeclared(own[name]!))
  return enrichments.length > 0 ? names : []
}

/** Formats of one dataset have one template, and one table. */
function requireAgreement(parsers: readonly Parser<unknown>[], { file }: Settings): void {
  try {
    datasets(parsers.flatMap((parser) => parser.formats))
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** The config's filter, for a run of records. Documents that a store refused have passed it. */
export function filterOf({
  filter,
}: Settings): Pick<{ filter: NonNullable<Settings['filter']> }, 'filter'> | undefined {
  return filter && { filter: (record: unknown, object: ObjectIdentity) => isRejected(record) || filter(record, object) }
}

const isRejected = (record: unknown): boolean => {
  const { fate, dataStream } = record as { readonly fate?: unknown; readonly dataStream?: unknown }
  return fate === rejected && typeof dataStream === 'string'
}
