import { FlowferryError } from '@flowferry/core'

/** An object that an event names. */
export interface S3ObjectRef {
  readonly bucket: string
  /** The key, decoded for GetObject. */
  readonly key: string
  readonly versionId?: string
  /** ETag of the event, without quotes. */
  readonly etag?: string
  /** Stored bytes, of the event. */
  readonly size?: number
  /** Region of the bucket, for an `s3` function with a client a region. */
  readonly region?: string
}

/** The content of a message body. */
export interface Envelope {
  readonly objects: readonly S3ObjectRef[]
  /** Names of events without an object to read: `s3:TestEvent`, `ObjectRemoved:Delete`, `Object Deleted`, … */
  readonly ignored: readonly string[]
}

/**
 * Reads bodies other than AWS's S3 events: the output of an EventBridge input transformer, a notification of Security
 * Lake. Called before the built-in envelopes with the parsed body, or its text where that is no JSON, and again with
 * the content of an SNS message. Returns `undefined` for a body of another kind, and an empty list for one without
 * objects. Its keys are decoded.
 */
export type EnvelopeHook = (body: unknown) => readonly S3ObjectRef[] | undefined

export interface EnvelopeOptions {
  /**
   * Reads bodies other than AWS's S3 events. Called before the built-in envelopes.
   * @default none
   */
  readonly envelope?: EnvelopeHook | undefined
  /**
   * Id of the message, for the place of errors.
   * @default none
   */
  readonly messageId?: string | undefined
}

type Json = Record<string, unknown>

/**
 * Events that make no object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
 */
const harmlessEvents =
  /^(?:(?:ObjectRemoved|ObjectRestore|ObjectTagging|Replication|LifecycleExpiration):\w+|ObjectAcl:Put|LifecycleTransition|IntelligentTiering|ReducedRedundancyLostObject)$/

/**
 * Stores with S3's API that send S3's events, and what theirs are named besides: of none of these is an object written.
 * https://min.io/docs/minio/linux/administration/monitoring/bucket-notifications.html
 * https://docs.ceph.com/en/latest/radosgw/s3-notification-compatibility/
 */
