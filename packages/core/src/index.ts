export { type ByteBudget, byteBudget } from './budget.ts'
export type { IndexPer } from './bulk/dates.ts'
export { type BulkOptions, requireClient } from './bulk/options.ts'
export { type BulkAnswer, streamedAnswer, thrownAnswer } from './bulk/response.ts'
export { createdIndex, existingStream } from './bulk/target.ts'
export {
  type Engine,
  type EngineRequest,
  indexTemplate,
  type SetupChange,
  type SetupOptions,
  setupTemplates,
} from './bulk/template.ts'
export { type BulkSend, bulkSink, type TargetCheck } from './bulk/write.ts'
export { deadIndex, deadRecordFormat } from './dead-index.ts'
export type { DeadRecord, DeadRecords } from './dead-records.ts'
export type { Deadline } from './deadline.ts'
export { readBytes } from './decompress.ts'
export { byKey, detect } from './detect.ts'
export { asFlowferryError, type ErrorCode, type ErrorPlace, errorCodes, FlowferryError, redact } from './errors.ts'
export { type IngestOptions, ingest } from './ingest.ts'
export { parseContext } from './limits.ts'
export { type CloudWatchOptions, cloudWatch } from './observe/cloud-watch.ts'
export { type ObjectEvent, objectEvent } from './observe/event.ts'
export type { Observer } from './observe/metrics.ts'
export { type OpenTelemetryMeter, openTelemetry } from './observe/open-telemetry.ts'
export { type JsonBlock, jsonArray, readJson } from './records/json-array.ts'
export { type LineBlock, lines, type RecordFormat, readLines } from './records/lines.ts'
export { type RejectedRecord, rejectedDocuments } from './rejected.ts'
export { addsUp } from './report.ts'
export { type Derive, family, lookup, type Table, type TableDefinition, table } from './table/define.ts'
export type { EcsField, OwnField, Target } from './table/ecs.ts'
export { code, double, encoded, encodedTwice, epochSeconds, type Field, ip, keyword, long } from './table/fields.ts'
export type { Facet } from './table/layout.ts'
export type * from './types.ts'
