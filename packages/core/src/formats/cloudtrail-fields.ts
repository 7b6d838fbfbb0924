import { once } from '../once.ts'
import { keywordMapping } from '../table/fields.ts'
import type { CloudTrailRecord } from './cloudtrail.ts'
import {
  boolean,
  type Derived,
  type Field,
  flat,
  flattenedMapping,
  freeForm,
  ip,
  keyword,
  target,
  time,
} from './cloudtrail-table.ts'
import { asText, flattened, isObject, type JsonObject } from './cloudtrail-values.ts'

/** Paths of the record's members. Below a free-form object any path is one. */
type PathOf<T> = {
  [K in keyof T & string]: NonNullable<T[K]> extends infer V
    ? string extends keyof V
      ? K | `${K}.${string}`
      : V extends readonly unknown[] | string | boolean | number
        ? K
        : K | `${K}.${PathOf<V>}`
    : never
}[keyof T & string]

export const constants = {
  'ecs.version': '8.11.0',
  'event.kind': 'event',
  'event.module': 'aws',
  'event.dataset': 'aws.cloudtrail',
  'cloud.provider': 'aws',
}

/**
 * In AWS's order:
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 * The document's names and types are those of Elastic's AWS integration where it has the field.
 */
// biome-ignore format: one line a field
export const fields = once(() => ({
  'eventTime': time(['@timestamp'], 'When the request was completed, UTC.'),
  'eventVersion': keyword(['aws.cloudtrail.event_version'], 'Version of the record format: 1.11.'),
  'userIdentity.type': keyword(['aws.cloudtrail.user_identity.type'], 'Root, IAMUser, AssumedRole, Role, FederatedUser, Directory, AWSAccount, AWSService, IdentityCenterUser, SAMLUser, WebIdentityUser or Unknown.'),
  'userIdentity.userName': keyword(['user.name', 'related.user[]'], 'Friendly name of the identity; HIDDEN_DUE_TO_SECURITY_REASONS after a mistyped sign-in.'),
  'userIdentity.principalId': keyword(['user.id'], 'Unique id of the identity; with temporary credentials the session name follows a colon.'),
  'userIdentity.arn': keyword(['aws.cloudtrail.user_identity.arn'], 'ARN of the principal.'),
  'userIdentity.accountId': keyword(['cloud.account.id'], 'Account that owns the entity that granted permissions.'),
  'userIdentity.accessKeyId': keyword(['aws.cloudtrail.user_identity.access_key_id'], 'Access key that signed the request.'),
  'userIdentity.sessionContext.attributes.creationDate': time(['aws.cloudtrail.user_identity.session_context.creation_date'], 'When the temporary credentials were issued, UTC.'),
  'userIdentity.sessionContext.attributes.mfaAuthenticated': keyword(['aws.cloudtrail.user_identity.session_context.mfa_authenticated'], 'Whether a second factor was used: `true` or `false`.'),
  'userIdentity.sessionContext.sessionIssuer.type': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.type'], 'Source of the temporary credentials: Root, IAMUser or Role.'),
  'userIdentity.sessionContext.sessionIssuer.userName': keyword(['user.name'], 'Name of the user or role that issued the session; the name of the user where there is no other.'),
  'userIdentity.sessionContext.sessionIssuer.principalId': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.principal_id'], 'Internal id of the entity that was used to get credentials.'),
  'userIdentity.sessionContext.sessionIssuer.arn': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.arn'], 'ARN of that entity.'),
  'userIdentity.sessionContext.sessionIssuer.accountId': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.account_id'], 'Account that owns that entity.'),
  'userIdentity.sessionContext.webIdFederationData.federatedProvider': keyword(['aws.cloudtrail.user_identity.session_context.web_id_federation_data.federated_provider'], 'Identity provider of a web identity federation.'),
  'userIdentity.sessionContext.webIdFederationData.attributes': flat('web_id_federation_attributes', 'Application and user as the provider reports them.'),
  'userIdentity.sessionContext.sourceIdentity': keyword(['aws.cloudtrail.user_identity.session_context.source_identity'], 'Source identity that was set when the role was assumed.'),
  'userIdentity.sessionContext.ec2RoleDelivery': keyword(['aws.cloudtrail.user_identity.session_context.ec2_role_delivery'], 'Version of the instance metadata service that delivered the credentials: 1.0 or 2.0.'),
  'userIdentity.sessionContext.assumedRoot': keyword(['aws.cloudtrail.user_identity.session_context.assumed_root'], '`true` for a session of AssumeRoot.'),
  'userIdentity.invokedBy': keyword(['aws.cloudtrail.user_identity.invoked_by'], 'AWS service that made the request.'),
  'userIdentity.identityProvider': keyword(['aws.cloudtrail.user_identity.identity_provider'], 'External identity provider of a SAMLUser or WebIdentityUser.'),
  'userIdentity.credentialId': keyword(['aws.cloudtrail.user_identity.credential_id'], 'Credential of the request: the access token of an IAM Identity Center user.'),
  'userIdentity.onBehalfOf.userId': keyword(['aws.cloudtrail.user_identity.on_behalf_of.user_id'], 'IAM Identity Center user on whose behalf the call was made.'),
  'userIdentity.onBehalfOf.identityStoreArn': keyword(['aws.cloudtrail.user_identity.on_behalf_of.identity_store_arn'], 'Identity store of that user.'),
  'userIdentity.inScopeOf.sourceArn': keyword(['aws.cloudtrail.user_identity.in_scope_of.source_arn'], 'Resource that invoked the service-to-service request.'),
  'userIdentity.inScopeOf.sourceAccount': keyword(['aws.cloudtrail.user_identity.in_scope_of.source_account'], 'Account of that resource.'),
  'userIdentity.inScopeOf.issuerType': keyword(['aws.cloudtrail.user_identity.in_scope_of.issuer_type'], 'Type of that resource: AWS::Lambda::Function.'),
  'userIdentity.inScopeOf.credentialsIssuedTo': keyword(['aws.cloudtrail.user_identity.in_scope_of.credentials_issued_to'], 'Resource that the credentials were issued to.'),
  'eventSource': keyword(['event.provider'], 'Service that the request was made to: s3.amazonaws.com.'),
  'eventName': keyword(['event.action'], 'Requested action.'),
  'awsRegion': keyword(['cloud.region'], 'Region that the request was made to.'),
  'sourceIPAddress': keyword(['source.address', ip('source.ip'), ip('related.ip[]')], 'Address of the request, or the DNS name of the service that made it, or `AWS Internal`.'),
  'userAgent': keyword(['user_agent.original'], 'Agent of the request, cut at 1 KB.'),
  'errorCode': keyword(['aws.cloudtrail.error_code'], "The service's error."),
  'errorMessage': keyword(['aws.cloudtrail.error_message'], 'Description of the error, cut at 1 KB.'),
  'requestParameters': freeForm('request_parameters', 'Parameters of the request; left out by AWS above 100 KB.'),
  'requestParameters.userName': keyword(['user.target.name', 'related.user[]'], 'User that the request is about.'),
  'requestParameters.newUserName': keyword(['user.changes.name', 'related.user[]'], 'New name of that user.'),
  'requestParameters.groupName': keyword(['group.name'], 'Group that the request is about.'),
  'responseElements': freeForm('response_elements', 'Answer to an action that makes changes; left out by AWS above 100 KB.'),
  'responseElements.user.userId': keyword(['user.target.id'], 'Id of the user that the request was about.'),
  'responseElements.group.groupId': keyword(['group.id'], 'Id of the group that the request was about.'),
  'additionalEventData': freeForm('additional_eventdata', 'Data that is part of neither request nor answer.'),
  'additionalEventData.LoginTo': keyword([], 'Page that a console sign-in leads to.'),
  'additionalEventData.MobileVersion': keyword([], 'Whether the console sign-in came from its mobile version: Yes or No.'),
  'additionalEventData.MFAUsed': keyword([], 'Whether the console sign-in used a second factor: Yes or No.'),
  'requestID': keyword(['aws.cloudtrail.request_id'], 'Id of the request, from the service.'),
  'eventID': keyword(['event.id'], 'GUID of the event: the identity of its document.'),
  'eventType': keyword(['aws.cloudtrail.event_type'], 'AwsApiCall, AwsServiceEvent, AwsConsoleAction, AwsConsoleSignIn, AwsVpceEvents, AwsCloudTrailInsight or AwsAggregatedEvent.'),
  'apiVersion': keyword(['aws.cloudtrail.api_version'], 'API version of an AwsApiCall.'),
  'managementEvent': boolean([target('aws.cloudtrail.management_event', keywordMapping, (value) => value)], 'Whether it is a management event. A keyword in the index, as in Elastic\'s.'),
  'readOnly': boolean(['aws.cloudtrail.read_only'], 'Whether the operation only reads.'),
  'resources': {
    type: 'list of objects',
    description: 'Resources that the event accessed: ARN, account and type, each once.',
    read: asObjects,
    bytes: 'resources',
    targets: [
      { path: 'aws.cloudtrail.resources', mapping: resourceMapping(), write: distinctResources },
      target('aws.cloudtrail.flattened.resources', flattenedMapping, unknownResources),
    ],
  },
  'recipientAccountId': keyword(['aws.cloudtrail.recipient_account_id', 'cloud.account.id'], 'Account that received the event; the account where the identity has none.'),
  'serviceEventDetails': freeForm('service_event_details', 'What triggered a service event, and its result.'),
  'sharedEventID': keyword(['aws.cloudtrail.shared_event_id'], 'GUID that one action has in the events of several accounts.'),
  'sharedEventId': keyword(['aws.cloudtrail.shared_event_id'], 'The same, as some tools write it.'),
  'vpcEndpointId': keyword(['aws.cloudtrail.vpc_endpoint_id'], 'VPC endpoint that the request went through.'),
  'vpcEndpointAccountId': keyword(['aws.cloudtrail.vpc_endpoint_account_id'], 'Account that owns that endpoint.'),
  'eventCategory': keyword(['aws.cloudtrail.event_category'], 'Management, Data, NetworkActivity, Insight or Aggregated.'),
  'addendum.reason': keyword(['aws.cloudtrail.addendum.reason'], 'Why the event came late or again: DELIVERY_DELAY, UPDATED_DATA or SERVICE_OUTAGE.'),
  'addendum.updatedFields': keyword(['aws.cloudtrail.addendum.updated_fields'], 'Fields that the addendum updates.'),
  'addendum.originalRequestID': keyword(['aws.cloudtrail.addendum.original_request_id'], 'Request id of the original event.'),
  'addendum.originalEventID': keyword(['aws.cloudtrail.addendum.original_event_id'], 'Id of the original event.'),
  'sessionCredentialFromConsole': keyword(['aws.cloudtrail.session_credential_from_console'], '`true` when the session began in the console.'),
  'eventContext': flat('event_context', 'Condition keys and tags that enrich the event: requestContext and tagContext.'),
  'edgeDeviceDetails': flat('edge_device_details', 'Edge devices that the request is about.'),
  'tlsDetails.tlsVersion': { ...keyword([tls('tls.version', 'version'), tls('tls.version_protocol', 'protocol')], 'TLS version of the request: TLSv1.3.'), read: readTls, bytes: 'recall' },
  'tlsDetails.cipherSuite': keyword(['tls.cipher'], 'Cipher suite of the request.'),
  'tlsDetails.clientProvidedHostHeader': keyword(['tls.client.server_name'], 'Host name that the client called.'),
  'tlsDetails.keyExchange': keyword(['aws.cloudtrail.tls_details.key_exchange'], 'Key exchange of the TLS connection.'),
  'insightDetails': flat('insight_details', 'State, statistics and attributions of an Insights event.'),
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aggregated-events.html
  'accountId': keyword(['cloud.account.id'], 'Account of an aggregated event.'),
  'eventId': keyword(['event.id'], 'GUID of an aggregated event.'),
  'timeWindow.windowStart': time(['event.start'], 'First moment of an aggregated event, UTC.'),
  'timeWindow.windowEnd': time(['@timestamp', 'event.end'], 'First moment behind an aggregated event, UTC.'),
  'timeWindow.windowSize': keyword(['aws.cloudtrail.time_window.window_size'], 'Length of an aggregated event, as ISO 8601 writes durations: PT5M.'),
  'summary': flat('summary', 'Counts of an aggregated event, by its dimensions.'),
}) satisfies { readonly [P in PathOf<Omit<CloudTrailRecord, 'kind'>>]?: Field })

