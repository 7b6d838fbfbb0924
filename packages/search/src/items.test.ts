import { memorySlice } from '@flowferry/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BulkItemResponse, itemResult } from './items.ts'
import { bulkSink } from './write.ts'

const error = (type: string, reason = 'r') => ({ error: { type, reason } })
/** As Elasticsearch 9.5.3 and OpenSearch 3.8.0 answer (test/servers/stored.test.ts), or their documentation says. */
const rows: [op: string, item: BulkItemResponse, is: string, code?: string][] = [
  ['create', { status: 201, result: 'created' }, 'written'],
  ['create', { status: 201 }, 'written'],
  ['index', { status: 201, result: 'created' }, 'written'],
  ['index', { status: 200, result: 'updated' }, 'written'],
  ['create', { status: 201, result: 'created', failure_store: 'not_applicable_or_unknown' }, 'written'],
  ['create', { status: 201, result: 'created', failure_store: 'used' }, 'rejected'],
  ['create', { status: 201, result: 'created', failure_store: 'something new' }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 400, failure_store: 'not_enabled', ...error('document_parsing_exception') }, 'rejected'],
  ['create', { status: 400, failure_store: 'failed', ...error('mapper_parsing_exception') }, 'unclear'],
  ['create', { status: 200, result: 'noop' }, 'filtered'],
  ['index', { status: 200, result: 'noop' }, 'filtered'],
  ['create', { status: 500, result: 'noop' }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 200, result: 'noop', ...error('x') }, 'retry', 'TARGET_FAILED'],
  // Without its result, a drop and an update are the same.
  ['create', { status: 200 }, 'retry', 'TARGET_FAILED'],
  ['index', { status: 200 }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 200, result: 'updated' }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 201, result: 'created', ...error('x') }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 202, result: 'accepted' }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 409, ...error('version_conflict_engine_exception') }, 'duplicate'],
  ['create', { status: 409, ...error('another_conflict') }, 'retry', 'TARGET_FAILED'],
  ['index', { status: 409, ...error('version_conflict_engine_exception') }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 400, ...error('document_parsing_exception') }, 'rejected'],
  ['create', { status: 400, ...error('mapper_parsing_exception') }, 'rejected'],
  ['create', { status: 400, ...error('strict_dynamic_mapping_exception') }, 'rejected'],
  ['create', { status: 400, ...error('illegal_argument_exception', 'Limit of total fields [1] has been') }, 'rejected'],
  ['create', { status: 413, ...error('document_parsing_exception') }, 'rejected'],
  ['create', { status: 500, ...error('mapper_parsing_exception') }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 500, ...error('fail_processor_exception') }, 'rejected'],
  ['create', { status: 400, ...error('illegal_argument_exception', 'of a new kind') }, 'unclear'],
  ['create', { status: 418 }, 'unclear'],
  ['create', { status: 429, ...error('es_rejected_execution_exception') }, 'retry', 'TARGET_OVERLOADED'],
  ['create', { status: 429, ...error('circuit_breaking_exception') }, 'retry', 'TARGET_OVERLOADED'],
  ['create', { status: 503, ...error('unavailable_shards_exception') }, 'retry', 'TARGET_OVERLOADED'],
  ['create', { status: 503, ...error('cluster_block_exception') }, 'retry', 'TARGET_OVERLOADED'],
  ['create', { status: 500, ...error('x') }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 429, ...error('cluster_block_exception') }, 'stop', 'TARGET_BLOCKED'],
  ['create', { status: 403, ...error('cluster_block_exception') }, 'stop', 'TARGET_BLOCKED'],
  ['create', { status: 403, ...error('index_create_block_exception') }, 'stop', 'TARGET_BLOCKED'],
  ['create', { status: 401 }, 'stop', 'TARGET_UNAUTHORIZED'],
  ['create', { status: 403, ...error('security_exception') }, 'stop', 'TARGET_UNAUTHORIZED'],
  ['create', { status: 404, ...error('index_not_found_exception') }, 'stop', 'TARGET_NOT_FOUND'],
  ['create', { status: 400, ...error('index_closed_exception', 'closed') }, 'stop', 'TARGET_REFUSED'],
  ['create', { status: 400, ...error('invalid_index_name_exception') }, 'stop', 'TARGET_MISMATCH'],
  ['create', { status: 400, ...error('routing_missing_exception') }, 'stop', 'TARGET_MISMATCH'],
  [
    'create',
    { status: 400, ...error('document_parsing_exception', '[1:412] Cannot write to a field alias [source.bytes].') },
    'stop',
    'TARGET_MISMATCH',
  ],
  [
    'create',
    {
      status: 400,
      error: {
        type: 'mapper_parsing_exception',
        reason: 'failed to parse',
        caused_by: { reason: 'Cannot write to a field alias [source.bytes].' },
      },
    },
    'stop',
    'TARGET_MISMATCH',
  ],
  // A document may hold these words.
  [
    'create',
    { status: 400, ...error('document_parsing_exception', "failed to parse: 'Cannot write to a field alias [x]'") },
    'rejected',
  ],
  ['create', {}, 'retry', 'TARGET_FAILED'],
  ['create', { status: 408 }, 'retry', 'TARGET_FAILED'],
  ['create', { status: '201' }, 'retry', 'TARGET_FAILED'],
  ['create', { status: '404' }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 0, ...error('x') }, 'retry', 'TARGET_FAILED'],
  ['create', { status: 302 }, 'retry', 'TARGET_FAILED'],
]

