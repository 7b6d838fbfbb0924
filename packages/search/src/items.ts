import { type ErrorCode, redact } from '@flowferry/core'

/** The result of one item of a bulk response. */
export type ItemResult =
  | { readonly is: 'written' | 'duplicate' }
  | { readonly is: 'rejected' | 'filtered'; readonly type: string; readonly reason: string }
  | Refusal
  | UnclearRefusal

/** A document that is not stored for the engine's reasons: the same document may be stored later. */
export interface Refusal {
  readonly is: 'retry' | 'stop'
  readonly code: ErrorCode
  readonly type: string
  readonly reason: string
}

/** A refusal for a reason that is not in the table: the document's or the target's, as the other items of the body say. */
export interface UnclearRefusal {
  readonly is: 'unclear'
  readonly type: string
  readonly reason: string
}

/** An item as both engines write it. A proxy or another engine may leave out any of it. */
export interface BulkItemResponse {
  readonly status?: unknown
  /** `created`, `updated`, or `noop` where a pipeline dropped the document. */
  readonly result?: unknown
  /** Elasticsearch: `used`, `failed`, `not_enabled`, `not_applicable_or_unknown`. */
  readonly failure_store?: unknown
  readonly error?:
    | { readonly type?: unknown; readonly reason?: unknown; readonly caused_by?: { readonly reason?: unknown } }
    | string
}

/** An item, with its error's type and reasons as text: empty where it has none. */
interface Facts {
  readonly op: string
  readonly status: number
  readonly result: unknown
  readonly failureStore: unknown
  readonly hasError: boolean
  readonly type: string
  readonly reason: string
  /** The reason of the error that caused it. OpenSearch says there what Elasticsearch says in `reason`. */
  readonly cause: string
}

interface Row {
  readonly what: string
  readonly when: (item: Facts) => boolean
  readonly is: ItemResult['is']
  /** Of `retry` and `stop`. */
  readonly code?: ErrorCode
  /** Type and reason where the item has no error of its own. */
  readonly told?: readonly [type: string, reason: string]
}

const isStatus =
  (least: number, most = least) =>
  ({ status }: Facts) =>
    status >= least && status <= most
const isSuccess = isStatus(200, 299)
const isType =
  (...types: string[]) =>
  ({ type }: Facts) =>
    types.includes(type)
/** A pattern covers the whole reason or its beginning, since a reason may quote a document. */
const isReason =
  (pattern: RegExp) =>
  ({ reason }: Facts) =>
    pattern.test(reason)
/** Labels of an item that met no failure store. */
const noFailureStore = new Set<unknown>([undefined, 'not_applicable_or_unknown'])

/**
 * The one table of what an item of a bulk response counts as, on both engines; the first row that fits decides. An item
 * is `written` where the engine says that the document is in its index, and nowhere else: an unknown answer is no proof.
 *
 * - `rejected`: the document's fault. `filtered`: the cluster's owner dropped it, as a filter of the pipeline would.
 * - `retry`: passes by itself. `stop`: every other document meets the same, so the target is at fault.
 * - `unclear`: a refusal that no row knows. Where all items of a body, at least two, are refused with the same type and
 *   reason, the target is at fault; otherwise, and in a body of one item, the document is: one document proves nothing
 *   about others.
 */