export const derived: Readonly<Record<string, Derived>> = {
  'event.outcome': { sources: ['errorCode', 'errorMessage'], mapping: keywordMapping, compute: outcome },
  'event.category': {
    sources: ['eventName'],
    mapping: keywordMapping,
    compute: ({ eventName }) => categoryOf(eventName)?.category.slice(),
  },
  'event.type': {
    sources: ['eventName'],
    mapping: keywordMapping,
    compute: ({ eventName }) => categoryOf(eventName)?.type.slice() ?? ['info'],
  },
  'aws.cloudtrail.console_login.additional_eventdata.login_to': {
    sources: ['additionalEventData.LoginTo'],
    mapping: keywordMapping,
    compute: (record) => asText(signIn(record)?.LoginTo),
  },
  'aws.cloudtrail.console_login.additional_eventdata.mobile_version': {
    sources: ['additionalEventData.MobileVersion'],
    mapping: { type: 'boolean' },
    compute: (record) => isYes(signIn(record)?.MobileVersion),
  },
  'aws.cloudtrail.console_login.additional_eventdata.mfa_used': {
    sources: ['additionalEventData.MFAUsed'],
    mapping: { type: 'boolean' },
    compute: (record) => isYes(signIn(record)?.MFAUsed),
  },
}

/** An error makes it a failure; a console sign-in says itself what came of it. */
function outcome({ eventName, errorCode, errorMessage, responseElements }: JsonObject): string {
  const said = eventName === 'ConsoleLogin' && isObject(responseElements) ? responseElements.ConsoleLogin : undefined
  if (said === 'Success') return 'success'
  return said === 'Failure' || errorCode || errorMessage ? 'failure' : 'success'
}

