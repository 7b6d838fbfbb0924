import { areMostly, haveOne, w3c } from '../encodings/delimited/w3c.ts'
import { claimOf } from '../encodings/json/claims.ts'
import { json } from '../encodings/json/json.ts'
import { optional, present } from '../schema/derive.ts'
import { anyTime, inAllSpellings, keyword } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { spellingsOf } from '../schema/layout.ts'
import { arnParts, cloudOfArn } from '../schema/network.ts'
import { typed } from '../schema/targets.ts'
import { asAnyTime, firstTime } from '../schema/time.ts'
import type { ObjectHead, RecordOf } from '../types.ts'
import { cloudFrontFields } from './cloudfront-fields.ts'
import { telling as tellingOfTables } from './vended-telling.ts'

/**
 * AWS's vended logs of services that have no table here: their fields are kept, flattened, in `aws.vended.fields`, and
 * counted as unknown. Time, message and resource are found by the names that these logs share; the log type is told where
 * the resource's service and a field tell it. No key does: whoever delivers them chooses what stands behind the bucket.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
 */
export const vended = awsFormat({
  kind: 'vended',
  title: 'vended logs of other services',
  dataset: 'aws.vended_logs',
  view: 'vended_logs',
  // A flattened field: columns of a `#Fields` line become its members, as JSON's do.
  root: 'aws.vended.fields',
  constants: aws('vended_logs'),
  first: ['cloud.account.id'],
  // biome-ignore format: one line a field
  fields: {
    'event_timestamp': anyTime('When the event was.', { spelled: ['eventTimestamp'] }),
    'rtbfabric_event_timestamp': anyTime('The same, of RTB Fabric.'),
    'message_timestamp_ms': anyTime('The same, of EventBridge.'),
    'timestamp': anyTime('When the record was made.'),
    'time': anyTime('When the event was, of Elastic Load Balancing.'),
    'start_time': anyTime('When what is logged began.', { spelled: ['startTime', 'start'] }),
    'message': keyword(['message'], 'What is said in words.'),
    'log_type': keyword(['aws.vended.log_type'], 'Type of the record, where the service writes it.'),
    'log_level': keyword(['aws.vended.log_level'], 'Level; of EventBridge it tells the log type.', { spelled: ['logLevel'] }),
    'actionSourceId': keyword(['aws.vended.action_source_id'], 'Of Amazon ECS, what began the action.'),
    'query_id': keyword(['aws.vended.query_id'], 'Query of CloudWatch Logs Insights.'),
    'message_id': keyword(['aws.vended.message_id'], 'Of Amazon SES, the message.'),
    'traffic_policy_id': keyword(['aws.vended.traffic_policy_id'], 'Of Amazon SES, the traffic policy that looked at a connection.'),
    'input_type': keyword(['aws.vended.input_type'], 'Of MediaPackage, what comes in.'),
    'request_uri_base': keyword(['aws.vended.request_uri_base'], 'Of MediaPackage, the path of what goes out.'),
    'srcaddr': keyword(['aws.vended.srcaddr'], 'Of Shield, the source address of a flow.'),
    'resource_arn': keyword(['aws.vended.resource_arn'], 'Resource that the log is of.', { spelled: ['resourceArn', 'protection_arn'] }),
    'account_id': keyword(['cloud.account.id'], 'Account.', { spelled: ['accountId', 'awsAccountId', 'AwsAccountId'] }),
  },
  derived: (derive) => [
    derive(
      '@timestamp',
      [
        optional('event_timestamp'),
        optional('rtbfabric_event_timestamp'),
        optional('message_timestamp_ms'),
        optional('timestamp'),
        optional('time'),
        optional('start_time'),
      ],
      firstTime,
    ),
    derive(typed('aws.vended.event_timestamp', 'date'), ['event_timestamp'], asAnyTime),
    derive(typed('aws.vended.rtbfabric_event_timestamp', 'date'), ['rtbfabric_event_timestamp'], asAnyTime),
    derive(typed('aws.vended.message_timestamp', 'date'), ['message_timestamp_ms'], asAnyTime),
    derive(typed('aws.vended.timestamp', 'date'), ['timestamp'], asAnyTime),
    derive(typed('aws.vended.time', 'date'), ['time'], asAnyTime),
    derive('event.start', ['start_time'], asAnyTime),
    derive(['cloud.service.name', 'cloud.region', 'cloud.account.id'], ['resource_arn'], cloudOfArn),
    derive(
      'aws.vended.delivery.log_type',
      [
        'resource_arn',
        optional('log_level'),
        present('actionSourceId'),
        present('query_id'),
        present('message_id'),
        present('traffic_policy_id'),
        present('input_type'),
        present('request_uri_base'),
        present('srcaddr'),
      ],
      (arn, level, ...has) => logTypeOf(arn, level, has),
    ),
  ],
  encodings: [w3c({ claims: claimsNames }), json({ absent: '-', unknown: 'aws.vended.fields', claims: claimsJson })],
})

