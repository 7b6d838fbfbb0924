// What somebody asks of the stores for the questions of every day, who knows their language and their fields, and the
// network that is asked about: that its own addresses are in 10.0.0.0/8, and that all its records have a direction.
import { isDeepStrictEqual } from 'node:util'
import { failing, flowDay } from '../inputs/flow-day.mjs'
import { start } from '../inputs/random.mjs'

const day = 24 * 3600
export const isoOf = (seconds) => new Date(seconds * 1000).toISOString()
const timestamp = (seconds) => `TIMESTAMP '${isoOf(seconds).slice(0, 19).replace('T', ' ')}'`
const within = ({ from, to }) => `"@timestamp" >= ${timestamp(from)} AND "@timestamp" < ${timestamp(to)}`
const now = `FILTER ("@timestamp" >= ${timestamp(flowDay.from)})`
const earlier = `FILTER ("@timestamp" < ${timestamp(flowDay.from)})`
const before = (days) => ({ from: flowDay.from - days * day, to: flowDay.to })
/** Of CloudTrail and CloudFront. */
const others = { from: start, to: start + day }

const flows = 'FROM aws_vpcflow WHERE'
const isAccepted = `"event.action" = 'accept'`
const isFromOutside = `NOT starts_with("source.ip", '10.')`
const once = `("network.direction" = 'egress' OR ${isFromOutside})`
const trail = `FROM aws_cloudtrail WHERE ${within(others)} AND`
const isChange = `"event.outcome" = 'success' AND "aws.cloudtrail.read_only" IS DISTINCT FROM true`
const newest = 'ORDER BY 1 DESC LIMIT 100'

/** Whether both ways give the same values in the same order. */
const sameColumn = (name, to = name) => ({
  isSame: (rows, plain) =>
    isDeepStrictEqual(
      rows.map((row) => row[name]),
      plain.map((row) => row[to]),
    ),
})

