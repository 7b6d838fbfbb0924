import type { Format, LogDocument, MappingType } from '@flowferry/core'
import type { Row } from '../answer.ts'
import { valueOfField, wholeDocument } from '../documents.ts'
import type { DocumentsPlan } from '../plan.ts'

export interface Hit {
  readonly _source?: LogDocument
  readonly sort?: readonly unknown[]
}

/** The part of a request that says which members of which documents come, and in what order. */
export function documentsBody({ fields, order }: DocumentsPlan) {
  return {
    _source: fields?.map(({ path, below }) => below ?? path) ?? true,
    sort: order.map(({ field, isDescending }) => ({
      [field.path]: {
        order: isDescending ? 'desc' : 'asc',
        missing: '_last',
        unmapped_type: unmappedTypes[field.type] ?? 'keyword',
      },
    })),
  }
}

const unmappedTypes: Partial<Record<MappingType, string>> = {
  long: 'long',
  integer: 'long',
  double: 'double',
  boolean: 'boolean',
  date: 'date',
}

export function documentRow({ fields, formats }: DocumentsPlan, { _source: source = {} }: Hit): Row {
  if (fields) return Object.fromEntries(fields.map((field) => [field.name, valueOfField(source, field)]))
  const format = formatOf(formats, source)
  return (format ? wholeDocument(source, format) : source) as Row
}

function formatOf(formats: readonly Format[], source: LogDocument): Format | undefined {
  const { dataset } = (source.data_stream ?? {}) as { readonly dataset?: unknown }
  return formats.find((format) => format.dataset === dataset) ?? (formats.length === 1 ? formats[0] : undefined)
}

/**
 * Where the next page begins. A number that has no value is the largest or smallest of 64 bits, which no number of
 * JavaScript is.
 */
export function searchAfter({ sort = [] }: Hit): unknown[] {
  return sort.map((value) => {
    if (typeof value !== 'number' || Math.abs(value) < 2 ** 63) return value
    return value > 0 ? '9223372036854775807' : '-9223372036854775808'
  })
}
