import type { Schema } from '../schema/schema.ts'
import type { Batch, MappingProperty, NearMiss, ObjectHead, ParseContext, SourceObject } from '../types.ts'

/**
 * A way to write a format's records: `delimited(…)`, `json(…)`. It holds no fields: `bind` makes a reader of a schema, so
 * one table of fields serves all encodings of a format.
 */
export interface Encoding {
  /** Fields of documents that the encoding adds to those of the table, below the format's root. @default none */
  readonly mapping?: (root: string) => Readonly<Record<string, MappingProperty>>
  /** @throws FlowferryError INVALID_OPTION where the schema has what the encoding cannot read */
  readonly bind: (schema: Schema) => BoundEncoding
}

/** An encoding that knows its schema. `claims`, `near` and `parse` are those of `Parser`. */
export interface BoundEncoding {
  /** Whether a file names the fields of its records: in a header line, or in each record. */
  readonly namesFields: boolean
  readonly claims: (head: ObjectHead) => 'content' | 'key' | undefined
  readonly near?: (head: ObjectHead) => NearMiss | undefined
  readonly parse: (object: SourceObject, context: ParseContext) => AsyncIterable<Batch<unknown>>
  /** A reader of objects that do not name their columns. None for an encoding whose records name their fields. */
  readonly withFields?: (names: readonly string[]) => Omit<BoundEncoding, 'withFields'>
}
