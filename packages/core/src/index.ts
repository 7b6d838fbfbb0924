/** The names that users of flowferry meet. Types of fields are in ./schema, test doubles and contracts in ./testing. */

// The pipeline: messages in, report out.

export { type ByteBudget, byteBudget } from './ingest/budget.ts'
export type { Deadline } from './ingest/deadline.ts'
export { ingest } from './ingest/ingest.ts'
export type { IngestOptions } from './ingest/options.ts'
export { addsUp } from './ingest/report.ts'

// Parsers: of several formats, of a declared one, of lines and a function.

export { byKey, detect } from './detect.ts'
export { type DelimitedOptions, delimited } from './encodings/delimited/delimited.ts'
export { type W3cOptions, w3c } from './encodings/delimited/w3c.ts'
export { json } from './encodings/json/json.ts'
export type { JsonOptions } from './encodings/json/options.ts'
export { type Ends, type Has, has, type Refusal, unlessEnds } from './encodings/json/refusals.ts'
export { lines } from './encodings/lines/lines.ts'
export type { RecordFormat } from './encodings/record-format.ts'
export { datasets } from './schema/datasets.ts'
export { type FormatDefinition, type FormatParser, format } from './schema/format.ts'

// Records within CloudWatch Logs' envelopes.

export { cloudWatchLogs } from './envelopes/cloudwatch-logs.ts'
export { type LogsEvent, logsEvent } from './envelopes/logs-event.ts'

// Enrichments that need nothing but the record.

export { communityId, communityIdWith } from './schema/community-id.ts'
export { ingested } from './schema/ingested.ts'
export { relatedEntity } from './schema/related-entity.ts'

// For a parser that is written by hand.

export { type JsonBlock, readJson } from './encodings/json/read.ts'
export { readBytes } from './read/bytes.ts'
export { parseContext } from './read/limits.ts'
export { type LineBlock, readLines } from './read/lines.ts'

// Records that could not be read, and documents that were refused.

export { deadIndex, deadRecordFormat } from './dead-records/index-sink.ts'
export { type RejectedRecord, rejectedDocuments } from './dead-records/rejected.ts'
export type { DeadRecord, DeadRecords } from './dead-records/stream.ts'

// Observers: the outcome of an object, for logs and metrics.

export { type CloudWatchOptions, cloudWatch } from './observe/cloud-watch.ts'
export { type ObjectEvent, objectEvent } from './observe/event.ts'
export type { Observer } from './observe/metrics.ts'
export { type OpenTelemetryMeter, openTelemetry } from './observe/open-telemetry.ts'
export { type Prometheus, prometheus } from './observe/prometheus.ts'

// Errors.

export {
  asFlowferryError,
  type ErrorCode,
  type ErrorPlace,
  type ErrorStage,
  errorCodes,
  FlowferryError,
} from './errors.ts'
export { printable, redact } from './text.ts'

// The contract of parsers, sinks and sources.

export type {
  Archive,
  FieldAlias,
  FieldDoc,
  Format,
  LogDocument,
  LogRecord,
  Malformed,
  MappingProperty,
  MappingType,
} from './types/format.ts'
export type { Batch, Limits, NearMiss, ObjectHead, ParseContext, Parser, RecordOf } from './types/parser.ts'
export type { Counts, MessageReport, ObjectReport, ObjectStatus, Report } from './types/report.ts'
export type { ObjectIdentity, Outcome, Rejection, Sink, Slice, SliceOutcome } from './types/sink.ts'
export type { ByteRange, OpenObject, Position, Source, SourceMessage, SourceObject } from './types/source.ts'