/** A record: the fields that these logs share by AWS's names, and what else it has. */
export interface VendedRecord extends RecordOf<typeof vended> {}

const tabled = Object.values(tellingOfTables).flat()

const ofCloudFront = spellingsOf([inAllSpellings(cloudFrontFields)])

/** Fields that each record of a log has, and with an ARN no other's: EKS, Bedrock, SES, EC2, EventBridge, ECS, Shield, … */
const tellingWithArn = [
  ['resource_arn', 'event_timestamp'],
  ['resourceArn', 'eventTimestamp'],
  ['protection_arn', 'event_timestamp'],
  ['resource_arn', 'message_timestamp_ms'],
  ['agent_alias_arn', 'event_timestamp'],
]

/** The same of logs that need not have one: MediaTailor, PCS, RTB Fabric, Amazon Q Business, Q in Connect, Bedrock. */
const telling = [
  ['eventTimestamp', 'awsAccountId', 'originId'],
  ['eventTimestamp', 'awsAccountId', 'eventType', 'requestId'],
  ['resource_id', 'resource_type', 'event_timestamp', 'scheduler_type'],
  ['resource_id', 'event_timestamp', 'compute_node_group_id'],
  ['rtbfabric_event_timestamp', 'link_id'],
  ['applicationId', 'event_timestamp', 'FeatureName', 'LogLevel'],
  ['application_id', 'event_timestamp', 'log_type', 'conversation_id'],
  ['assistant_id', 'event_timestamp', 'session_id'],
  ['resourceId', 'traceId', 'spanId', 'sessionId', 'attributes', 'eventVersion', 'eventName', 'level'],
]

/** Names of which a log of these has one, whatever else a user chose of its fields. */
const shared = new Set([...tellingWithArn.flat(), 'rtbfabric_event_timestamp', 'awsAccountId', 'AwsAccountId'])

function claimsNames(names: readonly string[]): boolean {
  const isOfAws = names.some((name) => shared.has(name)) || haveOne(names, telling)
  return isOfAws && !haveOne(names, tabled) && !areMostly(names, ofCloudFront)
}

function claimsJson(head: ObjectHead): 'content' | undefined {
  const has = (claims: readonly (readonly string[])[]) =>
    claimOf(head, { claims, keys: undefined, refuse: [] }) === 'content'
  const isTelling = has(telling) || (/"arn:aws[\w-]*:/.test(head.text) && has(tellingWithArn))
  return isTelling && !has(tabled) ? 'content' : undefined
}

/**
 * A service's log types that a field tells which each of its records has, or no other, in the order of the inputs above.
 * The fields of the other types are chosen by whoever delivers them, or are those of several types.
 */
const logTypes = [
  ['ecs', 'ACTION_LOGS'],
  ['logs', 'INSIGHTS_QUERY_LOGS'],
  ['ses', 'APPLICATION_LOGS'],
  ['ses', 'TRAFFIC_POLICY_DEBUG_LOGS'],
  ['mediapackagev2', 'INGRESS_ACCESS_LOGS'],
  ['mediapackagev2', 'EGRESS_ACCESS_LOGS'],
  ['shield', 'FLOW_LOGS'],
] as const

/** AWS's name of the log, as the source of its delivery states it. */
function logTypeOf(arn: string, level: string | undefined, has: readonly boolean[]): string | undefined {
  const { service } = arnParts(arn)
  if (service === 'events') return /^(ERROR|INFO|TRACE)$/.test(level ?? '') ? `${level}_LOGS` : undefined
  return logTypes.find(([name], i) => name === service && has[i])?.[1]
}
