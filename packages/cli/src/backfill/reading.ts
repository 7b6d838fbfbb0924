import type { IngestOptions, LogRecord, Parser } from '@flowferry/core'
import { awsFormatNames, type Documents, parserFor } from '../formats.ts'

/**
 * How the objects of a backfill are read: each as what it is, since formats share folders, and of its records those of
 * the wanted formats that are within the span.
 */
export async function readingOf(
  { formats }: Pick<Parser<unknown>, 'formats'>,
  { from, to }: { readonly from: Date; readonly to: Date },
  documents?: Documents,
): Promise<Required<Pick<IngestOptions<unknown>, 'parser' | 'filter'>>> {
  const { withinSpan } = await import('@flowferry/source-s3')
  const parser = await parserFor(awsFormatNames, documents)
  const kinds = new Set(formats.map(({ kind }) => kind))
  const filter = (record: unknown) => kinds.has((record as LogRecord).kind)
  return { parser, filter: withinSpan({ from, to, parser, filter }) }
}