const itemTable: readonly Row[] = [
  // --- told as accepted
  {
    // https://www.elastic.co/docs/manage-data/data-store/data-streams/failure-store
    what: 'Elasticsearch put the document into the failure store of its data stream',
    when: (item) => isSuccess(item) && item.failureStore === 'used',
    is: 'rejected',
    told: ['failure_store_used', 'the document is in the failure store of its data stream, and not in the stream'],
  },
  {
    // https://www.elastic.co/docs/reference/enrich-processor/drop-processor
    what: 'a `drop` processor of an ingest pipeline',
    when: (item) => isSuccess(item) && !item.hasError && item.result === 'noop',
    is: 'filtered',
    told: ['dropped_by_pipeline', 'an ingest pipeline of the cluster dropped the document'],
  },
  {
    what: 'in the index: created, or overwritten by `op: index`',
    when: ({ op, status, result, failureStore, hasError }) =>
      !hasError &&
      noFailureStore.has(failureStore) &&
      ((status === 201 && (result === 'created' || result === undefined)) ||
        (status === 200 && (result === 'created' || (result === 'updated' && op === 'index')))),
    is: 'written',
  },
  {
    what: 'an answer of success that does not say where the document is',
    when: isSuccess,
    is: 'retry',
    code: 'TARGET_FAILED',
    told: ['unknown_result', 'the answer does not say that the document is stored'],
  },
  {
    what: 'the id is there already',
    when: ({ op, status, type }) =>
      op === 'create' && status === 409 && (type === 'version_conflict_engine_exception' || type === ''),
    is: 'duplicate',
  },
  // --- the target's, whatever the document
  {
    what: 'a cluster without a master: the block passes',
    when: (item) => item.status === 503 && isType('cluster_block_exception')(item),
    is: 'retry',
    code: 'TARGET_OVERLOADED',
  },
  {
    what: 'a block: 429 for a full disk (flood stage), 403 for one that an owner set',
    when: isType('cluster_block_exception', 'index_create_block_exception'),
    is: 'stop',
    code: 'TARGET_BLOCKED',
  },
  {
    what: 'a new index where the cluster has `cluster.max_shards_per_node` of them',
    when: isReason(/^Validation Failed: 1: this action would add \[/),
    is: 'stop',
    code: 'TARGET_BLOCKED',
  },
  {
    what: 'a closed index',
    when: isType('index_closed_exception'),
    is: 'stop',
    code: 'TARGET_REFUSED',
  },
  {
    what: 'a pipeline that the request or the index names is missing',
    when: isReason(/^pipeline with id \[[^\]]*\] does not exist$/),
    is: 'stop',
    code: 'TARGET_REFUSED',
  },
  {
    what: "a full shard: Lucene's limit of 2^31 documents",
    when: isReason(
      /^(Number of documents in shard \[.{1,300}\] exceeds the limit of \[\d+\]|number of documents in the index cannot exceed \d+)/,
    ),
    is: 'stop',
    code: 'TARGET_REFUSED',
  },
  {
    what: 'an alias without a write index',
    when: isReason(/^no write index is defined for alias \[/),
    is: 'stop',
    code: 'TARGET_REFUSED',
  },
  {
    what: "a target of another kind: a data stream for `op: index`, a name that no index may have, an index that needs a document's routing",
    when: (item) =>
      isReason(/^only write ops with an op_type of create are allowed in data streams$/)(item) ||
      isType('invalid_index_name_exception', 'routing_missing_exception')(item),
    is: 'stop',
    code: 'TARGET_MISMATCH',
  },
  {
    what: 'a document with each value under every name (`full`), in an index that has aliases for them',
    when: ({ reason, cause }) => /^(\[[\d:]+\] )?Cannot write to a field alias \[/.test(cause || reason),
    is: 'stop',
    code: 'TARGET_MISMATCH',
  },
  {
    // https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-overview.html#serverless-usecase
    what: 'OpenSearch Serverless: a time series or vector search collection',
    when: isReason(/^Document ID is not supported in create\/index operation request$/),
    is: 'stop',
    code: 'TARGET_MISMATCH',
  },
  // --- the document's
  {
    what: 'the failure store failed, too: the error may be its own, which is the same for all documents',
    when: (item) => isStatus(400, 499)(item) && item.failureStore === 'failed',
    is: 'unclear',
  },
  {
    what: 'a `fail` processor: OpenSearch answers 500, Elasticsearch may',
    when: isType('fail_processor_exception'),
    is: 'rejected',
  },
  {
    what: 'a document that its mapping does not take, or of which a pipeline made none',
    when: (item) =>
      (item.status === 400 || item.status === 413) &&
      (isType(
        'document_parsing_exception',
        'mapper_parsing_exception',
        'mapper_exception',
        'strict_dynamic_mapping_exception',
        'ingest_processor_exception',
        'script_exception',
        'parse_exception',
        'parsing_exception',
        'x_content_parse_exception',
        'x_content_e_o_f_exception',
        'not_x_content_exception',
      )(item) ||
        isReason(/^(Limit of |mapper \[|can't merge a |object mapping \[|Document contains at least one immense term)/)(
          item,
        )),
    is: 'rejected',
  },
  // --- load and failures
  { what: 'load', when: ({ status }) => status === 429 || status === 503, is: 'retry', code: 'TARGET_OVERLOADED' },
  {
    what: 'a failure of the engine, or a conflict of its own where `op: index` meets no other document',
    when: ({ status }) => status >= 500 || status === 408 || status === 409,
    is: 'retry',
    code: 'TARGET_FAILED',
  },
  // --- rights, names
  { what: 'a missing right', when: isStatus(401), is: 'stop', code: 'TARGET_UNAUTHORIZED' },
  { what: 'a missing right', when: isStatus(403), is: 'stop', code: 'TARGET_UNAUTHORIZED' },
  { what: 'a missing index or data stream', when: isStatus(404), is: 'stop', code: 'TARGET_NOT_FOUND' },
  { what: 'a refusal that no row above knows', when: isStatus(400, 499), is: 'unclear' },
  {
    what: 'no status, or one that no engine gives',
    when: () => true,
    is: 'retry',
    code: 'TARGET_FAILED',
    told: ['unknown_result', 'the answer does not say that the document is stored'],
  },
]

/** The result of one item; `op` is the name under which the response has it. */
export function itemResult(op: string, item: BulkItemResponse): ItemResult {
  const facts = factsOf(op, item)
  const row = itemTable.find(({ when }) => when(facts))!
  if (row.is === 'written' || row.is === 'duplicate') return { is: row.is }
  const [type, reason] = facts.hasError ? [facts.type, facts.reason] : (row.told ?? ['', ''])
  return {
    is: row.is,
    code: row.code,
    type: type || `status ${facts.status}`,
    reason: withoutContent(reason),
  } as ItemResult
}

/**
 * The code of an error that answers a whole request and not an item, as the same table has it. Undefined where the
 * request may be sent again.
 */
export function requestRefusal(status: number, error: BulkItemResponse['error']): ErrorCode | undefined {
  const result = itemResult('create', { status, error: error ?? {} })
  return result.is === 'stop' ? result.code : undefined
}

function factsOf(op: string, { status, result, failure_store: failureStore, error }: BulkItemResponse): Facts {
  const told = typeof error === 'string' ? undefined : error
  return {
    op,
    status: typeof status === 'number' ? status : 0,
    result,
    failureStore,
    hasError: error !== undefined && error !== null,
    type: textOf(told?.type),
    reason: typeof error === 'string' ? error : textOf(told?.reason),
    cause: textOf(told?.caused_by?.reason),
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The engines quote the value that they refuse, the bytes of a term, or the whole document. Logs must not hold them. */
function withoutContent(reason: string): string {
  return redact(reason)
    .replace(/(Preview of field's value: )'.*'/s, "$1'***'")
    .replace(/(prefix of the first immense term is: )'\[[^\]]*\][^']*'/, "$1'***'")
    .replace(/(, request: )\[.*/s, '$1***')
    .replace(/(\bsource\[).*/s, '$1***')
}