describe('itemResult', () => {
  test.each<[BulkItemResponse, string, string]>([
    [{ status: 200, result: 'noop' }, 'dropped_by_pipeline', 'an ingest pipeline of the cluster dropped the document'],
    [{ status: 404, error: { type: 't', reason: 'r' } }, 't', 'r'],
    [{ status: 404, error: 'no handler' }, 'status 404', 'no handler'],
    [{ status: 500 }, 'status 500', ''],
    [{ status: '404', error: { reason: 'r' } }, 'status 0', 'r'],
  ])('%j is told with type %s and reason "%s"', (item, type, reason) => {
    expect(itemResult('create', item)).toMatchObject({ type, reason })
  })

  test.each(rows)('%s with %j is %s %s', (op, item, is, code) => {
    const result = itemResult(op, item)
    expect(result.is).toBe(is)
    expect('code' in result ? result.code : undefined).toBe(code)
    if ('reason' in result) expect(result.type).not.toBe('')
  })

  test.each([
    ['only write ops with an op_type of create are allowed in data streams', 'TARGET_MISMATCH'],
    ['Document ID is not supported in create/index operation request', 'TARGET_MISMATCH'],
    ['Validation Failed: 1: this action would add [2] shards, but …', 'TARGET_BLOCKED'],
    ['pipeline with id [mine] does not exist', 'TARGET_REFUSED'],
    ['Number of documents in shard [[a][0]] exceeds the limit of [2147483519] documents per shard', 'TARGET_REFUSED'],
    ['number of documents in the index cannot exceed 2147483519 (current document count is …)', 'TARGET_REFUSED'],
    ['no write index is defined for alias [a]. The write index may be …', 'TARGET_REFUSED'],
  ])('the reason %s is the target’s, in a body of one item, too; quoted by a document it is not', (reason, code) => {
    expect(itemResult('create', { status: 400, ...error('illegal_argument_exception', reason) })).toMatchObject({
      is: 'stop',
      code,
    })
    const quoted = itemResult('create', { status: 400, ...error('document_parsing_exception', `at '${reason}'`) })
    expect(quoted.is).toBe('rejected')
  })

  test.each([
    ["failed to parse field [a] of type [long]. Preview of field's value: 'hunter2'", 'hunter2'],
    ["the prefix of the first immense term is: '[104, 117, 110]...', original message", '104'],
    ['shard is not active, request: [BulkShardRequest [[a][0]] containing [index {[a][1], source[{"p":1}]}]]', '"p"'],
  ])('takes what the engine quotes of a document out of %s', (reason, quoted) => {
    const result = itemResult('create', { status: 503, ...error('x', reason) })
    expect((result as { reason: string }).reason).not.toContain(quoted)
  })
})

