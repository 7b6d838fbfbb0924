import { asFlowferryError } from '../../errors.ts'
import { readLines } from '../../read/lines.ts'
import { placeOf } from '../../read/object.ts'
import type { Batch, Malformed, ParseContext, Parser, SourceObject } from '../../types.ts'
import { batchOf, formatOf, type RecordFormat, recordOf, requireFunctions, timeOf } from '../record-format.ts'

/**
 * A parser of one record a line.
 *
 * @throws FlowferryError INVALID_OPTION where `record` or `document` is no function, or `dataset` is no part of a name
 *
 * @example
 * const nginx = lines({
 *   kind: 'nginx', dataset: 'nginx.access',
 *   record: (line) => pattern.exec(line)?.groups,
 *   document: (record) => ({ '@timestamp': …, source: { ip: record.ip } }),
 * })
 */
export function lines<const K extends string, R extends object>(
  options: RecordFormat<K, R> & {
    /** Turns a line into an object. Undefined says that the line is not of the format: it counts as malformed. */
    readonly record: (line: string) => R | undefined
    /** Leaves out comments and headers: they are not counted, and take no ordinal. @default no line is left out */
    readonly skip?: (line: string) => boolean
  },
): Parser<R & { readonly kind: K }> {
  type Kinded = R & { readonly kind: K }
  requireFunctions('lines()', options)
  const { kind, record, skip } = options
  const format = formatOf(options, timeOf(options))

  async function* parse(object: SourceObject, context: ParseContext): AsyncGenerator<Batch<Kinded>> {
    let ordinal = 0
    for await (const { lines: found, offsetOf, bytes } of readLines(object, context)) {
      const records: Kinded[] = []
      const ordinals: number[] = []
      const originals: string[] = []
      const places: number[] = []
      const malformed: Malformed[] = []
      const malformedLines: number[] = []
      for (let i = 0; i < found.length; i++) {
        const line = found[i]!
        let parsed: Kinded | undefined
        try {
          if (skip?.(line)) continue
          parsed = recordOf(kind, record(line))
        } catch (error) {
          const place = { ...placeOf(object), ordinal, offset: offsetOf(i) }
          throw asFlowferryError(error, 'STEP_FAILED', 'A line could not be read', place)
        }
        if (!parsed) {
          malformed.push({
            ordinal: ordinal++,
            offset: offsetOf(i),
            reason: `the line is not of the format ${format.title}`,
          })
          malformedLines.push(i)
          continue
        }
        records.push(parsed)
        ordinals.push(ordinal++)
        places.push(i)
        if (context.originals) originals.push(line)
      }
      const recordAt = (index: number) => records[index]!
      const original = (index: number) => originals[index]!
      const malformedText = (index: number) => found[malformedLines[index]!]!
      const offsetAt = (index: number) => offsetOf(places[index]!)
      const read = { records, recordAt, ordinals, offsetOf: offsetAt, malformed, malformedText, bytes, original }
      yield batchOf(options, format, context, read)
    }
  }
  return { formats: [format], claims: options.claims ?? (() => undefined), parse }
}
