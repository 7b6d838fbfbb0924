import { json } from '../encodings/json/json.ts'
import { has, unlessEnds } from '../encodings/json/refusals.ts'
import { once } from '../once.ts'
import { hours, minutes } from '../schema/archive.ts'
import { emailOf, optional, present, sessionEmail, sessionName } from '../schema/derive.ts'
import { boolean, iso8601, keyword } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tls } from '../schema/network.ts'
import { flat, freeForm, objects } from '../schema/objects.ts'
import { typed } from '../schema/targets.ts'
import type { MappingType, RecordOf } from '../types.ts'

/**
 * Where an event of signing in says `Success` or `Failure`: in a member of its own name. Those of the console and its roles:
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
 * Those of IAM Identity Center:
 * https://docs.aws.amazon.com/singlesignon/latest/userguide/understanding-sign-in-events.html
 */
const saidAt = [
  'responseElements.ConsoleLogin',
  'responseElements.CheckMfa',
  'responseElements.SwitchRole',
  'responseElements.ExitRole',
  'responseElements.RenewRole',
  'responseElements.GetSigninToken',
  'serviceEventDetails.CredentialChallenge',
  'serviceEventDetails.CredentialVerification',
  'serviceEventDetails.UserAuthentication',
] as const

/**
 * CloudTrail's log files: management, data, network activity, Insights and aggregated events.
 *
 * Also reads what other tools make of them: a bare array, a single event, or one event a line; events in EventBridge's
 * envelope, and the answers of LookupEvents.
 */