function signIn({ eventName, additionalEventData }: JsonObject): JsonObject | undefined {
  return eventName === 'ConsoleLogin' && isObject(additionalEventData) ? additionalEventData : undefined
}

/** What is not `No` is yes, as Elastic reads it. */
function isYes(value: unknown): boolean | undefined {
  return value === undefined || value === null || value === '' ? undefined : value !== 'No' && value !== false
}

/** `TLSv1.3` is version 1.3 of the protocol tls. */
function readTls(value: unknown): { protocol: string; version: string } | undefined {
  const parts = typeof value === 'string' ? value.toLowerCase().split('v') : []
  return parts.length === 2 && parts[0] && parts[1] ? { protocol: parts[0], version: parts[1] } : undefined
}

function tls(path: string, part: 'protocol' | 'version') {
  return target(path, keywordMapping, (read: Record<typeof part, string>) => read[part])
}

/** Elastic's names of a resource's members. */
export const resourceMembers = new Map([
  ['ARN', 'arn'],
  ['arn', 'arn'],
  ['accountId', 'account_id'],
  ['type', 'type'],
  ['ARNPrefix', 'arn_prefix'],
])

function resourceMapping() {
  const names = ['arn', 'account_id', 'type', 'arn_prefix']
  return Object.fromEntries(names.map((name) => [`aws.cloudtrail.resources.${name}`, keywordMapping]))
}