/** A fault of one item: what the store does with the document, and what it answers. */
interface Fault {
  readonly stores: boolean
  readonly item: BulkItemResponse
  /** True for what a later request may mend. */
  readonly passes?: boolean
}
const refusal = (status: number, type: string, reason = 'r'): Fault => ({
  stores: false,
  item: { status, ...error(type, reason) },
  passes: status === 429 || status >= 500,
})
const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fault>({ stores: true, item: { status: 201, result: 'created' } }) },
  fc.constantFrom<Fault>(
    { stores: false, item: { status: 200, result: 'noop' } },
    { stores: false, item: { status: 201, result: 'created', failure_store: 'used' } },
    { stores: false, item: { status: 200 } },
    { stores: false, item: {} },
    refusal(503, 'unavailable_shards_exception'),
    refusal(429, 'es_rejected_execution_exception'),
    refusal(400, 'document_parsing_exception'),
    refusal(400, 'index_closed_exception'),
    refusal(429, 'cluster_block_exception'),
    refusal(404, 'index_not_found_exception'),
    refusal(400, 'illegal_argument_exception', 'pipeline with id [x] does not exist'),
    refusal(500, 'fail_processor_exception'),
  ),
  // Whatever else: a refusal of any status, type and reason, or a success that tells nothing of storage.
  fc
    .record({
      status: fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constant(undefined)),
      result: fc.constantFrom(undefined, 'noop', 'updated', 'deleted', 'not_found', 'x'),
      failure_store: fc.constantFrom(undefined, 'used', 'failed', 'not_enabled', 'y'),
      type: fc.constantFrom('a_exception', 'b_exception', 'mapper_exception'),
    })
    .filter(({ status, result, failure_store }) => !(status === 201 && result === undefined && !failure_store))
    .map(({ status, type, ...flags }) => ({
      stores: false,
      item: { status, ...flags, ...(status !== undefined && status >= 300 && error(type)) },
    })),
)

test('whatever a store answers, no document is told as written or duplicate that is not in it, and all are told of', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyFault, { minLength: 1, maxLength: 12 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom<'created' | 'whole'>('created', 'whole'),
      async (requests, records, answers) => {
        const stored = new Set<string>()
        let tries = 0
        const sink = bulkSink(
          async (body) => {
            const faults = requests[tries++] ?? []
            const ids = [...body.toString().matchAll(/^\{"create":\{"_index":"[^"]*","_id":"([^"]*)"/gm)].map(
              ([, id]) => id!,
            )
            const items = ids.map((id, n): BulkItemResponse => {
              const fault = faults[n % Math.max(1, faults.length)] ?? { stores: true, item: { status: 201 } }
              if (stored.has(id)) return { status: 409, ...error('version_conflict_engine_exception') }
              if (fault.stores) stored.add(id)
              return fault.item
            })
            // `errors` says nothing of drops and of the failure store.
            const errors = items.some((item) => item.error !== undefined)
            if (answers === 'created' && items.every(({ result }) => result === 'created' && !errors))
              return items.some(({ failure_store }) => failure_store)
                ? { status: 200, body: { errors, items: items.map((create) => ({ create })) } }
                : { status: 200, body: undefined, created: items.length }
            return { status: 200, body: { errors, items: items.map((create) => ({ create })) } }
          },
          { retryMilliseconds: 0, maxRetryMilliseconds: 0, maxRetries: 4 },
        )
        const slice = memorySlice({ records })
        const outcome = await sink.write([slice])
        const { written, duplicate, rejected, filtered = [], unfinished } = outcome.slices[0]!
        expect(written + duplicate).toBe(stored.size)
        expect(written + duplicate + rejected.length + filtered.length + unfinished).toBe(records)
        for (const { index, reason, type } of [...rejected, ...filtered]) {
          expect(stored.has(slice.id(index))).toBe(false)
          expect(type + reason).not.toBe('')
        }
        if (unfinished > 0) expect(outcome.error).toBeDefined()
        // A target's fault costs no document its place: nothing of the body is rejected for it.
        if (outcome.stop) expect(unfinished).toBeGreaterThan(0)
      },
    ),
    { numRuns: 500 },
  )
})
