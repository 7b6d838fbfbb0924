import { delimited } from '../encodings/delimited/delimited.ts'
import { w3c } from '../encodings/delimited/w3c.ts'
import { json } from '../encodings/json/json.ts'
import { family } from '../schema/derive.ts'
import { double, ip, iso8601, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { addressPort } from '../schema/parts.ts'
import { asTime, nanoseconds } from '../schema/time.ts'
import type { RecordOf } from '../types.ts'
import { loadBalancerFiles, skipTestLine } from './elb-files.ts'
import { telling } from './vended-telling.ts'

// biome-ignore format: AWS's order, in one look
const inOrder = ['type', 'time', 'latency', 'target_addr', 'target_group_id', 'status', 'status_code', 'reason_code', 'elb', 'ip_address']

const files = loadBalancerFiles('health_check_log_', 'app\\.', 'ELBHealthCheckLogTestFile')

/** Whether a line's values, read or as they stand, are of this log. */
const fits = ({ type, time, status }: Readonly<Record<string, unknown>>) =>
  /^(https?|h2|grpcs?|lambda)$/.test(String(type)) && asTime(time) !== undefined && /^(PASS|FAIL)$/.test(String(status))

/**
 * Health check logs of Application Load Balancers: the 8 fields of AWS's examples to the 10 of today, and those that AWS
 * adds behind them, or the same as JSON.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-health-check-logs.html
 */
export const albHealthCheck = awsFormat({
  kind: 'albhealthcheck',
  title: 'Application Load Balancer health check logs',
  dataset: 'aws.elb_health_check_logs',
  view: 'health_checks',
  root: 'aws.elb',
  constants: aws('elb_health_check_logs', { 'event.category': ['network'], 'event.type': ['info'] }),
  // biome-ignore format: one line a field
  fields: {
    'type': keyword(['aws.elb.type'], 'http, https, h2, grpc or lambda.'),
    'time': iso8601(['@timestamp'], 'When the check was begun.'),
    'latency': double(['aws.elb.health_check.latency.sec'], 'Seconds that it took.'),
    'target_addr': addressPort(['destination.address', 'destination.ip', 'related.ip[]'], ['destination.port'], 'Target: an address with a port, or a function\'s ARN.'),
    'target_group_id': keyword(['aws.elb.target_group.id'], 'Target group.'),
    'status': keyword(['aws.elb.health_check.status'], 'PASS or FAIL.'),
    'status_code': long(['aws.elb.health_check.status_code'], 'Status of the target\'s answer: of HTTP, or of gRPC.'),
    'reason_code': keyword(['event.reason'], 'Why it failed: TimedOut, ConnectionReset, ResponseCodeMismatch, …'),
    'elb': keyword(['aws.elb.name'], 'Load balancer: `app/name/id`.'),
    'ip_address': ip(['aws.elb.node_ip', 'related.ip[]'], 'Node of the load balancer.'),
  },
  derived: (derive) => [
    derive('event.outcome', ['status'], (status) => (status === 'PASS' ? 'success' : 'failure')),
    derive('event.duration', ['latency'], (seconds) => nanoseconds(seconds, 1e9)),
    derive('http.response.status_code', ['type', 'status_code'], (type, code) => (isGrpc(type) ? undefined : code)),
    // A function's ARN has colons, as an IPv6 address has.
    derive('network.type', ['type', family('target_addr')], (type, family) => (type === 'lambda' ? undefined : family)),
  ],
  archive: files.archive,
  encodings: [
    delimited({
      delimiter: ' ',
      quotes: true,
      header: skipTestLine,
      headerless: {
        fields: inOrder,
        least: 8,
        fits,
      },
      keys: files.keys,
    }),
    w3c({
      claims: telling.albHealthCheck,
      headerless: {
        fields: inOrder,
        lengths: [8, 10],
        fits,
      },
    }),
    json({ absent: '-', claims: telling.albHealthCheck }),
  ],
})

/** A health check's record: AWS's field names, numbers as numbers, absent values left out. */
export interface AlbHealthCheckRecord extends RecordOf<typeof albHealthCheck> {}

const isGrpc = (type: string) => type.startsWith('grpc')
