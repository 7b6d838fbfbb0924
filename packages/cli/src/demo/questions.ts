import type { Cell } from '../text.ts'

/** What an operator asks of a store: a statement on its tables, and what its answer says. */
export interface Question {
  readonly name: string
  readonly title: string
  readonly sql: string
}

/** Column names are the headings; sizes are summed as bytes. */
export type Answer = readonly Readonly<Record<string, Cell>>[]

export const questions: readonly Question[] = [
  {
    name: 'topTalkers',
    title: 'Top talkers',
    sql: `
      SELECT "source.ip" AS source, "destination.ip" AS destination, count(*) AS flows,
        sum("source.packets") AS packets, sum("source.bytes") AS bytes
      FROM aws_vpcflow
      WHERE "event.action" = 'accept'
      GROUP BY ALL ORDER BY bytes DESC, source, destination LIMIT 6`,
  },
  {
    name: 'rejectedByPort',
    title: 'Rejected flows by port',
    sql: `
      SELECT "destination.port" || '/' || "network.transport" AS port, count(*) AS flows,
        count(DISTINCT "source.ip") AS sources, count(DISTINCT "destination.ip") AS targets, max("@timestamp") AS last
      FROM aws_vpcflow
      WHERE "event.action" = 'reject'
      GROUP BY ALL ORDER BY flows DESC, port LIMIT 8`,
  },
  {
    name: 'unanswered',
    title: 'Unanswered connections: a SYN went out, was accepted, and nothing came back',
    sql: `
      SELECT asked."source.ip" AS source, asked."destination.ip" AS destination,
        asked."destination.port" || '/' || asked."network.transport" AS port, count(*) AS attempts,
        min(asked."event.start") AS first, max(asked."event.end") AS last
      FROM aws_vpcflow AS asked
      ANTI JOIN aws_vpcflow AS answer
        ON answer."source.ip" = asked."destination.ip" AND answer."source.port" = asked."destination.port"
        AND answer."destination.ip" = asked."source.ip" AND answer."destination.port" = asked."source.port"
      WHERE asked."network.transport" = 'tcp' AND asked."event.action" = 'accept'
        AND list_contains(asked."aws.vpcflow.tcp_flags_array", 'syn')
        AND NOT list_contains(asked."aws.vpcflow.tcp_flags_array", 'ack')
      GROUP BY ALL ORDER BY attempts DESC LIMIT 5`,
  },
  {
    name: 'iamErrors',
    title: 'IAM errors by principal and action',
    sql: `
      SELECT coalesce("user.name", "aws.cloudtrail.user_identity.arn", "source.address") AS principal,
        split_part("event.provider", '.', 1) || ':' || "event.action" AS action,
        "aws.cloudtrail.error_code" AS error, count(*) AS calls, max("@timestamp") AS last
      FROM aws_cloudtrail
      WHERE "event.outcome" = 'failure'
      GROUP BY ALL ORDER BY calls DESC, principal, action LIMIT 8`,
  },
  {
    name: 'cdnErrors',
    title: 'CDN errors by URI',
    sql: `
      SELECT "url.path" AS uri,
        array_to_string(list_sort(list_distinct(list("http.response.status_code")
          FILTER ("http.response.status_code" >= 500))), ' ') AS status,
        count(*) FILTER ("http.response.status_code" >= 500) AS errors, count(*) AS requests,
        round(100 * errors / requests, 1) || ' %' AS share
      FROM aws_cloudfront_logs
      GROUP BY uri HAVING errors > 0 ORDER BY errors DESC, uri LIMIT 8`,
  },
]
