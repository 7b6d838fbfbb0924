import type { IngestOptions, LogRecord, ObjectIdentity, Parser } from '@flowferry/core'
import type { Settings } from '../config/settings.ts'
import { type Documents, filterOf, logFormatNames, parserFor } from '../formats.ts'

export type Reading = Required<Pick<IngestOptions<unknown>, 'parser' | 'filter'>>

interface ReadingOptions {
  readonly documents?: Documents | undefined
  /** A config, whose formats, enrichments and filter hold. @default none */
  readonly settings?: Settings
  /** Of records of the wanted formats within the span. @default all are kept */
  readonly filter?: ((record: LogRecord, object: ObjectIdentity) => boolean) | undefined
}

/**
 * How the objects of an archive are read: each as what it is, since formats share folders, and of its records those of
 * the wanted formats that are within the span and pass the filters. A format without an archive is none of them.
 */
export async function readingOf(
  { formats }: Pick<Parser<unknown>, 'formats'>,
  { from, to }: { readonly from: Date; readonly to: Date },
  { documents, settings, filter }: ReadingOptions = {},
): Promise<Reading> {
  const { withinSpan } = await import('@flowferry/source-s3')
  const parser = await parserFor(logFormatNames(settings), documents, settings)
  const placed = formats.filter(({ archive }) => archive.length > 0)
  const kinds = new Set(placed.map(({ kind }) => kind))
  const own = settings && filterOf(settings)?.filter
  const all: Reading['filter'] = (record, object) =>
    kinds.has((record as LogRecord).kind) &&
    (!own || own(record, object)) &&
    (!filter || filter(record as LogRecord, object))
  return { parser, filter: withinSpan({ from, to, parser: { formats: placed }, filter: all }) }
}
