import { readFileSync } from 'node:fs'
import type { Format, MappingType } from '@flowferry/core'

/**
 * The names of fields that Elastic's dashboards and saved searches of AWS's logs and its detection rules use, by dataset,
 * and the files that they stand in, each with its commit. The dashboard of ALB's connection log filters by the dataset of
 * the access log; its names are those of `aws.elb_connection_logs` here.
 */
const elastic = JSON.parse(readFileSync(new URL('elastic-names.json', import.meta.url), 'utf8')) as {
  readonly from: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly names: Readonly<Record<string, readonly string[]>>
}

export function elasticNames({ dataset }: Format): readonly string[] {
  return elastic.names[dataset] ?? []
}

/** Type of a field as an index finds it; undefined where no document has it. Below a `flattened` field any may be. */
export function typeOf({ mapping, aliases = {} }: Format, field: string): MappingType | undefined {
  const known = ofEveryFormat[field] ?? aliases[field]?.type ?? mapping[field]?.type
  if (known) return known
  const isAbove = (one: string) => mapping[one]!.type === 'flattened' && field.startsWith(`${one}.`)
  return Object.keys(mapping).some(isAbove) ? 'flattened' : undefined
}

export const isWritten = (format: Format, field: string): boolean => typeOf(format, field) !== undefined

/** What `ingest` adds, whatever the format. */
const ofEveryFormat: Readonly<Record<string, MappingType>> = {
  '@timestamp': 'date',
  'data_stream.type': 'keyword',
  'data_stream.dataset': 'keyword',
  'data_stream.namespace': 'keyword',
}
