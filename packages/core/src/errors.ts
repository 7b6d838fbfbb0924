/**
 * Every error that flowferry raises or reports: what it means, what to do, and whether another try may help.
 * The one place where a code is defined; the error page in docs comes from it.
 */
export const errorCodes = {
  INVALID_OPTION: { retryable: false, advice: 'Correct the option; its type states its unit and range.' },
  ENVELOPE_UNREADABLE: {
    retryable: false,
    advice: 'The message is no S3 event that is known here. Check what else writes to the queue, or pass `envelope`.',
  },
  SOURCE_FAILED: {
    retryable: true,
    advice: 'What lists the messages or objects threw; the cause is its error. What it had not given yet is not done.',
  },
  BUCKET_NOT_FOUND: {
    retryable: false,
    advice: 'The bucket is gone, or the client looks into another account, region or endpoint.',
  },
  OBJECT_NOT_FOUND: {
    retryable: false,
    advice: 'The object is gone. Check the lifecycle rules of the bucket, or let the source skip what is `missing`.',
  },
  OBJECT_ARCHIVED: {
    retryable: false,
    advice:
      'Restore the object from its archive tier, then redrive the message, or let the source skip what is `archived`.',
  },
  OBJECT_FORBIDDEN: {
    retryable: false,
    advice: 'Grant s3:GetObject on the key, and kms:Decrypt on its key where the bucket is encrypted with SSE-KMS.',
  },
  OBJECT_SUPERSEDED: {
    retryable: false,
    advice: 'The object was overwritten while it was read. Its new version has an event of its own.',
  },
  OBJECT_UNREADABLE: { retryable: true, advice: 'Reading failed; another try may succeed. The cause says more.' },
  LISTING_FAILED: {
    retryable: true,
    advice:
      'Grant s3:ListBucket on the bucket. The cause says more; where it was the network, another try may succeed.',
  },
  OBJECT_STALLED: {
    retryable: true,
    advice: 'S3 was silent. Check the way to it (NAT gateway, VPC endpoint, proxy), and the time-outs of the client.',
  },
  BODY_CHECKSUM: {
    retryable: true,
    advice: 'The bytes are not those that S3 has a checksum of; another try may succeed.',
  },
  BODY_LENGTH: { retryable: true, advice: 'The connection ended early; another try may succeed.' },
  GZIP_CORRUPT: {
    retryable: true,
    advice:
      'The gzip data is damaged or cut. If another try says the same, repair the object from its origin, then redrive.',
  },
  LIMIT_EXCEEDED: {
    retryable: false,
    advice: 'The object is larger or deeper than `limits` allow. Raise the named limit if the object is genuine.',
  },
  FORMAT_UNKNOWN: {
    retryable: false,
    advice: 'No parser claims the object. Add one for its format, or keep the key out of the notification.',
  },
  FORMAT_MISMATCH: {
    retryable: false,
    advice: 'The object is not of the format that it was read as. Choose another parser, or state the field order.',
  },
  JSON_INVALID: {
    retryable: false,
    advice: 'The object is damaged or cut. Repair it from its origin, then redrive.',
  },
  TOO_MANY_MALFORMED: {
    retryable: false,
    advice: 'More lines than `malformedShare` allows are not of the format: mostly a sign of a wrong parser.',
  },
  STEP_FAILED: {
    retryable: false,
    advice:
      'A function of yours threw on this record, or gave what it may not. It must return for every record; the cause says more.',
  },
  SINK_OUTCOME: {
    retryable: false,
    advice:
      'The sink does not keep its contract: written, duplicate, rejected and unfinished must add up for each slice.',
  },
  RECORDS_REJECTED: {
    retryable: false,
    advice:
      'The store refused documents for good. The first reasons are in the report; most often the mapping is not the one that `setup` installs.',
  },
  DEAD_RECORDS_FAILED: {
    retryable: true,
    advice:
      'The place for dead records did not take them; the cause says why. The object counts as failed, so that its message comes again and nothing is lost.',
  },
  TARGET_UNAUTHORIZED: {
    retryable: true,
    advice: 'Check the credentials and privileges that the client was built with.',
  },
  TARGET_NOT_FOUND: {
    retryable: true,
    advice:
      "Run `setup`, or create the index: the target does not exist, or a plain index stands in a data stream's name (delete it first).",
  },
  TARGET_MISMATCH: {
    retryable: true,
    advice:
      'The target is of another kind than the sink writes to. Run `setup` with the same `indexPer`, or choose another `index` or `op`; on OpenSearch Serverless, a search collection.',
  },
  TARGET_BLOCKED: {
    retryable: true,
    advice:
      'The cluster blocks writes: mostly a full disk (free space, then lift the block), or all the shards that it may have.',
  },
  TARGET_OVERLOADED: {
    retryable: true,
    advice: 'The cluster keeps refusing for load. Send less at once, or scale it.',
  },
  TARGET_UNREACHABLE: { retryable: true, advice: 'No answer from the store. Check its address, network and health.' },
  TARGET_FAILED: { retryable: true, advice: 'The store answered with an error; the cause has its words.' },
  DOCUMENT_TOO_LARGE: {
    retryable: false,
    advice: "One document alone is above the store's request limit (`http.max_content_length`).",
  },
  DEADLINE: {
    retryable: true,
    advice: 'Time ran out. What was not begun is tried again; give the function more time or smaller batches.',
  },
  ABORTED: { retryable: true, advice: 'The caller stopped the work. Nothing is lost: the message comes again.' },
  QUEUE_FAILED: { retryable: true, advice: 'The queue refused a request; the cause says which and why.' },
  HANDLER_FAILED: { retryable: true, advice: 'The function that handles the messages threw; the cause is its error.' },
} as const satisfies Record<string, { retryable: boolean; advice: string }>

