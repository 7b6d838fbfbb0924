/**
 * For authors of encodings, engines and of sinks that write bytes: no promise of stability goes with it. What a parser, a sink or a
 * source of one's own needs is in the package itself.
 */

export { hasMethods, requireOneOf, requireOption, requirePositive } from './check-options.ts'
export { createQueue } from './create-queue.ts'
export { isTabular, type RowReader, type Rows, rowReader } from './encodings/delimited/rows.ts'
export type { BoundEncoding, Encoding } from './encodings/encoding.ts'
export { overrun, put, type Text, textOf } from './encodings/engine/text.ts'
export { ageOf, bytes, count, dayOf, figureOf, hostPort, plural, table } from './figures.ts'
export { longestTimer } from './ingest/deadline.ts'
export { longestId } from './ingest/slice.ts'
export { unlessAborted } from './read/abort.ts'
export { LF } from './read/ascii.ts'
export { placeOf } from './read/object.ts'
export { usualMargins } from './schema/archive.ts'
export { columnDocuments } from './schema/column-documents.ts'
export { ecsLists } from './schema/ecs.ts'
export type { ValueKind } from './schema/fields.ts'
export { isObject, setOwn } from './schema/free-form.ts'
export { ingestedNow } from './schema/ingested.ts'
export { freeName, takenNames } from './schema/names.ts'
export { isIt } from './schema/nearest.ts'
export { privateBlocks } from './schema/network.ts'
export type { Schema, UnknownField } from './schema/schema.ts'
export { quoteName, quoteText, tableName } from './schema/sql-names.ts'
export { nextTurn } from './turn.ts'
export type { Added, Completion, DocumentEncoder, DocumentRun } from './types/encoder.ts'
