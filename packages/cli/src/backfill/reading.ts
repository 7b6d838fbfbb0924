import type { IngestOptions, LogRecord, Parser } from '@flowferry/core'
import type { Settings } from '../config/settings.ts'
import { type Documents, filterOf, logFormatNames, parserFor } from '../formats.ts'

export type Reading = Required<Pick<IngestOptions<unknown>, 'parser' | 'filter'>>

/**
 * How the objects of a backfill are read: each as what it is, since formats share folders, and of its records those of
 * the wanted formats that are within the span and pass the config's filter. A format without an archive is none of them.
 */
export async function readingOf(
  { formats }: Pick<Parser<unknown>, 'formats'>,
  { from, to }: { readonly from: Date; readonly to: Date },
  documents?: Documents,
  settings?: Settings,
): Promise<Reading> {
  const { withinSpan } = await import('@flowferry/source-s3')
  const parser = await parserFor(logFormatNames(settings), documents, settings)
  const placed = formats.filter(({ archive }) => archive.length > 0)
  const kinds = new Set(placed.map(({ kind }) => kind))
  const own = settings && filterOf(settings)?.filter
  const filter: Reading['filter'] = (record, object) =>
    kinds.has((record as LogRecord).kind) && (!own || own(record, object))
  return { parser, filter: withinSpan({ from, to, parser: { formats: placed }, filter }) }
}