export const cloudTrail = awsFormat({
  kind: 'cloudtrail',
  title: 'CloudTrail',
  dataset: 'aws.cloudtrail',
  view: 'events',
  root: 'aws.cloudtrail',
  constants: aws('cloudtrail'),
  first: [
    'user.name',
    'user.id',
    'user.email',
    'cloud.account.id',
    'event.id',
    'aws.cloudtrail.shared_event_id',
    'aws.cloudtrail.insight.state',
    'aws.cloudtrail.insight.type',
    'aws.cloudtrail.insight.event_source',
    'aws.cloudtrail.insight.event_name',
    'aws.cloudtrail.insight.error_code',
  ],
  // In AWS's order, with the names and types of Elastic's AWS integration where it has the field:
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
  // biome-ignore format: one line a field
  fields: {
    'eventTime': iso8601(['@timestamp'], 'When the request was completed, UTC.'),
    'eventVersion': keyword(['aws.cloudtrail.event_version'], 'Version of the record format: 1.11.'),
    'userIdentity.type': keyword(['aws.cloudtrail.user_identity.type'], 'Root, IAMUser, AssumedRole, Role, FederatedUser, Directory, AWSAccount, AWSService, IdentityCenterUser, SAMLUser, WebIdentityUser or Unknown.'),
    'userIdentity.userName': keyword(['user.name', 'related.user[]'], 'Friendly name of the identity; HIDDEN_DUE_TO_SECURITY_REASONS after a mistyped sign-in.'),
    'userIdentity.principalId': keyword(['user.id'], 'Unique id of the identity; with temporary credentials the session name follows a colon.'),
    'userIdentity.arn': keyword(['aws.cloudtrail.user_identity.arn'], 'ARN of the principal.', { aliases: ['user.entity.id', 'actor.entity.id'] }),
    'userIdentity.accountId': keyword(['cloud.account.id'], 'Account that owns the entity that granted permissions.'),
    'userIdentity.accessKeyId': keyword(['aws.cloudtrail.user_identity.access_key_id'], 'Access key that signed the request.'),
    'userIdentity.sessionContext.attributes.creationDate': iso8601(['aws.cloudtrail.user_identity.session_context.creation_date'], 'When the temporary credentials were issued, UTC.'),
    'userIdentity.sessionContext.attributes.mfaAuthenticated': keyword(['aws.cloudtrail.user_identity.session_context.mfa_authenticated'], 'Whether a second factor was used: `true` or `false`.'),
    'userIdentity.sessionContext.sessionIssuer.type': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.type'], 'Source of the temporary credentials: Root, IAMUser or Role.'),
    'userIdentity.sessionContext.sessionIssuer.userName': keyword(['user.name', 'related.user[]'], 'Name of the user or role that issued the session; the name of the user where there is no other.'),
    'userIdentity.sessionContext.sessionIssuer.principalId': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.principal_id'], 'Internal id of the entity that was used to get credentials.'),
    'userIdentity.sessionContext.sessionIssuer.arn': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.arn'], 'ARN of that entity.'),
    'userIdentity.sessionContext.sessionIssuer.accountId': keyword(['aws.cloudtrail.user_identity.session_context.session_issuer.account_id'], 'Account that owns that entity.'),
    'userIdentity.sessionContext.webIdFederationData.federatedProvider': keyword(['aws.cloudtrail.user_identity.session_context.web_id_federation_data.federated_provider'], 'Identity provider of a web identity federation.'),
    'userIdentity.sessionContext.webIdFederationData.attributes': flat('aws.cloudtrail.flattened.web_id_federation_attributes', 'Application and user as the provider reports them.'),
    'userIdentity.sessionContext.sourceIdentity': keyword(['aws.cloudtrail.user_identity.session_context.source_identity'], 'Source identity that was set when the role was assumed.'),
    'userIdentity.sessionContext.ec2RoleDelivery': keyword(['aws.cloudtrail.user_identity.session_context.ec2_role_delivery'], 'Version of the instance metadata service that delivered the credentials: 1.0 or 2.0.'),
    'userIdentity.sessionContext.assumedRoot': keyword(['aws.cloudtrail.user_identity.session_context.assumed_root'], '`true` for a session of AssumeRoot.'),
    'userIdentity.invokedBy': keyword(['aws.cloudtrail.user_identity.invoked_by'], 'AWS service that made the request.'),
    'userIdentity.identityProvider': keyword(['aws.cloudtrail.user_identity.identity_provider'], 'External identity provider of a SAMLUser or WebIdentityUser.'),
    'userIdentity.credentialId': keyword(['aws.cloudtrail.user_identity.credential_id'], 'Credential of the request: the access token of an IAM Identity Center user.'),
    'userIdentity.onBehalfOf.userId': keyword(['aws.cloudtrail.user_identity.on_behalf_of.user_id', 'user.id'], 'IAM Identity Center user on whose behalf the call was made; the id of the user where there is no other.'),
    'userIdentity.onBehalfOf.identityStoreArn': keyword(['aws.cloudtrail.user_identity.on_behalf_of.identity_store_arn'], 'Identity store of that user.'),
    'userIdentity.inScopeOf.sourceArn': keyword(['aws.cloudtrail.user_identity.in_scope_of.source_arn'], 'Resource that invoked the service-to-service request.'),
    'userIdentity.inScopeOf.sourceAccount': keyword(['aws.cloudtrail.user_identity.in_scope_of.source_account'], 'Account of that resource.'),
    'userIdentity.inScopeOf.issuerType': keyword(['aws.cloudtrail.user_identity.in_scope_of.issuer_type'], 'Type of that resource: AWS::Lambda::Function.'),
    'userIdentity.inScopeOf.credentialsIssuedTo': keyword(['aws.cloudtrail.user_identity.in_scope_of.credentials_issued_to'], 'Resource that the credentials were issued to.'),
    'eventSource': keyword(['event.provider'], 'Service that the request was made to: s3.amazonaws.com.'),
    'eventName': keyword(['event.action'], 'Requested action.'),
    'awsRegion': keyword(['cloud.region'], 'Region that the request was made to.'),
    'sourceIPAddress': keyword(['source.address', 'source.ip', 'related.ip[]'], 'Address of the request, or the DNS name of the service that made it, or `AWS Internal`.'),
    'userAgent': keyword(['user_agent.original'], 'Agent of the request, cut at 1 KB.'),
    'errorCode': keyword(['aws.cloudtrail.error_code'], "The service's error."),
    'errorMessage': keyword(['aws.cloudtrail.error_message'], 'Description of the error, cut at 1 KB.'),
    'requestParameters': freeForm('aws.cloudtrail.request_parameters', 'aws.cloudtrail.flattened.request_parameters', 'Parameters of the request; left out by AWS above 100 KB.'),
    'requestParameters.userName': keyword(['user.target.name', 'related.user[]'], 'User that the request is about.'),
    'requestParameters.newUserName': keyword(['user.changes.name', 'related.user[]'], 'New name of that user.'),
    'requestParameters.groupName': keyword(['group.name'], 'Group that the request is about.'),
    'responseElements': freeForm('aws.cloudtrail.response_elements', 'aws.cloudtrail.flattened.response_elements', 'Answer to an action that makes changes; left out by AWS above 100 KB.'),
    'responseElements.user.userId': keyword(['user.target.id', 'related.user[]'], 'Id of the user that the request was about.'),
    'responseElements.group.groupId': keyword(['group.id'], 'Id of the group that the request was about.'),
    'additionalEventData': freeForm('aws.cloudtrail.additional_eventdata', 'aws.cloudtrail.flattened.additional_eventdata', 'Data that is part of neither request nor answer.'),
    'additionalEventData.UserName': keyword(['user.name', 'related.user[]'], 'User of IAM Identity Center that signs in; the name of the user where there is no other.'),
    'additionalEventData.LoginTo': keyword([], 'Page that a console sign-in leads to.'),
    'additionalEventData.MobileVersion': keyword([], 'Whether the console sign-in came from its mobile version: Yes or No.'),
    'additionalEventData.MFAUsed': keyword([], 'Whether the console sign-in used a second factor: Yes or No.'),
    'requestID': keyword(['aws.cloudtrail.request_id'], 'Id of the request, from the service.'),
    'eventID': keyword(['event.id'], 'GUID of the event: the identity of its document.'),
    'eventType': keyword(['aws.cloudtrail.event_type'], 'AwsApiCall, AwsServiceEvent, AwsConsoleAction, AwsConsoleSignIn, AwsVpceEvents, AwsCloudTrailInsight or AwsAggregatedEvent.'),
    'apiVersion': keyword(['aws.cloudtrail.api_version'], 'API version of an AwsApiCall.'),
    'managementEvent': boolean([typed('aws.cloudtrail.management_event', 'keyword')], 'Whether it is a management event. A keyword in the index, as in Elastic\'s.'),
    'readOnly': boolean(['aws.cloudtrail.read_only'], 'Whether the operation only reads.'),
    'resources': objects('aws.cloudtrail.resources', 'Resources that the event accessed: ARN, account and type, each once.', {
      members: { ARN: 'arn', arn: 'arn', accountId: 'account_id', type: 'type', ARNPrefix: 'arn_prefix' },
      identity: ['arn', 'account_id', 'type'],
      rest: 'aws.cloudtrail.flattened.resources',
    }),
    'recipientAccountId': keyword(['aws.cloudtrail.recipient_account_id', 'cloud.account.id'], 'Account that received the event; the account where the identity has none.'),
    'serviceEventDetails': freeForm('aws.cloudtrail.service_event_details', 'aws.cloudtrail.flattened.service_event_details', 'What triggered a service event, and its result.'),
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
    'eventContext': flat('aws.cloudtrail.flattened.event_context', 'Condition keys and tags that enrich the event: requestContext and tagContext.'),
    'edgeDeviceDetails': flat('aws.cloudtrail.flattened.edge_device_details', 'Edge devices that the request is about.'),
    'tlsDetails.tlsVersion': { ...keyword(['tls.version', 'tls.version_protocol'], 'TLS version of the request: TLSv1.3.'), read: readTls, write: writeTls },
    'tlsDetails.cipherSuite': keyword(['tls.cipher'], 'Cipher suite of the request.'),
    'tlsDetails.clientProvidedHostHeader': keyword(['tls.client.server_name'], 'Host name that the client called.'),
    'tlsDetails.keyExchange': keyword(['aws.cloudtrail.tls_details.key_exchange'], 'Key exchange of the TLS connection.'),
    'insightDetails': flat('aws.cloudtrail.flattened.insight_details', 'State, statistics and attributions of an Insights event.'),
    'insightDetails.state': keyword(['aws.cloudtrail.insight.state'], 'Start or End of what is unusual.'),
    'insightDetails.insightType': keyword(['aws.cloudtrail.insight.type'], 'ApiCallRateInsight or ApiErrorRateInsight.'),
    'insightDetails.eventSource': keyword(['aws.cloudtrail.insight.event_source'], 'Service that is called in an unusual way.'),
    'insightDetails.eventName': keyword(['aws.cloudtrail.insight.event_name'], 'Action that is called in an unusual way.'),
    'insightDetails.errorCode': keyword(['aws.cloudtrail.insight.error_code'], 'Error that is unusual, of an ApiErrorRateInsight.'),
    // Insights of an event data store have these at the top, and no insightDetails:
    // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-lake.html
    'insightSource': keyword(['aws.cloudtrail.insight.source'], 'Event data store whose events were analyzed.'),
    'insightState': keyword(['aws.cloudtrail.insight.state'], 'The same as insightDetails.state, of an event data store.'),
    'insightType': keyword(['aws.cloudtrail.insight.type'], 'The same as insightDetails.insightType.'),
    'insightEventSource': keyword(['aws.cloudtrail.insight.event_source'], 'The same as insightDetails.eventSource.'),
    'insightEventName': keyword(['aws.cloudtrail.insight.event_name'], 'The same as insightDetails.eventName.'),
    'insightErrorCode': keyword(['aws.cloudtrail.insight.error_code'], 'The same as insightDetails.errorCode.'),
    'insightContext': flat('aws.cloudtrail.flattened.insight_context', 'Averages, durations and attributions of an event of an event data store.'),
    // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aggregated-events.html
    'accountId': keyword(['cloud.account.id'], 'Account of an aggregated event.'),
    'eventId': keyword(['event.id'], 'GUID of an aggregated event.'),
    'timeWindow.windowStart': iso8601(['event.start'], 'First moment of an aggregated event, UTC.'),
    'timeWindow.windowEnd': iso8601(['@timestamp', 'event.end'], 'First moment behind an aggregated event, UTC.'),
    'timeWindow.windowSize': keyword(['aws.cloudtrail.time_window.window_size'], 'Length of an aggregated event, as ISO 8601 writes durations: PT5M.'),
    'summary': flat('aws.cloudtrail.flattened.summary', 'Counts of an aggregated event, by its dimensions.'),
  },
  derived: (derive) => [
    derive(
      'event.outcome',
      [optional('eventName'), present('errorCode'), present('errorMessage'), ...saidAt.map((path) => optional(path))],
      outcome,
    ),
    derive('related.user[]', ['userIdentity.principalId'], sessionName),
    derive('user.email', ['userIdentity.principalId'], sessionEmail),
    derive('user.email', ['userIdentity.userName'], emailOf),
    derive('user.email', ['additionalEventData.UserName'], emailOf),
    derive('cloud.service.name', ['eventSource'], serviceOf),
    derive('event.category[]', ['eventName'], (name) => categoryOf(name)?.category),
    derive('event.type[]', [optional('eventName')], (name) => categoryOf(name)?.type ?? ['info']),
    derive(
      'aws.cloudtrail.console_login.additional_eventdata.login_to',
      ['eventName', 'additionalEventData.LoginTo'],
      (name, page) => (name === 'ConsoleLogin' ? page : undefined),
    ),
    derive(
      typed('aws.cloudtrail.console_login.additional_eventdata.mobile_version', 'boolean'),
      ['eventName', 'additionalEventData.MobileVersion'],
      isYes,
    ),
    derive(
      typed('aws.cloudtrail.console_login.additional_eventdata.mfa_used', 'boolean'),
      ['eventName', 'additionalEventData.MFAUsed'],
      isYes,
    ),
  ],
  archive: ['CloudTrail', 'CloudTrail-Insight', 'CloudTrail-NetworkActivity', 'CloudTrail-Aggregated'].map(
    // A file's name has the time of its delivery: 5 minutes after the call on average, which AWS does not guarantee.
    // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
    (service) => ({ service, late: hours(2), early: minutes(5) }),
  ),
  encodings: [
    json({
      // LookupEvents answers with Events.
      records: { in: ['Records', 'Events'] },
      id: ['eventID', 'eventId'],
      // CloudTrail Lake has members of its own around an event. What EventBridge and LookupEvents write around it is in it.
      // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
      // https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Event.html
      wrapped: { eventData: 'joined', detail: 'alone', CloudTrailEvent: 'alone' },
      unknown: 'aws.cloudtrail.flattened.unknown',
      // Every record of AWS's has some of these. None of them tells alone, but for a source that is AWS's: Oracle's audit
      // events have `eventID`, and anybody's `eventName`.
      claims: [
        'eventSource',
        ['eventVersion', 'awsRegion'],
        ['eventVersion', 'userIdentity'],
        ['eventVersion', 'eventCategory'],
        ['eventName', 'userIdentity'],
        ['eventName', 'awsRegion'],
        ['EventId', 'CloudTrailEvent'],
      ],
      keys: /(^|[/_])CloudTrail(-Insight|-NetworkActivity|-Aggregated)?[/_]/,
      common: ['accountId', 'eventId', 'resources', 'summary', 'timeWindow'],
      refuse: [
        // Alibaba's, Tencent's and a partner's events have nearly the same members, and so has an S3 notification: `aws:s3`.
        unlessEnds('eventSource', '.amazonaws.com', '.amazonaws.com.cn'),
        has(
          ['digestStartTime', 'awsAccountId'],
          'The object is a CloudTrail digest: it lists log files and their hashes, and holds no events',
        ),
      ],
    }),
  ],
})

