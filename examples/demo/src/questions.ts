/** What an operator asks of a store: a statement on its views, and what its answer says. */
export interface Question {
  readonly name: string
  readonly title: string
  readonly sql: string
}

export type Cell = string | number | Date

/** Column names are the headings; sizes are summed as bytes. */
export type Answer = readonly Readonly<Record<string, Cell>>[]

export const questions: readonly Question[] = [
  {
    name: 'topTalkers',
    title: 'Top talkers',
    sql: `
      SELECT source_ip AS source, destination_ip AS destination, count(*) AS flows,
        sum(network_packets) AS packets, sum(network_bytes) AS bytes
      FROM flows
      WHERE event_action = 'accept'
      GROUP BY ALL ORDER BY bytes DESC, source, destination LIMIT 6`,
  },
  {
    name: 'rejectedByPort',
    title: 'Rejected flows by port',
    sql: `
      SELECT destination_port || '/' || network_transport AS port, count(*) AS flows,
        count(DISTINCT source_ip) AS sources, count(DISTINCT destination_ip) AS targets, max(time) AS last
      FROM flows
      WHERE event_action = 'reject'
      GROUP BY ALL ORDER BY flows DESC, port LIMIT 8`,
  },
  {
    name: 'unanswered',
    title: 'Unanswered connections: a SYN went out, was accepted, and nothing came back',
    sql: `
      SELECT asked.source_ip AS source, asked.destination_ip AS destination,
        asked.destination_port || '/' || asked.network_transport AS port, count(*) AS attempts,
        min(asked.event_start) AS first, max(asked.event_end) AS last
      FROM flows AS asked
      ANTI JOIN flows AS answer
        ON answer.source_ip = asked.destination_ip AND answer.source_port = asked.destination_port
        AND answer.destination_ip = asked.source_ip AND answer.destination_port = asked.source_port
      WHERE asked.network_transport = 'tcp' AND asked.event_action = 'accept'
        AND list_contains(asked.aws_vpcflow_tcp_flags_array, 'syn')
        AND NOT list_contains(asked.aws_vpcflow_tcp_flags_array, 'ack')
      GROUP BY ALL ORDER BY attempts DESC LIMIT 5`,
  },
  {
    name: 'iamErrors',
    title: 'IAM errors by principal and action',
    sql: `
      SELECT coalesce(user_name, aws_cloudtrail_user_identity_arn, source_address) AS principal,
        split_part(event_provider, '.', 1) || ':' || event_action AS action,
        aws_cloudtrail_error_code AS error, count(*) AS calls, max(time) AS last
      FROM events
      WHERE event_outcome = 'failure'
      GROUP BY ALL ORDER BY calls DESC, principal, action LIMIT 8`,
  },
  {
    name: 'cdnErrors',
    title: 'CDN errors by URI',
    sql: `
      SELECT url_path AS uri,
        array_to_string(list_sort(list_distinct(list(http_response_status_code)
          FILTER (http_response_status_code >= 500))), ' ') AS status,
        count(*) FILTER (http_response_status_code >= 500) AS errors, count(*) AS requests,
        round(100 * errors / count(*), 1) || ' %' AS share
      FROM requests
      GROUP BY uri HAVING errors > 0 ORDER BY errors DESC, uri LIMIT 8`,
  },
]