const likeS3: Readonly<Record<string, RegExp>> = {
  'aws:s3': /(?!)/,
  'minio:s3': /^(?:Object(?:Accessed|Transition|Manifest)|Replication|ILM|Scanner|Bucket(?:Created|Removed)):\w+$/,
  'ceph:s3': /^(?:Object(?:Lifecycle|Restore)|LifecycleExpiration):\w+(?::\w+)?$/,
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html */
const harmlessDetailTypes: ReadonlySet<string> = new Set([
  'Object Deleted',
  'Object Restore Initiated',
  'Object Restore Completed',
  'Object Restore Expired',
  'Object Storage Class Changed',
  'Object Access Tier Changed',
  'Object ACL Updated',
  'Object Tags Added',
  'Object Tags Deleted',
])

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html */
const creatingCalls: ReadonlySet<string> = new Set(['PutObject', 'PostObject', 'CopyObject', 'CompleteMultipartUpload'])
const harmlessCalls =
  /^(?:(?:Get|Head|List|Delete)[A-Z]\w*|PutObject(?:Acl|Tagging|Retention|LegalHold)|PutBucket\w+|PutPublicAccessBlock|CreateBucket|CreateMultipartUpload|UploadPart|UploadPartCopy|AbortMultipartUpload|RestoreObject|SelectObjectContent)$/

/** What CloudTrail sends to its SNS topic when a trail is made, to see whether it may. */
const trailTest = 'CloudTrail validation message.'

/** Deepest nesting of envelopes: no chain of AWS's services is deeper. */
const maxNesting = 4

/**
 * The objects that a message body or a Lambda event names. Reads:
 *
 * - S3 to SQS or Lambda, and SNS with raw message delivery: `Records[]`, keys URL-encoded with `+` for a space
 *   https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * - S3 to SNS to SQS or Lambda: the same as text in `Message`
 *   https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
 * - EventBridge's `Object Created`, keys not encoded
 *   https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 * - EventBridge's `AWS API Call via CloudTrail` of a call that made an object
 *   https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
 * - CloudTrail's own messages to its SNS topic: `s3Bucket` and the list `s3ObjectKey`, keys not encoded
 *   https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html
 * - what Lambda sends to the destination of a function that was invoked asynchronously: the event in `requestPayload`
 *   https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 * - the events of MinIO and Ceph, `minio:s3` and `ceph:s3`, in S3's form
 * - `s3:TestEvent`, which S3 sends when a notification is configured, and CloudTrail's validation message
 *
 * Events of S3 that are known to make no object (removed, restored, tagged, expired) are listed as `ignored`, which is a
 * success. An event of any other name is unreadable: it may name an object, and is never taken for harmless.
 *
 * @throws FlowferryError ENVELOPE_UNREADABLE for any other body, and for an error or a wrong result of `envelope`
 * @example
 * const { objects, ignored } = readEnvelope(message.Body)
 * for (const { bucket, key } of objects) console.log(bucket, key)
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
    if (parsed === trailTest) {
      // Delivered raw.
      ignored.push(trailTest)
      return
    }
    if (!isObject(parsed)) throw unreadable('The body is not a JSON object')
    if (nesting > maxNesting) throw unreadable(`More than ${maxNesting} envelopes within each other`)

    if (Array.isArray(parsed.Records)) {
      if (parsed.Records.length === 0) throw unreadable('`Records` is empty')
      for (const record of parsed.Records) readRecord(record, nesting)
    } else if (parsed.Event === 's3:TestEvent') {
      ignored.push('s3:TestEvent')
    } else if (typeof parsed.s3Bucket === 'string' && 's3ObjectKey' in parsed) {
      readTrailMessage(parsed)
    } else if (isInvocation(parsed)) {
      read(parsed.requestPayload, nesting + 1)
    } else if (typeof parsed.Type === 'string' && typeof parsed.Message === 'string') {
      readNotification(parsed, nesting)
    } else if (typeof parsed.source === 'string' && typeof parsed['detail-type'] === 'string') {
      readEventBridge(parsed, nesting)
    } else if (isObject(parsed.awslogs)) {
      throw unreadable('The event holds records of CloudWatch Logs itself, and names no object: logsEvent() reads it')
    } else {
      throw unreadable('The body is neither an S3 event nor an SNS or EventBridge message with one')
    }
  }

  function readRecord(record: unknown, nesting: number): void {
    if (!isObject(record)) throw unreadable('A record is not a JSON object')
    // SNS alone writes `EventSource` with a capital letter, in the event of a function that it invokes.
    if (record.EventSource === 'aws:sns' && isObject(record.Sns)) readNotification(record.Sns, nesting)
    else readS3Event(record)
  }

  function readS3Event(record: Json): void {
    const { eventSource } = record
    if (typeof eventSource !== 'string' || !Object.hasOwn(likeS3, eventSource))
      throw unreadable(`A record's eventSource is ${name(eventSource)}`)
    // As AWS's documentation says: the major version must be equal, and any minor version will do.
    if (!/^2\.\d+$/.test(String(record.eventVersion)))
      throw unreadable(`The eventVersion is ${name(record.eventVersion)} and only 2.x is known`)
    if (typeof record.eventName !== 'string') throw unreadable('A record has no eventName')

    const event = record.eventName.replace(/^s3:/, '')
    const { bucket, object } = isObject(record.s3) ? record.s3 : {}
    const isCeph = eventSource === 'ceph:s3'
    if (/^ObjectCreated:\w+$/.test(event) || (isCeph && event === 'ObjectSynced:Create'))
      add(
        bucket,
        isCeph ? asOfS3(object) : object,
        isCeph ? decodeCeph : decodeKey,
        'versionId',
        'eTag',
        record.awsRegion,
      )
    else if (harmlessEvents.test(event) || likeS3[eventSource]!.test(event)) ignored.push(event)
    else throw unreadable(`An event of the unknown name ${name(event)}`)
  }

  function readNotification(message: Json, nesting: number): void {
    if (message.Type !== 'Notification' || typeof message.Message !== 'string')
      throw unreadable(`An SNS message of type ${name(message.Type)}, which carries no event`)
    read(message.Message, nesting + 1)
  }

  function readTrailMessage({ s3Bucket, s3ObjectKey }: Json): void {
    if (!Array.isArray(s3ObjectKey) || s3ObjectKey.length === 0)
      throw unreadable('A message of CloudTrail names no keys')
    for (const key of s3ObjectKey) add({ name: s3Bucket }, { key }, (key) => key, 'versionId', 'etag', undefined)
  }

  function readEventBridge(event: Json, nesting: number): void {
    if (event.source === 'lambda' && isObject(event.detail) && isInvocation(event.detail)) {
      read(event.detail.requestPayload, nesting + 1)
      return
    }
    if (event.source !== 'aws.s3') throw unreadable(`An EventBridge event of ${name(event.source)}`)
    const detail = isObject(event.detail) ? event.detail : {}
    const { bucket, object } = detail
    const type = String(event['detail-type'])
    if (type === 'Object Created') add(bucket, object, (key) => key, 'version-id', 'etag', event.region)
    else if (type === 'AWS API Call via CloudTrail') readApiCall(detail)
    else if (harmlessDetailTypes.has(type)) ignored.push(type)
    else throw unreadable(`An EventBridge event of the unknown type ${name(type)}`)
  }

  /** A record of CloudTrail: its keys are not encoded. A call that was refused made no object. */
  function readApiCall(call: Json): void {
    const { eventName, requestParameters, responseElements, awsRegion, errorCode } = call
    if (call.eventSource !== 's3.amazonaws.com') throw unreadable(`An API call of ${name(call.eventSource)}`)
    if (typeof eventName !== 'string') throw unreadable('An API call has no eventName')
    if (!creatingCalls.has(eventName) && !harmlessCalls.test(eventName))
      throw unreadable(`An API call of the unknown name ${name(eventName)}`)
    if (!creatingCalls.has(eventName) || (errorCode !== undefined && errorCode !== null)) {
      ignored.push(eventName)
      return
    }
    const { bucketName, key } = isObject(requestParameters) ? requestParameters : {}
    const versionId = isObject(responseElements) ? responseElements['x-amz-version-id'] : undefined
    add({ name: bucketName }, { key, versionId }, (key) => key, 'versionId', 'etag', awsRegion)
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

  /** Ceph's keys are no more encoded in some of its versions, and with a blank as `%20` in others. */
  function decodeCeph(key: string): string {
    try {
      return decodeURIComponent(key)
    } catch {
      return key
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

  /** A text that is no JSON is for the hook. Errors never quote a body, since it may hold secrets. */
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

/** The ETag without the quotes that headers and some events have. */
export function unquoted(etag: string): string {
  return etag.replace(/^(?:W\/)?"|"$/g, '')
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether it is Lambda's record of an invocation. */
function isInvocation(value: Json): boolean {
  return (
    isObject(value.requestContext) && typeof value.requestContext.condition === 'string' && 'requestPayload' in value
  )
}

/** Ceph's object as S3 has it: older versions write the size as text, and another name for the ETag. */
function asOfS3(object: unknown): unknown {
  if (!isObject(object)) return object
  const { size, etag } = object
  return { eTag: etag, ...object, ...(typeof size === 'string' && /^\d{1,15}$/.test(size) && { size: Number(size) }) }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** A member's value for the text of an error, cut short. */
function name(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100)
}