function asObjects(value: unknown): readonly JsonObject[] | undefined {
  return Array.isArray(value) && value.every(isObject) ? value : undefined
}

function distinctResources(resources: readonly JsonObject[]): unknown {
  const found = new Map<string, Record<string, unknown>>()
  for (const resource of resources) {
    const members: Record<string, unknown> = {}
    for (const [name, ours] of resourceMembers) {
      const text = asText(resource[name])
      if (text) members[ours] = text
    }
    const identity = `${members.arn ?? ''}_${members.account_id ?? ''}_${members.type ?? ''}`
    if (Object.keys(members).length > 0 && !found.has(identity)) found.set(identity, members)
  }
  return found.size > 0 ? [...found.values()] : undefined
}

/** Resources with members that AWS added since. */
function unknownResources(resources: readonly JsonObject[]): unknown {
  return flattened(resources.filter((resource) => Object.keys(resource).some((name) => !resourceMembers.has(name))))
}

/** Elastic's categories of IAM's, STS's, S3's and the console's events; all others have the type `info` and none. */
const categories: readonly (readonly [category: string, type: readonly string[], events: string])[] = [
  ['authentication', ['info'], 'AssumeRole ConsoleLogin'],
  ['file', ['creation'], 'CreateBucket'],
  ['file', ['deletion'], 'DeleteBucket'],
  ['iam', ['admin', 'creation'], 'CreateKeyPair'],
  [
    'iam',
    ['admin', 'change'],
    'SetDefaultPolicyVersion SetSecurityTokenServicePreferences UpdateAccountPasswordPolicy UpdateRole',
  ],
  ['iam', ['group', 'creation'], 'CreateGroup'],
  ['iam', ['group', 'deletion'], 'DeleteGroup'],
  [
    'iam',
    ['group', 'change'],
    `AddUserToGroup AttachGroupPolicy DeleteGroupPolicy DetachGroupPolicy PutGroupPolicy RemoveUserFromGroup
    UpdateGroup`,
  ],
  ['iam', ['group', 'info'], 'GetGroup GetGroupPolicy ListAttachedGroupPolicies ListGroupPolicies ListGroups'],
  ['iam', ['user', 'creation'], 'CreateUser'],
  ['iam', ['user', 'deletion'], 'DeleteUser'],
  [
    'iam',
    ['user', 'change'],
    `AttachUserPolicy ChangePassword CreateAccessKey CreateVirtualMFADevice DeactivateMFADevice DeleteAccessKey
    DeleteSSHPublicKey DeleteUserPermissionsBoundary DeleteUserPolicy DeleteVirtualMFADevice DetachUserPolicy
    EnableMFADevice PutUserPermissionsBoundary PutUserPolicy TagUser UntagUser UpdateAccessKey UpdateLoginProfile
    UpdateSSHPublicKey UpdateUser`,
  ],
  [
    'iam',
    ['user', 'info'],
    'GetUser GetUserPolicy ListAttachedUserPolicies ListGroupsForUser ListUserPolicies ListUsers ListUserTags',
  ],
]

const categoryOfEvent = once(
  () =>
    new Map(
      categories.flatMap(([category, type, events]) =>
        events.split(/\s+/).map((event) => [event, { category: [category], type }] as const),
      ),
    ),
)

function categoryOf(eventName: unknown) {
  return typeof eventName === 'string' ? categoryOfEvent().get(eventName) : undefined
}
