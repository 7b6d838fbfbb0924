/**
 * Names of fields that tell a vended log which has a table of its own: all of one list. AWS lets nobody leave one of them
 * out, and a log of anybody's own may have two of them.
 */
export const telling = {
  alb: [['request_line', 'elb_status_code']],
  albConnection: [['tls_verify_status', 'conn_trace_id']],
  albHealthCheck: [['target_addr', 'target_group_id', 'reason_code']],
  nlb: [['listener', 'tls_handshake_time', 'incoming_tls_alert']],
  s3Access: [['schema_version_id', 'bucket_arn']],
  cloudFrontConnection: [
    ['eventTimestamp', 'distributionId', 'connectionId'],
    ['event_timestamp', 'distribution_id', 'connection_id'],
  ],
  networkFirewallProxy: [['event_timestamp', 'proxy_name', 'final_action']],
} as const satisfies Readonly<Record<string, readonly (readonly string[])[]>>
