import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where a fault loses, doubles or hides records, as far as each mutant has its test. To come: core's `slice.ts`,
 * `insertion.ts` and `added.ts`; source-s3's `queue/queue.ts` and `worker`. A folder stands for its files, not for those of
 * its folders.
 */
const mutated = [
  'packages/core/src/dead-records',
  'packages/core/src/ingest/batch.ts',
  'packages/core/src/ingest/budget.ts',
  'packages/core/src/ingest/counts.ts',
  'packages/core/src/ingest/deadline.ts',
  'packages/core/src/ingest/event-time.ts',
  'packages/core/src/ingest/ingest.ts',
  'packages/core/src/ingest/options.ts',
  'packages/core/src/ingest/position.ts',
  'packages/core/src/ingest/progress.ts',
  'packages/core/src/ingest/report.ts',
  'packages/core/src/ingest/status.ts',
  'packages/core/src/ingest/writer.ts',
  'packages/search/src/items.ts',
  'packages/search/src/response.ts',
  'packages/search/src/target.ts',
  'packages/search/src/write.ts',
  'packages/source-s3/src/dead-messages',
  'packages/source-s3/src/dead-records',
  'packages/source-s3/src/lambda/batch-response.ts',
  'packages/source-s3/src/lambda/continuation.ts',
  'packages/source-s3/src/lambda/settle.ts',
  'packages/source-s3/src/queue/options.ts',
  'packages/source-s3/src/queue/time.ts',
  'packages/source-s3/src/read/body.ts',
  'packages/source-s3/src/read/object.ts',
]

/** Unit tests that meet these files. Those of formats and encodings do not judge delivery, and take the most time. */
const judges = [
  'packages/core/src/ingest',
  'packages/core/src/dead-records',
  'packages/core/src/observe',
  'packages/core/src/turn.test.ts',
  'packages/search/src',
  'packages/source-s3/src/dead-messages',
  'packages/source-s3/src/dead-records',
  'packages/source-s3/src/lambda',
  'packages/source-s3/src/queue',
  'packages/source-s3/src/read',
  'packages/source-s3/src/worker',
  'packages/sink-elasticsearch/src',
  'packages/sink-opensearch/src',
  'test/client-errors.test.ts',
  'test/sinks.test.ts',
]

const filesOf = (path) =>
  path.endsWith('.ts')
    ? [path]
    : readdirSync(path)
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
        .map((name) => join(path, name))

export const mutatedFiles = () => mutated.flatMap(filesOf).filter((file) => !file.endsWith('.test.ts'))
export const testFiles = () => judges.flatMap(filesOf).filter((file) => file.endsWith('.test.ts'))