export type ErrorCode = keyof typeof errorCodes

/** Where in the data an error arose. */
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

/** Where docs/errors.md can be read; each code is a heading there. */
const errorPages = 'https://github.com/flowferry/flowferry/blob/main/docs/errors.md'

const marker = Symbol.for('flowferry.error')

/** The one class of error. Its message says what, where and what to do; `code` is stable. */
export class FlowferryError extends Error {
  override readonly name = 'FlowferryError'
  readonly code: ErrorCode
  readonly place: ErrorPlace
  readonly retryable: boolean
  readonly advice: string

  constructor(
    code: ErrorCode,
    what: string,
    options: { place?: ErrorPlace; cause?: unknown; retryable?: boolean } = {},
  ) {
    const { retryable, advice } = errorCodes[code]
    const place = options.place ?? {}
    const where = describePlace(place)
    // A message of another's may be a sentence.
    super(redact(`${what.replace(/\.$/, '')}${where && ` (${where})`}. ${advice} [${code}]`))
    if (options.cause !== undefined)
      Object.defineProperty(this, 'cause', { value: redactCause(options.cause), enumerable: false })
    Object.defineProperty(this, marker, { value: true, enumerable: false })
    this.code = code
    this.place = place
    this.retryable = options.retryable ?? retryable
    this.advice = advice
  }

  /** The address of the code's section on the error page. */
  get docs(): string {
    return `${errorPages}#${this.code.toLowerCase()}`
  }

  /** True for an error of any copy of this package, also where `instanceof` fails. */
  static isInstance(value: unknown): value is FlowferryError {
    return typeof value === 'object' && value !== null && marker in value
  }

  /** What a log line or a queue attribute shows: no stack, no cause's internals. */
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

/** The cause's name, message and status, without what clients hang on their errors: requests, headers, credentials. */
function redactCause(cause: unknown): unknown {
  if (FlowferryError.isInstance(cause)) return cause
  if (!(cause instanceof Error)) return typeof cause === 'string' ? redact(cause) : undefined
  const plain = new Error(redact(cause.message))
  plain.name = cause.name
  return plain
}

/** Names of secrets, as headers, queries, JSON and environments have them. */
const secretNames =
  'passw(?:or)?d|pwd|passphrase|token|api[_-]?key|(?:secret|private)(?:[_-]?access)?(?:[_-]?key)?|(?:X-Amz-)?Signature|X-Amz-(?:Security-Token|Credential)'

const secrets: readonly [RegExp, string][] = [
  // A password may have an `@`, and a slash where nobody encoded it; `//host:9200/a@b` has none.
  [/(\/\/)[^\s/@:[\]]+:(?!\d+\b)(?:(?!:\/\/)[^\s"'<>]){0,500}@/g, '$1***@'],
  [/(\/\/)[^\s/]+@/g, '$1***@'],
  [/\b((?:Basic|Bearer|ApiKey)\s+)[\w+/=.:-]+/gi, '$1***'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, '***'],
  [
    // In quotes, the whole of them.
    new RegExp(`((?:${secretNames})\\\\*["']?\\s*[=:]\\s*\\\\*["']?)((?<=")[^"]+|(?<=')[^']+|[^\\s"'&,}]+)`, 'gi'),
    '$1***',
  ],
]

/** Removes credentials that a client's message or an address may carry. */
export function redact(text: string): string {
  return secrets.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)
}

/** Any thrown value as an error of ours; one that already is passes unchanged. */
export function asFlowferryError(error: unknown, code: ErrorCode, what: string, place?: ErrorPlace): FlowferryError {
  if (FlowferryError.isInstance(error)) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new FlowferryError(code, `${what}: ${detail}`, { cause: error, ...(place && { place }) })
}
