import { printable, redact } from './text.ts'

/**
 * The stages of the pipeline, in the order in which an object passes them; `handler` stands for the code around the
 * pipeline: options, functions of the user's, queues, time.
 */
export type ErrorStage = 'envelope' | 'object' | 'decompress' | 'records' | 'bulk' | 'handler'

/**
 * Every code of an error: the stage in which it arises, whether another try may help, and the advice to the reader. The
 * page docs/errors.md is made from it.
 */
export const errorCodes = {
  INVALID_OPTION: {
    stage: 'handler',
    retryable: false,
    advice: 'Correct what the message names; it says what is taken.',
  },
  ENVELOPE_UNREADABLE: {
    stage: 'envelope',
    retryable: false,
    advice: 'The message is no S3 event that is known here. Check what else writes to the queue, or pass `envelope`.',
  },
  SOURCE_FAILED: {
    stage: 'object',
    retryable: true,
    advice:
      'The iterable of messages or objects threw; the cause is its error. Messages that it had not given are not done.',
  },
  SOURCE_CREDENTIALS: {
    stage: 'object',
    retryable: true,
    advice:
      "AWS does not take the client's credentials: they are missing, expired or wrong. Renew them, or let the client get them from a role, which renews them by itself.",
  },
  SOURCE_CLOCK: {
    stage: 'object',
    retryable: true,
    advice: "The host's clock differs from AWS's by more than AWS allows. Set it, and keep it set by NTP.",
  },
  SOURCE_REGION: {
    stage: 'object',
    retryable: true,
    advice:
      'The client has no region, or asks in another than the bucket or queue is in. Give it that region, or `followRegionRedirects: true`.',
  },
  SOURCE_KEY: {
    stage: 'object',
    retryable: true,
    advice:
      'The KMS key cannot be used. Enable it or cancel its deletion, and grant kms:Decrypt on it in the policies of the reader and of the key.',
  },
  SOURCE_ACCOUNT: {
    stage: 'object',
    retryable: true,
    advice: 'AWS serves the account no longer, or not yet: see its status and bills, or ask AWS Support.',
  },
  SOURCE_OVERLOADED: {
    stage: 'object',
    retryable: true,
    advice: 'AWS keeps refusing for load. Read less at once, or ask for a higher quota.',
  },
  SOURCE_UNREACHABLE: {
    stage: 'object',
    retryable: true,
    advice: 'No answer from AWS. Check the way to it: DNS, NAT gateway, VPC endpoint, proxy.',
  },
  BUCKET_NOT_ALLOWED: {
    stage: 'envelope',
    retryable: false,
    advice:
      'Nothing was asked of it. Add it to `buckets` if its logs are to be read; else find out who sends such messages.',
  },
  BUCKET_NOT_FOUND: {
    stage: 'object',
    retryable: false,
    advice: 'The bucket is gone, or the client looks into another account, region or endpoint.',
  },
  OBJECT_NOT_FOUND: {
    stage: 'object',
    retryable: false,
    advice: "The object is gone. Check the lifecycle rules of the bucket, or set `missing: 'skip'`.",
  },
  OBJECT_ARCHIVED: {
    stage: 'object',
    retryable: false,
    advice: "Restore the object from its archive tier, then redrive the message, or set `archived: 'skip'`.",
  },
  OBJECT_FORBIDDEN: {
    stage: 'object',
    retryable: false,
    advice: 'Grant s3:GetObject on the key. Where s3:ListBucket is not granted either, the object may be gone.',
  },
  OBJECT_SUPERSEDED: {
    stage: 'object',
    retryable: false,
    advice: 'The object was overwritten while it was read. Its new version has an event of its own.',
  },
  OBJECT_UNREADABLE: {
    stage: 'object',
    retryable: true,
    advice: 'Reading failed; another try may succeed. The cause says more.',
  },
  LISTING_FAILED: {
    stage: 'handler',
    retryable: true,
    advice:
      'Grant s3:ListBucket on the bucket. The cause says more; where it was the network, another try may succeed.',
  },
  OBJECT_STALLED: {
    stage: 'object',
    retryable: true,
    advice: 'S3 was silent. Check the way to it (NAT gateway, VPC endpoint, proxy), and the time-outs of the client.',
  },
  BODY_CHECKSUM: {
    stage: 'object',
    retryable: true,
    advice: 'The bytes differ from the checksum that S3 keeps; another try may succeed.',
  },
  BODY_LENGTH: { stage: 'object', retryable: true, advice: 'The connection ended early; another try may succeed.' },
  COMPRESSION_CORRUPT: {
    stage: 'decompress',
    retryable: true,
    advice:
      'The compressed data is damaged or cut. If another try says the same, repair the object from its origin, then redrive.',
  },
  COMPRESSION_UNSUPPORTED: {
    stage: 'decompress',
    retryable: false,
    advice: 'Run on Node 22.15 or newer, where Zstandard is read; then redrive.',
  },
  LIMIT_EXCEEDED: {
    stage: 'records',
    retryable: false,
    advice: 'The object is larger or deeper than `limits` allow. Raise the named limit if the object is genuine.',
  },
  FORMAT_UNKNOWN: {
    stage: 'records',
    retryable: false,
    advice:
      "No parser claims the object. Add one for its format, keep the key out of the notification, or set `unknown: 'skip'`.",
  },
  FORMAT_AMBIGUOUS: {
    stage: 'records',
    retryable: false,
    advice:
      'Two parsers take the object for theirs. Leave one out, make what the one of your own claims narrower, or name the parser for its keys by `byKey`.',
  },
  FORMAT_MISMATCH: {
    stage: 'records',
    retryable: false,
    advice: 'The object is not of the format that it was read as. Choose another parser, or state the field order.',
  },
  JSON_INVALID: {
    stage: 'records',
    retryable: false,
    advice: 'The object is damaged or cut. Repair it from its origin, then redrive.',
  },
  PARQUET_INVALID: {
    stage: 'records',
    retryable: false,
    advice: 'The Parquet file is damaged or cut. Repair it from its origin, then redrive.',
  },
  PARQUET_UNSUPPORTED: {
    stage: 'records',
    retryable: false,
    advice:
      'The Parquet file has what is not read: the message names it. Let its writer do without (GZIP, SNAPPY or ZSTD, no encryption), or leave its key out of the notification.',
  },
  TOO_MANY_MALFORMED: {
    stage: 'records',
    retryable: false,
    advice:
      'More records than `malformedShare` (a tenth, if you do not say) allows are not of the format: mostly a sign of a wrong parser.',
  },
  STEP_FAILED: {
    stage: 'handler',
    retryable: false,
    advice:
      'A function of yours threw on this record, or gave a value that it may not give. It has to return for every record; the cause says more.',
  },
  SINK_OUTCOME: {
    stage: 'handler',
    retryable: false,
    advice:
      'The sink does not keep its contract: written, duplicate, rejected and unfinished must add up for each slice, with `filtered` where there is one.',
  },
  SINK_FAILED: {
    stage: 'bulk',
    retryable: true,
    advice:
      'The sink threw, or told of a failure with an error that is not ours; the cause says more. A sink reports what may pass as `unfinished`, and throws for a programming error alone.',
  },
  RECORDS_REJECTED: {
    stage: 'bulk',
    retryable: false,
    advice:
      'The store refused documents for good. The first reasons are in the report; most often the mapping is not the one that `setup` installs.',
  },
  DEAD_RECORDS_FAILED: {
    stage: 'bulk',
    retryable: true,
    advice:
      '`deadRecords` did not keep the records; the cause says why. The object counts as failed, so that its message comes again and nothing is lost.',
  },
  TARGET_UNAUTHORIZED: {
    stage: 'bulk',
    retryable: true,
    advice: 'Check the credentials and privileges that the client was built with.',
  },
  TARGET_NOT_FOUND: {
    stage: 'bulk',
    retryable: true,
    advice:
      "Run `setup`, or create the index: the target does not exist, or a plain index stands in a data stream's name (delete it first).",
  },
  TARGET_MISMATCH: {
    stage: 'bulk',
    retryable: true,
    advice:
      'The target is of another kind than the sink writes to. Run `setup` with the same `indexPer` and the same formats (a format and its `full` are two), or choose another `index` or `op`; on OpenSearch Serverless, a search collection.',
  },
  TARGET_BLOCKED: {
    stage: 'bulk',
    retryable: true,
    advice:
      'The cluster blocks writes: mostly a full disk (free space, then lift the block), or all the shards that it may have.',
  },
  TARGET_IN_USE: {
    stage: 'bulk',
    retryable: true,
    advice:
      'Another process, thread or instance has the file open, and a DuckDB file has one writer. Share one sink, pass the instance that is open, close the other program, or give each a file of its own.',
  },
  TARGET_TEMPLATE: {
    stage: 'bulk',
    retryable: true,
    advice:
      'Another index template or ISM policy wins, or no template applies, so field types would be guessed. Lower the priority of the other one below that of ours, or take the streams out of its patterns; then run `setup` again.',
  },
  TARGET_REFUSED: {
    stage: 'bulk',
    retryable: true,
    advice:
      'The store refuses every document for the same reason, so none of them is at fault. Mend the target: open a closed index, create the missing pipeline, roll over a full index.',
  },
  TARGET_OVERLOADED: {
    stage: 'bulk',
    retryable: true,
    advice: 'The cluster keeps refusing for load. Send less at once, or scale it.',
  },
  TARGET_UNREACHABLE: {
    stage: 'bulk',
    retryable: true,
    advice: 'No answer from the store. Check its address, network and health.',
  },
  TARGET_FAILED: {
    stage: 'bulk',
    retryable: true,
    advice: 'The store answered with an error; the cause has its words.',
  },
  DOCUMENT_TOO_LARGE: {
    stage: 'bulk',
    retryable: false,
    advice: "One document alone is above the store's request limit (`http.max_content_length`).",
  },
  DEADLINE: {
    stage: 'handler',
    retryable: true,
    advice: 'Time ran out. Messages that were not begun come again; give the function more time or smaller batches.',
  },
  ABORTED: {
    stage: 'handler',
    retryable: true,
    advice: 'The caller stopped the work. Nothing is lost: the message comes again.',
  },
  QUEUE_FAILED: {
    stage: 'handler',
    retryable: true,
    advice: 'The queue refused a request; the cause says which and why.',
  },
  HANDLER_FAILED: {
    stage: 'handler',
    retryable: true,
    advice: 'The function that handles the messages threw; the cause is its error.',
  },
} as const satisfies Record<string, { stage: ErrorStage; retryable: boolean; advice: string }>

