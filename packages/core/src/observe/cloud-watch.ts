import { FlowferryError } from '../errors.ts'
import { fates, measure, type Observer } from './metrics.ts'

export interface CloudWatchOptions {
  /** Namespace of the metrics: 1 to 255 characters of A-Z, a-z, 0-9 and `.-_/#:`. @default 'flowferry' */
  readonly namespace?: string
  /**
   * Sets of dimensions: `kind`, `bucket` and `status`. Each combination of values is a metric, and AWS bills each metric.
   * https://aws.amazon.com/cloudwatch/pricing/
   *
   * @default [['kind']]: a few metrics for each format
   */
  readonly dimensions?: readonly (readonly Dimension[])[]
  /**
   * Takes a line with its line end. A throw or a rejection fails the object, as one of `onObject` does.
   *
   * @default standard output, which Lambda sends to CloudWatch Logs as it is
   */
  readonly write?: (line: string) => unknown
}
type Dimension = 'kind' | 'bucket' | 'status'

const units: Readonly<Record<string, string>> = {
  objects: 'Count',
  failed: 'Count',
  ...Object.fromEntries(fates.map((fate) => [fate, 'Count'])),
  unknown: 'Count',
  size: 'Bytes',
  duration: 'Seconds',
  lag: 'Seconds',
  queueAge: 'Seconds',
}

/**
 * Reports objects to CloudWatch without a request. Each object is a line of JSON in the embedded metric format; its event
 * stands beside the metrics, for Logs Insights.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * @throws FlowferryError INVALID_OPTION
 *
 * @example
 * const onObject = cloudWatch({ dimensions: [['kind'], ['bucket']] })
 * await ingest({ source, parser, sink, onObject })
 */
export function cloudWatch(options: CloudWatchOptions = {}): Observer {
  const { namespace = 'flowferry', dimensions = [['kind']], write = (line) => process.stdout.write(line) } = options
  if (!/^[\w.\-/#:]{1,255}$/.test(namespace))
    throw new FlowferryError(
      'INVALID_OPTION',
      `namespace "${namespace}" is none of CloudWatch's: A-Z, a-z, 0-9 and .-_/#:`,
    )
  for (const name of dimensions.flat())
    if (!['kind', 'bucket', 'status'].includes(name))
      throw new FlowferryError('INVALID_OPTION', `dimensions has "${name}"; it takes kind, bucket and status`)

  return (report) => {
    const { event, all } = measure(report)
    const { kinds, message, ...rest } = event
    const values: Record<string, number> = { failed: event.status === 'failed' ? 1 : 0 }
    for (const { metric, fate, value } of all) values[fate ?? metric] = value
    const line = {
      _aws: {
        Timestamp: Date.parse(event.time),
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: dimensions,
            Metrics: Object.keys(values).map((Name) => ({ Name, Unit: units[Name] })),
          },
        ],
      },
      ...rest,
      // A dimension is text that is not empty. A local file has no bucket, an unreadable object no kind.
      bucket: event.bucket || 'none',
      kind: kinds.length > 1 ? 'mixed' : (kinds[0] ?? 'unknown'),
      ...(message !== undefined && { message: message.slice(0, 2000) }),
      ...values,
    }
    return write(`${JSON.stringify(line)}\n`)
  }
}
