import { FlowferryError } from '../errors.ts'
import { placeOf } from '../object.ts'
import { once } from '../once.ts'
import { jsonRecords } from '../records/json-array.ts'
import type { LogRecord, ObjectHead, Parser, SourceObject } from '../types.ts'
import { createEncoder } from './cloudtrail-encode.ts'
import { constants, derived, fields } from './cloudtrail-fields.ts'
import { compile } from './cloudtrail-table.ts'
import type { JsonObject } from './cloudtrail-values.ts'

/** An object whose members depend on the service that was called. */
export type CloudTrailObject = { readonly [name: string]: unknown }

/**
 * An event as CloudTrail writes it, with AWS's own names.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 *
 * Nothing is checked but that it is one: a member may be missing, or of another type in what other tools write.
 */
export interface CloudTrailRecord extends LogRecord {
  readonly kind: 'cloudtrail'
  readonly eventTime?: string
  readonly eventVersion?: string
  readonly userIdentity?: CloudTrailIdentity
  readonly eventSource?: string
  readonly eventName?: string
  readonly awsRegion?: string
  readonly sourceIPAddress?: string
  readonly userAgent?: string
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly requestParameters?: CloudTrailObject | null
  readonly responseElements?: CloudTrailObject | null
  readonly additionalEventData?: CloudTrailObject | null
  readonly requestID?: string
  readonly eventID?: string
  readonly eventType?: string
  readonly apiVersion?: string
  readonly managementEvent?: boolean
  readonly readOnly?: boolean
  readonly resources?: readonly CloudTrailResource[]
  readonly recipientAccountId?: string
  readonly serviceEventDetails?: CloudTrailObject | null
  readonly sharedEventID?: string
  /** As Elastic's pipeline and some tools have it. */
  readonly sharedEventId?: string
  readonly vpcEndpointId?: string
  readonly vpcEndpointAccountId?: string
  readonly eventCategory?: string
  readonly addendum?: {
    readonly reason?: string
    readonly updatedFields?: string
    readonly originalRequestID?: string
    readonly originalEventID?: string
  }
  /** AWS writes the string `true`. */
  readonly sessionCredentialFromConsole?: string | boolean
  readonly eventContext?: CloudTrailObject
  readonly edgeDeviceDetails?: CloudTrailObject
  readonly tlsDetails?: {
    readonly tlsVersion?: string
    readonly cipherSuite?: string
    readonly clientProvidedHostHeader?: string
    readonly keyExchange?: string
  }
  /** Of Insights events: state, eventSource, eventName, insightType, insightContext. */
  readonly insightDetails?: CloudTrailObject
  /** Of aggregated events, like the three after it. */
  readonly accountId?: string
  readonly eventId?: string
  readonly timeWindow?: { readonly windowStart?: string; readonly windowEnd?: string; readonly windowSize?: string }
  readonly summary?: CloudTrailObject
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
export interface CloudTrailIdentity {
  readonly type?: string
  readonly userName?: string
  readonly principalId?: string
  readonly arn?: string
  readonly accountId?: string
  readonly accessKeyId?: string
  readonly sessionContext?: {
    /** AWS writes both as strings. */
    readonly attributes?: { readonly creationDate?: string; readonly mfaAuthenticated?: string }
    readonly sessionIssuer?: {
      readonly type?: string
      readonly userName?: string
      readonly principalId?: string
      readonly arn?: string
      readonly accountId?: string
    }
    readonly webIdFederationData?: { readonly federatedProvider?: string; readonly attributes?: CloudTrailObject }
    readonly sourceIdentity?: string
    readonly ec2RoleDelivery?: string
    readonly assumedRoot?: string
  }
  readonly invokedBy?: string
  readonly identityProvider?: string
  readonly credentialId?: string
  readonly onBehalfOf?: { readonly userId?: string; readonly identityStoreArn?: string }
  readonly inScopeOf?: {
    readonly sourceArn?: string
    readonly sourceAccount?: string
    readonly issuerType?: string
    readonly credentialsIssuedTo?: string
  }
}

export interface CloudTrailResource {
  readonly ARN?: string
  readonly ARNPrefix?: string
  readonly accountId?: string
  readonly type?: string
}

const table = once(() => compile({ constants, fields: fields(), derived, unknown: 'aws.cloudtrail.flattened.unknown' }))

const encoder = once(() =>
  createEncoder(table().plan, {
    id: 'eventID',
    key: 'eventName',
    presence: ['errorCode', 'errorMessage'],
    special: 'ConsoleLogin',
    foreign: ['eventSource', 'aws:'],
    digest: 'digestStartTime',
  }),
)

/**
 * CloudTrail's log files: management, data, network activity, Insights and aggregated events.
 *
 * Also reads what other tools make of them: a bare array, a single event, or one event a line.
 */
export const cloudTrail: Parser<CloudTrailRecord> = jsonRecords({
  kind: 'cloudtrail',
  dataset: 'aws.cloudtrail',
  get mapping() {
    return table().mapping
  },
  get fields() {
    return table().fields
  },
  claims,
  record: (value, object) => {
    if (isDigest(value)) throw digestError(object)
    return isEvent(value) ? (value as Omit<CloudTrailRecord, 'kind'>) : undefined
  },
  document: (record) => table().document(record as unknown as JsonObject),
  recordId: ({ eventID, eventId }) => idOf(eventID) ?? idOf(eventId),
  unknownFields: (record, found) => {
    table().unknownFields(record as unknown as JsonObject, found)
  },
  bytes: encoder,
})

/** Part of every document's identity, so nothing that a store might take amiss. */
function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value) ? value : undefined
}