/** Stable code of an error; docs/errors.md has a heading for each. */
export type ErrorCode = keyof typeof errorCodes

/** The place in the data where an error arose. */
export interface ErrorPlace {
  readonly bucket?: string
  readonly key?: string
  readonly versionId?: string
  readonly messageId?: string
  /** Position of the record among the object's records, from 0. */
  readonly ordinal?: number
  /** Byte offset in the decompressed object. */
  readonly offset?: number
}

/** The address of docs/errors.md. Each code is a heading there. */
const errorPages = 'https://github.com/flowferry/flowferry/blob/main/docs/errors.md'

const marker = Symbol.for('flowferry.error')

/**
 * The only class of error. Its message says what happened, where, and what to do; credentials are taken out of it. `code`
 * is stable.
 *
 * @example
 * throw new FlowferryError('FORMAT_MISMATCH', 'The header names no column', { place: { bucket, key }, cause })
 */
export class FlowferryError extends Error {
  override readonly name = 'FlowferryError'
  /** Stable, and a heading of docs/errors.md. */
  readonly code: ErrorCode
  /** Where it arose, as far as that is known. */
  readonly place: ErrorPlace
  /** Whether another try may succeed. */
  readonly retryable: boolean
  /** What to do: the end of the message. */
  readonly advice: string

