import type { Column, Row, Value } from '@flowferry/answers'

/** The fields of a flow record that show a cause. */
export const evidenceColumns: Readonly<Record<string, Column>> = {
  'event.start': { heading: 'start', unit: 'time' },
  'aws.vpcflow.interface_id': { heading: 'interface' },
  'network.direction': { heading: 'direction' },
  'source.ip': { heading: 'source' },
  'source.port': { heading: 'port', unit: 'code' },
  'destination.ip': { heading: 'destination' },
  'destination.port': { heading: 'port', unit: 'code' },
  'aws.vpcflow.tcp_flags_array': { heading: 'flags' },
  'network.packets': { heading: 'packets' },
  'network.bytes': { heading: 'bytes', unit: 'bytes' },
  'event.action': { heading: 'action' },
  'aws.vpcflow.reject_reason': { heading: 'reason' },
}

/** Nested documents as rows by the names of fields. */
export const evidenceRows = (documents: readonly unknown[]): Row[] =>
  documents.map((document) =>
    Object.fromEntries(Object.keys(evidenceColumns).map((name) => [name, valueAt(document, name.split('.'))])),
  )

function valueAt(document: unknown, names: readonly string[]): Value {
  const [first, ...rest] = names
  if (first === undefined) return (document ?? null) as Value
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, first)) return null
  return valueAt((document as Readonly<Record<string, unknown>>)[first], rest)
}
