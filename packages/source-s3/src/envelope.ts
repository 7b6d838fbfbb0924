import { FlowferryError } from '@flowferry/core'

/** An object that an event names. */
export interface S3ObjectRef {
  readonly bucket: string
  /** Decoded: what GetObject takes. */
  readonly key: string
  readonly versionId?: string
  /** Without quotes, as the event stated it. */
  readonly etag?: string
  /** Stored bytes, as the event stated them. */
  readonly size?: number
  /** Of the bucket, for an `s3` function that keeps a client a region. */
  readonly region?: string
}

/** What a message body names. */
export interface Envelope {
  readonly objects: readonly S3ObjectRef[]
  /** Events that ask for nothing: `s3:TestEvent`, `ObjectRemoved:Delete`, `Object Deleted`, … */
  readonly ignored: readonly string[]
}

/**
 * Reads what no envelope here reads: an EventBridge input transformer's output, Security Lake's notification.
 * It gets the parsed body (or the text, where that is no JSON), and the content of an SNS message as well; `undefined`
 * means "not mine", an empty list "nothing to read". It is asked before any envelope of ours. Keys are as GetObject
 * takes them.
 */
export type EnvelopeHook = (body: unknown) => readonly S3ObjectRef[] | undefined

export interface EnvelopeOptions {
  /** Asked first. Default: none. */
  readonly envelope?: EnvelopeHook | undefined
  /** Named in errors. */
  readonly messageId?: string | undefined
}

type Json = Record<string, unknown>

/** Envelopes within envelopes that are followed: more is no chain of AWS's services. */
const maxNesting = 4

/**
 * The objects that a message body or a Lambda event names. Throws `ENVELOPE_UNREADABLE` when it is none of:
 *
 * - S3 to SQS or Lambda, and SNS with raw message delivery: `Records[]`, keys URL-encoded with `+` for a space
 *   https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * - S3 to SNS to SQS or Lambda: the same as text in `Message`
 *   https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
 * - EventBridge's `Object Created`, keys not encoded
 *   https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 * - `s3:TestEvent`, which S3 sends when a notification is configured
 *
 * Other events of S3 (removed, restored, expired, replicated) are listed as `ignored`, which is a success.
 */
export function readEnvelope(body: unknown, options: EnvelopeOptions = {}): Envelope {
  const objects: S3ObjectRef[] = []
  const ignored: string[] = []
  read(body, 0)
  return { objects, ignored }

  function read(value: unknown, nesting: number): void {
    const parsed = typeof value === 'string' ? parse(value) : value
    const custom = askHook(parsed)
    if (custom) {
      objects.push(...custom)
      return
    }
    if (!isObject(parsed)) throw unreadable('The body is not a JSON object')
    if (nesting > maxNesting) throw unreadable(`More than ${maxNesting} envelopes within each other`)

    if (Array.isArray(parsed.Records)) {
      if (parsed.Records.length === 0) throw unreadable('`Records` is empty')
      for (const record of parsed.Records) readRecord(record, nesting)
    } else if (parsed.Event === 's3:TestEvent') {
      ignored.push('s3:TestEvent')
    } else if (typeof parsed.Type === 'string' && typeof parsed.Message === 'string') {
      readNotification(parsed, nesting)
    } else if (typeof parsed.source === 'string' && typeof parsed['detail-type'] === 'string') {
      readEventBridge(parsed)
    } else {
      throw unreadable('The body is neither an S3 event nor an SNS or EventBridge message with one')
    }
  }

  function readRecord(record: unknown, nesting: number): void {
    if (!isObject(record)) throw unreadable('A record is not a JSON object')
    // The only record with a capital letter here is the one that SNS hands to Lambda.
    if (record.EventSource === 'aws:sns' && isObject(record.Sns)) readNotification(record.Sns, nesting)
    else readS3Event(record)
  }

  function readS3Event(record: Json): void {
    if (record.eventSource !== 'aws:s3') throw unreadable(`A record's eventSource is ${name(record.eventSource)}`)
    // AWS: compare the major version for equality, accept any minor one.
    if (!/^2\.\d+$/.test(String(record.eventVersion)))
      throw unreadable(`The eventVersion is ${name(record.eventVersion)} and only 2.x is known`)
    if (typeof record.eventName !== 'string') throw unreadable('A record has no eventName')

    const event = record.eventName.replace(/^s3:/, '')
    const { bucket, object } = isObject(record.s3) ? record.s3 : {}
    if (event.startsWith('ObjectCreated:')) add(bucket, object, decodeKey, 'versionId', 'eTag', record.awsRegion)
    else ignored.push(event)
  }

  function readNotification(message: Json, nesting: number): void {
    if (message.Type !== 'Notification' || typeof message.Message !== 'string')
      throw unreadable(`An SNS message of type ${name(message.Type)}, which carries no event`)
    read(message.Message, nesting + 1)
  }

  function readEventBridge(event: Json): void {
    if (event.source !== 'aws.s3') throw unreadable(`An EventBridge event of ${name(event.source)}`)
    const { bucket, object } = isObject(event.detail) ? event.detail : {}
    if (event['detail-type'] === 'Object Created') add(bucket, object, (key) => key, 'version-id', 'etag', event.region)
    else ignored.push(String(event['detail-type']))
  }

  function add(
    bucket: unknown,
    object: unknown,
    decode: (key: string) => string,
    versionName: string,
    etagName: string,
    region: unknown,
  ): void {
    if (!isObject(bucket) || !isText(bucket.name)) throw unreadable('An event names no bucket')
    if (!isObject(object) || !isText(object.key)) throw unreadable(`An event of bucket ${bucket.name} names no key`)
    const { key, size, [versionName]: versionId, [etagName]: etag } = object
    objects.push({
      bucket: bucket.name,
      key: decode(key as string),
      ...(isText(versionId) && { versionId }),
      ...(isText(etag) && { etag: unquoted(etag) }),
      ...(typeof size === 'number' && { size }),
      ...(isText(region) && { region }),
    })
  }

  function decodeKey(key: string): string {
    try {
      return decodeURIComponent(key.replace(/\+/g, ' '))
    } catch (cause) {
      throw unreadable(`The key ${JSON.stringify(key)} is not URL-encoded`, cause)
    }
  }

  function askHook(parsed: unknown): readonly S3ObjectRef[] | undefined {
    let refs: readonly S3ObjectRef[] | undefined
    try {
      refs = options.envelope?.(parsed)
    } catch (cause) {
      throw unreadable('The `envelope` function threw', cause)
    }
    if (refs === undefined) return undefined
    if (!Array.isArray(refs) || !refs.every((ref) => isObject(ref) && isText(ref.bucket) && isText(ref.key)))
      throw unreadable('The `envelope` function gave something other than a list of { bucket, key }')
    return refs
  }

  /** Text that is no JSON is left to the hook. The body itself is never quoted: it may hold secrets. */
  function parse(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }

  function unreadable(what: string, cause?: unknown): FlowferryError {
    const { messageId } = options
    return new FlowferryError('ENVELOPE_UNREADABLE', what, {
      ...(messageId !== undefined && { place: { messageId } }),
      ...(cause !== undefined && { cause }),
    })
  }
}

/** An ETag as it stands in headers and some events: in quotes. */
export function unquoted(etag: string): string {
  return etag.replace(/^(?:W\/)?"|"$/g, '')
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** A value of a foreign message for an error's text, short. */
function name(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100)
}
