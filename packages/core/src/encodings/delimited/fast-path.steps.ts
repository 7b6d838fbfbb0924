import { createHash } from 'node:crypto'
import type { LogDocument, LogRecord } from '../../types.ts'

export interface Bulk {
  readonly limit: number
  readonly originals?: boolean
  readonly steps: {
    readonly filter?: (record: LogRecord) => boolean
    readonly enrich?: (record: LogRecord) => LogDocument | undefined
  }
}

/** A hash of everything that can be seen of a record, as a step sees it that treats it as a plain object. */
function seenOf(record: object, column: string): string {
  const { kind: _, ...rest } = record as { kind?: string }
  const seen = [
    ...[Object.keys(record), Object.values(record), Object.entries(record), rest, { ...record }, record],
    ...[column in record, 'kind' in record, 'c9' in record, 'toString' in record, Object.hasOwn(record, column)],
    ...[Object.getOwnPropertyNames(record), Object.getOwnPropertyDescriptors(record), `${record}`],
  ]
  return createHash('sha256').update(JSON.stringify(seen)).digest('base64')
}

/** Fields of their own, and fields that join an object of the document or of one of its objects. */
const joining: ((value: string) => LogDocument)[] = [
  () => ({ 'labels.x': 1 }),
  (value) => ({ 'user.name': value, 'user.ü': { length: value.length } }),
  (value) => ({ 'source.as.organization.name': value, 'event.ü"': [value], tags: ['é'] }),
  () => ({ 'cloud.account.name': 'prod', 'aws.t.new.x': null, 'aws.vpcflow.new': 1, 'network.new.a': true }),
  (value) => ({ source: { geo: { name: value, location: { lat: 1, lon: 2 } } }, event: { reason: 'x' } }),
  () => ({ 'event.date': new Date(0), 'event.none': {}, 'event.undefined': undefined, 'data_stream.new': [] }),
]
/** What is in the way of a field of the document, or of another one. */
const contrary: typeof joining = [
  (value) => ({ 'event.kind': value, 'event.new': 1 }),
  () => ({ 'source.ip': '::1', 'data_stream.namespace': 'x', 'url.new': 'x' }),
  () => ({ 'event.original': 'mine', 'data_stream.new': 1 }),
  () => ({ 'event.new': undefined, 'event.f': () => 1 }),
  () => ({ event: { 'new.x': 1, y: undefined }, 'event.7': 1, '3': 1 }),
  () => ({ 'event.a': 1, 'event.a.b': 2, 'event.__proto__.x': 1 }),
  () => ({ 'event.type.x': 1, '@timestamp.x': 1 }),
  () => ({ source: 'x' }),
]

/** Steps that keep most records, and add what is seldom the same, joins a member, or is nothing. */
export function stepsOf(name: string, column: string): Bulk['steps'] {
  const text = (record: LogRecord) => String((record as unknown as Record<string, unknown>)[column])
  if (name === 'members')
    return {
      filter: (record) => !/^[ab]/.test(seenOf(record, column)),
      enrich: (record) => ({ 'user.seen': seenOf(record, column) }),
    }
  return {
    filter: (record) => text(record).length % 13 > 0,
    ...(name === 'enrich' && {
      enrich: (record) => {
        const value = text(record)
        if (value.length % 4 === 0) return undefined
        const additions = value.length % 7 === 0 ? contrary : joining
        return additions[(value.length + value.charCodeAt(0)) % additions.length]!(value)
      },
    }),
  }
}