  constructor(
    code: ErrorCode,
    what: string,
    options: { place?: ErrorPlace; cause?: unknown; retryable?: boolean } = {},
  ) {
    const { retryable, advice } = errorCodes[code]
    const place = options.place ?? {}
    const where = describePlace(place)
    // A client's message may end as a sentence does.
    super(printable(redact(`${what.replace(/\.$/, '')}${where && ` (${where})`}. ${advice} [${code}]`)))
    if (options.cause !== undefined)
      Object.defineProperty(this, 'cause', { value: redactCause(options.cause), enumerable: false })
    Object.defineProperty(this, marker, { value: true, enumerable: false })
    this.code = code
    this.place = place
    this.retryable = options.retryable ?? retryable
    this.advice = advice
  }

  /** The stage of the pipeline in which the error arose. */
  get stage(): ErrorStage {
    return errorCodes[this.code].stage
  }

  /** The address of the code's section on the error page. */
  get docs(): string {
    return `${errorPages}#${this.code.toLowerCase()}`
  }

  /** True for an error of any copy of this package, also where `instanceof` fails. */
  static isInstance(value: unknown): value is FlowferryError {
    return typeof value === 'object' && value !== null && marker in value
  }

  /** For log lines and queue attributes: without the stack, and without the cause, which may hold a request. */
  toJSON(): { code: ErrorCode; message: string; retryable: boolean; place: ErrorPlace; docs: string } {
    return { code: this.code, message: this.message, retryable: this.retryable, place: this.place, docs: this.docs }
  }
}

function describePlace(place: ErrorPlace): string {
  const parts: string[] = []
  if (place.key !== undefined) parts.push(place.bucket ? `s3://${place.bucket}/${place.key}` : place.key)
  else if (place.bucket !== undefined) parts.push(`s3://${place.bucket}`)
  if (place.versionId !== undefined) parts.push(`version ${place.versionId}`)
  if (place.messageId !== undefined) parts.push(`message ${place.messageId}`)
  if (place.ordinal !== undefined) parts.push(`record ${place.ordinal}`)
  if (place.offset !== undefined) parts.push(`byte ${place.offset}`)
  return parts.join(', ')
}

/** The cause's name and message. Clients hang requests, headers and credentials on their errors, so the rest is left out. */
function redactCause(cause: unknown): unknown {
  if (FlowferryError.isInstance(cause)) return cause
  if (!(cause instanceof Error)) return typeof cause === 'string' ? printable(redact(cause)) : undefined
  const plain = new Error(printable(redact(cause.message)))
  plain.name = printable(String(cause.name))
  return plain
}

/**
 * Any thrown value as a FlowferryError of this code, with the value as its cause. A FlowferryError is given back as it is.
 *
 * @param what The beginning of the message; the thrown value's own message follows
 */
export function asFlowferryError(error: unknown, code: ErrorCode, what: string, place?: ErrorPlace): FlowferryError {
  if (FlowferryError.isInstance(error)) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new FlowferryError(code, `${what}: ${detail}`, { cause: error, ...(place && { place }) })
}