/** A question's name to its span, its query, and whether the plain rows say the same. */
export const plainQuestions = {
  'rejected-now': {
    span: flowDay,
    sql: `SELECT "aws.vpcflow.interface_id", "network.direction", "destination.port", "network.transport",
        count(*) ${now} AS rejected
      ${flows} ${within(before(1))} AND "event.action" = 'reject'
        AND (list_contains("aws.vpcflow.tcp_flags_array", 'syn') OR "network.transport" <> 'tcp')
      GROUP BY ALL HAVING count(*) ${earlier} = 0 ORDER BY rejected DESC LIMIT 100`,
    ...sameColumn('rejected'),
  },
  unanswered: {
    span: flowDay,
    sql: `WITH requests AS (SELECT DISTINCT "source.ip" AS client, "source.port" AS client_port,
          "destination.ip" AS service, "destination.port" AS port
        ${flows} ${within(flowDay)} AND ${isAccepted} AND "network.transport" = 'tcp' AND "network.packets" <= 7
          AND "aws.vpcflow.tcp_flags" = '2' AND starts_with("destination.ip", '10.')),
      replies AS (SELECT * ${flows} ${within(flowDay)} AND ${isAccepted} AND "network.transport" = 'tcp')
      SELECT service, port, count(*) AS requests FROM requests ANTI JOIN replies ON client = "destination.ip"
        AND client_port = "destination.port" AND service = "source.ip" AND port = "source.port"
      GROUP BY ALL ORDER BY requests DESC LIMIT 100`,
    isSame: ([row], [plain]) => row['destination.ip'] === plain.service && row['destination.port'] === plain.port,
  },
  talkers: {
    span: flowDay,
    sql: `SELECT "source.ip", "destination.ip", sum("network.bytes") AS bytes
      ${flows} ${within(flowDay)} AND ${isAccepted} AND ${once} GROUP BY ALL ORDER BY bytes DESC LIMIT 20`,
    ...sameColumn('bytes'),
  },
  matrix: {
    span: flowDay,
    sql: `SELECT "source.ip", "destination.ip", "destination.port", "network.transport", sum("network.bytes") AS bytes
      ${flows} ${within(flowDay)} AND ${isAccepted} AND ${once} AND "destination.port" BETWEEN 1 AND 32767
      GROUP BY ALL ORDER BY bytes DESC LIMIT 1000`,
    ...sameColumn('bytes'),
  },
  'new-external': {
    span: flowDay,
    sql: `SELECT "destination.ip", sum("network.bytes") ${now} AS bytes
      ${flows} ${within(before(7))} AND ${isAccepted} AND "network.direction" = 'egress'
        AND "destination.port" BETWEEN 1 AND 32767 AND NOT starts_with("destination.ip", '10.')
      GROUP BY ALL HAVING count(*) ${earlier} = 0 ORDER BY bytes DESC LIMIT 100`,
    ...sameColumn('bytes'),
  },
  'network-changes': {
    span: others,
    sql: `SELECT "@timestamp" AS time, "event.action", "user.name" ${trail} ${isChange}
      AND "event.provider" = 'ec2.amazonaws.com' AND "event.action" = 'RunInstances' ${newest}`,
    ...sameColumn('@timestamp', 'time'),
  },
  'iam-changes': {
    span: others,
    sql: `SELECT "@timestamp" AS time, "event.action", "user.name" ${trail} ${isChange}
      AND "event.provider" = 'iam.amazonaws.com' ${newest}`,
    ...sameColumn('@timestamp', 'time'),
  },
  'iam-errors': {
    span: others,
    sql: `SELECT "user.name", "aws.cloudtrail.user_identity.arn", "event.provider", "event.action", count(*) AS calls ${trail}
      "aws.cloudtrail.error_code" IN ('AccessDenied', 'Client.UnauthorizedOperation')
      GROUP BY ALL ORDER BY calls DESC LIMIT 100`,
    ...sameColumn('calls'),
  },
  'sign-ins': {
    span: others,
    sql: `SELECT "@timestamp" AS time, "user.name" ${trail} "event.action" = 'ConsoleLogin'
      AND "event.outcome" = 'success' AND "aws.cloudtrail.user_identity.type" = 'IAMUser'
      AND NOT "aws.cloudtrail.console_login.additional_eventdata.mfa_used" ${newest}`,
    ...sameColumn('@timestamp', 'time'),
  },
  'cdn-errors': {
    span: others,
    sql: `SELECT "url.path", count(*) FILTER ("http.response.status_code" >= 500) AS errors
      FROM aws_cloudfront_logs WHERE ${within(others)}
      GROUP BY ALL HAVING errors > 0 ORDER BY errors DESC LIMIT 100`,
    ...sameColumn('errors'),
  },
  'cdn-hits': {
    span: others,
    sql: `SELECT count(*) AS requests, avg(("aws.cloudfront.edge_result_type" IN ('Hit', 'RefreshHit'))::INTEGER) AS hits,
        quantile_cont("aws.cloudfront.time_to_first_byte", [0.5, 0.95]) AS seconds
      FROM aws_cloudfront_logs WHERE ${within(others)}`,
    ...sameColumn('requests'),
  },
  'log-gaps': {
    span: flowDay,
    sql: `SELECT "aws.vpcflow.interface_id", max("@timestamp") AS last, count(*) AS records
      ${flows} ${within(flowDay)} GROUP BY ALL ORDER BY last LIMIT 100`,
    ...sameColumn('last'),
  },
  health: {
    span: flowDay,
    sql: ['aws_vpcflow', 'aws_cloudtrail', 'aws_cloudfront_logs']
      .map((table) => `SELECT max("@timestamp") AS newest FROM ${table} WHERE "@timestamp" < ${timestamp(flowDay.to)}`)
      .join(' UNION ALL '),
    isSame: (rows, plain) => {
      const times = (all) => all.map(({ newest }) => String(newest)).sort()
      return isDeepStrictEqual(times(rows), times(plain))
    },
  },
}

const margin = 600
const pair = [failing.a, failing.b]
const around = { from: failing.since - margin, to: failing.until + margin }

/** Counts of the pair's records by interface, direction, action and flags: what is wrong, the reader has to see. */
export const plainWhy = {
  sql: `SELECT "aws.vpcflow.interface_id" AS interface, "network.direction" AS direction, "event.action" AS action,
      "aws.vpcflow.tcp_flags" AS flags, count(*) AS records, min("@timestamp") AS first
    ${flows} ${within(around)} AND "source.ip" IN ('${pair.join("', '")}') AND "destination.ip" IN ('${pair.join("', '")}')
    GROUP BY ALL ORDER BY first`,
  search: {
    size: 0,
    query: {
      bool: {
        filter: [
          { range: { '@timestamp': { gte: isoOf(around.from), lt: isoOf(around.to) } } },
          { terms: { 'source.ip': pair } },
          { terms: { 'destination.ip': pair } },
        ],
      },
    },
    aggs: {
      records: {
        composite: {
          size: 1000,
          sources: Object.entries({
            interface: 'aws.vpcflow.interface_id',
            direction: 'network.direction',
            action: 'event.action',
            flags: 'aws.vpcflow.tcp_flags',
          }).map(([name, field]) => ({ [name]: { terms: { field } } })),
        },
        aggs: { first: { min: { field: '@timestamp' } } },
      },
    },
  },
  /** That a SYN-ACK is rejected as it leaves B. */
  isSame: ({ cause }, plain) =>
    cause === failing.cause &&
    plain.some((row) => {
      const { direction, action, flags } = row.key ?? row
      return direction === 'egress' && action === 'reject' && flags === '18'
    }),
}