/** Names that other formats have as well. */
const common = ['accountId', 'eventId', 'resources', 'summary', 'timeWindow']

/** One of these makes it an event. In lower case: Athena's tables, and what is exported from them, have them so. */
const eventFields = once(
  () =>
    new Set(
      Object.keys(fields())
        .map((path) => path.split('.')[0]!)
        .filter((name) => !common.includes(name))
        .map((name) => name.toLowerCase()),
    ),
)

function isEvent(value: object): boolean {
  const { eventSource } = value as CloudTrailRecord
  // An S3 notification has nearly the same fields.
  if (typeof eventSource === 'string' && eventSource.startsWith('aws:')) return false
  const known = eventFields()
  return Object.keys(value).some((name) => known.has(name.toLowerCase()))
}

function isDigest(value: object): boolean {
  return 'digestStartTime' in value && 'awsAccountId' in value
}

function digestError(object: SourceObject): FlowferryError {
  const what = 'The object is a CloudTrail digest: it lists log files and their hashes, and holds no events'
  return new FlowferryError('FORMAT_MISMATCH', what, { place: placeOf(object) })
}

/**
 * Every record of AWS's has one of these. `userIdentity` alone tells nothing: the events of S3 Object Lambda have it too.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-event-context.html
 */
const telling = new Set(['eventVersion', 'eventSource', 'eventID', 'eventName'])
const keys = /(^|[/_])CloudTrail(-Insight|-NetworkActivity|-Aggregated)?[/_]/

function claims({ key, text }: ObjectHead): 'content' | 'key' | undefined {
  let isDigest = false
  let isNotification = false
  for (const name of recordKeys(text)) {
    if (name === 'digestStartTime') isDigest = true
    else if (!isNotification && telling.has(name)) {
      isNotification = /"eventSource"\s*:\s*"aws:/.test(text)
      if (!isNotification) return 'content'
    }
  }
  return keys.test(key) && !isDigest ? 'key' : undefined
}

/** The members' names of the records that begin in a text, as far as it goes: at the top, in an array, in `Records`. */
function* recordKeys(text: string): Generator<string> {
  const open: string[] = []
  let last = ''
  let records = ''
  // A string that does not end is one token too, or it would be looked for again behind each quote in it.
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*(?:"|\\?$)|[{}[\]:]/gs)) {
    const path = open.length > 3 ? '' : open.join('')
    if (token === '{' || token === '[') {
      if (path === '{' && token === '[' && last === '"Records"') records = '{['
      open.push(token)
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      if (path === '{' || path === '[{' || (records && path === '{[{')) yield last.slice(1, -1)
    } else last = token
  }
}