/**
 * An event as CloudTrail writes it, with AWS's own names. Nothing is checked but that it is one: a member may be missing,
 * or of another type in what other tools write.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export interface CloudTrailRecord extends RecordOf<typeof cloudTrail> {}

/** `s3` of `s3.amazonaws.com`, as the service stands in ARNs and policies. */
function serviceOf(source: string): string | undefined {
  return /^([a-z0-9.-]+)\.amazonaws\.com(?:\.cn)?$/.exec(source)?.[1]
}

/** An error makes it a failure; an event of signing in says itself what came of it. */
function outcome(name: string | undefined, hasCode: boolean, hasMessage: boolean, ...said: readonly unknown[]): string {
  const word = said.find((one, i) => one !== undefined && name !== undefined && saidAt[i]!.endsWith(`.${name}`))
  if (word === 'Success') return 'success'
  return word === 'Failure' || hasCode || hasMessage ? 'failure' : 'success'
}

/** Of a console sign-in. What is not `No` is yes, as Elastic reads it. */
function isYes(name: string, value: string): boolean | undefined {
  return name === 'ConsoleLogin' ? value !== 'No' && value !== 'false' : undefined
}

function readTls(value: unknown): string | undefined {
  return typeof value === 'string' && tls(value) ? value : undefined
}

function writeTls(text: string, _: MappingType, path: string): string | undefined {
  return path === 'tls.version' ? tls(text)?.version : tls(text)?.protocol
}

/**
 * Elastic's categories; all other events have the type `info` and none. What gives credentials or a session, or opens a
 * security group, in the same way as an event that Elastic has stands beside it. Elastic has `delete` for DeleteObject, which
 * is no type of ECS's, and no type for calls of models, commands and topics.
 */
const categories: readonly (readonly [category: string, type: readonly string[], events: string])[] = [
  ['api', ['info'], 'Converse ConverseStream DescribeRegions InvokeModel InvokeModelWithResponseStream Publish'],
  [
    'authentication',
    ['info'],
    `AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot CheckMfa ConsoleLogin CredentialChallenge
    CredentialVerification ExitRole GetCallerIdentity GetFederationToken GetSessionToken GetSigninToken RenewRole
    SwitchRole UserAuthentication`,
  ],
  ['configuration', ['creation'], 'CreateTopic'],
  ['configuration', ['change'], 'Subscribe'],
  ['configuration', ['deletion'], 'DeleteTrail'],
  ['configuration', ['info'], 'DescribeTrails'],
  ['database', ['info'], 'DescribeDBInstances ListTables'],
  ['file', ['creation'], 'CreateBucket CreateDocument'],
  ['file', ['change'], 'PutObject'],
  ['file', ['deletion'], 'DeleteBucket DeleteObject DeleteObjects'],
  ['file', ['info'], 'GetObject HeadObject ListBuckets ListObjects'],
  ['host', ['info'], 'DescribeInstances DescribeVolumes ListInstanceAssociations'],
  ['iam', ['creation'], 'CreatePolicy'],
  ['iam', ['change'], 'AttachRolePolicy'],
  ['iam', ['info'], 'GetPolicy ListAttachedRolePolicies ListRoles'],
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
  ['network', ['access'], 'AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress'],
  [
    'network',
    ['info'],
    `DescribeLoadBalancers DescribeNetworkAcls DescribeNetworkInterfaces DescribeSecurityGroups DescribeVpcs`,
  ],
  ['package', ['info'], 'ListFunctions'],
  ['process', ['start'], 'SendCommand'],
  ['session', ['start'], 'CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel StartSession'],
  ['session', ['end'], 'TerminateSession'],
]

const categoryOfEvent = once(
  () =>
    new Map(
      categories.flatMap(([category, type, events]) =>
        events.split(/\s+/).map((event) => [event, { category: [category], type }] as const),
      ),
    ),
)

function categoryOf(name: string | undefined) {
  return name === undefined ? undefined : categoryOfEvent().get(name)
}
